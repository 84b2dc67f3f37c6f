//! What the filter counts.

use kit::metric::{Metric, MetricKind};

/// Errors that a rule was for, by what became of them. `class` is that of the HTTP status, or of
/// the one that stands for the status code of gRPC.
pub const ERRORS: Metric = Metric::new(
    "treaty_errors",
    MetricKind::Counter,
    &["service", "type", "source", "class", "outcome"],
);

/// What was taken out of errors, by kind.
pub const REDACTIONS: Metric = Metric::new(
    "treaty_error_redactions",
    MetricKind::Counter,
    &["service", "redaction"],
);
