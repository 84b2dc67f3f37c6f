//! Contracts of contract-validation that stand in files of their own.
//!
//! A proxy reads no files, so every command that reads a policy puts its contracts in place first
//! (`placement`): the file that `contractFile` names is read (`file`), what it refers to in other
//! files is put into it (`assembly`, which knows from `part` where references stand), and `origin`
//! remembers where everything came from, so that mistakes are told where they can be mended.
//! `sources` are the files that were read.

mod assembly;
mod file;
mod origin;
pub(crate) mod packed;
mod part;
mod placement;
mod sources;
#[cfg(test)]
mod tests;

use contract_validation::ContractValidation;
use kit::filter::Filter;

pub(crate) use origin::Origins;
pub(crate) use part::outermost_schemas;
pub(crate) use placement::{Placed, put_in_place};

/// The name of the filter whose policies have contracts.
pub(crate) const FILTER: &str = ContractValidation::NAME;

/// Where its policy stands in the configuration of a module that holds every filter.
pub(crate) const IN_BUNDLE: &str = "/filters/contract-validation";

/// An `OpenAPI` document.
pub(crate) const OPENAPI: &str = "openapi";
/// A schema for each direction.
pub(crate) const JSON_SCHEMA: &str = "jsonSchema";
/// A set of protobuf descriptors.
pub(crate) const PROTOBUF: &str = "protobuf";

/// The members of which a contract has one, which holds it.
pub(crate) const KINDS: [&str; 3] = [OPENAPI, JSON_SCHEMA, PROTOBUF];
