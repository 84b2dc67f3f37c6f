//! Judges of what a filter emits.

use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::process::{Shared, python};
use crate::client::Response;
use crate::fields::Fields;

static LINT: Shared = Shared::new(|| python("lint.py"));
static PROBLEM: Shared = Shared::new(|| python("problem.py"));

/// Something that httplint holds to be wrong with a response.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Note {
    /// `BAD` or `WARN`.
    pub level: String,
    /// httplint's name of the rule, such as `CL_INCORRECT`.
    pub name: String,
    /// What it is about, such as `field-content-length`.
    pub subject: String,
    /// What is wrong, in words.
    pub summary: String,
}

/// What httplint has against the response to a request of this method.
pub fn lint(method: &str, response: &Response) -> Vec<Note> {
    // Until a long response is judged, its date is no longer the judge's.
    let received = response.received.duration_since(UNIX_EPOCH);
    answer(LINT.ask(&json!({
        "method": method,
        "status": response.status,
        "headers": encoded(&response.headers),
        "body": BASE64_STANDARD.encode(&response.body),
        "trailers": encoded(&response.trailers),
        "complete": response.complete,
        "received": received.unwrap_or_default().as_secs_f64(),
    })))
}

/// What keeps a document from being a problem (RFC 9457), each with its place, such as `$.status`.
pub fn problem_violations(document: &Value) -> Vec<String> {
    answer(PROBLEM.ask(document))
}

/// Values are octets, which JSON cannot carry.
fn encoded(fields: &Fields) -> Vec<(&str, String)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), BASE64_STANDARD.encode(value)))
        .collect()
}

fn answer<T: DeserializeOwned>(answer: Value) -> T {
    let shown = answer.to_string();
    serde_json::from_value(answer).unwrap_or_else(|_| panic!("the judge failed: {shown}"))
}
