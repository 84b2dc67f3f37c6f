//! A document as Envoy hands a `google.protobuf.Struct` over: in the message's own encoding.
//!
//! Envoy's documentation promises JSON for it; 1.36 and 1.40 do otherwise.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use serde_json::{Map, Number, Value};

#[derive(Clone, PartialEq, Message)]
struct Struct {
    #[prost(btree_map = "string, message", tag = "1")]
    fields: BTreeMap<String, StructValue>,
}

#[derive(Clone, PartialEq, Message)]
struct StructValue {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Kind {
    #[prost(int32, tag = "1")]
    Null(i32),
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    String(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(message, tag = "5")]
    Struct(Struct),
    #[prost(message, tag = "6")]
    List(ListValue),
}

#[derive(Clone, PartialEq, Message)]
struct ListValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<StructValue>,
}

/// Reads an encoded Struct; `None` where the octets are none, or one without a member.
pub(super) fn decode(octets: &[u8]) -> Option<Value> {
    // Every member begins with this octet, which JSON takes for white space.
    if octets.first() != Some(&b'\n') {
        return None;
    }
    let decoded = Struct::decode(octets).ok()?;
    (!decoded.fields.is_empty()).then(|| object(decoded))
}

fn object(decoded: Struct) -> Value {
    let member = |(name, value)| (name, json(value));
    // To collect would sort, which is 4 KB of code.
    let mut object = Map::new();
    object.extend(decoded.fields.into_iter().map(member));
    Value::Object(object)
}

fn json(value: StructValue) -> Value {
    match value.kind {
        None | Some(Kind::Null(_)) => Value::Null,
        Some(Kind::Number(number)) => super::document::whole(number)
            .or_else(|| Number::from_f64(number))
            .map_or(Value::Null, Value::Number),
        Some(Kind::String(text)) => Value::String(text),
        Some(Kind::Bool(value)) => Value::Bool(value),
        Some(Kind::Struct(decoded)) => object(decoded),
        Some(Kind::List(list)) => Value::Array(list.values.into_iter().map(json).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: Kind) -> StructValue {
        StructValue { kind: Some(kind) }
    }

    #[test]
    fn a_struct_reads_like_the_json_that_it_was_made_of() {
        let list = ListValue {
            values: vec![value(Kind::Bool(true)), value(Kind::Null(0))],
        };
        let inner = Struct {
            fields: [("share".to_owned(), value(Kind::Number(12.5)))].into(),
        };
        let document = Struct {
            fields: [
                ("version".to_owned(), value(Kind::Number(1.0))),
                ("name".to_owned(), value(Kind::String("a".into()))),
                ("list".to_owned(), value(Kind::List(list))),
                ("inner".to_owned(), value(Kind::Struct(inner))),
            ]
            .into(),
        };
        let expected = serde_json::json!({
            "version": 1, "name": "a", "list": [true, null], "inner": {"share": 12.5},
        });
        assert_eq!(decode(&document.encode_to_vec()), Some(expected));
    }

    #[test]
    fn other_octets_are_no_struct() {
        for octets in [&b""[..], b"{}", b"\n", b"\n{}", b"\n\x03abc", b"\n\n"] {
            assert_eq!(decode(octets), None, "{octets:?}");
        }
    }
}
