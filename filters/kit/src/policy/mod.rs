//! How a JSON document becomes a checked policy.
//!
//! A filter declares the shape of its policy with [`deserr::Deserr`] over the kinds in [`value`],
//! reads it with [`Document::read`], and then checks what no shape can say. Every mistake is
//! reported at once, each with its place; a policy that loads cannot fail later.

mod document;
mod environment;
mod finding;
pub mod key;
mod layers;
mod mode;
mod object;
mod problem_base;
mod rules;
mod service;
mod structure;
mod tagged;
pub mod value;

pub use document::{Document, FORMAT};
pub use environment::Environment;
pub use finding::{Finding, Findings, child, did_you_mean, list, pointer};
pub use layers::{Layers, Placed, Runtimes, ServiceSettings};
pub use mode::Mode;
pub use rules::{RuleEntry, Rules, check_service_name};
pub use service::{Runtime, Service, check_services};

#[cfg(test)]
mod tests;
