//! Header fields that the filter reads or writes, beside those that a policy names.

pub(crate) const AUTHORITY: &str = ":authority";
pub(crate) const METHOD: &str = ":method";
pub(crate) const PATH: &str = ":path";
pub(crate) const STATUS: &str = ":status";
pub(crate) const GRPC_STATUS: &str = "grpc-status";

/// Tells the upstream that the request is an authenticated probe. The filter owns it.
pub const SYNTHETIC: &str = "x-treaty-synthetic";
