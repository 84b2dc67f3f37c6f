//! Gives traces, access logs and metrics one vocabulary, bounded in cost and without personal data.
//!
//! - `policy`: how a document becomes a checked policy; `plan`: what a checked policy holds.
//! - `trace_context`: which trace a request belongs to, and what the upstream is told of it.
//! - `baggage`, `correlation`, `edit`: what else goes on from hop to hop.
//! - `tag`, `source`, `step`: a name, where its value comes from, and what is done with it.
//! - `key`, `pseudonym`, `probe`: what is signed and what is hidden under keys.
//! - `personal`, `target`: what must not stand in anything that is written.
//! - `operation`, `method`, `rpc`, `error_type`, `semconv`: bounded names of what was asked and how
//!   it ended; `fidelity`: whether the expected service answered.
//! - `tagging`: the core, which carries that out; `facts`, `metrics`: what it tells.
//!
//! README.md says what the filter does and does not do.

mod baggage;
mod correlation;
mod edit;
mod error_type;
pub mod facts;
mod fidelity;
pub mod fields;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod key;
mod method;
pub mod metrics;
mod operation;
mod personal;
mod plan;
mod policy;
mod probe;
mod pseudonym;
#[cfg(feature = "schema")]
pub mod render;
mod rpc;
mod semconv;
mod source;
mod step;
mod tag;
mod tagging;
mod target;
mod trace_context;

use std::rc::Rc;

use kit::filter::{Core, Filter};
use kit::policy::{Document, Findings};

pub use plan::Policy;

const NAME: &str = "telemetry-tagging";

/// The filter.
pub struct TelemetryTagging;

impl Filter for TelemetryTagging {
    const NAME: &'static str = NAME;

    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        policy::load(document)
    }

    fn start(policy: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(tagging::Tagging::new(policy))
    }
}

/// The JSON Schema of the policy.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    policy::schema()
}

#[cfg(feature = "module")]
shell::export_filter!(TelemetryTagging);
