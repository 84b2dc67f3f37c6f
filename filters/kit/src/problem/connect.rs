//! Problems for clients of the Connect protocol.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Serialize;

use super::details::{self, Extent};
use super::grpc::envelope;
use super::{Problem, field, http};
use crate::reply::Reply;

/// The flag of the frame that ends a stream.
const END_STREAM: u8 = 0x02;

#[derive(Serialize)]
struct EndStream<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
pub(super) struct Error<'a> {
    code: String,
    message: &'a str,
    details: Vec<Detail>,
}

#[derive(Serialize)]
struct Detail {
    r#type: String,
    value: String,
}

pub(super) fn unary(problem: &Problem) -> Reply {
    Reply {
        status: problem.grpc.http_status(),
        headers: http::fields(problem, "application/json"),
        body: serde_json::to_vec(&error(problem)).unwrap_or_default(),
        grpc: None,
        details: problem.details.clone(),
    }
}

pub(super) fn stream(problem: &Problem, content_type: &str) -> Reply {
    let end = EndStream {
        error: error(problem),
    };
    let message = serde_json::to_vec(&end).unwrap_or_default();
    let mut headers = vec![field("content-type", content_type)];
    headers.extend_from_slice(&problem.headers);
    Reply {
        status: 200,
        headers,
        body: envelope(END_STREAM, &message),
        grpc: None,
        details: problem.details.clone(),
    }
}

pub(super) fn error(problem: &Problem) -> Error<'_> {
    let details = details::of(problem, Extent::Full).into_iter();
    Error {
        code: problem.grpc.connect_name(),
        message: problem.message(),
        details: details
            .map(|detail| Detail {
                r#type: detail.name().to_owned(),
                value: STANDARD_NO_PAD.encode(detail.value),
            })
            .collect(),
    }
}
