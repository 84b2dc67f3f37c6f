//! Problems for plain HTTP clients: RFC 9457.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Fields, Link, Problem, field};
use crate::reply::Reply;

/// What no URI may hold (RFC 3986).
const NOT_IN_URIS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}

pub(super) fn reply(problem: &Problem) -> Reply {
    Reply {
        status: problem.status,
        headers: fields(problem, "application/problem+json"),
        body: document(problem),
        grpc: None,
        details: problem.details.clone(),
    }
}

pub(super) fn document(problem: &Problem) -> Vec<u8> {
    let document = Document {
        r#type: &problem.type_uri,
        title: &problem.title,
        status: problem.status,
        detail: &problem.detail,
        instance: problem.instance.as_deref(),
        extensions: &problem.extensions,
    };
    serde_json::to_vec(&document).unwrap_or_default()
}

/// The header fields of an answer that HTTP caches and clients understand.
pub(super) fn fields(problem: &Problem, content_type: &str) -> Fields {
    let mut fields = vec![field("content-type", content_type)];
    if !problem
        .headers
        .iter()
        .any(|(name, _)| name == "cache-control")
    {
        fields.push(field("cache-control", "no-store"));
    }
    if let Some(seconds) = problem.retry_after {
        fields.push(field("retry-after", seconds.to_string()));
    }
    fields.extend(
        problem
            .links
            .iter()
            .map(|link| field("link", link_value(link))),
    );
    fields.extend_from_slice(&problem.headers);
    fields
}

fn link_value(link: &Link) -> String {
    let href = utf8_percent_encode(&link.href, NOT_IN_URIS);
    format!("<{href}>; rel=\"{}\"", link.rel)
}
