//! Problems for clients of the Connect protocol.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use super::details::{self, Metadata};
use super::{Problem, field, http};
use crate::reply::Reply;

/// The flag of the frame that ends a stream.
const END_STREAM: u8 = 0x02;

pub(super) fn unary(problem: &Problem) -> Reply {
    Reply {
        status: problem.kind.grpc.http_status(),
        headers: http::fields(problem, "application/json"),
        body: error(problem).to_string().into_bytes(),
        grpc: None,
        details: problem.kind.details(),
    }
}

pub(super) fn stream(problem: &Problem, content_type: &str) -> Reply {
    let message = json!({ "error": error(problem) }).to_string();
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut headers = vec![field("content-type", content_type)];
    headers.extend_from_slice(&problem.headers);
    Reply {
        status: 200,
        headers,
        body: [&[END_STREAM], &len.to_be_bytes()[..], message.as_bytes()].concat(),
        grpc: None,
        details: problem.kind.details(),
    }
}

fn error(problem: &Problem) -> Value {
    let details = details::of(problem, Metadata::Full).into_iter();
    let details: Vec<Value> = details
        .map(|detail| json!({ "type": detail.name, "value": STANDARD_NO_PAD.encode(detail.value) }))
        .collect();
    json!({
        "code": problem.kind.grpc.connect_name(),
        "message": problem.message(),
        "details": details,
    })
}
