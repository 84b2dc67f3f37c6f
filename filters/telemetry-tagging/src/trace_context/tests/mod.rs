//! What is sent for what came: the rules one by one, the suite of the standard, and properties.

mod foreign;
mod intermediary;
mod owner;
mod properties;
mod suite;

use super::decision::Invalid;
use super::foreign::Extracted;
use super::id::SpanId;
use super::span_context::SpanContext;
use super::traceparent::Defect;
use super::tracestate::Tracestate;
use super::*;
use crate::edit::Edit;

/// What an exchange with one request shows.
struct Sent {
    decision: Decision,
    /// The line that the upstream gets, if any.
    traceparent: Option<String>,
    /// The lines that the upstream gets.
    tracestate: Vec<String>,
}

/// The terms under which the filter does all that the standard asks for.
const TERMS: Terms = Terms {
    owner: Owner::Treaty,
    untrusted: false,
    invalid: Invalid::Restart,
    create: true,
    sampled: true,
    tracestate_limit: 512,
};

const TRACE: &str = "12345678901234567890123456789012";
const LINE: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// The trace whose flag for random ids a tracer has lost.
const RANDOM_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What is made where all random bits are ones.
const MADE: &str = "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-03";

fn send(terms: &Terms, traceparent: &[&str], tracestate: &[&str]) -> Sent {
    send_with(terms, traceparent, tracestate, &|| None)
}

fn send_with(
    terms: &Terms,
    traceparent: &[&str],
    tracestate: &[&str],
    foreign: &dyn Fn() -> Option<Extracted>,
) -> Sent {
    let parents: Vec<&[u8]> = traceparent.iter().map(|line| line.as_bytes()).collect();
    let states: Vec<&[u8]> = tracestate.iter().map(|line| line.as_bytes()).collect();
    let received = Received {
        traceparent: &parents,
        tracestate: &states,
        foreign,
        random_trace: &|| TraceId::parse(RANDOM_TRACE),
    };
    let decision = decide(&received, terms, &mut || u64::MAX);
    let traceparent = apply(&decision.traceparent, traceparent);
    let tracestate = apply(&decision.tracestate, tracestate);
    assert!(traceparent.len() <= 1 || decision.traceparent == Edit::Keep);
    Sent {
        traceparent: traceparent.into_iter().next(),
        tracestate,
        decision,
    }
}

fn apply(edit: &Edit, came: &[&str]) -> Vec<String> {
    match edit {
        Edit::Keep => came.iter().map(|line| (*line).to_owned()).collect(),
        Edit::Set(line) => vec![String::from_utf8(line.clone()).unwrap()],
        Edit::Remove => Vec::new(),
    }
}
