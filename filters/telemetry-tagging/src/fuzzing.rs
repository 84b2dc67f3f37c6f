//! What fuzz targets reach of the readers, which are private.

use std::time::{Duration, SystemTime};

use crate::baggage::{Allow, Baggage, Limits};
use crate::edit::Edit;
use crate::key::KeyRing;
use crate::personal::{self, Keep, Kind, Kinds};
use crate::probe::{self, Probe, Request};
use crate::step::{Bucket, Capture, Lost, Step, Steps};
use crate::target::{self, Sensitive};
use crate::trace_context::{self, Format, Invalid, Owner, Received, Terms, TraceId};

/// A field that is written; one without a value goes.
pub type Field = (&'static str, Option<Vec<u8>>);

/// The lines of a field.
pub type Lines = Vec<Vec<u8>>;

/// Looks a field up in a request.
pub type Lookup<'a> = &'a dyn Fn(&'static str) -> Option<&'a [u8]>;

/// What a policy says of the trace context.
#[derive(Debug, Clone, Copy)]
pub struct Trace {
    /// Who writes it.
    pub writer: Writer,
    /// Whether traces of strangers are not continued.
    pub untrusted: bool,
    /// Whether what says nothing is dropped, rather than another trace begun.
    pub drops: bool,
    /// Whether a trace begins where none came.
    pub creates: bool,
    /// The most octets of a `tracestate` beside a `traceparent` that is changed.
    pub tracestate_limit: usize,
}

/// Who writes the trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// The filter.
    Filter,
    /// Envoy's tracer, after the filter.
    Tracer,
    /// The filter, after Envoy's tracer.
    FilterAfterTracer,
}

/// What is sent of the trace context.
#[derive(Debug, PartialEq, Eq)]
pub struct Sent {
    /// What became of it.
    pub outcome: String,
    /// Whether `traceparent` goes on as it came.
    pub is_kept: bool,
    /// The lines of `traceparent`.
    pub traceparent: Lines,
    /// The lines of `tracestate`.
    pub tracestate: Lines,
}

/// Decides what is sent of a trace context, with every format of others read, where the tracer has
/// lost of this trace that its id is random.
pub fn trace(
    terms: Trace,
    traceparent: &[&[u8]],
    tracestate: &[&[u8]],
    others: Lookup<'_>,
    random_trace: Option<&str>,
) -> Sent {
    let received = Received {
        traceparent,
        tracestate,
        foreign: &|| trace_context::extract(&Format::ALL, others),
        random_trace: &|| TraceId::parse(random_trace?),
    };
    let decision = trace_context::decide(&received, &terms.into(), &mut || 7);
    Sent {
        outcome: format!("{:?}", decision.outcome),
        is_kept: decision.traceparent == Edit::Keep,
        traceparent: applied(decision.traceparent, traceparent),
        tracestate: applied(decision.tracestate, tracestate),
    }
}

impl From<Trace> for Terms {
    fn from(own: Trace) -> Self {
        Self {
            owner: match own.writer {
                Writer::Filter => Owner::Treaty,
                Writer::Tracer => Owner::Envoy,
                Writer::FilterAfterTracer => Owner::EnvoyUpstream,
            },
            untrusted: own.untrusted,
            invalid: if own.drops {
                Invalid::Drop
            } else {
                Invalid::Restart
            },
            create: own.creates,
            sampled: true,
            tracestate_limit: own.tracestate_limit,
        }
    }
}

/// A trace in the format of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// The trace.
    pub trace_id: u128,
    /// The span that sent the request, if one is named.
    pub span_id: Option<u64>,
    /// Whether to record, if that was decided.
    pub sampled: Option<bool>,
}

/// How many formats of others there are.
pub const FORMATS: usize = Format::ALL.len();

/// The trace that a request names in the format in this place.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "The type of the id has no name here."
)]
pub fn extract(format: usize, lookup: Lookup<'_>) -> Option<Foreign> {
    let extracted = Format::ALL.get(format)?.extract(lookup)?;
    Some(Foreign {
        trace_id: extracted.trace_id?.number(),
        span_id: extracted.span_id.map(|id| id.number()),
        sampled: extracted.sampled,
    })
}

/// What a trace that a request names in the format in the place `from` is written as in the format
/// in the place `to`, where one is named.
pub fn translate(from: usize, to: usize, lookup: Lookup<'_>) -> Option<Vec<Field>> {
    let (from, to) = (Format::ALL.get(from)?, Format::ALL.get(to)?);
    let received = Received {
        traceparent: &[],
        tracestate: &[],
        foreign: &|| from.extract(lookup),
        random_trace: &|| None,
    };
    let terms = Trace {
        writer: Writer::Filter,
        untrusted: false,
        drops: false,
        creates: false,
        tracestate_limit: 512,
    };
    let decision = trace_context::decide(&received, &terms.into(), &mut || 7);
    Some(to.inject(&decision.context?))
}

/// What goes on of a baggage.
#[derive(Debug, PartialEq, Eq)]
pub struct Carried {
    /// The lines.
    pub lines: Lines,
    /// Whether they are those that came.
    pub is_kept: bool,
    /// How many members were malformed, not allowed and too much.
    pub dropped: [usize; 3],
    /// Whether the member that was to be set is set.
    pub is_set: bool,
    /// The decoded value of its key.
    pub value: Option<String>,
}

/// What goes on of a baggage under an allow-list and limits, with one member that is set.
pub fn baggage(
    lines: &[&[u8]],
    allowed: &[&str],
    (members, octets): (usize, usize),
    set: Option<(&str, &str)>,
) -> Carried {
    let allow = Allow::new(allowed.iter().copied());
    let limits = Limits { members, octets };
    let selects = |key: &str| allow.allows(key);
    let (mut baggage, dropped) = Baggage::read(lines.iter().copied(), limits, &selects);
    let is_set = set.is_some_and(|(key, value)| baggage.set(key, value).is_ok());
    let value = set.and_then(|(key, _)| Some(baggage.value(key)?.into_owned()));
    let edit = baggage.edit();
    Carried {
        is_kept: edit == Edit::Keep,
        lines: applied(edit, lines),
        dropped: [dropped.malformed, dropped.not_selected, dropped.over_limit],
        is_set,
        value,
    }
}

fn applied(edit: Edit, lines: &[&[u8]]) -> Lines {
    match edit {
        Edit::Keep => lines.iter().map(|line| line.to_vec()).collect(),
        Edit::Set(line) => vec![line],
        Edit::Remove => Vec::new(),
    }
}

/// How many kinds of personal data there are.
pub const KINDS: usize = Kind::ALL.len();

/// A text without the personal data of the kinds in these places, and the kinds that were found;
/// what tells nobody apart stays where `part` says so.
pub fn mask(text: &str, places: &[usize], part: bool) -> (String, Vec<&'static str>) {
    let kinds = places.iter().filter_map(|place| Kind::ALL.get(*place));
    let keep = if part { Keep::Part } else { Keep::Nothing };
    let mut found = Kinds::default();
    let masked = personal::mask(text, kinds.copied().collect(), keep, &mut found);
    (masked.into_owned(), found.iter().map(Kind::name).collect())
}

/// A request target as logs may show it, with parameters that the policy names.
pub fn target(target: &str, parameters: &[&str], max_octets: usize) -> String {
    let sensitive = Sensitive::new(parameters.iter().copied());
    let mut found = Kinds::default();
    target::redacted(target, &sensitive, Kinds::all(), max_octets, &mut found).into_owned()
}

/// What a pattern takes out of a value, or why nothing; `None` where the pattern is refused, which
/// must not repeat it.
pub fn capture(pattern: &str, value: &str) -> Option<Result<Option<String>, &'static str>> {
    let step = Capture::compile(pattern).ok()?;
    Some(run(vec![Step::Capture(step)], value))
}

/// The message with which a pattern is refused.
pub fn capture_mistake(pattern: &str) -> Option<String> {
    Capture::compile(pattern).err()
}

/// A value in lower case and cut to so many characters, without personal data.
pub fn lower_and_truncate(value: &str, length: usize) -> Option<String> {
    let steps = vec![Step::Lower, Step::Truncate(length)];
    let steps = Steps::new(steps).guarded(Kinds::all(), Keep::Nothing);
    let applied = steps.apply(Some(value.into()), &|| None, &mut Kinds::default());
    applied.ok().flatten()
}

/// The label of the range that a number is in, or why it is none.
pub fn bucket(bounds: &[f64], value: &str) -> Result<Option<String>, &'static str> {
    let label = |(place, bound): (usize, &f64)| (*bound, place.to_string());
    let below = bounds.iter().enumerate().map(label).collect();
    run(
        vec![Step::Bucket(Bucket::new(below, "rest".to_owned()))],
        value,
    )
}

fn run(steps: Vec<Step>, value: &str) -> Result<Option<String>, &'static str> {
    let steps = Steps::new(steps);
    let applied = steps.apply(Some(value.into()), &|| None, &mut Kinds::default());
    applied.map_err(Lost::name)
}

/// Judges a probe under a key, and the one before it, which are given as their variables hold them.
pub fn probe(
    lines: &[&[u8]],
    [method, authority, target]: [&[u8]; 3],
    now: SystemTime,
    max_age: Duration,
    [current, previous]: [Option<&str>; 2],
) -> &'static str {
    let request = Request {
        method,
        authority,
        target,
    };
    let ring = KeyRing::new("probes", ("k2", current), Some(("k1", previous)));
    match probe::judge(lines, &request, now, max_age, &ring) {
        Probe::Absent => "absent",
        Probe::Authentic => "authentic",
        Probe::Forged => "forged",
        Probe::Stale => "stale",
        Probe::NoKey => "key_missing",
    }
}
