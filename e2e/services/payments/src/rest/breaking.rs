//! Answers that break the contract which the service published, for a test to
//! see who notices.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use crate::version::ANSWERED_VERSION;

/// Names the way in which the answer is to break it.
const BREAK: HeaderName = HeaderName::from_static("x-break");

/// The most of an answer that is read to be broken.
const LIMIT: usize = 1 << 20;

/// Breaks the answer in the way that the request asks for.
pub(super) async fn break_as_asked(request: Request, next: Next) -> Response {
    let way = request.headers().get(BREAK).cloned();
    let mut answer = next.run(request).await;
    let Some(way) = way.as_ref().and_then(|way| way.to_str().ok()) else {
        return answer;
    };
    match way {
        "extra-status" => *answer.status_mut() = StatusCode::NON_AUTHORITATIVE_INFORMATION,
        "extra-media-type" => {
            let xml = HeaderValue::from_static("application/xml");
            answer.headers_mut().insert(CONTENT_TYPE, xml);
        }
        "bad-header" => {
            let latest = HeaderValue::from_static("latest");
            answer.headers_mut().insert(ANSWERED_VERSION, latest);
        }
        "missing-header" => {
            answer.headers_mut().remove(ANSWERED_VERSION);
        }
        _ => return with_body(answer, |body| broken(way, body)).await,
    }
    answer
}

async fn with_body(answer: Response, change: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Response {
    let (mut head, body) = answer.into_parts();
    match to_bytes(body, LIMIT).await {
        Ok(body) => {
            head.headers.remove(CONTENT_LENGTH);
            let changed = change(&body).map_or_else(|| body.into(), Body::from);
            Response::from_parts(head, changed)
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Breaks a JSON object in its first member, by the order of the names. Any
/// other body is left alone.
fn broken(way: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let first = members.keys().min()?.clone();
    match way {
        "missing-field" => {
            members.remove(&first);
        }
        "wrong-type" => {
            members.insert(first, Value::Bool(true));
        }
        "truncated" => return body.get(..body.len() / 2).map(<[u8]>::to_vec),
        _ => return None,
    }
    serde_json::to_vec(&members).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(way: &str) -> Option<String> {
        let body = br#"{"id":9007199254740993,"amount_minor":1}"#;
        broken(way, body).and_then(|broken| String::from_utf8(broken).ok())
    }

    #[test]
    fn the_first_member_by_name_is_broken_and_the_others_keep_their_digits() {
        let missing = r#"{"id":9007199254740993}"#;
        assert_eq!(shown("missing-field").as_deref(), Some(missing));
        let wrong = r#"{"amount_minor":true,"id":9007199254740993}"#;
        assert_eq!(shown("wrong-type").as_deref(), Some(wrong));
        let half = r#"{"id":9007199254740"#;
        assert!(shown("truncated").is_some_and(|shown| shown.starts_with(half)));
    }

    #[test]
    fn what_is_no_object_is_left_alone() {
        assert_eq!(broken("missing-field", b"ok"), None);
        assert_eq!(broken("wrong-type", b"[]"), None);
        assert_eq!(shown("unknown"), None);
    }
}
