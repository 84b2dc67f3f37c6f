//! `contract-validation` in a real Envoy.
//!
//! - `published`: the example services behind an Envoy that holds them to their contracts.
//! - `services`: what they keep and break, in report and in enforce.
//! - `rpc`: the services over gRPC, held to their descriptors.
//! - `json_schema_suite`: a slice of JSON-Schema-Test-Suite.
//! - `schemathesis`: what somebody else makes of the contracts.
//! - `bench`: a contract of the tests' own, and what they share; `calls`: the same for RPC.
//! - `wire`: what reaches an upstream, wherever a content is cut.
//! - `bad_input`: what no honest client sends, and no honest service answers.
//! - `streams`: calls, message by message.
//! - `clients`: clients and judges that are not ours.
//! - `told`: what is told of each exchange, and to whom.
//! - `modes`: how far a contract is in force, beside which filters, and while it changes.

mod bad_input;
mod bench;
mod calls;
mod clients;
mod json_schema_suite;
mod modes;
mod published;
mod rpc;
mod schemathesis;
mod services;
mod streams;
mod told;
mod wire;
