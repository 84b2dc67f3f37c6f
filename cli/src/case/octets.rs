//! Octets as a case writes them: text, or an object that says how they are made: `{hex: "ff00"}`,
//! `{base64: "/wA="}`, `{repeat: "[", times: 1000}`, `{concat: ["a", {hex: ff}]}`, and
//! `{frames: [{hex: "0801"}]}` for messages of gRPC.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::observed::Fields;

/// A header value, a path or a body.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

/// Header fields, in the order in which they are written. A list gives a name several values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldMap(pub Fields);

/// One value or a list of values of a header field; `None` for null.
pub(super) struct Values(pub(super) Option<Vec<Vec<u8>>>);

impl From<&str> for Octets {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

/// Text in quotes, or hexadecimal digits where text cannot show the octets.
impl fmt::Display for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
        match std::str::from_utf8(&self.0) {
            Ok(text) if text.chars().all(is_plain) => write!(f, "{text:?}"),
            _ => {
                f.write_str("hex ")?;
                self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = deserializer.deserialize_any(ValuesVisitor { several: false })?;
        let only = values.0.and_then(|values| values.into_iter().next());
        only.map(Self).ok_or_else(|| {
            D::Error::custom("expected text; leave the name out where there is none")
        })
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor { several: true })
    }
}

impl<'de> Deserialize<'de> for FieldMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Fields::new();
        for (name, values) in field_values(deserializer)? {
            let values = values.0.ok_or_else(|| {
                D::Error::custom(format!("`{name}` has no value; leave it out instead"))
            })?;
            fields.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
        Ok(Self(fields))
    }
}

/// Reads an object of header fields in its order.
pub(super) fn field_values<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Values)>, D::Error> {
    deserializer.deserialize_map(FieldsVisitor)
}

/// Reads an even number of hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let octet = |pair: &[u8]| pair.iter().fold(0, |octet, digit| octet << 4 | digit);
    digits.map(|digits| digits.chunks(2).map(octet).collect())
}

struct ValuesVisitor {
    /// Whether null and lists are allowed.
    several: bool,
}

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Values, E> {
        Ok(Values(Some(vec![text.as_bytes().to_vec()])))
    }

    fn visit_unit<E: Error>(self) -> Result<Values, E> {
        if self.several {
            Ok(Values(None))
        } else {
            Err(E::invalid_type(serde::de::Unexpected::Unit, &self))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Values, A::Error> {
        let made = Made::deserialize(MapAccessDeserializer::new(map))?;
        let octets = made.octets().map_err(A::Error::custom)?;
        Ok(Values(Some(vec![octets])))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
        if !self.several {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut values = Vec::new();
        while let Some(Octets(value)) = list.next_element()? {
            values.push(value);
        }
        if values.is_empty() {
            return Err(A::Error::custom("expected at least one value in the list"));
        }
        Ok(Values(Some(values)))
    }
}

const EXPECTED: &str = "text (a number stands in quotes) or one of {hex: \"ff00\"}, {base64: \"/wA=\"}, \
                        {repeat: text, times: 2}, {concat: [text]} and {frames: [text]}";

/// Octets by the way in which they are made.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Made {
    hex: Option<String>,
    base64: Option<String>,
    repeat: Option<Octets>,
    times: Option<usize>,
    concat: Option<Vec<Octets>>,
    frames: Option<Vec<Octets>>,
}

impl Made {
    fn octets(self) -> Result<Vec<u8>, String> {
        let Self {
            hex,
            base64,
            repeat,
            times,
            concat,
            frames,
        } = self;
        match (hex, base64, repeat, times, concat, frames) {
            (Some(digits), None, None, None, None, None) => from_hex(&digits).ok_or_else(|| {
                "expected {hex: \"ff00\"} with an even number of hexadecimal digits".to_owned()
            }),
            (None, Some(text), None, None, None, None) => STANDARD
                .decode(text)
                .map_err(|_| "expected base64 with its padding (RFC 4648 section 4)".to_owned()),
            (None, None, Some(Octets(octets)), Some(times), None, None) => Ok(octets.repeat(times)),
            (None, None, None, None, Some(parts), None) => {
                Ok(parts.into_iter().flat_map(|part| part.0).collect())
            }
            (None, None, None, None, None, Some(messages)) => {
                let frames = messages.iter().map(|message| frame(&message.0));
                frames
                    .collect::<Result<Vec<_>, _>>()
                    .map(|frames| frames.concat())
            }
            _ => Err(format!("expected {EXPECTED}")),
        }
    }
}

/// A message that is not compressed, as gRPC sends it (Length-Prefixed-Message).
fn frame(message: &[u8]) -> Result<Vec<u8>, String> {
    let len = u32::try_from(message.len()).map_err(|_| "is too long for a frame".to_owned())?;
    Ok([&[0], &len.to_be_bytes()[..], message].concat())
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(String, Values)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of header fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.is_empty() || name.starts_with(':') || name.chars().any(char::is_uppercase) {
                return Err(A::Error::custom(format!(
                    "`{name}` is not the name of a header field in lower case"
                )));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(fields)
    }
}
