//! How keys are read.

mod alphabets;
mod cloud_events;
mod content;
mod fields;
mod strings;

use kit::headers::Headers;

use super::*;

fn terms(syntax: Syntax, alphabet: Alphabet) -> KeyTerms {
    KeyTerms {
        syntax,
        alphabet,
        length: 1..=MAX_OCTETS,
    }
}

fn lenient() -> KeyTerms {
    terms(Syntax::Lenient, Alphabet::Visible)
}

fn strict() -> KeyTerms {
    terms(Syntax::Strict, Alphabet::Visible)
}

fn headers(values: &[&[u8]]) -> Headers {
    Headers::from_pairs(values.iter().map(|value| (IDEMPOTENCY_KEY, *value)))
}

/// What is read of one line of the field.
fn read(terms: &KeyTerms, value: &str) -> Result<String, Refusal> {
    text(terms.in_field(&headers(&[value.as_bytes()]), IDEMPOTENCY_KEY))
}

/// The only string of a key.
fn text(key: Result<IdempotencyKey, Refusal>) -> Result<String, Refusal> {
    key.map(|key| key.parts.concat())
}

#[test]
fn a_key_is_never_shown() {
    let key = lenient().in_field(&headers(&[b"secret"]), IDEMPOTENCY_KEY);
    assert_eq!(format!("{key:?}"), "Ok(IdempotencyKey { .. })");
}

#[test]
fn each_refusal_has_a_kind_of_its_own() {
    let all = [
        Refusal::Missing,
        Refusal::Several,
        Refusal::Malformed,
        Refusal::TooLong,
        Refusal::TooShort,
        Refusal::Alphabet,
        Refusal::Unreadable,
    ];
    let mut reasons = all.map(|refusal| refusal.kind().reason).to_vec();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), all.len());
    assert!(all.iter().all(|refusal| refusal.kind().status == 400));
}
