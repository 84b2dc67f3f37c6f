use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::trace_context::traceparent;

const OWNERS: [Owner; 2] = [Owner::Treaty, Owner::Envoy];

fn decide_all(traceparent: &[&[u8]], tracestate: &[&[u8]]) -> Vec<(Terms, Decision)> {
    let received = Received {
        traceparent,
        tracestate,
        foreign: &|| None,
        random_trace: &|| None,
    };
    let flags = [false, true].into_iter();
    let terms = OWNERS
        .into_iter()
        .flat_map(|owner| flags.clone().map(move |untrusted| (owner, untrusted)))
        .flat_map(|(owner, untrusted)| {
            let terms = move |invalid| Terms {
                owner,
                untrusted,
                invalid,
                ..TERMS
            };
            [terms(Invalid::Restart), terms(Invalid::Drop)]
        });
    terms
        .map(|terms| (terms, decide(&received, &terms, &mut || 7)))
        .collect()
}

/// Lines that are a traceparent but for a few octets.
fn nearly() -> impl Strategy<Value = String> {
    let line = "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-x)?";
    (line, 0..60_usize, "[0-9a-fA-F.-]?").prop_map(|(line, at, other)| {
        let end = (at + 1).min(line.len());
        let begin = at.min(line.len());
        format!("{}{other}{}", &line[..begin], &line[end..])
    })
}

fn any_id() -> impl Strategy<Value = SpanContext> {
    (1_u128.., 1_u64.., any::<bool>(), any::<bool>()).prop_map(|(trace, span, sampled, random)| {
        SpanContext {
            trace_id: TraceId::new(trace).unwrap(),
            span_id: SpanId::new(span).unwrap(),
            sampled,
            random,
        }
    })
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(
        parents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..3),
        states in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..3),
    ) {
        let parents: Vec<&[u8]> = parents.iter().map(Vec::as_slice).collect();
        let states: Vec<&[u8]> = states.iter().map(Vec::as_slice).collect();
        decide_all(&parents, &states);
    }

    #[test]
    fn what_is_written_is_read_as_the_same(context in any_id()) {
        let line = traceparent::write(&context);
        prop_assert_eq!(traceparent::parse(&line), Ok(context));
        prop_assert!(traceparent::is_canonical(&line, &context));
    }

    #[test]
    fn what_goes_on_is_always_good(line in nearly(), state in "([a-zA=1 ]{0,5},?){0,4}") {
        for (terms, decision) in decide_all(&[line.as_bytes()], &[state.as_bytes()]) {
            let goes_on = match &decision.traceparent {
                Edit::Keep => line.as_bytes(),
                Edit::Set(line) => line,
                Edit::Remove => continue,
            };
            if terms.owner == Owner::Envoy && decision.outcome == Outcome::Unchanged {
                continue;
            }
            let context = traceparent::parse(goes_on).unwrap();
            prop_assert_eq!(Some(context), decision.context);
            prop_assert!(traceparent::is_canonical(goes_on, &context));
        }
    }

    #[test]
    fn an_unchanged_traceparent_leaves_a_good_tracestate_alone(
        context in any_id(),
        state in "([a-z]{1,3}=[a-z ]{0,3}x, ?){0,5}",
    ) {
        let line = traceparent::write(&context);
        for (_, decision) in decide_all(&[&line], &[state.as_bytes()]) {
            if decision.traceparent == Edit::Keep {
                let is_good = Tracestate::parse(&[state.as_bytes()]).is_ok();
                prop_assert_eq!(decision.tracestate == Edit::Keep, is_good);
            }
        }
    }

    #[test]
    fn a_trace_id_changes_only_in_a_restart(line in nearly()) {
        let came = traceparent::parse(line.as_bytes()).ok();
        for (_, decision) in decide_all(&[line.as_bytes()], &[]) {
            let kept = came.is_some() && decision.context == came;
            let restarted = matches!(decision.outcome, Outcome::Restarted | Outcome::Dropped);
            prop_assert!(kept || restarted || came.is_none());
        }
    }

    #[test]
    fn a_tracestate_is_written_as_it_is_read(list in "([a-z0-9]{1,4}=[!-+.-<>-~]{1,9}, ?){0,9}") {
        if let Ok(read) = Tracestate::parse(&[list.as_bytes()]) {
            let written = read.write().unwrap_or_default();
            prop_assert_eq!(written.len(), read.octets());
            prop_assert_eq!(Tracestate::parse(&[&written]), Ok(read));
        }
    }

    #[test]
    fn no_octets_make_a_tracestate_panic(
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
        limit in 0..2000_usize,
    ) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        if let Ok(mut list) = Tracestate::parse(&lines) {
            list.truncate(limit);
        }
    }

    #[test]
    fn a_list_that_is_cut_keeps_whole_members_in_their_order(
        sizes in prop::collection::vec(1..250_usize, 0..32),
        limit in 500..1500_usize,
    ) {
        let member = |(n, size): (usize, &usize)| format!("k{n}={}", "x".repeat(*size));
        let members: Vec<String> = sizes.iter().enumerate().map(member).collect();
        let line = members.join(",");
        let mut list = Tracestate::parse(&[line.as_bytes()]).unwrap();
        list.truncate(limit);
        let written = String::from_utf8(list.write().unwrap_or_default()).unwrap();
        prop_assert!(written.len() <= limit.max(512));
        let mut rest = members.iter();
        for kept in written.split(',').filter(|text| !text.is_empty()) {
            prop_assert!(rest.any(|member| member == kept));
        }
    }
}

#[test]
fn fields_of_64_kib_are_read_in_linear_time() {
    let size = 64 * 1024;
    let begin = Instant::now();
    for unit in ["a", ",", "a=1,", " ", "-", "0", "00-", "k=v;"] {
        let line = unit.repeat(size / unit.len());
        decide_all(&[line.as_bytes()], &[line.as_bytes()]);
        decide_all(&[LINE.as_bytes()], &[line.as_bytes()]);
        let many: Vec<&[u8]> = vec![unit.as_bytes(); size / unit.len()];
        decide_all(&many, &many);
    }
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}
