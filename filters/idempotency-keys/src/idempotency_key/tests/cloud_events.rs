//! Keys of events.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use proptest::prelude::*;

use super::*;
use crate::transcript::Transcript;

fn event(pairs: &[(&str, &str)]) -> Result<Vec<String>, Refusal> {
    let headers = Headers::from_pairs(pairs.iter().copied());
    let key = lenient().of_cloud_event(&headers);
    key.map(|key| key.parts)
}

fn id(value: &str) -> Result<String, Refusal> {
    event(&[("ce-source", "/s"), ("ce-id", value)]).map(|parts| parts[1].clone())
}

#[test]
fn the_key_is_the_source_and_the_id() {
    let key = event(&[("ce-id", "1234-1234"), ("ce-source", "/mycontext")]);
    assert_eq!(key, Ok(vec!["/mycontext".into(), "1234-1234".into()]));
}

#[test]
fn an_event_without_one_of_them_is_none() {
    assert_eq!(event(&[]), Err(Refusal::Missing));
    for name in ["ce-id", "ce-source"] {
        assert_eq!(event(&[(name, "a")]), Err(Refusal::Malformed), "{name}");
    }
    assert_eq!(id(""), Err(Refusal::Malformed));
    let two = [("ce-source", "/s"), ("ce-id", "a"), ("ce-id", "a")];
    assert_eq!(event(&two), Err(Refusal::Several));
}

#[test]
fn the_limit_is_that_of_each_attribute() {
    assert!(id(&"a".repeat(MAX_OCTETS)).is_ok());
    assert_eq!(id(&"a".repeat(MAX_OCTETS + 1)), Err(Refusal::TooLong));
}

/// The examples of section 3.1.3.2.
#[test]
fn an_attribute_is_percent_decoded_once() {
    assert_eq!(
        id("Euro%20%E2%82%AC%20%F0%9F%98%80").as_deref(),
        Ok("Euro € 😀")
    );
    assert_eq!(id("%e2%82%ac%61").as_deref(), Ok("€a"));
    assert_eq!(id("%2541").as_deref(), Ok("%41"));
    assert_eq!(id("%C0%A0"), Err(Refusal::Malformed));
}

#[test]
fn quotation_marks_are_resolved_first() {
    assert_eq!(id(r#""a \"b\" \\""#).as_deref(), Ok(r#"a "b" \"#));
    assert_eq!(id(r#""a%20b""#).as_deref(), Ok("a b"));
    for value in [r#""a"b""#, r#""a\""#] {
        assert_eq!(id(value), Err(Refusal::Malformed), "{value}");
    }
}

#[test]
fn what_no_attribute_can_be_is_malformed() {
    for value in ["%", "%4", "%zz", "a%", "ä", "a\tb", "%00", "%7F", "%C2%85"] {
        assert_eq!(id(value), Err(Refusal::Malformed), "{value}");
    }
}

#[test]
fn two_events_never_trade_octets() {
    let hash = |source, id| {
        let headers = Headers::from_pairs([("ce-source", source), ("ce-id", id)]);
        let mut transcript = Transcript::new("test");
        lenient()
            .of_cloud_event(&headers)
            .unwrap()
            .write(&mut transcript);
        transcript.finish()
    };
    assert_ne!(hash("/a", "b"), hash("/", "ab"));
}

#[test]
fn an_event_is_never_a_key_and_what_follows_it() {
    let event = Headers::from_pairs([("ce-source", "a"), ("ce-id", "b")]);
    let mut one = Transcript::new("test");
    lenient().of_cloud_event(&event).unwrap().write(&mut one);
    let mut other = Transcript::new("test");
    let key = lenient().in_field(&headers(&[b"a"]), IDEMPOTENCY_KEY);
    key.unwrap().write(&mut other);
    other.octets(b"b");
    assert_ne!(one.finish(), other.finish());
}

/// What section 3.1.3.2 says must be encoded.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

proptest! {
    #[test]
    fn what_is_encoded_as_the_binding_says_is_read(text in "\\PC{1,20}") {
        prop_assume!(!text.chars().any(char::is_control));
        let encoded = utf8_percent_encode(&text, ENCODED).to_string();
        prop_assert_eq!(id(&encoded), Ok(text));
    }

    #[test]
    fn no_octets_are_too_strange(value in prop::collection::vec(any::<u8>(), 0..32)) {
        let headers = Headers::from_pairs([("ce-source", b"a".to_vec()), ("ce-id", value)]);
        let _ = lenient().of_cloud_event(&headers);
    }
}
