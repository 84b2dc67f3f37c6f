//! Lines `name:value` of a request, behind an octet that says the terms: what goes on of a trace
//! context is valid by a reading of the standard that is not the filter's, goes on unchanged through
//! the next proxy, and keeps to its limit. Formats of others name the same trace whichever way they
//! are written.

#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use telemetry_tagging::fuzzing::{self, FORMATS, Sent, Trace, Writer};

const LIMITS: [usize; 3] = [512, 600, 16_447];

/// The trace of most seeds, of which the tracer has lost that its id is random.
const RANDOM: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The lines of a request, by their names.
struct Request<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Request<'a> {
    fn parse(octets: &'a [u8]) -> Self {
        let lines = octets.split(|octet| *octet == b'\n').filter_map(|line| {
            let colon = line.iter().position(|octet| *octet == b':')?;
            Some((line.get(..colon)?, line.get(colon + 1..)?))
        });
        Self(lines.collect())
    }

    fn all(&self, name: &str) -> Vec<&'a [u8]> {
        let own = self.0.iter().filter(|(own, _)| *own == name.as_bytes());
        own.map(|(_, value)| *value).collect()
    }

    fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).first().copied()
    }
}

fn terms(octet: u8) -> Trace {
    let has = |bit: u8| octet & 1 << bit != 0;
    Trace {
        writer: match octet & 0b11 {
            1 => Writer::Tracer,
            2 => Writer::FilterAfterTracer,
            _ => Writer::Filter,
        },
        untrusted: has(2),
        drops: has(3),
        creates: has(4),
        tracestate_limit: LIMITS[usize::from(octet >> 5) % LIMITS.len()],
    }
}

/// Trace Context Level 2 sections 3.2.2 and 3.2.3: version 00 with no flags but the two known ones.
fn is_version_00(line: &[u8]) -> bool {
    let is_hex = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let parts: Vec<&[u8]> = line.trim_ascii().split(|octet| *octet == b'-').collect();
    let [version, trace, parent, flags] = parts.as_slice() else {
        return false;
    };
    let is_id = |id: &[u8], length| {
        id.len() == length && id.iter().all(is_hex) && id.iter().any(|digit| *digit != b'0')
    };
    *version == b"00"
        && is_id(trace, 32)
        && is_id(parent, 16)
        && matches!(*flags, [b'0', b'0'..=b'3'])
}

/// The members of a list; none where it is no list (section 3.3.1).
fn members<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<&'a [u8]>> {
    let mut keys = HashSet::new();
    let mut members = Vec::new();
    for line in lines {
        for member in line.split(|octet| *octet == b',').map(<[u8]>::trim_ascii) {
            if member.is_empty() {
                continue;
            }
            let equals = member.iter().position(|octet| *octet == b'=')?;
            let (key, value) = (&member[..equals], &member[equals + 1..]);
            let is_alphanumeric = |o: &u8| o.is_ascii_lowercase() || o.is_ascii_digit();
            let is_key = key.first().is_some_and(is_alphanumeric)
                && key.len() <= 256
                && key
                    .iter()
                    .all(|o| is_alphanumeric(o) || b"_-*/@".contains(o));
            let is_value = (1..=256).contains(&value.len())
                && value
                    .iter()
                    .all(|o| (b' '..=b'~').contains(o) && *o != b',' && *o != b'=');
            if !is_key || !is_value || !keys.insert(key) {
                return None;
            }
            members.push(member);
        }
    }
    (members.len() <= 32).then_some(members)
}

fn slices(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    lines.iter().map(Vec::as_slice).collect()
}

fn check_sent(sent: &Sent, terms: Trace, came: &Request<'_>) {
    let parents = slices(&sent.traceparent);
    let states = slices(&sent.tracestate);
    let state = members(states.iter().copied()).expect("a tracestate that goes on is one");
    // What Envoy's tracer writes over is left as it is.
    if terms.writer != Writer::Tracer || !sent.is_kept {
        assert!(parents.len() <= 1, "one line, or none");
        assert!(parents.iter().all(|line| is_version_00(line)));
        assert!(!parents.is_empty() || states.is_empty(), "a state of none");
    }
    let before = members(came.all("tracestate")).unwrap_or_default();
    let mut rest = before.iter();
    let is_in_order = state.iter().all(|member| rest.any(|own| own == member));
    assert!(is_in_order, "members keep octets and order");
    if sent.is_kept {
        assert!(states.is_empty() || states == came.all("tracestate"));
    } else {
        // Section 3.3.1.5: commas and white space count.
        let octets: usize = states.iter().map(|line| line.len()).sum();
        assert!(octets <= terms.tracestate_limit, "{octets} octets");
    }
}

/// The next proxy has nothing to mend, and changes nothing.
fn check_again(sent: &Sent, terms: Trace) {
    let (parents, states) = (slices(&sent.traceparent), slices(&sent.tracestate));
    let again = fuzzing::trace(terms, &parents, &states, &|_| None, None);
    let is_absent = parents.is_empty();
    let expected = if is_absent { "Absent" } else { "Unchanged" };
    assert_eq!(again.outcome, expected);
    assert_eq!(again.traceparent, sent.traceparent);
    assert_eq!(again.tracestate, sent.tracestate);
}

/// The trace is the same in every format, and in the same one again.
fn check_formats(came: &Request<'_>) {
    let lookup = |name: &'static str| came.first(name);
    for from in 0..FORMATS {
        let Some(named) = fuzzing::extract(from, &lookup) else {
            continue;
        };
        assert!(named.trace_id != 0 && named.span_id != Some(0));
        for to in 0..FORMATS {
            let written = fuzzing::translate(from, to, &lookup).expect("it names a trace");
            for (_, value) in &written {
                let mut octets = value.iter().flatten();
                assert!(octets.all(|octet| octet.is_ascii_graphic() || *octet == b' '));
            }
            let lookup = |name: &'static str| {
                let mut fields = written.iter();
                let (_, value) = fields.find(|(own, _)| *own == name)?;
                value.as_deref()
            };
            let read = fuzzing::extract(to, &lookup).expect("what is written is read");
            assert_eq!(read.trace_id, named.trace_id);
            assert_eq!(read.span_id, Some(named.span_id.unwrap_or(7)));
            assert_eq!(read.sampled, Some(named.sampled.unwrap_or(true)));
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let Some((first, rest)) = octets.split_first() else {
        return;
    };
    let terms = terms(*first);
    let came = Request::parse(rest);
    let others = |name: &'static str| came.first(name);
    let decide = || {
        fuzzing::trace(
            terms,
            &came.all("traceparent"),
            &came.all("tracestate"),
            &others,
            Some(RANDOM),
        )
    };
    let sent = decide();
    assert_eq!(sent, decide());
    check_sent(&sent, terms, &came);
    if terms.writer != Writer::Tracer
        && !terms.untrusted
        && (!terms.creates || !sent.traceparent.is_empty())
    {
        check_again(&sent, terms);
    }
    check_formats(&came);
});
