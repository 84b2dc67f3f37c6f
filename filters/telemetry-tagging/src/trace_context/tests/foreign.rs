//! Traces in the formats of others.

use super::*;

fn extracted(sampled: Option<bool>) -> Extracted {
    Extracted {
        trace_id: TraceId::new(0xabc),
        span_id: SpanId::new(0x1f),
        sampled,
    }
}

#[test]
fn a_foreign_trace_goes_on_where_no_traceparent_came() {
    for (sampled, flags) in [(Some(true), "01"), (Some(false), "00"), (None, "01")] {
        let sent = send_with(&TERMS, &[], &["a=1"], &|| Some(extracted(sampled)));
        assert_eq!(sent.decision.outcome, Outcome::Translated);
        let expected = format!("00-{:032x}-{:016x}-{flags}", 0xabc, 0x1f);
        assert_eq!(sent.traceparent, Some(expected));
        assert!(sent.tracestate.is_empty());
    }
}

#[test]
fn a_decision_that_was_left_to_the_receiver_is_the_policys() {
    let terms = Terms {
        sampled: false,
        ..TERMS
    };
    let sent = send_with(&terms, &[], &[], &|| Some(extracted(None)));
    assert!(!sent.decision.context.unwrap().sampled);
}

#[test]
fn a_foreign_trace_without_a_span_gets_one() {
    let without = Extracted {
        span_id: None,
        ..extracted(None)
    };
    let sent = send_with(&TERMS, &[], &[], &|| Some(without));
    let expected = format!("00-{:032x}-ffffffffffffffff-01", 0xabc);
    assert_eq!(sent.traceparent, Some(expected));
}

#[test]
fn a_foreign_trace_goes_on_where_the_traceparent_says_nothing() {
    let sent = send_with(&TERMS, &["00-garbage"], &[], &|| Some(extracted(None)));
    assert_eq!(sent.decision.outcome, Outcome::Translated);
    assert_eq!(sent.decision.defect, Some(Defect::Length));
}

#[test]
fn a_good_traceparent_counts_more_than_a_foreign_trace() {
    let sent = send_with(&TERMS, &[LINE], &[], &|| Some(extracted(None)));
    assert_eq!(sent.decision.outcome, Outcome::Unchanged);
}

#[test]
fn a_foreign_decision_alone_holds_for_the_trace_that_begins() {
    let deny = Extracted {
        sampled: Some(false),
        ..Extracted::default()
    };
    let sent = send_with(&TERMS, &[], &[], &|| Some(deny));
    assert_eq!(sent.decision.outcome, Outcome::Created);
    assert_eq!(sent.traceparent, Some(MADE.replace("-03", "-02")));
}

#[test]
fn strangers_have_no_say_in_foreign_formats_either() {
    let terms = Terms {
        untrusted: true,
        ..TERMS
    };
    let sent = send_with(&terms, &[], &[], &|| Some(extracted(Some(false))));
    assert_eq!(sent.decision.outcome, Outcome::Created);
    assert_eq!(sent.traceparent.as_deref(), Some(MADE));
}
