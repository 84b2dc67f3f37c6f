//! Programs that are not ours: clients that decode what a filter emits, and judges that read it.
//!
//! They lie in `e2e/clients`, and `make clients` fetches what they need; `make contracts` fetches
//! schemathesis.

mod client;
mod descriptors;
mod judge;
mod process;
mod rpc;
mod schemathesis;
mod stripe;
mod tonic;

pub use client::{ConnectProtocol, ForeignClient};
pub use judge::{Note, lint, problem_violations};
pub use rpc::Rpc;
pub use schemathesis::{ContractCase, Schemathesis};
pub use stripe::create_payment_with_stripe;
