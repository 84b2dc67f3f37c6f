//! Properties that are not for a direction.

use deserr::Deserr;

use crate::openapi::Hidden;

/// What becomes of properties that are not for a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Hidden", rename_all = "camelCase")
)]
pub(super) enum HiddenEntry {
    /// They are held to their schemas like others.
    Allow,
    /// They may not be there.
    Reject,
}

impl From<HiddenEntry> for Hidden {
    fn from(entry: HiddenEntry) -> Self {
        match entry {
            HiddenEntry::Allow => Self::Allowed,
            HiddenEntry::Reject => Self::Refused,
        }
    }
}
