//! Fixed answers that take the place of errors.

use std::str::FromStr;

use deserr::Deserr;
use kit::policy::Findings;
use kit::{object_value, string_value};

use crate::catalog::Answer;

/// The most octets of a fixed answer: it is held in memory by every worker of the proxy.
const MAX: usize = 64 * 1024;

/// A fixed answer in place of the error, for clients of plain HTTP. It is marked as degraded.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Answer", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct AnswerEntry {
    /// Its HTTP status.
    status: AnswerStatus,
    /// Its media type; `application/json` for `json`.
    content_type: Option<MediaType>,
    /// Its content as text.
    body: Option<String>,
    /// Its content as JSON.
    json: Option<serde_json::Value>,
}

object_value!(AnswerEntry {
    status: required "status",
    content_type: optional "contentType",
    body: optional "body",
    json: optional "json",
});

/// Checks what stands at `at`.
pub(super) fn check(own: &AnswerEntry, at: &str, findings: &mut Findings) -> Answer {
    let (media_type, body) = match (&own.body, &own.json) {
        (Some(body), None) => (None, body.clone()),
        (None, Some(json)) => (Some("application/json"), json.to_string()),
        _ => {
            findings.add(at, "expected exactly one of `body` and `json`");
            (Some(""), String::new())
        }
    };
    let media_type = own
        .content_type
        .as_ref()
        .map(MediaType::as_str)
        .or(media_type);
    if media_type.is_none() {
        findings.add(at, "`contentType` is missing; a text may be of any type");
    }
    if body.len() > MAX {
        findings.add(at, "has more than 64 KiB of content");
    }
    Answer {
        status: own.status.0,
        content_type: media_type.unwrap_or_default().to_owned(),
        body: body.into_bytes(),
    }
}

/// The status of an answer that has content (RFC 9110 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Findings, try_from(u16) = AnswerStatus::check -> String)]
struct AnswerStatus(u16);

impl AnswerStatus {
    fn check(status: u16) -> Result<Self, String> {
        match status {
            // Without content, or a part of it.
            204..=206 | 304 => Err("is a status whose answers have no content of their own".into()),
            200..=599 => Ok(Self(status)),
            _ => Err("expected a status from 200 to 599".into()),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for AnswerStatus {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnswerStatus".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The HTTP status of an answer that has content.",
            "type": "integer",
            "minimum": 200,
            "maximum": 599,
            "not": { "enum": [204, 205, 206, 304] }
        })
    }
}

/// A media type, with its parameters (RFC 9110 section 8.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
struct MediaType(String);

impl MediaType {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MediaType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let essence = text.split(';').next().unwrap_or_default().trim_end();
        let is_token = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
        };
        let has_both = essence
            .split_once('/')
            .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
        if !has_both || !text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return Err("expected a media type, such as \"application/json\"".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(MediaType, {
    "type": "string",
    "description": "A media type, such as \"application/json\".",
    "pattern": "^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+ *(;[ -~]*)?$"
});
