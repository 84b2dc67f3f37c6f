//! What the filter counts.

use kit::metric::{Metric, MetricKind};

/// Messages that a rule was for, by what became of them.
pub const MESSAGES: Metric = Metric::new(
    "treaty_contract_messages",
    MetricKind::Counter,
    &["contract", "operation", "direction", "outcome"],
);

/// Violations that were told, at most as many of a message as the policy says.
pub const VIOLATIONS: Metric = Metric::new(
    "treaty_contract_violations",
    MetricKind::Counter,
    &["contract", "operation", "direction", "location", "keyword"],
);
