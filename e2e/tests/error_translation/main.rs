//! `error-translation` in a real Envoy, in both forms: whatever fails behind it, and however, real
//! clients read one clear and safe error.
//!
//! - `bench`: an Envoy with the filter and a scripted upstream, which the tests share.
//! - `told`: what the access log says of each request.
//! - `judge`: what every answer must hold.
//! - `around`: the rest of HTTP around an error.
//! - `bridges`: behind Envoy's own translators of gRPC.
//! - `clients`: what the clients of gRPC and Connect read.
//! - `services`: what the example services in Go and Rust fail with.
//! - `bad_input`: what no honest upstream answers.
//! - `wire`: what no library would write.
//! - `composition`: together with `version-negotiation`.

mod around;
mod bad_input;
mod bench;
mod bridges;
mod clients;
mod composition;
mod judge;
mod services;
mod told;
mod wire;
