//! Details as JSON, by the JSON mapping of proto3.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use kit::problem::google_rpc::{Any, Duration};
use serde_json::{Map, Value};

use super::schema::{self, ENTRY, Field, Kind, MessageType};
use super::wire::{self, Malformed};

const TYPE: &str = "@type";
const VALUE: &str = "value";

/// Types that the mapping gives a form of their own under `value`, which is no base64.
const WELL_KNOWN: &str = "google.protobuf.";

/// A detail as an object with `@type`.
///
/// - The ten known types have their members; what never leaves the mesh (`DebugInfo`, and the
///   `servingData` of `RequestInfo`) is left out, and so is what does not decode.
/// - Of any other type nothing is known, so its octets stand under `value`, in base64.
pub(crate) fn to_json(detail: &Any) -> Value {
    let mut object = match members(detail) {
        Some(members) => members.unwrap_or_default(),
        None => Map::from_iter([(VALUE.to_owned(), STANDARD.encode(&detail.value).into())]),
    };
    object.insert(TYPE.to_owned(), detail.type_url.as_str().into());
    Value::Object(object)
}

/// The detail that an object with `@type` stands for.
///
/// Of the known types, members with the wrong type or an unknown name are passed over. An object of
/// another type is understood only if it is what [`to_json`] makes; `None` says that it is not, or
/// that it has no `@type`.
pub(crate) fn from_json(value: &Value) -> Option<Any> {
    let object = value.as_object()?;
    let type_url = object.get(TYPE)?.as_str()?;
    let mut detail = Any {
        type_url: type_url.to_owned(),
        value: Vec::new(),
    };
    detail.value = match schema::find(detail.name()) {
        Some(message_type) => encode(message_type, object),
        None => opaque(&detail, object)?,
    };
    Some(detail)
}

/// The members of a detail of a known type, without `@type`; `None` where the type is unknown.
pub(super) fn members(detail: &Any) -> Option<Result<Map<String, Value>, Malformed>> {
    let message_type = schema::find(detail.name())?;
    let mut members = Map::new();
    Some(decode(message_type, &detail.value, &mut members).map(|()| members))
}

/// The types nest no deeper than the schema, so the recursion ends.
fn decode(
    message_type: &MessageType,
    message: &[u8],
    members: &mut Map<String, Value>,
) -> Result<(), Malformed> {
    for found in wire::fields(message) {
        let found = found?;
        if let Some(field) = message_type.field(found.number) {
            decode_field(field, &found, members)?;
        }
    }
    Ok(())
}

/// A field that comes twice: of strings and numbers the last counts, messages are merged.
fn decode_field(
    field: &Field,
    found: &wire::Field<'_>,
    members: &mut Map<String, Value>,
) -> Result<(), Malformed> {
    let name = field.name.to_owned();
    match &field.kind {
        Kind::Withheld => {}
        Kind::Text | Kind::Label => {
            members.insert(name, found.text()?.into());
        }
        Kind::Int64 => {
            members.insert(name, found.int64()?.to_string().into());
        }
        Kind::Duration => {
            members.insert(name, duration_text(found.duration()?).into());
        }
        Kind::One(inner) => {
            let member = members
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(object) = member {
                decode(inner, found.octets()?, object)?;
            }
        }
        Kind::Many(inner) => {
            let mut object = Map::new();
            decode(inner, found.octets()?, &mut object)?;
            let member = members
                .entry(name)
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = member {
                list.push(object.into());
            }
        }
        Kind::Map => {
            let mut entry = Map::new();
            decode(&ENTRY, found.octets()?, &mut entry)?;
            let member = members
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let (Value::Object(map), (key, value)) = (member, key_and_value(entry)) {
                map.insert(key, value);
            }
        }
    }
    Ok(())
}

/// An entry that lacks its key or its value has the empty string there.
fn key_and_value(mut entry: Map<String, Value>) -> (String, Value) {
    let mut take = |name| entry.remove(name).unwrap_or_else(|| "".into());
    let (key, value) = (take("key"), take(VALUE));
    (key.as_str().unwrap_or_default().to_owned(), value)
}

fn encode(message_type: &MessageType, object: &Map<String, Value>) -> Vec<u8> {
    let mut message = Vec::new();
    for field in message_type.fields {
        // The mapping lets a reader take the names of the .proto file, too.
        let member = object
            .get(field.name)
            .or_else(|| object.get(&snake_case(field.name)));
        if let Some(member) = member {
            encode_field(field, member, &mut message);
        }
    }
    message
}

fn encode_field(field: &Field, member: &Value, message: &mut Vec<u8>) {
    let mut put = |octets: &[u8]| wire::put_octets(field.number, octets, message);
    match (&field.kind, member) {
        (Kind::Text | Kind::Label, Value::String(text)) if !text.is_empty() => put(text.as_bytes()),
        (Kind::Duration, Value::String(text)) => {
            if let Some(duration) = duration(text) {
                put(&prost::Message::encode_to_vec(&duration));
            }
        }
        (Kind::One(inner), Value::Object(object)) => put(&encode(inner, object)),
        (Kind::Many(inner), Value::Array(list)) => {
            for object in list.iter().filter_map(Value::as_object) {
                put(&encode(inner, object));
            }
        }
        (Kind::Map, Value::Object(map)) => {
            for (key, value) in map.iter().filter(|(_, value)| value.is_string()) {
                put(&encode(&ENTRY, &entry(key, value)));
            }
        }
        (Kind::Int64, number) => {
            if let Some(number) = int64(number) {
                wire::put_int64(field.number, number, message);
            }
        }
        _ => {}
    }
}

fn entry(key: &str, value: &Value) -> Map<String, Value> {
    Map::from_iter([
        ("key".to_owned(), key.into()),
        (VALUE.to_owned(), value.clone()),
    ])
}

/// The octets of a type that is not known, where they stand in base64 and nothing else is there.
fn opaque(detail: &Any, object: &Map<String, Value>) -> Option<Vec<u8>> {
    let text = object.get(VALUE)?.as_str()?;
    let alone = object.len() == 2 && !detail.name().starts_with(WELL_KNOWN);
    alone.then(|| STANDARD.decode(text).ok())?
}

/// Whole numbers of 64 bits are strings in JSON, and a reader takes numbers, too.
fn int64(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

/// Seconds with no, three, six or nine decimals.
fn duration_text(duration: Duration) -> String {
    let sign = if duration.seconds < 0 || duration.nanos < 0 {
        "-"
    } else {
        ""
    };
    let seconds = duration.seconds.unsigned_abs();
    let nanos = duration.nanos.unsigned_abs();
    match nanos {
        0 => format!("{sign}{seconds}s"),
        _ if nanos.is_multiple_of(1_000_000) => {
            format!("{sign}{seconds}.{:03}s", nanos / 1_000_000)
        }
        _ if nanos.is_multiple_of(1_000) => format!("{sign}{seconds}.{:06}s", nanos / 1_000),
        _ => format!("{sign}{seconds}.{nanos:09}s"),
    }
}

fn duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = number
        .strip_prefix('-')
        .map_or((1, number), |number| (-1, number));
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanos: i32 = format!("{decimals:0<9}").parse().ok()?;
    Some(Duration {
        seconds: sign * seconds,
        nanos: i32::try_from(sign).unwrap_or(1) * nanos,
    })
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::samples;
    use kit::problem::google_rpc::{DebugInfo, RequestInfo};
    use proptest::prelude::*;
    use serde_json::json;

    fn retry(delay: &str) -> Option<Duration> {
        let detail = from_json(&json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": delay,
        }));
        let detail = detail.unwrap();
        let info: kit::problem::google_rpc::RetryInfo =
            prost::Message::decode(&*detail.value).unwrap();
        info.retry_delay
    }

    #[test]
    fn details_read_as_protobuf_itself_has_them_but_for_what_never_leaves() {
        let pairs = samples::status()
            .details
            .into_iter()
            .zip(samples::details_as_json());
        for (detail, mut expected) in pairs {
            let members = expected.as_object_mut().unwrap();
            for never in ["stackEntries", "servingData"] {
                members.remove(never);
            }
            if detail.name() == DebugInfo::NAME {
                members.remove("detail");
            }
            assert_eq!(to_json(&detail), expected);
        }
    }

    #[test]
    fn details_come_back_octet_for_octet_but_for_what_never_leaves() {
        for (detail, json) in samples::status()
            .details
            .into_iter()
            .zip(samples::details_as_json())
        {
            let read = from_json(&json).unwrap();
            match detail.name() {
                DebugInfo::NAME => assert_eq!(read.value, b""),
                RequestInfo::NAME => assert_eq!(to_json(&read), to_json(&detail)),
                _ => assert_eq!(read, detail),
            }
        }
    }

    #[test]
    fn names_of_the_proto_file_are_taken_too() {
        let read = |json: Value| from_json(&json).unwrap().value;
        let type_url = "type.googleapis.com/google.rpc.QuotaFailure";
        assert_eq!(
            read(
                json!({"@type": type_url, "violations": [{"api_service": "a", "quota_value": 7}]})
            ),
            read(
                json!({"@type": type_url, "violations": [{"apiService": "a", "quotaValue": "7"}]})
            ),
        );
    }

    #[test]
    fn members_that_are_none_are_passed_over() {
        let read = |json: Value| to_json(&from_json(&json).unwrap());
        let type_url = "type.googleapis.com/google.rpc.ErrorInfo";
        let json = json!({
            "@type": type_url, "reason": 7, "domain": "d", "metadata": {"a": "b", "c": 1}, "other": {},
        });
        let expected = json!({"@type": type_url, "domain": "d", "metadata": {"a": "b"}});
        assert_eq!(read(json), expected);
    }

    #[test]
    fn durations_have_as_many_decimals_as_they_need() {
        for (seconds, nanos, text) in [
            (0, 0, "0s"),
            (30, 0, "30s"),
            (1, 500_000_000, "1.500s"),
            (0, 1_000, "0.000001s"),
            (0, 1, "0.000000001s"),
            (0, -500_000_000, "-0.500s"),
            (-3, -1, "-3.000000001s"),
        ] {
            let duration = Duration { seconds, nanos };
            assert_eq!(duration_text(duration), text);
            assert_eq!(retry(text), Some(duration));
        }
        let half = Duration {
            seconds: 1,
            nanos: 500_000_000,
        };
        assert_eq!(retry("1.5s"), Some(half));
        for text in [
            "",
            "s",
            "1",
            "1.s",
            ".5s",
            "+1s",
            "1e3s",
            "1.0000000000s",
            "99999999999999999999s",
        ] {
            assert_eq!(retry(text), None, "{text}");
        }
    }

    #[test]
    fn json_of_other_types_is_left_to_those_who_know_them() {
        for json in [
            json!({"@type": "type.googleapis.com/acme.OutOfStock", "sku": "A-1"}),
            json!({"@type": "type.googleapis.com/acme.OutOfStock", "value": "AAAA", "sku": "A-1"}),
            json!({"@type": "type.googleapis.com/acme.OutOfStock", "value": "no base64"}),
            json!({"@type": "type.googleapis.com/acme.OutOfStock", "value": 1}),
            json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "text"}),
            json!({"@type": 1}),
            json!({"value": "AAAA"}),
            json!("text"),
        ] {
            assert_eq!(from_json(&json), None, "{json}");
        }
    }

    #[test]
    fn a_known_type_that_does_not_decode_shows_nothing() {
        let detail = Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
            value: b"goroutine 1 [running]:".to_vec(),
        };
        let expected = json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo"});
        assert_eq!(to_json(&detail), expected);
    }

    proptest! {
        #[test]
        fn no_octets_are_too_strange(
            kind in prop::sample::select(schema::ALL.to_vec()),
            value in prop::collection::vec(any::<u8>(), 0..48),
        ) {
            let detail = Any { type_url: format!("x/{}", kind.name), value };
            let json = to_json(&detail);
            let again = from_json(&json).unwrap();
            // Only what is not known gets lost.
            prop_assert_eq!(to_json(&again)["@type"].clone(), json["@type"].clone());
        }

        #[test]
        fn other_types_survive_the_way_through_json(
            name in "[a-z]{1,4}[.][A-Z][a-z]{1,4}",
            value in prop::collection::vec(any::<u8>(), 0..32),
        ) {
            let detail = Any { type_url: format!("type.example.com/{name}"), value };
            prop_assert_eq!(from_json(&to_json(&detail)), Some(detail));
        }

        #[test]
        fn no_duration_is_too_strange(text in "-?[0-9]{0,20}[.]?[0-9]{0,10}s?") {
            if let Some(read) = duration(&text) {
                prop_assert_eq!(duration(&duration_text(read)), Some(read));
            }
        }

        #[test]
        fn no_duration_on_the_wire_is_too_strange(seconds in any::<i64>(), nanos in any::<i32>()) {
            duration_text(Duration { seconds, nanos });
        }
    }
}
