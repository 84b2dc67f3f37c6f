//! The errors of GraphQL, as the section "Errors" of its specification shapes a response.

use serde_json::{Map, Value};

use super::value::{self, Members};
use super::{Dialect, violation};
use crate::failure::Failure;

/// Reads a document. A list of errors that is empty, or of which one has no message, is no error of
/// GraphQL.
///
/// The first error tells what failed, and each that has a path is a violation of the field there.
pub(super) fn read(document: &Value) -> Option<Failure> {
    let document = document.as_object()?;
    let errors = document.get("errors")?.as_array()?;
    let first = errors.first()?.as_object()?;
    let has_message = |error: &Value| error.get("message").is_some_and(Value::is_string);
    if !is_response(document, first) || !errors.iter().all(has_message) {
        return None;
    }
    let mut failure = Failure {
        detail: first.get("message").and_then(value::text),
        violations: errors
            .iter()
            .filter(|error| error.get("path").is_some_and(Value::is_array))
            .filter_map(violation::read)
            .take(violation::VIOLATIONS)
            .collect(),
        ..Failure::of(Dialect::GraphQl)
    };
    if let Some(extensions) = first.get("extensions").and_then(Value::as_object) {
        let mut extensions = Members::of(extensions);
        failure.code = extensions.take(&["code"], value::code);
        extensions.keep_rest(&mut failure);
    }
    Some(failure)
}

/// A response has no members but these, and its errors have marks of their own, unless they have
/// a message and nothing else that would make them those of another API.
fn is_response(document: &Map<String, Value>, first: &Map<String, Value>) -> bool {
    let is_known = |name: &String| matches!(name.as_str(), "data" | "errors" | "extensions");
    let any = |names: &[&str]| names.iter().any(|name| first.contains_key(*name));
    let is_marked = document.contains_key("data") || any(&["locations", "path", "extensions"]);
    let is_foreign = any(&[
        "id", "links", "status", "code", "title", "detail", "source", "meta", "field",
    ]);
    document.keys().all(is_known) && (is_marked || !is_foreign)
}
