//! B3 in one field: `{trace id}-{span id}[-{state}[-{parent span id}]]`, or the state alone.
//!
//! Source: the README of openzipkin/b3-propagation, section "Single Header". The state is `1`, `0`
//! or `d`. `d` is debug: record, whatever samplers say. Of that the recording alone is kept, because
//! the standard has no such flag. The parent of the span that sent the request is of no use here.

use super::{Extracted, Field, SpanContext, span_id, trace_id};

pub(super) const B3: &str = "b3";

pub(super) const FIELDS: [&str; 1] = [B3];

pub(super) fn extract(value: &[u8]) -> Option<Extracted> {
    if let Some(sampled) = state(value) {
        return Some(Extracted {
            sampled: Some(sampled),
            ..Extracted::default()
        });
    }
    let parts: Vec<&[u8]> = value.splitn(5, |octet| *octet == b'-').collect();
    let (trace, span, sampled) = match parts.as_slice() {
        [trace, span] => (trace, span, None),
        [trace, span, sampled] => (trace, span, Some(state(sampled)?)),
        [trace, span, sampled, parent] => {
            span_id(parent)?;
            (trace, span, Some(state(sampled)?))
        }
        _ => return None,
    };
    Some(Extracted {
        trace_id: Some(trace_id(trace, &[32, 16])?),
        span_id: Some(span_id(span)?),
        sampled,
    })
}

pub(super) fn inject(context: &SpanContext) -> Vec<Field> {
    let SpanContext {
        trace_id, span_id, ..
    } = context;
    let sampled = u8::from(context.sampled);
    let value = format!("{trace_id}-{span_id}-{sampled}");
    vec![(B3, Some(value.into_bytes()))]
}

fn state(value: &[u8]) -> Option<bool> {
    match value {
        b"0" => Some(false),
        b"1" | b"d" => Some(true),
        _ => None,
    }
}
