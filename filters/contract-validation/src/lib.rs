//! Holds requests and responses to the contract that a service published.
//!
//! - `policy`: how a document becomes a checked policy; `plan`: what a checked policy holds.
//! - `openapi`, `parameter`: what an `OpenAPI` document says, and how its parameters are written.
//! - `json_schema`: a bare schema for each direction.
//! - `protobuf`: what descriptors say, and whether messages keep to it.
//! - `schema`: the one door to the engine that holds a JSON text against a schema.
//! - `portability`: what Go and Rust read differently.
//! - `violation`: what is wrong with a message.
//! - `validation`: the core, which carries that out; `refusal`, `facts`, `metrics`: what it tells.
//!
//! README.md says what the filter does and does not do.

pub mod facts;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod json_schema;
pub mod metrics;
pub mod openapi;
pub mod parameter;
mod plan;
mod policy;
pub mod portability;
pub mod protobuf;
mod refusal;
pub mod schema;
mod validation;
pub mod violation;

use std::rc::Rc;

use kit::filter::{Core, Filter, Form};
use kit::policy::{Document, Findings};

pub use plan::Policy;

const NAME: &str = "contract-validation";

/// The filter.
pub struct ContractValidation;

impl Filter for ContractValidation {
    const NAME: &'static str = NAME;

    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        policy::load(document)
    }

    fn form(policy: &Policy) -> Option<Form> {
        policy.form
    }

    fn start(policy: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(validation::Validation::new(policy))
    }
}

/// The JSON Schema of the policy.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    policy::schema()
}

#[cfg(feature = "module")]
shell::export_filter!(ContractValidation);
