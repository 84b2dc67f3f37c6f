//! What the filter counts.

use kit::metric::{Metric, MetricKind};

/// Requests that a rule was for, by what became of them.
pub const REQUESTS: Metric = Metric::new(
    "treaty_version_requests",
    MetricKind::Counter,
    &["service", "version", "state", "outcome"],
);

/// Requests for deprecated and retired versions, by who made them: this is how an owner sees who
/// still calls them.
pub const DEPRECATED_USE: Metric = Metric::new(
    "treaty_version_deprecated_use",
    MetricKind::Counter,
    &["service", "version", "consumer"],
);

/// The value of a label that has none.
pub const NONE: &str = "none";
