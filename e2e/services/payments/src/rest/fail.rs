//! Errors in the shapes that Rust teams write, with a message that says more
//! than a client should know.

use axum::{
    Json,
    extract::{Query, rejection::JsonRejection},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{errors::ErrorBody, store::NewPayment};

const LEAK: &str = "error connecting to postgres://payments@10.0.3.9:5432/payments: \
                    Connection refused (os error 111)";

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct FailQuery {
    status: u16,
    shape: Shape,
}

impl Default for FailQuery {
    fn default() -> Self {
        Self {
            status: 503,
            shape: Shape::Text,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    /// The error's text alone.
    Text,
    /// The text of one of axum's own rejections.
    Axum,
    /// The JSON that services commonly derive from a thiserror enum.
    Thiserror,
    /// A problem document (RFC 9457).
    Problem,
}

pub(super) async fn answer(Query(query): Query<FailQuery>) -> Response {
    match StatusCode::from_u16(query.status) {
        Ok(status) if status.is_client_error() || status.is_server_error() => {
            failure(status, query.shape)
        }
        _ => {
            let message = format!("query status: {} is not an error", query.status);
            (StatusCode::BAD_REQUEST, message).into_response()
        }
    }
}

fn failure(status: StatusCode, shape: Shape) -> Response {
    match shape {
        Shape::Text => (status, LEAK).into_response(),
        Shape::Axum => (status, rejection_text()).into_response(),
        Shape::Thiserror => {
            let body = ErrorBody {
                code: "store_unavailable",
                message: LEAK.to_owned(),
            };
            (status, Json(body)).into_response()
        }
        Shape::Problem => {
            let body = Problem {
                r#type: "about:blank",
                title: status.canonical_reason().unwrap_or_default(),
                status: status.as_u16(),
                detail: LEAK,
            };
            let content_type = [(CONTENT_TYPE, "application/problem+json")];
            (status, content_type, Json(body)).into_response()
        }
    }
}

#[derive(Serialize)]
struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
}

/// Has axum reject a payment that lacks most of its fields, so that the text is
/// its own and follows it when it changes.
fn rejection_text() -> String {
    Json::<NewPayment>::from_bytes(br#"{"order_id":1}"#)
        .err()
        .as_ref()
        .map(JsonRejection::body_text)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rejection_names_the_missing_field() {
        let text = rejection_text();
        assert!(text.contains("missing field `amount_minor`"), "{text}");
    }
}
