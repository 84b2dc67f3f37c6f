//! The pure vocabulary of Treaty's filters: messages, edits, matching, policies, problems, and the
//! pipeline that runs one or more filters over one exchange.
//!
//! Nothing here knows a proxy, a clock or a socket. A proxy is reached through [`pipeline::Host`]
//! alone, which the `shell` crate implements for proxy-wasm and the `treaty` command implements in
//! memory, so that a policy case takes the same way natively and in a real Envoy.
//!
//! A filter author needs three modules: [`filter`] (what to implement), [`policy`] (how a JSON
//! document becomes a checked policy) and [`exchange`] (what a core may read and ask for).

pub mod body;
pub mod bundle;
pub mod call;
pub mod exchange;
pub mod fact;
pub mod filter;
pub mod headers;
pub mod matching;
pub mod media_range;
pub mod metric;
pub mod off;
pub mod pipeline;
pub mod policy;
pub mod problem;
pub mod protocol;
pub mod reply;
pub mod scan;
pub mod secret;
pub mod shared;
pub mod vary;
