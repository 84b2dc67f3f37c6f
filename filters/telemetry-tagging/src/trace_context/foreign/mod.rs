//! Trace context in the formats of others: each is read into the same, and written from the same.
//!
//! They are read leniently, because nothing says how strict one is to be, but what is no id is none.
//! Of a field that comes twice the first line counts.

mod amazon;
mod b3_multi;
mod b3_single;
mod cloud_trace;
mod jaeger;

use super::hex;
use super::id::{SpanId, TraceId};
use super::span_context::SpanContext;

/// A format in which a trace context may come and go beside the standard's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "TraceFormat", rename_all = "camelCase")
)]
pub(crate) enum Format {
    /// `b3`, in one field.
    B3Single,
    /// `x-b3-traceid` and its companions.
    B3Multi,
    /// `x-cloud-trace-context`.
    CloudTrace,
    /// `x-amzn-trace-id`.
    Amazon,
    /// `uber-trace-id`.
    Jaeger,
}

/// What a request says in another format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extracted {
    /// The trace, if one is named. Shorter ids are padded with zeros on the left.
    pub(crate) trace_id: Option<TraceId>,
    /// The span that sent the request. Load balancers often name a trace and no span in it.
    pub(crate) span_id: Option<SpanId>,
    /// Whether to record; `None` where that is left to the receiver.
    pub(crate) sampled: Option<bool>,
}

/// A field to be written; `None` is one that must go, because it would contradict the others.
pub(crate) type Field = (&'static str, Option<Vec<u8>>);

/// Looks a field up in a request.
pub(crate) type Lookup<'a> = &'a dyn Fn(&'static str) -> Option<&'a [u8]>;

impl Format {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::B3Single,
        Self::B3Multi,
        Self::CloudTrace,
        Self::Amazon,
        Self::Jaeger,
    ];

    /// The fields of the format.
    pub(crate) const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::B3Single => &b3_single::FIELDS,
            Self::B3Multi => &b3_multi::FIELDS,
            Self::CloudTrace => &cloud_trace::FIELDS,
            Self::Amazon => &amazon::FIELDS,
            Self::Jaeger => &jaeger::FIELDS,
        }
    }

    /// What a request says in this format, if it says anything.
    pub(crate) fn extract(self, lookup: Lookup<'_>) -> Option<Extracted> {
        let value = |name| lookup(name).map(<[u8]>::trim_ascii);
        match self {
            Self::B3Single => b3_single::extract(value(b3_single::B3)?),
            Self::B3Multi => b3_multi::extract(&value),
            Self::CloudTrace => cloud_trace::extract(value(cloud_trace::CONTEXT)?),
            Self::Amazon => amazon::extract(value(amazon::TRACE_ID)?),
            Self::Jaeger => jaeger::extract(value(jaeger::TRACE_ID)?),
        }
    }

    /// The fields that say the same as a context.
    pub(crate) fn inject(self, context: &SpanContext) -> Vec<Field> {
        match self {
            Self::B3Single => b3_single::inject(context),
            Self::B3Multi => b3_multi::inject(context),
            Self::CloudTrace => cloud_trace::inject(context),
            Self::Amazon => amazon::inject(context),
            Self::Jaeger => jaeger::inject(context),
        }
    }
}

/// What a request says in the first of these formats that names a trace, else in the first that
/// says at least whether to record.
pub(crate) fn extract(formats: &[Format], lookup: Lookup<'_>) -> Option<Extracted> {
    let mut decision = None;
    for extracted in formats.iter().filter_map(|format| format.extract(lookup)) {
        if extracted.trace_id.is_some() {
            return Some(extracted);
        }
        decision = decision.or(Some(extracted));
    }
    decision
}

/// A trace id of so many digits; capitals are taken too.
fn trace_id(digits: &[u8], lengths: &[usize]) -> Option<TraceId> {
    let number = lengths
        .contains(&digits.len())
        .then(|| hex::any_case(digits))?;
    TraceId::new(number?)
}

/// A span id of 16 digits; capitals are taken too.
fn span_id(digits: &[u8]) -> Option<SpanId> {
    let number = (digits.len() == 16).then(|| hex::any_case(digits))?;
    SpanId::new(u64::try_from(number?).ok()?)
}

#[cfg(test)]
mod tests;
