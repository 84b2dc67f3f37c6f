//! Credentials of HTTP authentication (RFC 9110 section 11): `Bearer …`, `Authorization: …`.

use std::ops::Range;

use super::value::{Value, is_placeholder, is_secret, is_token68};
use crate::scan::{Place, Rule, Sign, prefix, run};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::in_any_case("bearer ", scheme),
    Sign::in_any_case("basic ", scheme),
    Sign::in_any_case("authorization", authorization),
];

/// Authentication schemes whose credentials are one word.
const ONE_WORD: [&str; 6] = ["bearer", "basic", "token", "apikey", "negotiate", "dpop"];
/// Authentication schemes whose credentials are the rest of the line.
const MANY_WORDS: [&str; 4] = ["digest", "aws4-hmac-sha256", "hawk", "signature"];
/// Words that follow a scheme where somebody explains it.
const EXPLAINS: [&str; 14] = [
    "token",
    "tokens",
    "auth",
    "authentication",
    "authorization",
    "credential",
    "credentials",
    "is",
    "or",
    "required",
    "missing",
    "header",
    "scheme",
    "realm",
];

/// `Bearer <credentials>` in a sentence, where it may as well be "Bearer token expired".
fn scheme(place: Place<'_>) -> Option<Range<usize>> {
    if !place.opens_word() {
        return None;
    }
    let rest = place.rest();
    let value = prefix(rest, run(rest, is_token68));
    let credentials = value.trim_end_matches('.');
    let explained = rest
        .get(value.len()..)
        .is_some_and(|rest| rest.starts_with('"'));
    (!explained && is_credentials(credentials)).then(|| place.end..place.end + credentials.len())
}

/// `Authorization: <scheme> <credentials>`.
fn authorization(place: Place<'_>) -> Option<Range<usize>> {
    let value = Value::after_name(place)?;
    let line = value.seen(&|b| value.is_line(b));
    let first = prefix(line, run(line, |b| b != b' '));
    let rest = line.get(first.len()..).unwrap_or("").trim_start();
    let second = prefix(rest, run(rest, is_credential));
    if is_one_of(first, &MANY_WORDS) && second.contains('=') {
        return Some(value.whole(&|b| value.is_line(b)));
    }
    if is_one_of(first, &ONE_WORD) {
        let word = second.split(['=', '.', ':']).next().unwrap_or("");
        let said = !second.is_empty() && !is_one_of(word, &EXPLAINS) && !is_placeholder(second);
        let credentials = value.from(line.len() - rest.len());
        return said.then(|| value.at..credentials.whole(&is_credential).end);
    }
    let word = first.trim_end_matches(['.', ',', ';', ':']);
    is_secret(word).then(|| value.at..value.at + word.len())
}

/// Whether a word is what follows an authentication scheme (`token68`, RFC 9110 section 11.2)
/// rather than a word of a sentence about it.
fn is_credentials(word: &str) -> bool {
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    let has_letter = word.bytes().any(|b| b.is_ascii_alphabetic());
    let is_mixed = word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    // "Basic OAuth2.0 scopes", "Basic HTTP/1.1 authentication".
    let is_name = ["oauth", "http/"]
        .iter()
        .any(|name| prefix(word, name.len()).eq_ignore_ascii_case(name));
    match word.len() {
        0..6 => false,
        _ if is_name => false,
        6..20 => has_letter && has_digit || word.ends_with('=') || (word.len() >= 8 && is_mixed),
        _ => true,
    }
}

fn is_credential(octet: u8) -> bool {
    !b" \n,;)\"'`".contains(&octet)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| word.eq_ignore_ascii_case(one))
}
