//! What the upstream sees: its path, and how often the request has come by.

mod hops;
mod path;

pub(crate) use hops::{Hops, proxy_id};
pub(crate) use path::{Rewrite, Strip, UpstreamPath};

#[cfg(test)]
mod tests;
