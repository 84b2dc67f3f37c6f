//! `telemetry-tagging` in a real Envoy: one trace through a mesh, no personal data in anything that
//! is written, and nothing in the way of any request.
//!
//! - `bench`: what the tests share.
//! - `one_trace`: a request through three proxies and two services.
//! - `upstream_filter`: the filter behind Envoy's tracer.
//! - `personal_data`, `corpus`: what must not be in any sink, through every source.
//! - `shipped`: the same of the configs that are shipped.
//! - `bad_input`: what no honest client and no honest service sends; `streams`: what must not wait.
//! - `rotation`: another key, on a proxy that runs.
//! - `metrics`: what is counted, over two workers.
//! - `composition`: together with the other filters; `local_replies`: where no upstream answers.
//! - `probe`: a probe signed with the command that the README shows.

mod bad_input;
mod bench;
mod composition;
mod corpus;
mod local_replies;
mod metrics;
mod one_trace;
mod personal_data;
mod probe;
mod rotation;
mod shipped;
mod streams;
mod upstream_filter;
