//! What those who run the suite rely on, in a real Envoy with all five filters under traffic.
//!
//! - `suite`: the five filters with a policy each, as files that Envoy watches.
//! - `traffic`: a mix of requests of which every answer is known before.
//! - `hot_reload`: policies are changed, and bad ones refused.
//! - `break_glass`: `treaty off` and `treaty on`.
//! - `fresh_proxy`: a proxy that begins with a bad policy.
//! - `removed`: a filter that is taken out.
//! - `soak`: many requests, after which the counters add up and the memory is flat.

mod break_glass;
mod fresh_proxy;
mod hot_reload;
mod removed;
mod soak;
mod suite;
mod traffic;
