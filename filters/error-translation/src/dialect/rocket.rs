//! What Rocket's default catchers write for clients that prefer JSON.

use serde_json::Value;

use super::Dialect;
use super::value::{self, Members};
use crate::failure::Failure;

/// Reads `{"error": {"code": 404, "reason": "Not Found", "description": "…"}}`. The code is the
/// HTTP status once more.
pub(super) fn read(document: &Value) -> Option<Failure> {
    let error = document.get("error")?.as_object()?;
    error.get("code").filter(|code| code.is_number())?;
    let mut members = Members::of(error);
    members.leave_out(&["code"]);
    let mut failure = Failure {
        title: Some(members.take(&["reason"], value::text)?),
        detail: Some(members.take(&["description"], value::text)?),
        ..Failure::of(Dialect::Rocket)
    };
    members.keep_rest(&mut failure);
    Some(failure)
}
