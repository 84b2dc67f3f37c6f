//! What becomes of a content that cannot be looked at.

use deserr::Deserr;

use crate::plan::Unread;

/// What becomes of a content that cannot be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Unread", rename_all = "camelCase")
)]
pub(super) enum UnreadEntry {
    /// It passes unchecked, which is counted.
    Skip,
    /// It is a violation.
    Reject,
}

impl From<UnreadEntry> for Unread {
    fn from(entry: UnreadEntry) -> Self {
        match entry {
            UnreadEntry::Skip => Self::Skip,
            UnreadEntry::Reject => Self::Reject,
        }
    }
}
