//! The headers that name the service in every response, so that a test knows
//! who answered and sees whether a filter removes what a client need not know.

use axum::{
    http::{HeaderName, HeaderValue, header::SERVER},
    response::Response,
};

pub(crate) const SERVICE: HeaderName = HeaderName::from_static("x-service");

/// Names the service, but leaves a name alone that a handler gave.
pub(crate) async fn identify(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(SERVER)
        .or_insert(HeaderValue::from_static("payments/1.0 (rust)"));
    headers
        .entry(SERVICE)
        .or_insert(HeaderValue::from_static("payments"));
    response
}
