//! Google Cloud Trace: `{trace id}[/{span id}][;o={options}]`.
//!
//! Sources: Google Cloud's page "Trace context", and the examples of App Engine's
//! `TraceContextHelper`. The trace id has 32 digits, the span id is a *decimal* number, and both span
//! and options may be missing or empty. Bit 0 of the options makes Google's services record, which is
//! more than the standard's `sampled` says.

use super::{Extracted, Field, SpanContext, trace_id};
use crate::trace_context::id::SpanId;

pub(super) const CONTEXT: &str = "x-cloud-trace-context";

pub(super) const FIELDS: [&str; 1] = [CONTEXT];

pub(super) fn extract(value: &[u8]) -> Option<Extracted> {
    let text = std::str::from_utf8(value).ok()?;
    let (ids, options) = match text.split_once(";o=") {
        Some((ids, options)) => (ids, options),
        None => (text, ""),
    };
    let (trace, span) = ids.split_once('/').unwrap_or((ids, ""));
    Some(Extracted {
        trace_id: Some(trace_id(trace.as_bytes(), &[32])?),
        // A span id of zero is none.
        span_id: decimal(span)?.and_then(SpanId::new),
        sampled: decimal(options)?.map(|options| options & 1 == 1),
    })
}

pub(super) fn inject(context: &SpanContext) -> Vec<Field> {
    let (trace, span) = (context.trace_id, context.span_id.number());
    let options = u8::from(context.sampled);
    let value = format!("{trace}/{span};o={options}");
    vec![(CONTEXT, Some(value.into_bytes()))]
}

/// A number that may be left out. The outer `None` is for what is no number.
#[expect(clippy::option_option, reason = "Left out and wrong are not the same.")]
fn decimal(text: &str) -> Option<Option<u64>> {
    match text {
        "" => Some(None),
        // The parser of numbers takes a sign too.
        _ if text.starts_with('+') => None,
        _ => text.parse().ok().map(Some),
    }
}
