//! Redis behind the REST protocol of Upstash: the words of a command as an array in JSON.
//!
//! <https://upstash.com/docs/redis/features/restapi>

use std::borrow::Cow;

use serde_json::Value;

use super::front::{self, HttpFront, Post};
use super::script::{Eval, Reply};
use crate::store::Failure;

/// The call for a script.
pub(super) fn call(front: &HttpFront, eval: &Eval<'_>) -> Post {
    let mut words: Vec<Cow<'_, str>> = ["EVAL", eval.script, "1", eval.key]
        .into_iter()
        .map(Cow::Borrowed)
        .collect();
    // Arguments are text here, so nothing is lost.
    let arguments = eval.arguments.iter();
    words.extend(arguments.map(|argument| String::from_utf8_lossy(argument)));
    let words = words
        .into_iter()
        .map(|word| Value::String(word.into_owned()));
    let body = Value::Array(words.collect()).to_string();
    front.post("application/json", body.into_bytes())
}

/// The reply to a script: `{"result": …}`, or `{"error": "OOM …"}` with status 400.
pub(super) fn reply(status: u16, body: &[u8]) -> Result<Reply, Failure> {
    if status != 400 {
        front::served(status)?;
    }
    let mut document: Value = serde_json::from_slice(body).map_err(|_| Failure::Malformed)?;
    if let Some(text) = document.get("error").and_then(Value::as_str) {
        return Ok(Reply::Error(text.to_owned()));
    }
    match document.get_mut("result").map(Value::take) {
        Some(Value::Number(number)) if status == 200 => number.as_i64().map(Reply::Integer),
        Some(Value::String(value)) if status == 200 => Some(Reply::Value(value.into_bytes())),
        _ => None,
    }
    .ok_or(Failure::Malformed)
}
