//! Redis behind [Webdis](https://webd.is/): the words of a command as the segments of a path, which
//! is posted as content.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::Value;

use super::front::{HttpFront, Post};
use super::script::{Eval, Reply};
use crate::store::Failure;

/// The call for a script.
pub(super) fn call(front: &HttpFront, eval: &Eval<'_>) -> Post {
    let mut body = String::from("EVAL");
    let fixed = [eval.script.as_bytes(), b"1", eval.key.as_bytes()];
    let arguments = eval.arguments.iter().map(Vec::as_slice);
    for word in fixed.into_iter().chain(arguments) {
        body.push('/');
        // Every octet that is no letter and no digit: a `.` would ask for another format.
        body.extend(percent_encode(word, NON_ALPHANUMERIC));
    }
    front.post("application/x-www-form-urlencoded", body.into_bytes())
}

/// The reply to a script: `{"EVAL": …}`, where an error is `[false, "OOM …"]`.
pub(super) fn reply(body: &[u8]) -> Result<Reply, Failure> {
    let mut document: Value = serde_json::from_slice(body).map_err(|_| Failure::Malformed)?;
    match document.get_mut("EVAL").map(Value::take) {
        Some(Value::Number(number)) => number.as_i64().map(Reply::Integer),
        Some(Value::String(value)) => Some(Reply::Value(value.into_bytes())),
        Some(Value::Array(status)) => match status.as_slice() {
            [Value::Bool(false), Value::String(text)] => Some(Reply::Error(text.clone())),
            _ => None,
        },
        _ => None,
    }
    .ok_or(Failure::Malformed)
}
