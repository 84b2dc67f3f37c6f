//! `contract-validation` in a real Envoy.
//!
//! - `published`: the example services behind an Envoy that holds them to their contracts.
//! - `services`: what they keep and break, in report and in enforce.
//! - `rpc`: the services over gRPC, held to their descriptors.
//! - `json_schema_suite`: a slice of JSON-Schema-Test-Suite.
//! - `schemathesis`: what somebody else makes of the contracts.

mod json_schema_suite;
mod published;
mod rpc;
mod schemathesis;
mod services;
