//! The `local_reply_config` of Envoy's HTTP connection manager, for the failures that no filter
//! sees: those before the first filter, those while the head of an answer is held, and that of the
//! filter itself.
//!
//! It tells failures by their code details, because what a filter refuses and what a route answers
//! directly pass here too, and must stay as they are.

use serde_json::{Map, Value, json};

use super::failures::{
    BAD_REQUEST, DURATION_EXCEEDED, FILTER_FAILURE, OVERLOADED, ProxyFailure,
    REQUEST_HEADERS_TOO_LARGE, REQUEST_TIMEOUT, RESPONSE_TOO_LARGE, Retry, STREAM_IDLE_TIMEOUT,
    UPGRADE_REFUSED, UPGRADE_REQUIRED, UPSTREAM_PROTOCOL_ERROR, UPSTREAM_RESET, UPSTREAM_TIMEOUT,
};
use crate::catalog::{Answer, Extension, Occurrence, ProblemTemplate, SourceKind, Then};
use crate::fields::{CACHE_CONTROL, DEGRADED, RETRY_AFTER};
use crate::local_reply::Flags;
use crate::plan::Policy;
use crate::template::{Template, Variable};

/// How the details of each unseen failure begin. The first that fits counts.
const UNSEEN: &[(&ProxyFailure, &[&str])] = &[
    // Before the first filter. Over HTTP/2 the codec's own errors are a reset without an answer.
    (
        &REQUEST_HEADERS_TOO_LARGE,
        &["http1.headers_too_large", "http1.too_many_headers"],
    ),
    (&UPGRADE_REQUIRED, &["low_version"]),
    (&UPGRADE_REFUSED, &["upgrade_failed"]),
    (
        &REQUEST_TIMEOUT,
        &["request_header_timeout", "request_overall_timeout"],
    ),
    (&OVERLOADED, &["overload"]),
    (
        &BAD_REQUEST,
        &[
            "http1.",
            "missing_host_header",
            "missing_path_rejected",
            "invalid_path",
            "absolute_path_rejected",
            "path_normalization_failed",
            "rejecting_because_detection_failed",
        ],
    ),
    // While the head of an answer is held.
    (
        &UPSTREAM_PROTOCOL_ERROR,
        &["upstream_reset_after_response_started{protocol_error"],
    ),
    (&UPSTREAM_RESET, &["upstream_reset_after_response_started"]),
    (
        &UPSTREAM_TIMEOUT,
        &["response_timeout", "upstream_max_stream_duration_reached"],
    ),
    (&DURATION_EXCEEDED, &["max_duration_timeout"]),
    (&STREAM_IDLE_TIMEOUT, &["stream_idle_timeout"]),
    (&RESPONSE_TOO_LARGE, &["response_payload_too_large"]),
    // In the filter itself, or behind it.
    (
        &FILTER_FAILURE,
        &[
            "wasm_fail_stream",
            "filter_removed_required_response_headers",
        ],
    ),
];

/// Renders the `local_reply_config` with which clients of plain HTTP get the policy's problems for
/// what no filter sees. It needs the access log filter for CEL, which is in Envoy's own builds.
///
/// Clients of gRPC keep the status that Envoy gives them: a mapper could only replace the message.
/// What the catalogue says about single services and routes is not in it, because a failure before
/// the first filter has neither.
pub fn local_reply_config(policy: &Policy) -> Value {
    let mappers = UNSEEN
        .iter()
        .flat_map(|(kind, details)| mappers(policy, kind, details));
    json!({"mappers": mappers.collect::<Vec<_>>()})
}

fn mappers(policy: &Policy, kind: &ProxyFailure, details: &[&str]) -> Vec<Value> {
    let condition = format!("({}) && {NOT_GRPC}", begins_with_any(details));
    let occurrence = Occurrence {
        source: SourceKind::Proxy,
        status: kind.status,
        failure: Some(kind.name),
        flags: Flags::default(),
        service: None,
        route: None,
        content: None,
        takes_answers: true,
    };
    let base = policy.problem_base.as_deref();
    let Some(entry) = policy.catalog.find(&occurrence) else {
        return problem_mappers(&condition, kind, base, &ProblemTemplate::default());
    };
    match &entry.then {
        Then::Answer(answer) => vec![answer_mapper(&condition, &entry.name, answer)],
        Then::Problem(template) => problem_mappers(&condition, kind, base, template),
    }
}

/// What Envoy takes for gRPC gets a status of gRPC. The field may be absent, and so may be the
/// whole head.
const NOT_GRPC: &str = "!('content-type' in request.headers \
                        && (request.headers['content-type'] == 'application/grpc' \
                        || request.headers['content-type'].startsWith('application/grpc+')))";

/// RFC 9110 section 9.2.2. Where there is no method, this is not true.
const IDEMPOTENT: &str = "request.method in ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']";

fn begins_with_any(details: &[&str]) -> String {
    let begins = |text: &&str| format!("response.code_details.startsWith('{text}')");
    details.iter().map(begins).collect::<Vec<_>>().join(" || ")
}

/// A mapper for the problem, or two where the method decides whether to try again.
fn problem_mappers(
    condition: &str,
    kind: &ProxyFailure,
    base: Option<&str>,
    template: &ProblemTemplate,
) -> Vec<Value> {
    let mapper =
        |condition: &str, retryable| problem_mapper(condition, kind, base, template, retryable);
    match (template.retryable, kind.retry) {
        (Some(retryable), _) => vec![mapper(condition, retryable)],
        (None, Retry::Yes) => vec![mapper(condition, true)],
        (None, Retry::No) => vec![mapper(condition, false)],
        (None, Retry::IfIdempotent) => vec![
            mapper(&format!("{condition} && {IDEMPOTENT}"), true),
            mapper(condition, false),
        ],
    }
}

fn problem_mapper(
    condition: &str,
    kind: &ProxyFailure,
    base: Option<&str>,
    template: &ProblemTemplate,
    retryable: bool,
) -> Value {
    let mut document = extensions(template);
    document.extend(members(kind, base, template));
    document.insert("retryable".to_owned(), retryable.into());
    let format = json!({
        "json_format": document,
        "content_type": "application/problem+json",
        // A request that Envoy could not read has no id.
        "omit_empty_values": true,
    });
    let seconds = template.retry_after.map(|seconds| seconds.to_string());
    let retry_after = seconds.iter().map(|seconds| field(RETRY_AFTER, seconds));
    mapper(condition, &format, template.status, retry_after)
}

/// The members that RFC 9457 section 3.1 defines, and the id of the request.
fn members(
    kind: &ProxyFailure,
    base: Option<&str>,
    template: &ProblemTemplate,
) -> Map<String, Value> {
    let uri = template.type_uri.clone().unwrap_or_else(|| kind.uri(base));
    let title = template.title.as_deref().unwrap_or(kind.title);
    let detail = template.detail.as_ref().and_then(fill);
    let members = [
        ("type", escape(&uri)),
        ("title", escape(title)),
        // Alone in its string, a number stays one.
        ("status", STATUS.to_owned()),
        ("detail", detail.unwrap_or_else(|| escape(kind.detail))),
        ("requestId", REQUEST_ID.to_owned()),
    ];
    let member = |(name, value): (&str, String)| (name.to_owned(), value.into());
    members.into_iter().map(member).collect()
}

fn extensions(template: &ProblemTemplate) -> Map<String, Value> {
    let value = |extension: &Extension| match extension {
        Extension::Fixed(value) => Some(escape_all(value)),
        Extension::Text(template) => fill(template).map(Value::String),
        // There is no document of an upstream.
        Extension::Copy(_) => None,
    };
    let extensions = template.extensions.iter();
    extensions
        .filter_map(|(name, extension)| Some((name.clone(), value(extension)?)))
        .collect()
}

fn answer_mapper(condition: &str, entry: &str, answer: &Answer) -> Value {
    let body = String::from_utf8_lossy(&answer.body);
    let format = json!({
        "text_format_source": {"inline_string": escape(&body)},
        "content_type": answer.content_type,
    });
    let degraded = [field(DEGRADED, &escape(entry))];
    mapper(condition, &format, Some(answer.status), degraded)
}

fn mapper(
    condition: &str,
    format: &Value,
    status: Option<u16>,
    fields: impl IntoIterator<Item = Value>,
) -> Value {
    let mut fields: Vec<Value> = fields.into_iter().collect();
    fields.push(field(CACHE_CONTROL, "no-store"));
    let mut mapper = json!({
        "filter": {"extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.\
                          ExpressionFilter",
                "expression": condition,
            },
        }},
        "body_format_override": format,
        "headers_to_add": fields,
    });
    if let (Some(members), Some(status)) = (mapper.as_object_mut(), status) {
        members.insert("status_code".to_owned(), status.into());
    }
    mapper
}

fn field(name: &str, value: &str) -> Value {
    json!({"header": {"key": name, "value": value}})
}

const STATUS: &str = "%RESPONSE_CODE%";
const REQUEST_ID: &str = "%REQ(X-REQUEST-ID)%";

/// The text as Envoy fills it in; `None` where it asks for a value that Envoy does not have here.
fn fill(template: &Template) -> Option<String> {
    // Control characters keep the places of the values while the text is escaped.
    let text = template.fill(|variable| match variable {
        Variable::Status => Some("\u{1}".to_owned()),
        Variable::RequestId => Some("\u{2}".to_owned()),
        _ => None,
    })?;
    let text = escape(&text).replace('\u{1}', STATUS);
    Some(text.replace('\u{2}', REQUEST_ID))
}

/// A percent sign begins a command in Envoy's formats.
fn escape(text: &str) -> String {
    text.replace('%', "%%")
}

fn escape_all(value: &Value) -> Value {
    match value {
        Value::String(text) => escape(text).into(),
        Value::Array(items) => items.iter().map(escape_all).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), escape_all(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_reply::classify;

    #[test]
    fn what_is_unseen_is_told_apart_as_what_is_seen() {
        for (kind, details) in UNSEEN {
            for begin in *details {
                // A name that goes on is one of a family.
                let told = classify(begin, Flags::default()).map(|kind| kind.name);
                assert_eq!(told, Some(kind.name), "{begin}");
            }
        }
    }

    #[test]
    fn percent_signs_are_no_commands() {
        assert_eq!(escape("100% of %REQ(X)%"), "100%% of %%REQ(X)%%");
        let value = json!({"a": ["50%"], "b": 1});
        assert_eq!(escape_all(&value), json!({"a": ["50%%"], "b": 1}));
    }

    #[test]
    fn a_detail_may_name_the_status_and_the_id_of_the_request() {
        let detail = "{status} at 100%, see {requestId}".parse().unwrap();
        let expected = "%RESPONSE_CODE% at 100%%, see %REQ(X-REQUEST-ID)%";
        assert_eq!(fill(&detail).unwrap(), expected);
        assert_eq!(fill(&"{detail}".parse().unwrap()), None);
    }
}
