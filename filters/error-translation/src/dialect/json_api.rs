//! The errors of JSON:API 1.1.

use std::borrow::Cow;

use kit::problem::Link;
use serde_json::{Map, Value};

use super::value::{self, Members};
use super::{Dialect, violation};
use crate::failure::Failure;

/// Reads a document; `declared` says that its media type is that of JSON:API. A list of errors that
/// is empty or holds anything but objects is no error of JSON:API.
///
/// The first error tells what failed, and each that has a source is a violation.
pub(super) fn read(document: &Value, declared: bool) -> Option<Failure> {
    let document = document.as_object()?;
    let errors = document.get("errors")?.as_array()?;
    let first = errors.first()?.as_object()?;
    let fits = errors.iter().all(Value::is_object) && (declared || is_error(document, first));
    if !fits {
        return None;
    }
    let mut failure = Failure {
        code: first.get("code").and_then(value::code),
        title: first.get("title").and_then(value::text),
        detail: first.get("detail").and_then(value::text),
        type_uri: link(first, "type"),
        violations: errors
            .iter()
            .filter_map(violation::read)
            .filter(violation::has_place)
            .take(violation::VIOLATIONS)
            .collect(),
        ..Failure::of(Dialect::JsonApi)
    };
    failure.links.extend(link(first, "about").map(|href| Link {
        rel: Cow::Borrowed("about"),
        href,
    }));
    if let Some(meta) = first.get("meta").and_then(Value::as_object) {
        Members::of(meta).keep_rest(&mut failure);
    }
    Some(failure)
}

/// Members that JSON:API alone gives an error, and none of GraphQL's; and no data, which must not
/// stand beside errors.
fn is_error(document: &Map<String, Value>, first: &Map<String, Value>) -> bool {
    let text = |name| first.get(name).is_some_and(Value::is_string);
    let has_data = document.get("data").is_some_and(|data| !data.is_null());
    let source = first.get("source").is_some_and(Value::is_object);
    !has_data
        && !first.contains_key("message")
        && (text("title") || text("detail") || text("status") || source)
}

/// The target of a link, which is a string or an object.
fn link(error: &Map<String, Value>, name: &str) -> Option<String> {
    let link = error.get("links")?.get(name)?;
    value::text(link.get("href").unwrap_or(link))
}
