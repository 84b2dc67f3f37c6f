//! What is sent for the trace context that came.
//!
//! The filter makes no spans. So it is an intermediary that leaves a good `traceparent` alone
//! (Trace Context Level 2 section 4.4). It changes one only as section 3.4 allows and section
//! 3.2.2.5.3 demands, and then keeps the parent id: there is no other span to name.

use super::envoy;
use super::foreign::Extracted;
use super::id::{SpanId, TraceId};
use super::span_context::SpanContext;
use super::traceparent::{self, Defect};
use super::tracestate::{LEAST_LIMIT, Tracestate};
use crate::edit::Edit;

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Who writes the trace context.
    pub(crate) owner: Owner,
    /// Whether those who send requests are strangers, whose traces are not continued (section 3.4,
    /// "Restart trace"). The fields in the formats of others are to be removed then, every one.
    pub(crate) untrusted: bool,
    /// What becomes of a request whose `traceparent` says nothing.
    pub(crate) invalid: Invalid,
    /// Whether a trace begins here where none came.
    pub(crate) create: bool,
    /// Whether traces that begin here are recorded, and those of which nobody has decided it.
    /// Services whose samplers follow their parent record nothing where this is false.
    pub(crate) sampled: bool,
    /// The most octets of a `tracestate` that goes on beside a `traceparent` that is changed; below
    /// 512 it counts as 512. Beside one that is not changed every length goes on (section 3.4).
    pub(crate) tracestate_limit: usize,
}

/// Who writes the trace context of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "TraceContextOwner", rename_all = "camelCase")
)]
pub(crate) enum Owner {
    /// The filter. Envoy's tracer is off.
    Treaty,
    /// Envoy's OpenTelemetry tracer, which writes after the filter. The filter mends what the tracer
    /// leaves alone, and begins no traces.
    Envoy,
    /// The same tracer, with the filter among the upstream filters, where it comes after the tracer
    /// and mends what that loses. It needs an instance with `envoy` among the filters before it.
    EnvoyUpstream,
}

/// What becomes of a request whose `traceparent` says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "InvalidTraceparent", rename_all = "camelCase")
)]
pub(crate) enum Invalid {
    /// A new trace begins (section 4.3).
    Restart,
    /// It goes on without a trace.
    Drop,
}

/// What came.
#[derive(Clone, Copy)]
pub(crate) struct Received<'a> {
    /// The lines of `traceparent`.
    pub(crate) traceparent: &'a [&'a [u8]],
    /// The lines of `tracestate`.
    pub(crate) tracestate: &'a [&'a [u8]],
    /// What came in the formats of others that the policy reads. It is asked for only where no
    /// `traceparent` says anything.
    pub(crate) foreign: &'a dyn Fn() -> Option<Extracted>,
    /// The trace whose flag for random ids the tracer has lost. It is asked for only after the
    /// tracer.
    pub(crate) random_trace: &'a dyn Fn() -> Option<TraceId>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What became of the trace.
    pub(crate) outcome: Outcome,
    /// The trace that the upstream is told of, if any. Where Envoy owns the context and the outcome
    /// is [`Outcome::Unchanged`], Envoy puts a span of its own in place of the span here.
    pub(crate) context: Option<SpanContext>,
    /// What is to be done with `traceparent`.
    pub(crate) traceparent: Edit,
    /// What is to be done with `tracestate`.
    pub(crate) tracestate: Edit,
    /// What was wrong with the `traceparent` that came.
    pub(crate) defect: Option<Defect>,
    /// The trace that it named.
    pub(crate) came: Option<TraceId>,
}

/// What became of the trace of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The `traceparent` goes on as it came.
    Unchanged,
    /// The trace goes on in a `traceparent` of version 00 with known flags.
    Repaired,
    /// The trace goes on that came in the format of somebody else.
    Translated,
    /// Another trace begins than the one that was meant.
    Restarted,
    /// A trace begins where there was none.
    Created,
    /// The `traceparent` said nothing, and none goes on.
    Dropped,
    /// None came, and none goes on from here.
    Absent,
}

/// Decides what is sent. Random bits are taken only for ids that are made.
pub(crate) fn decide(
    received: &Received<'_>,
    terms: &Terms,
    random: &mut dyn FnMut() -> u64,
) -> Decision {
    let read = traceparent::read(received.traceparent);
    let defect = read.and_then(Result::err);
    let came = read.and_then(Result::ok);
    let decision = match came {
        _ if terms.owner == Owner::Envoy && is_left_to_envoy(received.traceparent) => {
            left_to_envoy(received, came)
        }
        Some(context) if terms.owner == Owner::EnvoyUpstream => {
            after_envoy(received, context, terms)
        }
        Some(_) if terms.untrusted => begin(Outcome::Restarted, terms.sampled, random),
        Some(context) => forward(received, context, terms),
        None => without_traceparent(received, defect, terms, random),
    };
    Decision {
        defect,
        came: came.map(|context| context.trace_id),
        ..decision
    }
}

/// Whether Envoy's tracer writes over whatever the filter does. Of several lines it reads the first.
fn is_left_to_envoy(lines: &[&[u8]]) -> bool {
    lines.first().is_none_or(|line| envoy::takes(line))
}

/// A `traceparent` is not touched, because the upstream would not see it. A `tracestate` that
/// belongs to none, or is malformed, goes in any case.
fn left_to_envoy(received: &Received<'_>, came: Option<SpanContext>) -> Decision {
    let is_absent = received.traceparent.is_empty();
    let is_good = came.is_some() && Tracestate::parse(received.tracestate).is_ok();
    Decision {
        outcome: if is_absent {
            Outcome::Absent
        } else {
            Outcome::Unchanged
        },
        context: came,
        traceparent: Edit::Keep,
        tracestate: if is_good { Edit::Keep } else { Edit::Remove },
        defect: None,
        came: None,
    }
}

/// A trace that Envoy's tracer goes on with. The span is Envoy's own, so that flags and `tracestate`
/// may change (section 3.4); the flag for random ids goes on exactly while the trace id does (section
/// 3.2.2.5.2).
fn after_envoy(received: &Received<'_>, context: SpanContext, terms: &Terms) -> Decision {
    let is_random = context.random || (received.random_trace)() == Some(context.trace_id);
    let mended = SpanContext {
        random: is_random,
        ..context
    };
    let mut decision = forward(received, mended, terms);
    let is_empty = |list: Tracestate<'_>| list.octets() == 0;
    let came = !received.tracestate.is_empty();
    if came && Tracestate::parse(received.tracestate).is_ok_and(is_empty) {
        // Empty fields should not be sent (section 3.3.2).
        decision.tracestate = Edit::Remove;
    }
    decision
}

/// A trace that goes on, with as little change as can be.
fn forward(received: &Received<'_>, context: SpanContext, terms: &Terms) -> Decision {
    let is_canonical = |line: &&[u8]| traceparent::is_canonical(line, &context);
    let is_unchanged = received.traceparent.iter().all(is_canonical);
    let list = Tracestate::parse(received.tracestate);
    let (outcome, traceparent, tracestate) = if is_unchanged {
        // Section 3.4: beside an unchanged traceparent the tracestate is not modified. That it goes
        // where it is malformed is what section 4.4 leaves to proxies.
        let tracestate = list.map_or(Edit::Remove, |_| Edit::Keep);
        (Outcome::Unchanged, Edit::Keep, tracestate)
    } else {
        let line = traceparent::write(&context);
        let cut = |list| cut(list, received.tracestate, terms.tracestate_limit);
        let tracestate = list.map_or(Edit::Remove, cut);
        (Outcome::Repaired, Edit::Set(line), tracestate)
    };
    Decision {
        outcome,
        context: Some(context),
        traceparent,
        tracestate,
        defect: None,
        came: None,
    }
}

/// The list within its limit. Whitespace counts, too (section 3.3.3.1), and goes first.
fn cut(mut list: Tracestate<'_>, lines: &[&[u8]], limit: usize) -> Edit {
    let commas = lines.len().saturating_sub(1);
    let came = lines.iter().map(|line| line.len()).sum::<usize>() + commas;
    if came <= limit.max(LEAST_LIMIT) {
        return Edit::Keep;
    }
    list.truncate(limit);
    list.write().map_or(Edit::Remove, Edit::Set)
}

/// A request whose `traceparent` is missing or says nothing. One that says nothing is ignored
/// (sections 3.2.2.3 and 3.2.2.4), so a trace in the format of somebody else counts all the same.
fn without_traceparent(
    received: &Received<'_>,
    defect: Option<Defect>,
    terms: &Terms,
    random: &mut dyn FnMut() -> u64,
) -> Decision {
    let extracted = if terms.untrusted {
        Extracted::default()
    } else {
        (received.foreign)().unwrap_or_default()
    };
    let sampled = extracted.sampled.unwrap_or(terms.sampled);
    if let Some(trace_id) = extracted.trace_id {
        let made = || SpanId::from_random(random);
        let context = SpanContext {
            trace_id,
            span_id: extracted.span_id.unwrap_or_else(made),
            sampled,
            // Nothing is known of how the id was made, so the flag is not set (section 3.2.2.5.2).
            random: false,
        };
        return anew(Outcome::Translated, context);
    }
    match defect {
        Some(_) if terms.invalid == Invalid::Restart => begin(Outcome::Restarted, sampled, random),
        Some(_) => nothing(Outcome::Dropped),
        None if terms.create => begin(Outcome::Created, sampled, random),
        None => nothing(Outcome::Absent),
    }
}

fn begin(outcome: Outcome, sampled: bool, random: &mut dyn FnMut() -> u64) -> Decision {
    anew(outcome, SpanContext::begin(sampled, random))
}

/// A `traceparent` that did not come. A `tracestate` that did belongs to none or to another one
/// (sections 3.4 and 4.2).
fn anew(outcome: Outcome, context: SpanContext) -> Decision {
    Decision {
        outcome,
        context: Some(context),
        traceparent: Edit::Set(traceparent::write(&context)),
        tracestate: Edit::Remove,
        defect: None,
        came: None,
    }
}

fn nothing(outcome: Outcome) -> Decision {
    Decision {
        outcome,
        context: None,
        traceparent: Edit::Remove,
        tracestate: Edit::Remove,
        defect: None,
        came: None,
    }
}
