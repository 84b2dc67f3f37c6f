//! What the filter tells the access log, spans and other filters about an exchange.

use kit::fact::Fact;

/// What stands before the name of a tag in the name of its fact.
pub(crate) const TAG: &str = "treaty.tag.";

/// The most octets of a tag's value.
pub(crate) const TAG_LIMIT: usize = 256;

/// The revision of the policy that tagged the exchange.
pub const REVISION: Fact = fact("treaty.telemetry_revision", 128);

/// What became of the trace context, where it did not go on unchanged: `repaired`, `translated`,
/// `restarted`, `created`, `dropped` or `tracestate_dropped`; in report mode `would_repair` and so
/// on.
pub const TRACE: Fact = fact("treaty.trace_context", 32);

/// What was wrong with the `traceparent` that came, where something was: `duplicated`, `version`,
/// `length`, `trace_id`, `parent_id` or `flags`.
pub const TRACE_DEFECT: Fact = fact("treaty.trace_defect", 16);

/// The trace whose id is known to be random, where Envoy's tracer is about to forget that it is.
pub const TRACE_RANDOM: Fact = fact("treaty.trace_random", 32);

/// The id that a person quotes, where the policy has one.
pub const CORRELATION_ID: Fact = fact("treaty.correlation_id", 256);

/// Whether the exchange is an authenticated probe; told only where it is.
pub const SYNTHETIC: Fact = fact("treaty.synthetic", 5);

/// Whether the request took the expected path.
pub const FIDELITY: Fact = fact("treaty.route_fidelity", 16);

/// One line of JSON for the audit, where a rule asks for it.
pub const AUDIT: Fact = fact("treaty.audit", 2048);

/// The names of tags that got no value although there was one, as a list.
pub const DROPPED: Fact = fact("treaty.tags_dropped", 256);

/// The fact of a tag.
pub(crate) fn of_tag(name: &str) -> Fact {
    Fact::named(format!("{TAG}{name}"), crate::NAME, TAG_LIMIT)
}

const fn fact(name: &'static str, limit: usize) -> Fact {
    Fact::new(name, crate::NAME, limit)
}
