//! Answers that the proxy gives itself because something failed: how they are recognised, and what
//! each means for a client.
//!
//! Envoy tells it by two properties, `response.code_details` and `response.flags`, which no client
//! and no upstream can forge.

#[cfg(feature = "schema")]
mod config;
mod failures;
mod flags;
mod table;
#[cfg(test)]
mod tests;

#[cfg(feature = "schema")]
pub use config::local_reply_config;
pub(crate) use failures::{ALL, ProxyFailure, Retry};
pub(crate) use flags::{FLAGS, Flag, Flags};
pub(crate) use table::{classify, is_of_upstream};
