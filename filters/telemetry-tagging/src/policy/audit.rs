//! What is told for the audit.

use kit::object_value;
use kit::policy::value::Name;

/// What is told for the audit: one line of JSON with who did what, under which policy, and how it
/// ended.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Audit", deny_unknown_fields)
)]
pub(super) struct AuditEntry {
    /// The name of the tag that says who called; mostly a pseudonym.
    pub(super) who: Name,
}

object_value!(AuditEntry {
    who: required "who",
});
