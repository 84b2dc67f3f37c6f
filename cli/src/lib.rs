//! The treaty command: policies and cases checked and tested without a proxy.
//!
//! [`case`] holds the case format and its judgement. It knows nothing of how a case is run, so that
//! the same file is judged the same way after a native run ([`native`]) and after a run through a
//! real Envoy (the crate `e2e`).
//!
//! The filters of a build are an argument everywhere: [`registry::FILTERS`] in the command, whatever
//! a test brings in a test.

pub mod bundle;
pub mod case;
pub mod check;
pub mod explain;
pub mod format;
pub mod native;
pub mod off;
pub mod registry;
pub mod render;
pub mod testing;

mod contract;
mod place;
#[cfg(test)]
mod sample;
mod walk;
mod yaml;
