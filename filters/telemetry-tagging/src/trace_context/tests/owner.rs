//! Envoy's tracer as the owner: it writes after the filter, wherever it could read what came.

use super::*;

const ENVOY: Terms = Terms {
    owner: Owner::Envoy,
    ..TERMS
};

#[test]
fn what_envoy_writes_over_is_not_touched() {
    for line in [
        LINE.to_owned(),
        LINE.replace("-01", "-03"),
        LINE.replace("-01", "-ff"),
        LINE.replace("00-", "cc-"),
        LINE.replace("00-", "ff-"),
        LINE.replace("-1234567890123456-", "-12345678901234AB-"),
    ] {
        let sent = send(&ENVOY, &[&line], &[]);
        assert_eq!(sent.decision.outcome, Outcome::Unchanged, "{line}");
        assert_eq!(sent.decision.traceparent, Edit::Keep, "{line}");
    }
}

#[test]
fn what_is_wrong_is_told_all_the_same() {
    let sent = send(&ENVOY, &[&LINE.replace("00-", "ff-")], &["a=1"]);
    assert_eq!(sent.decision.defect, Some(Defect::Version));
    assert_eq!(sent.decision.context, None);
    assert_eq!(sent.decision.tracestate, Edit::Remove);
    let sent = send(&ENVOY, &[LINE, LINE], &[]);
    assert_eq!(sent.decision.defect, Some(Defect::Duplicated));
    assert_eq!(sent.decision.traceparent, Edit::Keep);
}

#[test]
fn what_envoy_forwards_as_it_came_is_mended() {
    let zeros = LINE.replace(TRACE, &"0".repeat(32));
    for line in [&zeros, &LINE.replace("-01", "-.0"), "garbage", ""] {
        let sent = send(&ENVOY, &[line], &["a=1"]);
        assert_eq!(sent.decision.outcome, Outcome::Restarted, "{line}");
        assert_eq!(sent.traceparent.as_deref(), Some(MADE), "{line}");
        assert!(sent.tracestate.is_empty(), "{line}");
    }
    let future = LINE.replace("00-", "cc-") + "-what";
    let sent = send(&ENVOY, &[&future], &["a=1"]);
    assert_eq!(sent.decision.outcome, Outcome::Repaired);
    assert_eq!(sent.traceparent.as_deref(), Some(LINE));
}

#[test]
fn envoy_begins_the_traces() {
    let foreign = Extracted {
        trace_id: TraceId::new(1),
        ..Extracted::default()
    };
    let sent = send_with(&ENVOY, &[], &["a=1"], &|| Some(foreign));
    assert_eq!(sent.decision.outcome, Outcome::Absent);
    assert_eq!((sent.traceparent, sent.decision.context), (None, None));
    assert!(sent.tracestate.is_empty());
}

#[test]
fn a_tracestate_beside_what_envoy_took_goes_only_where_it_is_malformed() {
    assert_eq!(send(&ENVOY, &[LINE], &["a=1"]).tracestate, ["a=1"]);
    assert!(send(&ENVOY, &[LINE], &["A=1"]).tracestate.is_empty());
}

const UPSTREAM: Terms = Terms {
    owner: Owner::EnvoyUpstream,
    create: false,
    ..TERMS
};

#[test]
fn after_the_tracer_the_flag_for_random_ids_is_there_again_for_that_trace_alone() {
    let line = |trace: &str, flags: &str| format!("00-{trace}-1234567890123456-{flags}");
    for (flags, mended) in [("00", "02"), ("01", "03"), ("03", "03")] {
        let sent = send(&UPSTREAM, &[&line(RANDOM_TRACE, flags)], &["a=1"]);
        assert_eq!(sent.traceparent, Some(line(RANDOM_TRACE, mended)));
        assert_eq!(sent.tracestate, ["a=1"]);
    }
    let other = line(TRACE, "01");
    let sent = send(&UPSTREAM, &[&other], &[]);
    assert_eq!(sent.traceparent, Some(other));
    assert_eq!(sent.decision.outcome, Outcome::Unchanged);
}

#[test]
fn after_the_tracer_a_second_attempt_changes_nothing_more() {
    let line = format!("00-{RANDOM_TRACE}-1234567890123456-01");
    let first = send(&UPSTREAM, &[&line], &[""]);
    let again = send(&UPSTREAM, &[first.traceparent.as_deref().unwrap()], &[]);
    assert_eq!(again.traceparent, first.traceparent);
    assert_eq!(again.decision.outcome, Outcome::Unchanged);
}

#[test]
fn after_the_tracer_an_empty_or_malformed_tracestate_goes() {
    for state in ["", " ,", "A B"] {
        let sent = send(&UPSTREAM, &[LINE], &[state]);
        assert_eq!(sent.traceparent.as_deref(), Some(LINE));
        assert_eq!(sent.tracestate, Vec::<String>::new(), "{state:?}");
    }
}

#[test]
fn after_the_tracer_what_it_could_not_read_begins_anew_or_goes() {
    let sent = send(&UPSTREAM, &["garbage"], &["a=1"]);
    assert_eq!(sent.traceparent.as_deref(), Some(MADE));
    let drop = Terms {
        invalid: Invalid::Drop,
        ..UPSTREAM
    };
    let sent = send(&drop, &["garbage"], &["a=1"]);
    assert_eq!((sent.traceparent, sent.tracestate), (None, vec![]));
}
