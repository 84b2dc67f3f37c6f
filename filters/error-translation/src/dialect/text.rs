//! Plain text, and the frameworks whose fixed words it begins with.

use super::{Dialect, value};
use crate::failure::Failure;

/// Beginnings of the rejections of axum 0.8, of its core and of axum-extra 0.12.
const AXUM: [&str; 28] = [
    "Failed to deserialize the JSON body into the target type",
    "Failed to parse the request body as JSON",
    "Expected request with `Content-Type: application/json`",
    "Failed to deserialize form",
    "Failed to deserialize query string",
    "Failed to buffer the request body",
    "Failed to decode the body: ",
    "Form requests must have `Content-Type: application/x-www-form-urlencoded`",
    "Request body didn't contain valid UTF-8",
    "Request payload is too large",
    "Invalid URL: Cannot parse ",
    "Invalid URL: Invalid UTF-8 in `",
    "Wrong number of path arguments for `Path`",
    "Unsupported type `",
    "Header of type `",
    "Missing request extension: ",
    "No paths parameters found for matched route",
    "No matched path found",
    "The matched route is not nested",
    "No host found in request",
    "No scheme found in request",
    "Invalid `boundary` for `multipart/form-data` request",
    "Connection header did not include 'upgrade'",
    "`Upgrade` header did not include 'websocket'",
    "`:protocol` pseudo-header did not include 'websocket'",
    "`Sec-WebSocket-Version` header did not include '13'",
    "`Sec-WebSocket-Key` header missing",
    "WebSocket request couldn't be upgraded since no upgrade state was present",
];

/// Beginnings of the errors of the extractors of actix-web 4.
const ACTIX: [&str; 10] = [
    "Json deserialize error: ",
    "Json serialize error: ",
    "JSON payload (",
    "JSON payload has exceeded limit (",
    "Query deserialize error: ",
    "Path deserialize error: ",
    "URL encoded payload is larger (",
    "Error that occur during reading payload: ",
    "Requested application data is not configured correctly.",
    "Can not decode chunked transfer encoding.",
];

/// Errors of actix-web that are these words and no more.
const ACTIX_WHOLE: [&str; 8] = [
    "Content type error",
    "Content type error.",
    "Content-type error",
    "Encoding error",
    "Encoding error.",
    "Payload size is now known.",
    "Line limit exceeded",
    "Blocking thread pool is shut down unexpectedly",
];

/// Beginnings of the rejections of warp 0.3 and 0.4.
const WARP: [&str; 7] = [
    "Missing request header \"",
    "Invalid request header \"",
    "Missing request cookie \"",
    "Request body deserialize error: ",
    "Request body read error: ",
    "CORS request forbidden: ",
    "Unhandled rejection: ",
];

/// Rejections of warp that are these words and no more. One is misspelt there.
const WARP_WHOLE: [&str; 9] = [
    "Invalid query string",
    "HTTP method not allowed",
    "A content-length header is required",
    "The request payload is too large",
    "The request's content-type is not supported",
    "Request body consumed multiple times",
    "Missing request extension",
    "file open error",
    "file perimission error",
];

/// Reads text in UTF-8; what is not UTF-8 is replaced by U+FFFD.
pub(super) fn read(body: &[u8]) -> Failure {
    let body = body.trim_ascii();
    let text = String::from_utf8_lossy(body.get(..value::TEXT_OCTETS).unwrap_or(body));
    let Some(text) = value::trimmed(&text) else {
        return Failure::of(Dialect::None);
    };
    Failure {
        detail: Some(text.clone()),
        ..Failure::of(dialect(&text))
    }
}

fn dialect(text: &str) -> Dialect {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|own| text.starts_with(own));
    if begins(&AXUM) {
        Dialect::Axum
    } else if begins(&ACTIX) || ACTIX_WHOLE.contains(&text) {
        Dialect::Actix
    } else if begins(&WARP) || WARP_WHOLE.contains(&text) {
        Dialect::Warp
    } else {
        Dialect::Text
    }
}
