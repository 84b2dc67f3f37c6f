//! Trace context: W3C Trace Context Level 2, and the formats that came before it.
//!
//! - `traceparent`, `tracestate`: the two fields of the standard; `foreign`: those of others.
//! - `id`, `span_context`: what they all say.
//! - `envoy`: what Envoy's own tracer makes of a request.
//! - `decision`: what is to be sent.

mod decision;
mod envoy;
mod foreign;
mod hex;
mod id;
mod span_context;
mod traceparent;
mod tracestate;

pub(crate) use decision::{Decision, Invalid, Outcome, Owner, Received, Terms, decide};
pub(crate) use foreign::{Format, extract};
pub(crate) use id::TraceId;

/// The field of the trace (Trace Context Level 2 section 3.2.1).
pub(crate) const TRACEPARENT: &str = "traceparent";

/// The field of what vendors add to it (Trace Context Level 2 section 3.3.1).
pub(crate) const TRACESTATE: &str = "tracestate";

#[cfg(test)]
mod tests;
