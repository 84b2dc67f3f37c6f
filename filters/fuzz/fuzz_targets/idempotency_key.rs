//! An octet of terms, and a line each for a key's field, the source and the id of an event, and the
//! content: what is taken as a key, and why nothing is, is what other readers say.

#![no_main]

use std::ops::RangeInclusive;

use idempotency_keys::fuzzing::{Alphabet, Hash, KeyTerms, is_json, key};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sfv::{BareItem, Item, Parser};
use treaty_fuzz::{Fields, headers};

const LENGTHS: [RangeInclusive<usize>; 4] = [1..=255, 1..=36, 16..=64, 36..=36];

const ALPHABETS: [Alphabet; 4] = [
    Alphabet::Visible,
    Alphabet::Token,
    Alphabet::Uuid,
    Alphabet::Uuid4,
];

fn terms(octet: u8) -> KeyTerms {
    KeyTerms {
        strict: octet & 1 != 0,
        alphabet: ALPHABETS[usize::from(octet >> 1 & 3)],
        length: LENGTHS[usize::from(octet >> 3 & 3)].clone(),
    }
}

/// A key of one string, if the terms allow it.
fn one(text: &str, terms: &KeyTerms) -> Result<Hash, &'static str> {
    check_length(text, terms)?;
    let text = match terms.alphabet {
        Alphabet::Visible => text.bytes().all(is_visible).then(|| text.to_owned()),
        Alphabet::Token => text.bytes().all(is_token).then(|| text.to_owned()),
        Alphabet::Uuid => uuid(text).map(|_| text.to_ascii_lowercase()),
        Alphabet::Uuid4 => uuid(text)
            .filter(|bits| bits >> 76 & 0xf == 4 && bits >> 62 & 3 == 2)
            .map(|_| text.to_ascii_lowercase()),
    };
    text.map(|text| key(&[&text])).ok_or("key_alphabet")
}

fn check_length(text: &str, terms: &KeyTerms) -> Result<(), &'static str> {
    match text.len() {
        length if length > *terms.length.end() => Err("key_too_long"),
        length if length < *terms.length.start() => Err("key_too_short"),
        _ => Ok(()),
    }
}

fn is_visible(octet: u8) -> bool {
    (0x21..=0x7e).contains(&octet)
}

/// A token has no delimiters (RFC 9110 section 5.6.2).
fn is_token(octet: u8) -> bool {
    is_visible(octet) && !b"\"(),/:;<=>?@[\\]{}".contains(&octet)
}

/// The bits of a UUID that stands for something (RFC 9562 section 4).
fn uuid(text: &str) -> Option<u128> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let digits = groups.concat();
    let is_hex = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    if lengths != [8, 4, 4, 4, 12] || !is_hex {
        return None;
    }
    let bits = u128::from_str_radix(&digits, 16).ok()?;
    (bits != 0 && bits != u128::MAX).then_some(bits)
}

/// What the field says: draft-ietf-httpapi-idempotency-key-header-07 section 2.1, or a bare value.
fn in_field(value: &[u8], terms: &KeyTerms) -> Result<Hash, &'static str> {
    let value = value.trim_ascii();
    if value.is_empty() {
        return Err("key_missing");
    }
    if terms.strict || value.starts_with(b"\"") {
        let item = Parser::new(value).parse::<Item>();
        return match item.map(|item| item.bare_item) {
            Ok(BareItem::String(text)) => one(text.as_str(), terms),
            _ => Err("malformed_key"),
        };
    }
    if value.contains(&b',') {
        return Err("several_keys");
    }
    let text = std::str::from_utf8(value).map_err(|_| "malformed_key")?;
    if !text.bytes().all(is_visible) {
        return Err("malformed_key");
    }
    one(text, terms)
}

/// An attribute of an event (HTTP Protocol Binding for CloudEvents 1.0.2 section 3.1.3.2).
fn attribute(value: &[u8]) -> Option<String> {
    let value = value.trim_ascii();
    let is_quoted = value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"");
    let text = if is_quoted {
        unquoted(&value[1..value.len() - 1])?
    } else {
        value.to_vec()
    };
    let mut octets = Vec::new();
    let mut rest = text.as_slice();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                let is_hex = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
                octets.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
                rest = &rest[2..];
            }
            b' '..=b'~' => octets.push(*first),
            _ => return None,
        }
    }
    let text = String::from_utf8(octets).ok()?;
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

fn unquoted(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut octets = quoted.iter();
    loop {
        match octets.next() {
            None => return Some(text),
            Some(b'\\') => text.push(*octets.next()?),
            Some(b'"') => return None,
            Some(octet) => text.push(*octet),
        }
    }
}

fn of_event(values: [Option<&[u8]>; 2], terms: &KeyTerms) -> Result<Hash, &'static str> {
    let [Some(source), Some(id)] = values else {
        let has_one = values.iter().any(Option::is_some);
        return Err(if has_one { "" } else { "key_missing" });
    };
    let read = |value| {
        let text = attribute(value).ok_or("malformed_key")?;
        check_length(&text, terms)?;
        Ok(text)
    };
    let (source, id) = (read(source)?, read(id)?);
    Ok(key(&[&source, &id]))
}

/// What stands under `request_id`; none where the other reader cannot say.
fn in_content(content: &[u8], terms: &KeyTerms) -> Option<Result<Hash, &'static str>> {
    if content.trim_ascii().is_empty() {
        return Some(Err("key_missing"));
    }
    if !is_json(content) {
        return Some(Err("key_unreadable"));
    }
    let document: Value = serde_json::from_slice(content).ok()?;
    Some(match document.pointer("/request_id") {
        None | Some(Value::Null) => Err("key_missing"),
        Some(Value::String(text)) if text.is_empty() => Err("key_missing"),
        Some(Value::String(text)) => one(text, terms),
        Some(_) => Err("malformed_key"),
    })
}

fuzz_target!(|octets: &[u8]| {
    let Some((first, rest)) = octets.split_first() else {
        return;
    };
    let terms = terms(*first);
    let mut lines = rest.splitn(4, |octet| *octet == b'\n');
    let values = [lines.next(), lines.next(), lines.next()];
    let named = ["idempotency-key", "ce-source", "ce-id"]
        .into_iter()
        .zip(values);
    let fields: Fields = named
        .filter_map(|(name, value)| Some((name.as_bytes().to_vec(), value?.to_vec())))
        .collect();
    let [field, source, id] = values;

    let head = headers(&fields);
    let expected = field.map_or(Err("key_missing"), |value| in_field(value, &terms));
    assert_eq!(terms.in_field(&head, "idempotency-key"), expected);

    let twice = headers(&[fields.clone(), fields].concat());
    let expected = field.map_or("key_missing", |_| "several_keys");
    assert_eq!(terms.in_field(&twice, "idempotency-key"), Err(expected));

    match of_event([source, id], &terms) {
        // One attribute alone is no event, whatever it says.
        Err("") => assert!(terms.of_cloud_event(&head).is_err()),
        expected => assert_eq!(terms.of_cloud_event(&head), expected),
    }

    let content = lines.next().unwrap_or_default();
    let place = "/request_id".parse().expect("a pointer");
    let found = terms.in_content(content, &place);
    if let Some(expected) = in_content(content, &terms) {
        assert_eq!(found, expected);
    }
});
