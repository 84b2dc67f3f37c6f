//! What every answer must hold, whatever it answers.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::{Response, lint, problem_violations};
use serde_json::Value;

/// Asserts that a response is one that HTTP allows, and reads it.
pub(crate) fn assert_sound(method: &str, response: &Response) {
    assert!(response.complete, "{response:?}");
    let notes: Vec<_> = lint(method, response)
        .into_iter()
        .filter(|note| note.level == "BAD")
        .collect();
    assert!(notes.is_empty(), "{notes:#?} in {response:?}");
    if let Some(length) = response.headers.text("content-length")
        && method != "HEAD"
    {
        assert_eq!(length, response.body.len().to_string(), "{response:?}");
    }
}

/// Asserts that a response is a problem (RFC 9457) that says what its status line says, and reads
/// it.
pub(crate) fn problem(response: &Response) -> Value {
    assert_sound("GET", response);
    let media_type = response.headers.text("content-type");
    assert_eq!(media_type, Some("application/problem+json"), "{response:?}");
    let problem = response.json();
    assert_eq!(
        problem_violations(&problem),
        Vec::<String>::new(),
        "{problem}"
    );
    assert_eq!(problem["status"], response.status, "{problem}");
    assert!(problem["requestId"].is_string(), "{problem}");
    problem
}

/// Asserts that a response is a problem of a status, and reads it.
pub(crate) fn problem_of(status: u16, response: &Response) -> Value {
    assert_eq!(response.status, status, "{}", response.text());
    problem(response)
}

/// Asserts that a client who asked in this media type can read the outcome of a call.
pub(crate) fn assert_readable(media_type: &str, response: &Response) {
    assert!(response.complete, "{media_type}: {response:?}");
    let shown = || format!("{media_type}: {response:?}");
    match media_type.split('+').next().unwrap_or_default() {
        "application/grpc" => {
            let code = response
                .trailers
                .text("grpc-status")
                .or(response.headers.text("grpc-status"));
            let code = code.and_then(|code| code.parse::<u8>().ok());
            assert!(
                code.is_some_and(|code| (1..=16).contains(&code)),
                "{}",
                shown()
            );
        }
        "application/grpc-web" | "application/grpc-web-text" => {
            let text = media_type
                .ends_with("-text")
                .then(|| BASE64_STANDARD.decode(&response.body));
            let body = text.map_or(response.body.clone(), Result::unwrap);
            let trailers = last_frame(&body, 0x80).unwrap_or_else(|| panic!("{}", shown()));
            assert!(trailers.starts_with(b"grpc-status: "), "{}", shown());
        }
        "application/connect" => {
            let end = last_frame(&response.body, 0x02).unwrap_or_else(|| panic!("{}", shown()));
            let end: Value = serde_json::from_slice(end).unwrap_or_else(|_| panic!("{}", shown()));
            assert!(end["error"]["code"].is_string(), "{}", shown());
        }
        _ => {
            assert_sound("POST", response);
            assert!(response.json()["code"].is_string(), "{}", shown());
        }
    }
}

/// The content of the last frame, if it has these flags.
fn last_frame(mut body: &[u8], flags: u8) -> Option<&[u8]> {
    loop {
        let (prefix, rest) = body.split_at_checked(5)?;
        let length = u32::from_be_bytes(prefix[1..].try_into().ok()?) as usize;
        let (content, rest) = rest.split_at_checked(length)?;
        if rest.is_empty() {
            return (prefix[0] == flags).then_some(content);
        }
        body = rest;
    }
}

/// All that a client gets of a response, as one text.
pub(crate) fn everything(response: &Response) -> String {
    let fields = response.headers.iter().chain(response.trailers.iter());
    let fields =
        fields.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value)));
    fields.collect::<String>() + &response.text()
}
