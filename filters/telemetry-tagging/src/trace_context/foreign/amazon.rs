//! AWS X-Ray and load balancers: `Root=1-{8 digits}-{24 digits};Parent={16 digits};Sampled={0|1|?}`.
//!
//! Sources: AWS' pages "Tracing header" (X-Ray) and "Request tracing for your Application Load
//! Balancer". The two numbers of `Root`, joined, are the trace id; X-Ray reads the first as the time
//! when the trace began. Load balancers send `Root` alone and put their own `Self` beside it, which
//! like `Lineage` and fields of applications is not read here. `Sampled=?` asks the receiver to
//! decide.

use super::{Extracted, Field, SpanContext, hex, span_id};
use crate::trace_context::id::TraceId;

pub(super) const TRACE_ID: &str = "x-amzn-trace-id";

pub(super) const FIELDS: [&str; 1] = [TRACE_ID];

pub(super) fn extract(value: &[u8]) -> Option<Extracted> {
    let field = |name: &str| {
        value
            .split(|octet| *octet == b';')
            .filter_map(|pair| split_once(pair.trim_ascii(), b'='))
            .find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    };
    Some(Extracted {
        trace_id: Some(root(field("Root")?)?),
        span_id: field("Parent").and_then(span_id),
        sampled: match field("Sampled") {
            Some(b"1") => Some(true),
            Some(b"0") => Some(false),
            _ => None,
        },
    })
}

pub(super) fn inject(context: &SpanContext) -> Vec<Field> {
    let trace = context.trace_id.number();
    let (time, unique) = (trace >> 96, trace & (u128::MAX >> 32));
    let (span, sampled) = (context.span_id, u8::from(context.sampled));
    let value = format!("Root=1-{time:08x}-{unique:024x};Parent={span};Sampled={sampled}");
    vec![(TRACE_ID, Some(value.into_bytes()))]
}

fn root(value: &[u8]) -> Option<TraceId> {
    let (time, unique) = split_once(value.strip_prefix(b"1-")?, b'-')?;
    if time.len() != 8 || unique.len() != 24 {
        return None;
    }
    TraceId::new(hex::any_case(time)? << 96 | hex::any_case(unique)?)
}

fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|octet| *octet == separator)?;
    let (before, after) = text.split_at_checked(place)?;
    Some((before, after.split_first()?.1))
}
