//! The request as the service saw it, so that a test can tell what a filter
//! changed on the way.

use axum::{
    Json,
    body::Bytes,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{HOST, InvalidHeaderName, InvalidHeaderValue},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;

/// Sets the status of the answer.
const ECHO_STATUS: &str = "x-echo-status";

#[derive(Serialize)]
struct Echo {
    service: &'static str,
    method: String,
    path: String,
    query: String,
    host: String,
    headers: Vec<(String, String)>,
    body: String,
}

pub(super) async fn answer(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, EchoError> {
    let status = asked_status(&headers)?;
    let added = asked_headers(uri.query().unwrap_or_default())?;
    let echo = Echo {
        service: "payments",
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        host: host(&uri, &headers),
        headers: sorted(&headers),
        body: BASE64_STANDARD.encode(body),
    };
    let mut response = (status, Json(echo)).into_response();
    for (name, value) in added {
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

/// What a test asked the echo for and cannot have.
#[derive(Debug, thiserror::Error)]
pub(super) enum EchoError {
    #[error("x-echo-status: {0:?} is no final status")]
    Status(HeaderValue),
    #[error("query h: {0}")]
    Name(#[from] InvalidHeaderName),
    #[error("query h: {0}")]
    Value(#[from] InvalidHeaderValue),
}

impl IntoResponse for EchoError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

/// A status below 200 would not end the response, so it is refused.
fn asked_status(headers: &HeaderMap) -> Result<StatusCode, EchoError> {
    let Some(asked) = headers.get(ECHO_STATUS) else {
        return Ok(StatusCode::OK);
    };
    StatusCode::from_bytes(asked.as_bytes())
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or_else(|| EchoError::Status(asked.clone()))
}

/// Reads every `h=name:value` of the query.
fn asked_headers(query: &str) -> Result<Vec<(HeaderName, HeaderValue)>, EchoError> {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key == "h")
        .map(|(_, header)| {
            let (name, value) = header.split_once(':').unwrap_or((&header, ""));
            Ok((name.parse()?, value.trim().parse()?))
        })
        .collect()
}

/// HTTP/2 names the host in the request target, HTTP/1 in a header.
fn host(uri: &Uri, headers: &HeaderMap) -> String {
    match (uri.authority(), headers.get(HOST)) {
        (Some(authority), _) => authority.to_string(),
        (None, Some(host)) => latin1(host),
        (None, None) => String::new(),
    }
}

/// Sorts by name; values of one name keep their order. The host is left out: it
/// has a field of its own, and is no header in HTTP/2.
fn sorted(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut list: Vec<_> = headers
        .iter()
        .filter(|(name, _)| *name != HOST)
        .map(|(name, value)| (name.to_string(), latin1(value)))
        .collect();
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    list
}

/// Turns every byte into the character of that number, because a header value
/// need not be UTF-8 and JSON text has to be.
fn latin1(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_asked_for_in_the_query() {
        let added = asked_headers("h=x-a:1&other=2&h=x-b%3A%203").unwrap();
        let added: Vec<_> = added.iter().map(|(n, v)| (n.as_str(), v)).collect();
        assert_eq!(added.len(), 2);
        assert_eq!(added[0], ("x-a", &HeaderValue::from_static("1")));
        assert_eq!(added[1], ("x-b", &HeaderValue::from_static("3")));
    }

    #[test]
    fn an_informational_status_is_refused() {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static(ECHO_STATUS),
            HeaderValue::from_static("103"),
        )]);
        assert!(asked_status(&headers).is_err());
    }

    #[test]
    fn a_value_outside_utf8_is_shown_byte_by_byte() {
        assert_eq!(
            latin1(&HeaderValue::from_bytes(b"caf\xe9").unwrap()),
            "café"
        );
    }
}
