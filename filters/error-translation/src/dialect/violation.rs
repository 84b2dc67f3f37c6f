//! What is wrong with parts of the request, by the names that services use for it.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::value;
use crate::failure::Violation;

/// The most violations of a failure.
pub(super) const VIOLATIONS: usize = 100;

/// The names of the text, of the part, and of the reason, the most telling first.
const DETAILS: [&str; 8] = [
    "detail",
    "message",
    "msg",
    "description",
    "defaultMessage",
    "reason",
    "error",
    "title",
];
const FIELDS: [&str; 7] = [
    "field",
    "param",
    "parameter",
    "property",
    "path",
    "loc",
    "name",
];
const CODES: [&str; 3] = ["code", "rule", "tag"];

/// The violations that a list tells; `None` where it tells none.
pub(super) fn list(value: &Value) -> Option<Vec<Violation>> {
    let violations: Vec<_> = value
        .as_array()?
        .iter()
        .filter_map(read)
        .take(VIOLATIONS)
        .collect();
    (!violations.is_empty()).then_some(violations)
}

/// The violations that a list tells, or an object from each field to what is wrong with it, as
/// ASP.NET and Rails write it; `None` where it tells none.
pub(super) fn list_or_map(value: &Value) -> Option<Vec<Violation>> {
    let Value::Object(fields) = value else {
        return list(value);
    };
    let violations: Vec<_> = fields
        .iter()
        .flat_map(|(field, value)| texts(value).map(move |detail| of_field(field, detail)))
        .take(VIOLATIONS)
        .collect();
    (!violations.is_empty()).then_some(violations)
}

/// One element of a list: a text, or an object that tells what is wrong.
pub(super) fn read(element: &Value) -> Option<Violation> {
    let Value::Object(object) = element else {
        return value::text(element).map(without_place);
    };
    let code = code(object);
    let detail = first(object, &DETAILS, value::text).or_else(|| code.clone())?;
    let source = object.get("source").and_then(Value::as_object);
    let place = source
        .and_then(|source| source.get("pointer"))
        .or_else(|| object.get("pointer"))
        .and_then(value::text);
    let pointer = place.as_deref().and_then(pointer);
    let in_source = |name: &str| source.is_some_and(|source| source.contains_key(name));
    let stands = object.get("in").and_then(value::text);
    let stands = stands.or_else(|| in_source("parameter").then(|| "query".to_owned()));
    let stands = stands.or_else(|| in_source("header").then(|| "header".to_owned()));
    let field = source
        .and_then(|source| first(source, &["parameter", "header"], value::text))
        .or_else(|| first(object, &FIELDS, field))
        // A place that is no JSON Pointer is at least a name.
        .or_else(|| place.filter(|_| pointer.is_none()));
    Some(Violation {
        pointer,
        field,
        place: stands,
        detail,
        code,
    })
}

/// Whether it says which part of the request is wrong.
pub(super) fn has_place(violation: &Violation) -> bool {
    violation.pointer.is_some() || violation.field.is_some()
}

/// A JSON Pointer, without the `#` and the percent-encoding of the form for URI fragments
/// (RFC 6901 section 6).
pub(super) fn pointer(text: &str) -> Option<String> {
    let pointer = match text.strip_prefix('#') {
        Some(fragment) => percent_decode_str(fragment)
            .decode_utf8_lossy()
            .into_owned(),
        None => text.to_owned(),
    };
    (pointer.is_empty() || pointer.starts_with('/')).then_some(pointer)
}

fn code(object: &Map<String, Value>) -> Option<String> {
    let of_graphql = || value::code(object.get("extensions")?.get("code")?);
    first(object, &CODES, value::code)
        .or_else(of_graphql)
        .or_else(|| value::word(object.get("type")?))
}

/// A name, or a path of names and indices.
fn field(value: &Value) -> Option<String> {
    let Value::Array(path) = value else {
        return value::text(value);
    };
    let mut text = String::new();
    for step in path.iter().filter_map(value::code) {
        if text.len() > value::TEXT_OCTETS {
            break;
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&step);
    }
    value::trimmed(&text)
}

fn first<T>(
    object: &Map<String, Value>,
    names: &[&str],
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    names.iter().find_map(|name| read(object.get(*name)?))
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    let many = value.as_array().map_or(&[][..], Vec::as_slice);
    many.iter()
        .chain(std::iter::once(value))
        .filter_map(value::text)
}

fn of_field(field: &str, detail: String) -> Violation {
    Violation {
        field: value::trimmed(field),
        ..without_place(detail)
    }
}

fn without_place(detail: String) -> Violation {
    Violation {
        detail,
        ..Violation::default()
    }
}
