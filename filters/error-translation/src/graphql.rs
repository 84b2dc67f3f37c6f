//! Errors of GraphQL, which stay in its own form: beside them there may be data.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::redaction::{Found, Redactor};

/// What takes the place of a message that may not leave.
const MESSAGE: &str = "The service failed while it handled the request.";

/// Cleans the errors of a document and its extensions, and tells each error the id under which the
/// client can ask for help. Whatever else there is, such as the data, stays octet for octet.
///
/// `None` where it is no document of GraphQL.
pub(crate) fn clean(
    body: &[u8],
    redactor: &Redactor,
    request_id: &str,
) -> Option<(Vec<u8>, Found)> {
    let mut found = Found::default();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let members = reader.deserialize_map(Members).ok()?;
    let mut clean = Vec::with_capacity(body.len());
    for (name, value) in members {
        clean.push(if clean.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut clean, &name).ok()?;
        clean.push(b':');
        let value = match &*name {
            "errors" => clean_errors(value, redactor, request_id, &mut found)?,
            "extensions" => {
                let mut value: Value = serde_json::from_str(value.get()).ok()?;
                redactor.clean_value(&mut value, &mut found);
                Cow::Owned(value.to_string())
            }
            _ => Cow::Borrowed(value.get()),
        };
        clean.extend_from_slice(value.as_bytes());
    }
    clean.push(b'}');
    Some((clean, found))
}

/// A problem document as the one error of an answer of GraphQL.
pub(crate) fn of_problem(document: &[u8]) -> Vec<u8> {
    let document: Value = serde_json::from_slice(document).unwrap_or_default();
    let words = ["detail", "title"].map(|name| document.get(name).and_then(Value::as_str));
    let message = words.into_iter().flatten().next().unwrap_or(MESSAGE);
    let error = json!({"message": message, "extensions": document});
    json!({"errors": [error]}).to_string().into_bytes()
}

fn clean_errors(
    errors: &RawValue,
    redactor: &Redactor,
    request_id: &str,
    found: &mut Found,
) -> Option<Cow<'static, str>> {
    let mut errors: Value = serde_json::from_str(errors.get()).ok()?;
    let list = errors.as_array_mut()?;
    for error in list.iter_mut().filter_map(Value::as_object_mut) {
        clean_error(error, redactor, request_id, found);
    }
    Some(Cow::Owned(errors.to_string()))
}

fn clean_error(
    error: &mut Map<String, Value>,
    redactor: &Redactor,
    request_id: &str,
    found: &mut Found,
) {
    let message = error.remove("message");
    let mut rest = Value::Object(std::mem::take(error));
    redactor.clean_value(&mut rest, found);
    if let Value::Object(rest) = rest {
        *error = rest;
    }
    if let Some(Value::String(message)) = message {
        let clean = redactor.clean(&message, found);
        let clean = clean.map_or_else(|| MESSAGE.to_owned(), Cow::into_owned);
        error.insert("message".to_owned(), clean.into());
    }
    // The specification wants a map.
    let extensions = error.entry("extensions").or_insert(Value::Null);
    if !extensions.is_object() {
        *extensions = Value::Object(Map::new());
    }
    if let Value::Object(members) = extensions {
        members.insert("requestId".to_owned(), request_id.into());
    }
}

/// Reads the members of an object in their order, their values as they stand there.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            members.push((Cow::Owned(name), value));
        }
        Ok(members)
    }
}
