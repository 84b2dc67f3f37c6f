//! A text: it is JSON if a strict reader takes it, and only if a lenient one does; the fingerprint is
//! the same however it is cut, spelled and ordered, and is that of the octets where it is no JSON.

#![no_main]

use std::fmt::{self, Write};

use idempotency_keys::fuzzing::{fingerprint, is_json};
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A document of I-JSON (RFC 7493) whose numbers are ones of 64 bits.
enum Document {
    Null,
    Boolean(bool),
    Integer(i128),
    /// A number that another reader would round.
    Rounded,
    Text(String),
    Array(Vec<Document>),
    Object(Vec<(String, Document)>),
}

struct Reader;

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Document, E> {
        Ok(Document::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Document, E> {
        Ok(Document::Integer(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Document, E> {
        Ok(Document::Integer(value.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Document, E> {
        Ok(Document::Rounded)
    }

    fn visit_str<E>(self, value: &str) -> Result<Document, E> {
        Ok(Document::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Document, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Document::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Document, A::Error> {
        let mut members: Vec<(String, Document)> = Vec::new();
        while let Some((name, value)) = from.next_entry::<String, Document>()? {
            if members.iter().any(|(own, _)| *own == name) {
                return Err(A::Error::custom("twice"));
            }
            members.push((name, value));
        }
        Ok(Document::Object(members))
    }
}

impl Document {
    /// Writes it as differently as JSON allows; none where a number was rounded.
    fn respell(&self, text: &mut String) -> Option<()> {
        match self {
            Self::Null => text.push_str("null"),
            Self::Boolean(value) => write!(text, "{value}").ok()?,
            Self::Integer(value) => write!(text, "{value}.000E+0").ok()?,
            Self::Rounded => return None,
            Self::Text(value) => escape(value, text),
            Self::Array(items) => {
                text.push('[');
                for (place, item) in items.iter().enumerate() {
                    text.push_str(if place == 0 { "\n" } else { " ,\t" });
                    item.respell(text)?;
                }
                text.push_str(" ]");
            }
            Self::Object(members) => {
                text.push('{');
                for (place, (name, value)) in members.iter().rev().enumerate() {
                    text.push_str(if place == 0 { "\r" } else { "\n, " });
                    escape(name, text);
                    text.push_str(" : ");
                    value.respell(text)?;
                }
                text.push('}');
            }
        }
        Some(())
    }
}

fn escape(value: &str, text: &mut String) {
    text.push('"');
    for unit in value.encode_utf16() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\u{unit:04X}");
    }
    text.push('"');
}

fuzz_target!(|text: &[u8]| {
    let whole = ["".parse().expect("a pointer")];
    let all = fingerprint(&[text], &whole);
    let middle = text.split_at(text.len() / 2);
    assert_eq!(fingerprint(&[middle.0, middle.1], &whole), all);

    let strict = serde_json::from_slice::<Document>(text);
    let is_lenient = serde_json::from_slice::<IgnoredAny>(text).is_ok();
    assert!(is_lenient || !is_json(text), "what is no JSON is taken");
    assert!(is_json(text) || strict.is_err(), "JSON is refused");

    let mut respelled = String::new();
    if let Ok(document) = strict
        && document.respell(&mut respelled).is_some()
    {
        assert_eq!(fingerprint(&[respelled.as_bytes()], &whole), all);
    }
    if !is_json(text) {
        let nowhere = ["/nothing/stands/here".parse().expect("a pointer")];
        let more = [text, b" "].concat();
        assert_ne!(fingerprint(&[&more], &whole), all, "octets count");
        assert_ne!(
            fingerprint(&[&more], &nowhere),
            fingerprint(&[text], &nowhere)
        );
    }
});
