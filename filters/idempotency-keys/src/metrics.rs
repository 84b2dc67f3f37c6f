//! What the filter counts.

use kit::metric::{Metric, MetricKind};

/// Requests that a rule was for and that had a key or needed one, by what became of them; in report
/// mode by what would have. A request that passes without a key is not counted.
pub const REQUESTS: Metric = Metric::new(
    "treaty_idempotency_requests",
    MetricKind::Counter,
    &["service", "outcome"],
);

/// Keys that were claimed, by how they ended.
pub const ENDS: Metric = Metric::new(
    "treaty_idempotency_ends",
    MetricKind::Counter,
    &["service", "end"],
);

/// How long commands of stores took, with all their calls.
pub const STORE_TIME: Metric = Metric::new(
    "treaty_idempotency_store_duration_ms",
    MetricKind::Histogram,
    &["store", "command"],
);

/// Commands of stores that failed, and records that could not be read, by why.
pub const STORE_FAILURES: Metric = Metric::new(
    "treaty_idempotency_store_failures",
    MetricKind::Counter,
    &["store", "failure"],
);

/// Records that gave way to others in a store that is full. A duplicate of theirs runs again.
pub const EVICTIONS: Metric = Metric::new(
    "treaty_idempotency_evictions",
    MetricKind::Counter,
    &["store"],
);

/// The octets of the answers that were kept.
pub const KEPT_BYTES: Metric = Metric::new(
    "treaty_idempotency_kept_bytes",
    MetricKind::Counter,
    &["store"],
);
