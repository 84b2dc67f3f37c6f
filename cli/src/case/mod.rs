//! Cases: what comes in, and what is expected to go out, as data.
//!
//! A case file is YAML or JSON and strict: a name that the format does not know is an error, and so
//! is a case that expects nothing. Expectations are subsets: only what a case names is compared.
//!
//! This module reads cases and judges what was seen. It does not run them: [`crate::native`] does so
//! in this process, and the crate `e2e` through a real Envoy.

mod calls;
mod error;
mod expect;
mod file;
mod judge;
mod message;
mod mismatch;
mod observed;
mod octets;
mod policy;
mod step;
#[cfg(test)]
mod tests;

pub use calls::{Answer, CallAnswer};
pub use error::{CaseError, CaseErrors};
pub use expect::{
    Expect, ExpectedFields, ExpectedRequest, ExpectedResponse, ExpectedUpstream, ExpectedValues,
};
pub use file::{Case, CaseFile};
pub use judge::judge;
pub use message::{Break, Request, Upstream};
pub use mismatch::Mismatch;
pub use observed::{Fields, Observed, SeenRequest, SeenResponse};
pub use octets::{FieldMap, Octets};
pub use policy::Subject;
pub use step::Step;
