//! What becomes of something that a policy may bear.

use deserr::Deserr;

use crate::plan::Verdict;

/// What becomes of something that a policy may bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Verdict", rename_all = "camelCase")
)]
pub(super) enum VerdictEntry {
    /// It is no violation.
    Allow,
    /// It is told, and passes.
    Report,
    /// It is a violation like any other.
    Reject,
}

impl From<VerdictEntry> for Verdict {
    fn from(entry: VerdictEntry) -> Self {
        match entry {
            VerdictEntry::Allow => Self::Allow,
            VerdictEntry::Report => Self::Report,
            VerdictEntry::Reject => Self::Reject,
        }
    }
}
