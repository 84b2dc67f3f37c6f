//! Turns whatever failed into one clear, safe error in the client's own protocol.
//!
//! - `policy`: how a document becomes a checked policy; `plan`, `catalog`, `template`: what a
//!   checked policy holds.
//! - `asked`, `pending`: what is kept of a request, and of an error whose content is to come.
//! - `origin`, `local_reply`: who answered, and what it means when that was the proxy itself.
//! - `dialect`, `rpc`: the shapes in which errors come; each becomes a `failure`.
//! - `redaction`, `sanitation`: what must not leave.
//! - `verdict`, `problem`, `values`: what is to be done with an error, and the problem it becomes.
//! - `representation`, `replacement`: the answer that takes its place.
//! - `translation`: the core, which carries that out; `telling`, `facts`, `metrics`: what it tells.
//!
//! README.md says what the filter does and does not do.

mod asked;
mod catalog;
mod dialect;
pub mod facts;
mod failure;
pub mod fields;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod graphql;
mod local_reply;
pub mod metrics;
mod origin;
mod pending;
mod plan;
mod policy;
mod problem;
mod redaction;
mod replacement;
mod representation;
mod retry_after;
mod rpc;
mod sanitation;
mod telling;
mod template;
mod translation;
mod untouched;
mod values;
mod verdict;

use std::rc::Rc;

use kit::filter::{Core, Filter, Form};
use kit::policy::{Document, Findings};

#[cfg(feature = "schema")]
pub use local_reply::local_reply_config;
pub use plan::Policy;

const NAME: &str = "error-translation";

/// The filter.
pub struct ErrorTranslation;

impl Filter for ErrorTranslation {
    const NAME: &'static str = NAME;

    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        policy::load(document)
    }

    fn form(policy: &Policy) -> Option<Form> {
        Some(policy.form)
    }

    fn start(policy: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(translation::Translation::new(policy))
    }
}

/// The JSON Schema of the policy.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    policy::schema()
}

#[cfg(feature = "module")]
shell::export_filter!(ErrorTranslation);
