//! Two JSON values, each written in two ways: their fingerprints are the same exactly if the values
//! are, by a reading of numbers that is not the filter's, and what stands beside them does not count.

#![no_main]

use std::collections::BTreeMap;
use std::fmt::Write;

use arbitrary::Arbitrary;
use idempotency_keys::fuzzing::{Hash, fingerprint, is_json};
use libfuzzer_sys::fuzz_target;

/// Below this depth there is nothing.
const DEEPEST: usize = 60;

#[derive(Debug, Arbitrary)]
struct Input {
    one: Json,
    other: Json,
    beside: Json,
    styles: [Vec<u8>; 2],
}

#[derive(Debug, Clone, Arbitrary)]
enum Json {
    Null,
    Boolean(bool),
    Number {
        is_negative: bool,
        digits: u64,
        exponent: i8,
    },
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// What a value means.
#[derive(Debug, PartialEq)]
enum Meaning {
    Nothing,
    Boolean(bool),
    /// Digits that do not end with a zero, and the place of their point.
    Number(i128, i32),
    Text(String),
    Array(Vec<Meaning>),
    Object(BTreeMap<String, Meaning>),
}

/// How a value is written: octets that are used in turn.
struct Style<'a> {
    octets: std::iter::Cycle<std::iter::Chain<std::slice::Iter<'a, u8>, std::slice::Iter<'a, u8>>>,
}

impl<'a> Style<'a> {
    fn of(octets: &'a [u8]) -> Self {
        Self {
            octets: octets.iter().chain(&[0]).cycle(),
        }
    }

    fn choose(&mut self, number: u8) -> usize {
        let octet = self.octets.next().copied().unwrap_or_default();
        usize::from(octet % number)
    }

    fn space(&mut self) -> &'static str {
        ["", " ", "\n", "\t\r"][self.choose(4)]
    }
}

impl Json {
    fn meaning(&self, depth: usize) -> Meaning {
        match self {
            _ if depth == 0 => Meaning::Nothing,
            Self::Null => Meaning::Nothing,
            Self::Boolean(value) => Meaning::Boolean(*value),
            Self::Number {
                is_negative,
                digits,
                exponent,
            } => number(*is_negative, *digits, *exponent),
            Self::Text(text) => Meaning::Text(text.clone()),
            Self::Array(items) => {
                Meaning::Array(items.iter().map(|item| item.meaning(depth - 1)).collect())
            }
            Self::Object(members) => Meaning::Object(
                once(members)
                    .map(|(name, value)| (name.clone(), value.meaning(depth - 1)))
                    .collect(),
            ),
        }
    }

    fn write(&self, style: &mut Style<'_>, depth: usize, text: &mut String) {
        text.push_str(style.space());
        match self {
            _ if depth == 0 => text.push_str("null"),
            Self::Null => text.push_str("null"),
            Self::Boolean(value) => push(text, format_args!("{value}")),
            Self::Number {
                is_negative,
                digits,
                exponent,
            } => {
                text.push_str(if *is_negative { "-" } else { "" });
                write_number(*digits, i32::from(*exponent), style, text);
            }
            Self::Text(own) => write_text(own, style, text),
            Self::Array(items) => {
                text.push('[');
                for (place, item) in items.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    item.write(style, depth - 1, text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                let mut members: Vec<_> = once(members).collect();
                let turn = style.choose(8).min(members.len());
                members.rotate_left(turn);
                text.push('{');
                for (place, (name, value)) in members.into_iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "," });
                    text.push_str(style.space());
                    write_text(name, style, text);
                    text.push_str(style.space());
                    text.push(':');
                    value.write(style, depth - 1, text);
                }
                text.push('}');
            }
        }
        text.push_str(style.space());
    }
}

/// The members, the first of each name.
fn once(members: &[(String, Json)]) -> impl Iterator<Item = (&String, &Json)> {
    let named = members.iter().enumerate();
    named.filter_map(move |(place, (name, value))| {
        let is_first = !members[..place].iter().any(|(own, _)| own == name);
        is_first.then_some((name, value))
    })
}

fn number(is_negative: bool, digits: u64, exponent: i8) -> Meaning {
    let (mut digits, mut exponent) = (i128::from(digits), i32::from(exponent));
    if digits == 0 {
        return Meaning::Number(0, 0);
    }
    while digits % 10 == 0 {
        digits /= 10;
        exponent += 1;
    }
    Meaning::Number(if is_negative { -digits } else { digits }, exponent)
}

fn write_number(digits: u64, mut exponent: i32, style: &mut Style<'_>, text: &mut String) {
    let mut digits = digits.to_string();
    if digits != "0" {
        for _ in 0..style.choose(4) {
            digits.push('0');
            exponent -= 1;
        }
    }
    match style.choose(4) {
        0 => push(text, format_args!("{digits}e{exponent}")),
        1 => push(text, format_args!("{digits}.00E{exponent:+}")),
        2 => {
            let places = digits.len() - 1;
            let exponent = exponent + i32::try_from(places).unwrap_or_default();
            let (whole, fraction) = digits.split_at(1);
            push(text, format_args!("{whole}.{fraction}0e{exponent}"));
        }
        _ => {
            let exponent = exponent + i32::try_from(digits.len()).unwrap_or_default();
            push(text, format_args!("0.{digits}e{exponent:+04}"));
        }
    }
}

fn write_text(own: &str, style: &mut Style<'_>, text: &mut String) {
    text.push('"');
    for character in own.chars() {
        if matches!(character, '"' | '\\' | '\0'..='\x1f') || style.choose(3) == 0 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                push(text, format_args!("\\u{unit:04x}"));
            }
        } else {
            text.push(character);
        }
    }
    text.push('"');
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(what);
}

fn written(json: &Json, style: &[u8]) -> String {
    let mut text = String::new();
    json.write(&mut Style::of(style), DEEPEST, &mut text);
    assert!(is_json(text.as_bytes()), "{text}");
    text
}

/// Where the value is one member of two, and counts alone.
fn beside(value: &str, other: &str) -> Hash {
    let place = ["/a~1b/1".parse().expect("a pointer")];
    let text = format!("{{\"other\":{other},\"a/b\":[{other},{value}]}}");
    fingerprint(&[text.as_bytes()], &place)
}

fuzz_target!(|input: Input| {
    let whole = ["".parse().expect("a pointer")];
    let [one, respelled] = input
        .styles
        .each_ref()
        .map(|style| written(&input.one, style));
    let other = written(&input.other, &input.styles[0]);
    let hash = |text: &str| fingerprint(&[text.as_bytes()], &whole);
    assert_eq!(hash(&one), hash(&respelled), "{one} is {respelled}");

    let are_equal = input.one.meaning(DEEPEST) == input.other.meaning(DEEPEST);
    assert_eq!(hash(&one) == hash(&other), are_equal, "{one} and {other}");

    let something = written(&input.beside, &input.styles[1]);
    assert_eq!(beside(&one, "null"), beside(&respelled, &something));
    assert_eq!(beside(&one, "1") == beside(&other, &something), are_equal);
});
