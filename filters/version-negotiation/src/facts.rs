//! What the filter tells the other filters and the access log. Only what has a value is told.

use kit::fact::Fact;
pub use kit::fact::VERSION;

use crate::version::MAX_TEXT;

/// The version that the client named, in its canonical form.
pub const REQUESTED: Fact = fact("treaty.version_requested", MAX_TEXT);

/// Where the version came from: `path`, `header`, `query`, `mediaType`, `grpcPackage`,
/// `previousHop`, `pin`, `canary` or `default`.
pub const SOURCE: Fact = fact("treaty.version_source", 16);

/// The state of the version: `preview`, `current`, `deprecated` or `retired`.
pub const STATE: Fact = fact("treaty.version_state", 16);

/// The variant of the version.
pub const VARIANT: Fact = fact("treaty.version_variant", 64);

/// Who asked, where the policy says how to tell.
pub const CONSUMER: Fact = fact("treaty.version_consumer", 64);

/// `served` or the reason of the refusal; in report mode `would_serve` or `would_refuse_<reason>`.
pub const OUTCOME: Fact = fact("treaty.version_outcome", 48);

const fn fact(name: &'static str, limit: usize) -> Fact {
    Fact::new(name, crate::NAME, limit)
}
