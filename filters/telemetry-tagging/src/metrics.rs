//! What the filter counts. Probes are counted apart, so that they are in no objective.

use kit::metric::{Metric, MetricKind};

/// Exchanges.
pub const REQUESTS: Metric = Metric::new("treaty_requests", MetricKind::Counter, BY_OPERATION);

/// How long exchanges took from the head of the request to the end, in milliseconds.
pub const DURATION: Metric = Metric::new(
    "treaty_request_duration_ms",
    MetricKind::Histogram,
    BY_OPERATION,
);

/// What was received from clients, in octets, heads included.
pub const REQUEST_SIZE: Metric = Metric::new(
    "treaty_request_size_bytes",
    MetricKind::Histogram,
    BY_OPERATION,
);

/// What was sent to clients, in octets, heads included.
pub const RESPONSE_SIZE: Metric = Metric::new(
    "treaty_response_size_bytes",
    MetricKind::Histogram,
    BY_OPERATION,
);

/// Exchanges that failed on the server's side.
pub const ERRORS: Metric = Metric::new(
    "treaty_request_errors",
    MetricKind::Counter,
    &["service", "route", "method", "error_type", "version"],
);

/// Exchanges under way in the whole proxy.
pub const ACTIVE: Metric = Metric::new("treaty_requests_active", MetricKind::Level, &["service"]);

/// Authenticated probes.
pub const SYNTHETIC: Metric = Metric::new(
    "treaty_synthetic_requests",
    MetricKind::Counter,
    &["service", "route", "status_class"],
);

/// Probes that were not authenticated, by what was wrong.
pub const PROBES_REFUSED: Metric = Metric::new(
    "treaty_probes_refused",
    MetricKind::Counter,
    &["service", "reason"],
);

/// Whether requests took the expected path.
pub const FIDELITY: Metric = Metric::new(
    "treaty_route_fidelity",
    MetricKind::Counter,
    &["service", "version", "answered_by", "fidelity"],
);

/// Trace contexts that did not go on as they came.
pub const TRACE_CONTEXT: Metric = Metric::new(
    "treaty_trace_context",
    MetricKind::Counter,
    &["service", "outcome"],
);

/// Members of a baggage that did not go on, by why.
pub const BAGGAGE_DROPPED: Metric = Metric::new(
    "treaty_baggage_dropped",
    MetricKind::Counter,
    &["service", "reason"],
);

/// Tags that got no value although there was one, by why.
pub const TAGS_DROPPED: Metric = Metric::new(
    "treaty_tags_dropped",
    MetricKind::Counter,
    &["tag", "reason"],
);

/// Personal data that was found in a value, and masked.
pub const PERSONAL_DATA: Metric = Metric::new(
    "treaty_personal_data",
    MetricKind::Counter,
    &["tag", "kind"],
);

const BY_OPERATION: &[&str] = &["service", "route", "method", "status_class", "version"];
