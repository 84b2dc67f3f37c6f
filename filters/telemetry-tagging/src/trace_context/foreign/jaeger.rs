//! Jaeger: `{trace id}:{span id}:{parent span id}:{flags}`.
//!
//! Source: Jaeger's page "Client Libraries", section "Propagation Format". Ids come without their
//! leading zeros, the whole value may be percent-encoded, and the parent is deprecated (`0` is
//! written for it). The flags are one octet in hexadecimal: bit 0 is sampled, bit 1 debug, which
//! implies it. Jaeger's baggage (`uberctx-…`) is not read.

use percent_encoding::percent_decode;

use super::{Extracted, Field, SpanContext, hex};
use crate::trace_context::id::{SpanId, TraceId};

pub(super) const TRACE_ID: &str = "uber-trace-id";

pub(super) const FIELDS: [&str; 1] = [TRACE_ID];

const SAMPLED: u128 = 0x01;

const DEBUG: u128 = 0x02;

pub(super) fn extract(value: &[u8]) -> Option<Extracted> {
    let value: Vec<u8> = percent_decode(value).collect();
    let parts: Vec<&[u8]> = value.splitn(5, |octet| *octet == b':').collect();
    let [trace, span, parent, flags] = parts.as_slice() else {
        return None;
    };
    let short = |digits: &[u8]| u64::try_from(hex::any_case(digits)?).ok();
    let flags = (flags.len() <= 2).then(|| hex::any_case(flags))??;
    if !parent.is_empty() {
        short(parent)?;
    }
    Some(Extracted {
        trace_id: Some(TraceId::new(hex::any_case(trace)?)?),
        span_id: Some(SpanId::new(short(span)?)?),
        sampled: Some(flags & (SAMPLED | DEBUG) != 0),
    })
}

pub(super) fn inject(context: &SpanContext) -> Vec<Field> {
    let SpanContext {
        trace_id, span_id, ..
    } = context;
    let flags = u8::from(context.sampled);
    let value = format!("{trace_id}:{span_id}:0:{flags}");
    vec![(TRACE_ID, Some(value.into_bytes()))]
}
