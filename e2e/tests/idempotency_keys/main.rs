//! `idempotency-keys` in a real Envoy, with real stores.
//!
//! - `bench`: what the tests share.
//! - `origin`: who answered, and whether the upstream may have seen the request.
//! - `faults`: what fails, one at a time and all of it at random; `soak`: more of it, for long.

mod bench;
mod faults;
mod origin;
mod soak;
