//! The shapes that no standard gives: errors told by the members `error`, `message`, `code` and
//! `errors`, and by their relatives.

use http::StatusCode;
use serde_json::{Map, Value};

use super::value::{self, Members};
use super::{Dialect, violation};
use crate::failure::{Failure, Violation};

/// The names of the text that tells what happened, the most telling first.
const DETAILS: [&str; 8] = [
    "message",
    "msg",
    "detail",
    "details",
    "description",
    "error_description",
    "errorMessage",
    "reason",
];
/// Those of them under which several texts stand too, as `NestJS` and `FastAPI` do.
const DETAIL_LISTS: [&str; 3] = ["message", "detail", "msg"];
const CODES: [&str; 3] = ["code", "error_code", "errorCode"];
const LISTS: [&str; 4] = ["errors", "violations", "invalid_params", "fields"];
/// Members that repeat the status line.
const STATUSES: [&str; 2] = ["statusCode", "status_code"];
/// How echo's debug mode begins the text that says more than its `message`.
const ECHO_DEBUG: &str = "code=";

/// Reads a document; `status` is that of the answer.
pub(super) fn read(document: &Value, status: u16) -> Option<Failure> {
    match document {
        Value::Array(list) => errors(list),
        Value::Object(object) => nested(object, "error", Dialect::ErrorMember)
            .or_else(|| named(object, status))
            .or_else(|| nested(object, "message", Dialect::MessageMember))
            .or_else(|| message(object))
            .or_else(|| listed(object, "errors"))
            .or_else(|| listed(object, "error"))
            .or_else(|| code_alone(object)),
        _ => None,
    }
}

/// `{"error": {"message": "…", "code": "…"}}`, and echo's message where it is an object.
fn nested(object: &Map<String, Value>, name: &'static str, dialect: Dialect) -> Option<Failure> {
    let inner = object.get(name)?.as_object()?;
    let mut failure = Failure::of(dialect);
    let mut members = Members::of(inner);
    fill(&mut failure, &mut members);
    add_type(&mut failure, &mut members);
    if failure.detail.is_none() && failure.code.is_none() {
        return None;
    }
    members.keep_rest(&mut failure);
    let mut around = Members::of(object);
    around.leave_out(&[name]);
    around.leave_out(&STATUSES);
    around.keep_rest(&mut failure);
    Some(failure)
}

/// `{"error": "…"}`, alone or with other members.
fn named(object: &Map<String, Value>, status: u16) -> Option<Failure> {
    let mut members = Members::of(object);
    let error = members.take(&["error"], value::text)?;
    let mut failure = Failure::of(Dialect::ErrorMember);
    fill(&mut failure, &mut members);
    if error.starts_with(ECHO_DEBUG) && failure.detail.is_some() {
        failure.dialect = Dialect::MessageMember;
    } else {
        place(&mut failure, error, status);
    }
    add_type(&mut failure, &mut members);
    members.keep_rest(&mut failure);
    Some(failure)
}

/// Says what the text of `error` is. Beside a text that tells what happened it is the code, if it
/// is one word (OAuth 2.0, RFC 6749 section 5.2), or the title, above all where it is the phrase of
/// the status (Spring, `NestJS`). Alone it tells what happened, and one word is the code as well.
fn place(failure: &mut Failure, error: String, status: u16) {
    let phrase = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let is_code =
        failure.code.is_none() && value::is_word(&error) && phrase != Some(error.as_str());
    if is_code {
        failure.code = Some(error.clone());
    }
    if failure.detail.is_none() {
        failure.detail = Some(error);
    } else if !is_code && failure.title.is_none() {
        failure.title = Some(error);
    }
}

/// `{"message": "…"}`, alone or with a code.
fn message(object: &Map<String, Value>) -> Option<Failure> {
    let mut members = Members::of(object);
    let mut failure = Failure::of(Dialect::MessageMember);
    fill(&mut failure, &mut members);
    failure.detail.as_ref()?;
    // Many handlers of fiber say `true` here, which an error is anyway.
    members.take(&["error"], Value::as_bool);
    if failure.code.is_some() {
        failure.dialect = Dialect::CodeMessage;
    }
    add_type(&mut failure, &mut members);
    members.keep_rest(&mut failure);
    Some(failure)
}

/// `{"errors": […]}` or `{"error": […]}` of texts or objects, and from fields to what is wrong with
/// them.
fn listed(object: &Map<String, Value>, name: &'static str) -> Option<Failure> {
    let mut failure = match object.get(name)? {
        Value::Array(list) => errors(list)?,
        fields => of_violations(violation::list_or_map(fields)?),
    };
    let mut members = Members::of(object);
    members.leave_out(&[name]);
    members.leave_out(&STATUSES);
    members.keep_rest(&mut failure);
    Some(failure)
}

/// Several errors, as gin lists them too. The first that says anything tells what happened.
fn errors(list: &[Value]) -> Option<Failure> {
    let first = list.iter().find(|error| violation::read(error).is_some())?;
    let violations = list.iter().filter_map(violation::read);
    let mut failure = of_violations(violations.take(violation::VIOLATIONS).collect());
    if let Value::Object(first) = first {
        failure.code = Members::of(first).take(&CODES, value::code);
    }
    // One error without a place is told already.
    if list.len() == 1 {
        failure.violations.retain(violation::has_place);
    }
    Some(failure)
}

fn of_violations(violations: Vec<Violation>) -> Failure {
    Failure {
        detail: violations.first().map(|first| first.detail.clone()),
        violations,
        ..Failure::of(Dialect::ErrorMember)
    }
}

/// `{"code": "…"}`: an enum whose variants say it all.
fn code_alone(object: &Map<String, Value>) -> Option<Failure> {
    let mut members = Members::of(object);
    let mut failure = Failure {
        code: Some(members.take(&CODES, value::word)?),
        ..Failure::of(Dialect::CodeMessage)
    };
    members.keep_rest(&mut failure);
    Some(failure)
}

/// Takes what the members say by their common names.
fn fill(failure: &mut Failure, members: &mut Members<'_>) {
    members.leave_out(&STATUSES);
    failure.code = members.take(&CODES, value::code);
    failure.title = members.take(&["title"], value::text);
    failure.detail = members.take(&DETAILS, value::text);
    if failure.detail.is_none()
        && let Some(violations) = members.take(&DETAIL_LISTS, violation::list)
    {
        failure.detail = violations.first().map(|first| first.detail.clone());
        failure.violations = violations;
    }
    if failure.violations.is_empty() {
        failure.violations = members
            .take(&LISTS, violation::list_or_map)
            .or_else(|| members.take(&["details"], violation::list))
            .unwrap_or_default();
    }
}

/// The tag of an enum as serde writes it is its code, where nothing else is.
fn add_type(failure: &mut Failure, members: &mut Members<'_>) {
    if failure.code.is_none() {
        failure.code = members.take(&["type"], value::word);
    }
}
