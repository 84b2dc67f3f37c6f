//! B3 in fields of its own.
//!
//! Source: the README of openzipkin/b3-propagation, section "Multiple Headers". Trace id and span id
//! come together or not at all; the state may come alone. `x-b3-flags: 1` is debug, which implies
//! recording and comes instead of `x-b3-sampled`. Tracers older than the specification wrote `true`
//! and `false`.

use super::{Extracted, Field, SpanContext, span_id, trace_id};

const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_SPAN_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

pub(super) const FIELDS: [&str; 5] = [TRACE_ID, SPAN_ID, PARENT_SPAN_ID, SAMPLED, FLAGS];

pub(super) fn extract<'a>(value: &dyn Fn(&'static str) -> Option<&'a [u8]>) -> Option<Extracted> {
    let trace = value(TRACE_ID).and_then(|digits| trace_id(digits, &[32, 16]));
    let span = value(SPAN_ID).and_then(span_id);
    let (trace_id, span_id) = trace.zip(span).unzip();
    let sampled = match (value(FLAGS), value(SAMPLED)) {
        (Some(b"1"), _) | (_, Some(b"1" | b"true")) => Some(true),
        (_, Some(b"0" | b"false")) => Some(false),
        _ => None,
    };
    let says_anything = trace_id.is_some() || sampled.is_some();
    says_anything.then_some(Extracted {
        trace_id,
        span_id,
        sampled,
    })
}

/// The parent span that came is that of another span, and a debug flag would contradict the state,
/// so both go.
pub(super) fn inject(context: &SpanContext) -> Vec<Field> {
    let sampled: &[u8] = if context.sampled { b"1" } else { b"0" };
    vec![
        (TRACE_ID, Some(context.trace_id.to_string().into_bytes())),
        (SPAN_ID, Some(context.span_id.to_string().into_bytes())),
        (SAMPLED, Some(sampled.to_vec())),
        (PARENT_SPAN_ID, None),
        (FLAGS, None),
    ]
}
