//! Runs a keyed request once across a fleet, and gives every duplicate the first one's answer.
//!
//! - `policy`: how a document becomes a checked policy; `plan`: what a checked policy holds.
//! - `idempotency_key`, `scope`, `fingerprint`: which key, whose it is, and what it was used for.
//! - `machine`: the life of one keyed request, and a model of every order of its events.
//! - `record`, `seal`: what stands in a store under a key, and how an answer is hidden there.
//! - `store`: where records are kept: in the proxy itself, in etcd, in Redis.
//! - `rpc`, `grpc_web`: which calls of RPC are unary, and how they ended.
//! - `guard`: the core, which carries that out; `facts`, `metrics`, `fields`: what it tells.
//! - `json`, `target`, `transcript`: what keys, scopes and fingerprints are read and hashed with.
//!
//! README.md says what the filter does and does not do.

pub mod facts;
pub mod fields;
mod fingerprint;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod grpc_web;
mod guard;
mod idempotency_key;
mod json;
#[cfg(feature = "live")]
pub mod live;
mod machine;
pub mod metrics;
mod plan;
mod policy;
mod record;
mod refusal;
mod rpc;
mod scope;
mod seal;
mod store;
mod target;
mod transcript;
mod upkeep;

use std::rc::Rc;

use kit::filter::{Core, Filter, Form, Upkeep};
use kit::policy::{Document, Findings};

pub use plan::Policy;

const NAME: &str = "idempotency-keys";

/// The filter.
pub struct IdempotencyKeys;

impl Filter for IdempotencyKeys {
    const NAME: &'static str = NAME;

    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        policy::load(document)
    }

    fn form(policy: &Policy) -> Option<Form> {
        policy.form
    }

    fn start(policy: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(guard::Guard::new(policy))
    }

    fn upkeep(policy: &Rc<Policy>) -> Option<Box<dyn Upkeep>> {
        upkeep::StoreUpkeep::of(policy).map(|upkeep| Box::new(upkeep) as Box<dyn Upkeep>)
    }
}

/// The JSON Schema of the policy.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    policy::schema()
}

#[cfg(feature = "module")]
shell::export_filter!(IdempotencyKeys);
