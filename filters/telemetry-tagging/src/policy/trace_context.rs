//! What becomes of the trace context.

use kit::object_value;
use kit::policy::{Findings, child};

use crate::plan::TraceContext;
use crate::trace_context::{Format, Invalid, Owner, Terms};

/// The most octets of a `tracestate` beside a `traceparent` that is changed, unless a policy says
/// otherwise: the least that the standard asks for (Trace Context Level 2 section 3.3.3.1).
const TRACESTATE_LIMIT: usize = 512;

/// The most that a policy can say: 32 members of 513 octets and the commas between them.
const MOST_TRACESTATE: usize = 16_447;

/// What becomes of the trace context.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "TraceContext", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct TraceContextEntry {
    /// Who writes it. Where Envoy's own tracer is on it is `envoy`, and the filter mends only what
    /// the tracer leaves alone; an instance with `envoyUpstream` among the upstream filters mends
    /// what the tracer loses.
    owner: Owner,
    /// Whether those who send requests are strangers, whose traces are not continued; `false`
    /// without it.
    untrusted: Option<bool>,
    /// What becomes of a request whose `traceparent` is invalid; `restart` without it.
    on_invalid: Option<Invalid>,
    /// Whether a trace begins here where none came; `false` without it.
    create: Option<bool>,
    /// Whether traces that begin here are recorded; `true` without it.
    sampled: Option<bool>,
    /// The most octets of a `tracestate` that goes on beside a `traceparent` that is changed; 512
    /// without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 512, max = 16447)))]
    tracestate_limit: Option<u32>,
    /// The formats of others that are read where there is no `traceparent`, in order; none without
    /// it.
    read: Option<Vec<Format>>,
    /// The formats of others that are written beside `traceparent`; none without it.
    write: Option<Vec<Format>>,
}

object_value!(TraceContextEntry {
    owner: required "owner",
    untrusted: optional "untrusted",
    on_invalid: optional "onInvalid",
    create: optional "create",
    sampled: optional "sampled",
    tracestate_limit: optional "tracestateLimit",
    read: optional_list "read",
    write: optional_list "write",
});

/// Checks what stands at `at`.
pub(super) fn check(own: &TraceContextEntry, at: &str, findings: &mut Findings) -> TraceContext {
    if own.owner != Owner::Treaty {
        check_owner(own, at, findings);
    }
    let limit = own.tracestate_limit.map_or(TRACESTATE_LIMIT, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    if !(TRACESTATE_LIMIT..=MOST_TRACESTATE).contains(&limit) {
        findings.add(
            child(at, "tracestateLimit"),
            "expected 512 to 16447 octets: the standard wants at least 512 passed on",
        );
    }
    let mut formats = |own: &Option<Vec<Format>>, name: &str| {
        let own = own.as_deref().unwrap_or_default();
        for (index, format) in own.iter().enumerate() {
            if own.iter().take(index).any(|earlier| earlier == format) {
                findings.add(child(&child(at, name), index), "is there twice");
            }
        }
        own.to_vec()
    };
    TraceContext {
        reads: formats(&own.read, "read"),
        writes: formats(&own.write, "write"),
        terms: Terms {
            owner: own.owner,
            untrusted: own.untrusted.unwrap_or_default(),
            invalid: own.on_invalid.unwrap_or(Invalid::Restart),
            create: own.create.unwrap_or_default(),
            sampled: own.sampled.unwrap_or(true),
            tracestate_limit: limit,
        },
    }
}

/// Envoy's tracer writes after the filter, so some promises cannot be kept.
fn check_owner(own: &TraceContextEntry, at: &str, findings: &mut Findings) {
    let needs_treaty = "cannot be kept where Envoy's tracer owns the trace context; switch the \
                        tracer off and say `\"owner\": \"treaty\"`";
    let promises = [
        ("untrusted", own.untrusted == Some(true)),
        ("create", own.create == Some(true)),
        (
            "write",
            own.write.as_ref().is_some_and(|own| !own.is_empty()),
        ),
        ("read", own.read.as_ref().is_some_and(|own| !own.is_empty())),
    ];
    for (name, _) in promises.into_iter().filter(|(_, is_asked)| *is_asked) {
        findings.add(child(at, name), needs_treaty);
    }
}
