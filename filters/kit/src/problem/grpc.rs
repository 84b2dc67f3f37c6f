//! Problems for gRPC and gRPC-Web clients: no message, and trailers with `google.rpc.Status`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost::Message;

use super::details::{self, Extent};
use super::google_rpc::Status;
use super::{Fields, Problem, field};
use crate::reply::{GrpcStatus, Reply};

/// What `grpc-message` may not hold as it is: anything but 0x20-0x24 and 0x26-0x7E.
const NOT_IN_MESSAGES: &AsciiSet = &CONTROLS.add(b'%');

/// Clients need take no more than 8 KiB of metadata, and some take no more. The message stands in
/// it twice, once percent-encoded, so that it may triple.
const MAX_MESSAGE: usize = 1024;
const MAX_DETAILS: usize = 4096;

/// The flag of the frame that carries the trailers in gRPC-Web.
const TRAILERS_FRAME: u8 = 0x80;

/// Encodes a message for the header `grpc-message`.
pub fn encode_grpc_message(message: &str) -> String {
    utf8_percent_encode(message, NOT_IN_MESSAGES).to_string()
}

/// The answer to a client whom the proxy, too, takes for a gRPC client: the proxy gives it its
/// shape.
pub(super) fn reply(problem: &Problem) -> Reply {
    Reply {
        status: 200,
        headers: fields(problem),
        body: Vec::new(),
        grpc: Some(GrpcStatus {
            code: problem.grpc.number(),
            message: message(problem).to_owned(),
        }),
        details: problem.details.clone(),
    }
}

/// The answer to a gRPC-Web client: the trailers as the one frame of the body.
///
/// The protocol allows them in the head, too, but a proxy takes the content type off a reply that
/// has no body, and then the client does not know what it is looking at.
pub(super) fn web(problem: &Problem, content_type: &str, text: bool) -> Reply {
    let (outcome, headers): (Fields, Fields) = outcome(problem)
        .into_iter()
        .partition(|(name, _)| name.starts_with("grpc-"));
    let mut body = trailers_frame(&outcome);
    if text {
        body = STANDARD.encode(body).into_bytes();
    }
    Reply {
        status: 200,
        headers: [vec![field("content-type", content_type)], headers].concat(),
        body,
        grpc: None,
        details: problem.details.clone(),
    }
}

/// Trailers as the last frame of a gRPC-Web body.
pub fn trailers_frame(trailers: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut message = Vec::new();
    for (name, value) in trailers {
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(b": ");
        message.extend_from_slice(value);
        message.extend_from_slice(b"\r\n");
    }
    envelope(TRAILERS_FRAME, &message)
}

/// One frame of a body: its flags, the length of its message, the message.
pub(super) fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[flags], &len.to_be_bytes()[..], message].concat()
}

/// The answer as a trailers-only response that is complete as it stands, for a client that speaks
/// gRPC in a spelling that the proxy does not know. The proxy takes the content type off it.
pub(super) fn trailers_only(problem: &Problem, content_type: &str) -> Reply {
    Reply {
        status: 200,
        headers: [vec![field("content-type", content_type)], outcome(problem)].concat(),
        body: Vec::new(),
        grpc: None,
        details: problem.details.clone(),
    }
}

pub(super) fn outcome(problem: &Problem) -> Fields {
    let mut outcome = vec![
        field("grpc-status", problem.grpc.number().to_string()),
        field("grpc-message", encode_grpc_message(message(problem))),
    ];
    outcome.append(&mut fields(problem));
    outcome
}

fn fields(problem: &Problem) -> Fields {
    let mut details = status(problem, Extent::Full);
    if details.len() > MAX_DETAILS {
        details = status(problem, Extent::Short);
    }
    let mut fields = vec![field("grpc-status-details-bin", details)];
    fields.extend_from_slice(&problem.headers);
    fields
}

fn status(problem: &Problem, extent: Extent) -> String {
    let status = Status {
        code: problem.grpc.number().into(),
        message: message(problem).to_owned(),
        details: details::of(problem, extent),
    };
    STANDARD_NO_PAD.encode(status.encode_to_vec())
}

fn message(problem: &Problem) -> &str {
    let message = problem.message();
    let end = message.floor_char_boundary(MAX_MESSAGE);
    message.get(..end).unwrap_or_default()
}
