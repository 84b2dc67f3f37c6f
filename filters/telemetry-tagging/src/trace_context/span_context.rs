//! What every format says of a trace in its own way.

use super::id::{SpanId, TraceId};

/// Which trace a request belongs to, which span sent it, and what has been decided about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanContext {
    /// The trace.
    pub(crate) trace_id: TraceId,
    /// The span that sends the request; `parent-id` in Trace Context.
    pub(crate) span_id: SpanId,
    /// Whether the sender may have recorded the span (Trace Context Level 2 section 3.2.2.5.1).
    pub(crate) sampled: bool,
    /// Whether the right-most 7 octets of the trace id are known to be random (section 3.2.2.5.2).
    pub(crate) random: bool,
}

impl SpanContext {
    /// A trace that begins here.
    pub(crate) fn begin(sampled: bool, random: &mut dyn FnMut() -> u64) -> Self {
        Self {
            trace_id: TraceId::from_random(random),
            span_id: SpanId::from_random(random),
            sampled,
            random: true,
        }
    }
}
