//! A line of allowed keys, one that says limits and what to set, and lines of baggage: what goes on
//! is a baggage by a reading of the standard that is not the filter's, within the limits, of allowed
//! keys only, each member octet for octet as it came, and goes on unchanged the next time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_tagging::fuzzing::{self, Carried};

const LEAST: (usize, usize) = (64, 8192);

/// What a member that is set says: what must be encoded, and what must not be taken for encoded.
const SET: &str = "a b,c;d=\"e\"%41\u{e4}\\";

/// The key of a member (W3C Baggage section 3.3.1); none where it is not one.
fn key(member: &[u8]) -> Option<&[u8]> {
    let is_token = |text: &[u8]| {
        !text.is_empty()
            && text
                .iter()
                .all(|o| o.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(o))
    };
    let is_value = |text: &[u8]| {
        text.iter()
            .all(|o| o.is_ascii_graphic() && !b"\",;\\".contains(o))
    };
    let mut parts = member.split(|octet| *octet == b';');
    let pair = parts.next()?;
    let equals = pair.iter().position(|octet| *octet == b'=')?;
    let key = pair[..equals].trim_ascii();
    let is_property = |text: &[u8]| match text.iter().position(|octet| *octet == b'=') {
        Some(equals) => {
            is_token(text[..equals].trim_ascii()) && is_value(text[equals + 1..].trim_ascii())
        }
        None => is_token(text.trim_ascii()),
    };
    let is_good = is_token(key) && is_value(pair[equals + 1..].trim_ascii());
    (is_good && parts.all(is_property)).then_some(key)
}

fn members<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<&'a [u8]> {
    let lines = lines.into_iter();
    let texts = lines.flat_map(|line| line.split(|octet| *octet == b','));
    let texts = texts.map(<[u8]>::trim_ascii);
    texts.filter(|text| !text.is_empty()).collect()
}

fn is_allowed(allowed: &[&str], key: &[u8]) -> bool {
    allowed.iter().any(|own| match own.strip_suffix('*') {
        Some(beginning) => key.starts_with(beginning.as_bytes()),
        None => key == own.as_bytes(),
    })
}

fn slices(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    lines.iter().map(Vec::as_slice).collect()
}

fn check_limits(carried: &Carried, limits: (usize, usize)) {
    let lines = slices(&carried.lines);
    let octets: usize = lines.iter().map(|line| line.len()).sum();
    assert!(members(lines.iter().copied()).len() <= limits.0);
    assert!(octets <= limits.1, "{octets} octets");
    assert!(carried.is_kept || lines.len() <= 1, "a new one is one line");
    assert!(carried.is_kept || lines.iter().all(|line| !line.is_empty()));
}

fuzz_target!(|octets: &[u8]| {
    let mut lines = octets.split(|octet| *octet == b'\n');
    let allowed = lines.next().and_then(|line| str::from_utf8(line).ok());
    let allowed: Vec<&str> = allowed.unwrap_or_default().split(' ').collect();
    let terms = lines.next().unwrap_or_default();
    let limits = match terms.first() {
        None | Some(b'0') => LEAST,
        // No policy may say so little, but limits are met sooner.
        Some(octet) => (usize::from(octet % 8), usize::from(*octet)),
    };
    let came: Vec<&[u8]> = lines.collect();

    let carried = fuzzing::baggage(&came, &allowed, limits, None);
    check_limits(&carried, limits);
    let (before, after) = (members(came.iter().copied()), slices(&carried.lines));
    let after = members(after);
    for member in &after {
        let key = key(member).expect("what goes on is a member");
        assert!(is_allowed(&allowed, key), "a key that may not go on");
    }
    let mut rest = before.iter();
    let is_in_order = after.iter().all(|member| rest.any(|own| own == member));
    assert!(is_in_order, "members keep octets and order");
    let dropped: usize = carried.dropped.iter().sum();
    assert_eq!(dropped + after.len(), before.len());
    let is_good = |member: &&&[u8]| key(member).is_some();
    assert_eq!(
        carried.dropped[0],
        before.len() - before.iter().filter(is_good).count()
    );

    let again = fuzzing::baggage(&slices(&carried.lines), &allowed, limits, None);
    assert!(again.is_kept && again.dropped == [0; 3]);
    assert_eq!(again.lines, carried.lines);

    let set = fuzzing::baggage(&came, &allowed, limits, Some(("k", SET)));
    check_limits(&set, limits);
    if set.is_set {
        assert_eq!(set.value.as_deref(), Some(SET));
        let lines = slices(&set.lines);
        let of_key = |member: &&&[u8]| key(member).expect("what goes on is a member") == b"k";
        assert_eq!(members(lines).iter().filter(of_key).count(), 1);
    } else {
        assert_eq!(set.lines, carried.lines);
    }
});
