//! Finds which version of an API a request asks for, resolves it, tells the upstream and the client,
//! and refuses what is gone.
//!
//! - `policy`: how a document becomes a checked policy; `plan`: what a checked policy holds.
//! - `version`, `catalog`, `life`: what versions are, which exist, and how long.
//! - `source`: where a version stands in a request.
//! - `traffic`: who gets what, by pin, canary, variant and flag.
//! - `decision`: what is to be done with a request; `refusal`: why it is refused.
//! - `negotiation`: the core, which carries the decision out; `upstream`, `advice`: its edits.
//!
//! README.md says what the filter does and does not do.

mod advice;
mod catalog;
mod decision;
pub mod facts;
pub mod fields;
mod life;
pub mod metrics;
mod negotiation;
mod plan;
mod policy;
mod refusal;
mod source;
mod traffic;
mod upstream;
mod version;

use std::rc::Rc;

use kit::filter::{Core, Filter};
use kit::policy::{Document, Findings};

pub use plan::Policy;

const NAME: &str = "version-negotiation";

/// The filter.
pub struct VersionNegotiation;

impl Filter for VersionNegotiation {
    const NAME: &'static str = NAME;

    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        policy::load(document)
    }

    fn start(policy: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(negotiation::Negotiation::new(policy))
    }
}

/// The JSON Schema of the policy.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    policy::schema()
}

#[cfg(test)]
mod tests;

#[cfg(feature = "module")]
shell::export_filter!(VersionNegotiation);
