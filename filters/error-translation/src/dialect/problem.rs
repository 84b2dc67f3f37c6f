//! Problem details (RFC 9457, and RFC 7807 before it).

use serde_json::{Map, Value};

use super::value::{self, Members};
use super::{Dialect, violation};
use crate::failure::Failure;

/// Where problem types list what is wrong with parts of the request: the example of RFC 9457
/// section 3 and that of RFC 7807, and what Java frameworks write.
const LISTS: [&str; 4] = ["errors", "invalid-params", "invalid_params", "violations"];

/// Reads a document whose media type says that it is a problem; `None` where it is no object.
///
/// A member of the wrong type is ignored as if it were absent (section 3.1). `status` is: the real
/// one stands in the status line. A `code` is read and stays an extension.
pub(super) fn read(document: &Value) -> Option<Failure> {
    let object = document.as_object()?;
    let mut members = Members::of(object);
    let mut failure = Failure {
        type_uri: members.take(&["type"], value::text),
        title: members.take(&["title"], value::text),
        detail: members.take(&["detail"], value::text),
        instance: members.take(&["instance"], value::text),
        code: object.get("code").and_then(value::code),
        violations: members
            .take(&LISTS, violation::list_or_map)
            .unwrap_or_default(),
        ..Failure::of(Dialect::Problem)
    };
    members.keep_rest(&mut failure);
    Some(failure)
}

/// Reads a document that is a problem without saying so: many services send one as
/// `application/json`.
pub(super) fn recognise(document: &Value) -> Option<Failure> {
    document
        .as_object()
        .filter(|object| is_problem(object))
        .and_then(|_| read(document))
}

/// A title or a type that is an absolute URI, and one more of the members of section 3.1.
fn is_problem(object: &Map<String, Value>) -> bool {
    let text = |name| object.get(name).and_then(Value::as_str);
    let status = object.get("status").is_some_and(Value::is_number);
    let has_type = text("type").is_some();
    let is_uri = text("type").is_some_and(|uri| uri.contains(':'));
    let more = status || text("detail").is_some() || text("instance").is_some();
    (text("title").is_some() && (more || has_type)) || (is_uri && more)
}
