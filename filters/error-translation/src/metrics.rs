//! What the filter counts.

use kit::metric::{Metric, MetricKind};

/// Errors that a rule was for, by what became of them. `class` is that of the HTTP status, or of
/// the one that stands for the status code of gRPC.
pub const ERRORS: Metric = Metric {
    name: "treaty_errors",
    kind: MetricKind::Counter,
    labels: &["service", "type", "source", "class", "outcome"],
};

/// What was taken out of errors, by kind.
pub const REDACTIONS: Metric = Metric {
    name: "treaty_error_redactions",
    kind: MetricKind::Counter,
    labels: &["service", "redaction"],
};
