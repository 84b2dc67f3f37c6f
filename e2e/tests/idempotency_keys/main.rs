//! `idempotency-keys` in a real Envoy, with real stores.
//!
//! - `bench`: what the tests share.
//! - `origin`: who answered, and whether the upstream may have seen the request.
//! - `bad_input`: what no honest client sends.
//! - `fleet`: many duplicates at once, through several proxies, with each store.
//! - `modes`: streamed, reporting, beside mirrors, and while the policy changes.
//! - `wire`: how answers pass while they are copied.
//! - `clients`: what clients of gRPC and Connect, and an SDK of payments, make of it.
//! - `told`: what is told of each request, and to whom.
//! - `faults`: what fails, one at a time and all of it at random; `soak`: more of it, for long.

mod bad_input;
mod bench;
mod clients;
mod faults;
mod fleet;
mod modes;
mod origin;
mod soak;
mod told;
mod wire;
