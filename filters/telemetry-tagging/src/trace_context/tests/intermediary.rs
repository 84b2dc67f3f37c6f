//! The rules for those who pass a trace on (Trace Context Level 2 sections 3.4, 3.5, 4.2 to 4.4).

use super::*;

#[test]
fn a_good_traceparent_goes_on_as_it_came_and_its_tracestate_too() {
    // Lines, whitespace, empty members and length: nothing is touched.
    let long = format!("long={}", "x".repeat(200));
    let many = (0..4).map(|n| format!("{long}{n}").replace("long", &format!("k{n}")));
    let many = many.collect::<Vec<_>>().join(", ,");
    for tracestate in [
        &[][..],
        &[""],
        &["a=1"],
        &[" a=1 ,,b=2", "", "c=3"],
        &[&many],
    ] {
        for flags in ["00", "01", "02", "03"] {
            let line = LINE.replace("-01", &format!("-{flags}"));
            let sent = send(&TERMS, &[&line], tracestate);
            assert_eq!(sent.decision.outcome, Outcome::Unchanged);
            assert_eq!(sent.decision.traceparent, Edit::Keep);
            assert_eq!(sent.decision.tracestate, Edit::Keep);
            assert_eq!(sent.decision.defect, None);
        }
    }
}

#[test]
fn a_malformed_tracestate_goes_and_its_traceparent_stays() {
    let sent = send(&TERMS, &[LINE], &["a=1", "A=2"]);
    assert_eq!(sent.decision.outcome, Outcome::Unchanged);
    assert_eq!(sent.traceparent.as_deref(), Some(LINE));
    assert_eq!(sent.decision.tracestate, Edit::Remove);
}

#[test]
fn an_unknown_flag_is_cleared_and_nothing_else_changes() {
    let line = LINE.replace("-01", "-ff");
    let sent = send(&TERMS, &[&line], &["a=1", "b=2"]);
    assert_eq!(sent.decision.outcome, Outcome::Repaired);
    assert_eq!(sent.traceparent, Some(LINE.replace("-01", "-03")));
    assert_eq!(sent.tracestate, ["a=1", "b=2"]);
}

#[test]
fn the_random_flag_is_kept_exactly_while_the_trace_id_is() {
    for (came, goes) in [
        ("ff", "03"),
        ("02", "02"),
        ("06", "02"),
        ("05", "01"),
        ("01", "01"),
    ] {
        let line = LINE.replace("-01", &format!("-{came}"));
        let sent = send(&TERMS, &[&line], &[]);
        assert_eq!(
            sent.traceparent,
            Some(LINE.replace("-01", &format!("-{goes}")))
        );
    }
}

#[test]
fn a_later_version_becomes_version_00_with_the_same_ids() {
    let line = LINE.replace("00-", "cc-") + "-what-the-future-will-be-like";
    let sent = send(&TERMS, &[&line], &["a=1"]);
    assert_eq!(sent.decision.outcome, Outcome::Repaired);
    assert_eq!(sent.traceparent.as_deref(), Some(LINE));
    assert_eq!(sent.tracestate, ["a=1"]);
}

#[test]
fn a_long_tracestate_is_cut_only_beside_a_traceparent_that_changes() {
    let long = format!("a=1,long={},b=2", "x".repeat(250));
    let rest = format!("{long},k={},l={}", "y".repeat(120), "z".repeat(126));
    assert!(rest.len() > 512);
    let unchanged = send(&TERMS, &[LINE], &[&rest]);
    assert_eq!(unchanged.decision.tracestate, Edit::Keep);
    let changed = send(&TERMS, &[&LINE.replace("-01", "-05")], &[&rest]);
    let short = format!("a=1,b=2,k={},l={}", "y".repeat(120), "z".repeat(126));
    assert_eq!(changed.tracestate, [short]);
    let terms = Terms {
        tracestate_limit: rest.len(),
        ..TERMS
    };
    let fits = send(&terms, &[&LINE.replace("-01", "-05")], &[&rest]);
    assert_eq!(fits.decision.tracestate, Edit::Keep);
}

#[test]
fn a_tracestate_without_a_traceparent_is_discarded() {
    for create in [true, false] {
        let terms = Terms { create, ..TERMS };
        let sent = send(&terms, &[], &["a=1"]);
        assert_eq!(sent.decision.tracestate, Edit::Remove);
    }
}

#[test]
fn a_tracestate_beside_a_bad_traceparent_is_not_even_read() {
    for invalid in [Invalid::Restart, Invalid::Drop] {
        let terms = Terms { invalid, ..TERMS };
        let sent = send(&terms, &["00-garbage"], &["a=1"]);
        assert_eq!(sent.decision.tracestate, Edit::Remove);
    }
}

#[test]
fn a_bad_traceparent_restarts_the_trace_and_says_why() {
    for (lines, defect) in [
        (&[LINE, LINE][..], Defect::Duplicated),
        (
            &["ff-12345678901234567890123456789012-1234567890123456-01"],
            Defect::Version,
        ),
        (
            &["00-12345678901234567890123456789012-1234567890123456-01-x"],
            Defect::Length,
        ),
        (
            &["00-00000000000000000000000000000000-1234567890123456-01"],
            Defect::TraceId,
        ),
        (
            &["00-12345678901234567890123456789012-0000000000000000-01"],
            Defect::ParentId,
        ),
        (
            &["00-12345678901234567890123456789012-1234567890123456-.0"],
            Defect::Flags,
        ),
        (&[""], Defect::Version),
    ] {
        let sent = send(&TERMS, lines, &["a=1"]);
        assert_eq!(sent.decision.outcome, Outcome::Restarted, "{lines:?}");
        assert_eq!(sent.decision.defect, Some(defect), "{lines:?}");
        assert_eq!(sent.traceparent.as_deref(), Some(MADE), "{lines:?}");
        assert!(sent.tracestate.is_empty());
    }
}

#[test]
fn a_bad_traceparent_may_be_dropped_instead() {
    let terms = Terms {
        invalid: Invalid::Drop,
        ..TERMS
    };
    let sent = send(&terms, &[LINE, LINE], &["a=1"]);
    assert_eq!(sent.decision.outcome, Outcome::Dropped);
    assert_eq!(sent.decision.context, None);
    assert_eq!((sent.traceparent, sent.tracestate.len()), (None, 0));
}

#[test]
fn at_an_untrusted_edge_no_trace_is_continued() {
    let terms = Terms {
        untrusted: true,
        sampled: false,
        ..TERMS
    };
    for lines in [&[LINE][..], &[&LINE.replace("-01", "-ff")], &[LINE, LINE]] {
        let sent = send(&terms, lines, &["a=1"]);
        assert_eq!(sent.decision.outcome, Outcome::Restarted);
        assert_eq!(sent.traceparent, Some(MADE.replace("-03", "-02")));
        assert!(sent.tracestate.is_empty());
    }
}

#[test]
fn a_trace_begins_where_none_came_and_its_id_is_random() {
    let sent = send(&TERMS, &[], &[]);
    assert_eq!(sent.decision.outcome, Outcome::Created);
    assert_eq!(sent.traceparent.as_deref(), Some(MADE));
    assert!(sent.decision.context.unwrap().random);
    let unsampled = Terms {
        sampled: false,
        ..TERMS
    };
    assert_eq!(
        send(&unsampled, &[], &[]).traceparent,
        Some(MADE.replace("-03", "-02"))
    );
}

#[test]
fn no_trace_begins_where_the_policy_does_not_say_so() {
    let terms = Terms {
        create: false,
        ..TERMS
    };
    let sent = send(&terms, &[], &[]);
    assert_eq!(sent.decision.outcome, Outcome::Absent);
    assert_eq!((sent.traceparent, sent.decision.context), (None, None));
}

#[test]
fn random_bits_are_taken_only_for_ids_that_are_made() {
    let line = LINE.as_bytes();
    let received = Received {
        traceparent: &[line],
        tracestate: &[b"a=1"],
        foreign: &|| panic!("nobody needs it"),
        random_trace: &|| panic!("nobody needs it"),
    };
    let decision = decide(&received, &TERMS, &mut || panic!("nobody needs it"));
    assert_eq!(decision.outcome, Outcome::Unchanged);
}
