//! The header fields that the filter sets on what it lets pass.

/// Tells the upstream and the client that a request with a key runs without a guard, because the
/// store is in trouble: `unguarded`.
pub const IDEMPOTENCY: &str = "x-treaty-idempotency";

/// The value of [`IDEMPOTENCY`].
pub const UNGUARDED: &str = "unguarded";

/// Which failures Envoy's router tries again.
pub(crate) const RETRY_ON: &str = "x-envoy-retry-on";

/// How often Envoy's router tries again.
pub(crate) const MAX_RETRIES: &str = "x-envoy-max-retries";

/// The failures in which the upstream has surely not seen the request: no connection was made, or
/// it said that it did not process the stream (RFC 9113 section 8.7).
pub(crate) const NEVER_SENT: &str = "connect-failure,refused-stream";
