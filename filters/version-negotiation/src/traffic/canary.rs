//! Canaries between versions.

use std::ops::Range;
use std::rc::Rc;

use deserr::Deserr;

use crate::catalog::Listed;

/// Which requests a canary moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum When {
    /// Those that name no version and whose consumer has no pin.
    #[default]
    Unnamed,
    /// All, also those that name the version.
    Always,
}

/// A share of one version's requests that goes to another one.
#[derive(Debug)]
pub(crate) struct Canary {
    /// The version that is moved on from.
    pub(crate) from: Rc<Listed>,
    /// The version that is moved on to.
    pub(crate) to: Rc<Listed>,
    /// The places of the keys that are moved on.
    pub(crate) places: Range<u16>,
    /// Which requests are moved on.
    pub(crate) when: When,
}
