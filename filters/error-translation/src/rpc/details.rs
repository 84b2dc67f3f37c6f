//! What the details of an RPC error say, in the words of [`Failure`].

use std::borrow::Cow;

use kit::problem::Link;
use kit::problem::google_rpc::{
    Any, BadRequest, DebugInfo, Duration, ErrorInfo, Help, LocalizedMessage, PreconditionFailure,
    QuotaFailure, RequestInfo, ResourceInfo, RetryInfo,
};
use prost::Message;
use serde_json::{Map, Value};

use super::json;
use crate::failure::{Failure, Violation};

/// The most parts of a request of which is told what is wrong with them.
const MAX_VIOLATIONS: usize = 100;

/// Takes the details over and notes what they say. What the failure says already, stays.
///
/// - `ErrorInfo` gives the code and the domain, `BadRequest` the violations, `RetryInfo` the time to
///   wait, `Help` the links.
/// - The rest become extensions: `metadata`, `quotaViolations`, `preconditions`, `resource`,
///   `localizedMessage`, `requestId`; and `details` for what is of another type.
/// - `DebugInfo` is not even kept, and the `serving_data` of `RequestInfo` is not noted.
pub(crate) fn note(failure: &mut Failure, details: Vec<Any>) {
    for detail in details {
        if detail.name() == DebugInfo::NAME {
            continue;
        }
        match json::members(&detail) {
            Some(Ok(members)) => note_known(failure, &detail, members),
            Some(Err(_)) => {}
            None => note_other(failure, json::to_json(&detail)),
        }
        failure.details.push(detail);
    }
}

/// Notes a detail of which nothing is known but that it is there.
pub(crate) fn note_other(failure: &mut Failure, detail: Value) {
    append(failure, "details", vec![detail]);
}

fn note_known(failure: &mut Failure, detail: &Any, mut members: Map<String, Value>) {
    match detail.name() {
        ErrorInfo::NAME => note_error_info(failure, &mut members),
        BadRequest::NAME => {
            let violations = list(&mut members, "fieldViolations");
            let room = MAX_VIOLATIONS.saturating_sub(failure.violations.len());
            let violations = violations.into_iter().filter_map(violation);
            failure.violations.extend(violations.take(room));
        }
        RetryInfo::NAME => failure.retry_after = failure.retry_after.or_else(|| delay(detail)),
        Help::NAME => {
            let links = list(&mut members, "links").into_iter();
            failure.links.extend(links.filter_map(link));
        }
        QuotaFailure::NAME => {
            append(failure, "quotaViolations", list(&mut members, "violations"));
        }
        PreconditionFailure::NAME => {
            append(failure, "preconditions", list(&mut members, "violations"));
        }
        ResourceInfo::NAME => extend(failure, "resource", members),
        LocalizedMessage::NAME => extend(failure, "localizedMessage", members),
        RequestInfo::NAME => {
            if let Some(id) = text(&mut members, "requestId") {
                extension(failure, "requestId", id.into());
            }
        }
        _ => {}
    }
}

/// The domain belongs to the reason, so that neither comes without the other from another place.
fn note_error_info(failure: &mut Failure, members: &mut Map<String, Value>) {
    if failure.code.is_none() {
        failure.code = text(members, "reason");
        failure.domain = text(members, "domain");
    }
    if let Some(Value::Object(metadata)) = members.remove("metadata") {
        extend(failure, "metadata", metadata);
    }
}

fn violation(mut violation: Value) -> Option<Violation> {
    let members = violation.as_object_mut()?;
    let detail = text(members, "description").or_else(|| {
        let localized = members.get_mut("localizedMessage")?.as_object_mut()?;
        text(localized, "message")
    });
    let field = text(members, "field");
    if field.is_none() && detail.is_none() {
        return None;
    }
    Some(Violation {
        place: None,
        pointer: None,
        field,
        detail: detail.unwrap_or_default(),
        code: text(members, "reason"),
    })
}

/// A negative time to wait is none.
fn delay(detail: &Any) -> Option<u32> {
    let Duration { seconds, nanos } = RetryInfo::decode(&*detail.value).ok()?.retry_delay?;
    (seconds >= 0 && nanos >= 0).then(|| Duration { seconds, nanos }.seconds_rounded_up())
}

fn link(mut link: Value) -> Option<Link> {
    Some(Link {
        rel: Cow::Borrowed("help"),
        href: text(link.as_object_mut()?, "url")?,
    })
}

/// A string that says something.
fn text(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    match members.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn list(members: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match members.remove(name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

fn append(failure: &mut Failure, name: &str, values: Vec<Value>) {
    if values.is_empty() {
        return;
    }
    let known = failure.extensions.entry(name);
    if let Value::Array(list) = known.or_insert_with(|| Value::Array(Vec::new())) {
        list.extend(values);
    }
}

fn extend(failure: &mut Failure, name: &str, members: Map<String, Value>) {
    if !members.is_empty() {
        extension(failure, name, members.into());
    }
}

fn extension(failure: &mut Failure, name: &str, value: Value) {
    failure.extensions.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests;
