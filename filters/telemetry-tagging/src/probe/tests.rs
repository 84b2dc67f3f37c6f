use proptest::prelude::*;

use super::*;
use crate::key::UsableKey;

/// 2026-01-01T00:00:00Z.
const SECONDS: u64 = 1_767_225_600;
const MAX_AGE: Duration = Duration::from_mins(1);
/// 32 octets from 0x00 to 0x1f.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// 32 octets of 0xff.
const OTHER: &str = "//////////////////////////////////////////8=";

const REQUEST: Request<'static> = Request {
    method: b"GET",
    authority: b"orders.example.com",
    target: b"/v1/orders?limit=1",
};

fn ring() -> KeyRing {
    KeyRing::new("probes", ("k1", Some(KEY)), None)
}

fn mark() -> String {
    sign(ring().current().unwrap(), SECONDS, &REQUEST)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn judged(lines: &[&[u8]], request: &Request<'_>, ring: &KeyRing) -> Probe {
    judge(lines, request, at(SECONDS), MAX_AGE, ring)
}

fn judged_line(line: &str) -> Probe {
    judged(&[line.as_bytes()], &REQUEST, &ring())
}

#[test]
fn a_mark_is_the_one_that_another_implementation_makes() {
    // printf 'treaty/probe/1\n1767225600\nGET\norders.example.com\n/v1/orders?limit=1' |
    //   openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    let expected = "t=1767225600,\
                    s=397bec4fa331e2ac7de956c26e7097758e9a57616bc0f1982eb08b05d4f0146f";
    assert_eq!(mark(), expected);
    assert_eq!(judged_line(expected), Probe::Authentic);
}

#[test]
fn no_line_is_no_mark() {
    assert_eq!(judged(&[], &REQUEST, &ring()), Probe::Absent);
}

#[test]
fn a_mark_that_is_there_twice_is_forged() {
    let mark = mark();
    let lines = [mark.as_bytes(), mark.as_bytes()];
    assert_eq!(judged(&lines, &REQUEST, &ring()), Probe::Forged);
}

#[test]
fn a_mark_is_for_one_request() {
    let mark = mark();
    for request in [
        Request {
            method: b"POST",
            ..REQUEST
        },
        Request {
            method: b"get",
            ..REQUEST
        },
        Request {
            authority: b"payments.example.com",
            ..REQUEST
        },
        Request {
            target: b"/v1/orders",
            ..REQUEST
        },
        Request {
            target: b"",
            ..REQUEST
        },
    ] {
        let probe = judged(&[mark.as_bytes()], &request, &ring());
        assert_eq!(probe, Probe::Forged, "{request:?}");
    }
}

#[test]
fn a_line_feed_cannot_move_a_part_of_the_request_into_another() {
    let shifted = Request {
        method: b"GET",
        authority: b"orders.example.com\n/v1/orders?limit=1",
        target: b"",
    };
    let ring = ring();
    let one = Request {
        authority: b"orders.example.com",
        target: b"/v1/orders?limit=1\n",
        ..REQUEST
    };
    // The code of both texts is the same; only the request says which one was signed.
    let key = ring.current().unwrap();
    let text = b"treaty/probe/1\n1767225600\nGET\norders.example.com\n/v1/orders?limit=1\n";
    let hex: String = key
        .code(&[text])
        .map(|octet| format!("{octet:02x}"))
        .concat();
    let mark = format!("t={SECONDS},s={hex}");
    for request in [shifted, one] {
        let probe = judged(&[mark.as_bytes()], &request, &ring);
        assert_eq!(probe, Probe::Forged, "{request:?}");
    }
}

#[test]
fn the_time_is_signed_too() {
    let later = mark().replace("t=1767225600", "t=1767225601");
    assert_eq!(judged_line(&later), Probe::Forged);
    let padded = mark().replace("t=1767225600", "t=01767225600");
    assert_eq!(judged_line(&padded), Probe::Forged);
}

#[test]
fn either_live_key_signs() {
    let both = KeyRing::new("probes", ("k2", Some(OTHER)), Some(("k1", Some(KEY))));
    for key in both.live() {
        let mark = sign(key, SECONDS, &REQUEST);
        let probe = judged(&[mark.as_bytes()], &REQUEST, &both);
        assert_eq!(probe, Probe::Authentic, "{}", key.id());
    }
    let current_missing = KeyRing::new("probes", ("k2", None), Some(("k1", Some(KEY))));
    let probe = judged(&[mark().as_bytes()], &REQUEST, &current_missing);
    assert_eq!(probe, Probe::Authentic);
}

#[test]
fn a_key_that_is_not_live_signs_nothing() {
    let mark = sign(&UsableKey::of("k1", &[9; 32]), SECONDS, &REQUEST);
    assert_eq!(judged_line(&mark), Probe::Forged);
}

#[test]
fn without_a_key_nothing_is_known() {
    let none = KeyRing::new("probes", ("k2", None), Some(("k1", Some("short"))));
    let probe = judged(&[mark().as_bytes()], &REQUEST, &none);
    assert_eq!(probe, Probe::NoKey);
}

#[test]
fn a_mark_lasts_as_long_as_it_may_and_no_longer_either_way() {
    let line = mark();
    for (now, expected) in [
        (SECONDS - 61, Probe::Stale),
        (SECONDS - 60, Probe::Authentic),
        (SECONDS + 60, Probe::Authentic),
        (SECONDS + 61, Probe::Stale),
        (0, Probe::Stale),
    ] {
        let probe = judge(&[line.as_bytes()], &REQUEST, at(now), MAX_AGE, &ring());
        assert_eq!(probe, expected, "{now}");
    }
}

#[test]
fn a_forged_mark_is_forged_however_old_it_is() {
    let forged = mark().replace("t=1767225600", "t=1");
    assert_eq!(judged_line(&forged), Probe::Forged);
}

#[test]
fn the_farthest_times_are_stale() {
    let ring = ring();
    let mark = sign(ring.current().unwrap(), u64::MAX, &REQUEST);
    assert_eq!(judged_line(&mark), Probe::Stale);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let probe = judge(&[mark.as_bytes()], &REQUEST, before, MAX_AGE, &ring);
    assert_eq!(probe, Probe::Stale);
}

#[test]
fn digits_of_a_signature_have_either_case() {
    let upper = mark().replacen(",s=", ",S=", 1).to_uppercase();
    let upper = upper.replacen("T=", "t=", 1).replacen(",S=", ",s=", 1);
    assert_eq!(judged_line(&upper), Probe::Authentic);
}

#[test]
fn what_is_not_in_the_format_is_forged() {
    let mark = mark();
    let (time, signature) = mark.split_once(',').unwrap();
    for line in [
        String::new(),
        time.to_owned(),
        signature.to_owned(),
        format!("{signature},{time}"),
        format!("{time}, {signature}"),
        format!(" {mark}"),
        format!("{mark} "),
        format!("{mark},"),
        format!("{mark}00"),
        mark[..mark.len() - 1].to_owned(),
        mark[..mark.len() - 2].to_owned(),
        mark.replace("t=", "t=+"),
        mark.replace("t=", "t=-"),
        mark.replace("t=1767225600", "t="),
        mark.replace("t=1767225600", "t=18446744073709551616"),
        mark.replace("t=1767225600", "t=1767225600.0"),
        mark.replace("s=3", "s=g"),
        mark.replace("s=39", "s=+9"),
        mark.replace("s=", "s=0x"),
    ] {
        assert_eq!(judged_line(&line), Probe::Forged, "{line}");
    }
}

proptest! {
    #[test]
    fn octets_that_nobody_signed_are_no_probe(
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..3),
        parts in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..20)),
    ) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let [method, authority, target] = &parts;
        let request = Request { method, authority, target };
        prop_assert_eq!(judged(&lines, &request, &ring()), Probe::Forged);
    }

    #[test]
    fn marks_in_the_format_that_nobody_signed_are_no_probe(line in "t=[0-9]{1,21},s=[0-9a-f]{64}") {
        prop_assert_eq!(judged_line(&line), Probe::Forged);
    }

    #[test]
    fn what_is_signed_is_authentic(
        seconds in any::<u64>(),
        parts in prop::array::uniform3("[!-~]{0,20}"),
    ) {
        let [method, authority, target] = parts.each_ref().map(String::as_bytes);
        let request = Request { method, authority, target };
        let ring = ring();
        let mark = sign(ring.current().unwrap(), seconds, &request);
        let age = Duration::MAX;
        let probe = judge(&[mark.as_bytes()], &request, at(0), age, &ring);
        prop_assert_eq!(probe, Probe::Authentic);
    }
}
