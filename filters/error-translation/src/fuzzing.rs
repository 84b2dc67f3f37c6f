//! What fuzz targets reach of the readers, which are private.

use std::borrow::Cow;

use kit::headers::Headers;
use kit::problem::google_rpc::Any;
use serde_json::Value;

use crate::dialect::{self, Content};
use crate::failure::Failure;
use crate::plan::Policy;
use crate::redaction::Found;
use crate::rpc;
use crate::rpc::frames::Frames;

/// What was read of an error.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// The shape in which it came.
    pub dialect: String,
    /// The title, the detail, the code, the type, the instance and the texts of the violations.
    pub texts: Vec<String>,
    /// How many violations it tells.
    pub violations: usize,
    /// How many extensions it has.
    pub extensions: usize,
}

impl From<Failure> for Read {
    fn from(failure: Failure) -> Self {
        let violations = failure.violations.len();
        let own = [
            failure.title,
            failure.detail,
            failure.code,
            failure.type_uri,
            failure.instance,
        ];
        let of_violations = failure
            .violations
            .into_iter()
            .flat_map(|own| [own.pointer, own.field, Some(own.detail), own.code]);
        Self {
            dialect: failure.dialect.name().to_owned(),
            texts: own.into_iter().chain(of_violations).flatten().collect(),
            violations,
            extensions: failure.extensions.len(),
        }
    }
}

/// Reads the content of an answer.
pub fn content(policy: &Policy, status: u16, content_type: Option<&[u8]>, body: &[u8]) -> Read {
    let content = Content {
        status,
        content_type,
        body,
    };
    dialect::read(&content, &policy.dialects).into()
}

/// Reads the outcome of a gRPC call.
pub fn outcome(fields: &Headers) -> Option<Read> {
    rpc::status::read(fields).map(Read::from)
}

/// Reads trailers as gRPC-Web sends them.
pub fn trailers(block: &[u8]) -> Headers {
    rpc::trailers_block::parse(block)
}

/// Writes trailers as gRPC-Web sends them.
pub fn trailers_block(fields: &Headers) -> Vec<u8> {
    rpc::trailers_block::write(fields)
}

/// Reads the message that ends a Connect stream, and writes it with another error.
pub fn end_stream(message: &[u8], error: Value) -> Option<(Read, Vec<u8>)> {
    let (failure, document) = rpc::end_stream::read(message)?;
    Some((failure.into(), rpc::end_stream::write(document, error)))
}

/// What of details may go on.
pub fn clean_details(
    details: &[Any],
    clean_text: &mut dyn FnMut(&str) -> Option<String>,
) -> Vec<Any> {
    rpc::cleaning::clean(details, &mut |_, text| clean_text(text))
}

/// A detail as JSON.
pub fn detail_to_json(detail: &Any) -> Value {
    rpc::json::to_json(detail)
}

/// The detail that JSON stands for.
pub fn detail_from_json(value: &Value) -> Option<Any> {
    rpc::json::from_json(value)
}

/// How a body is made of frames.
#[derive(Debug, Clone, Copy)]
pub enum Framing {
    /// gRPC-Web, binary.
    GrpcWeb,
    /// gRPC-Web in base64.
    GrpcWebText,
    /// A stream of the Connect protocol.
    Connect,
}

impl From<Framing> for rpc::frames::Framing {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::GrpcWeb => Self::GrpcWeb,
            Framing::GrpcWebText => Self::GrpcWebText,
            Framing::Connect => Self::Connect,
        }
    }
}

/// Passes a framed body on, part by part, and rewrites the message of the frame that ends it.
pub fn frames(
    framing: Framing,
    cap: usize,
    parts: &[&[u8]],
    rewrite: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Vec<u8> {
    let mut frames = Frames::new(framing.into(), cap);
    let mut passed = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let last = place + 1 == parts.len();
        passed.append(&mut frames.pass(part, last, rewrite));
    }
    passed
}

/// What may leave of a text.
pub fn clean_text(policy: &Policy, text: &str) -> Option<String> {
    let cleaned = policy.redactor.clean(text, &mut Found::default());
    cleaned.map(Cow::into_owned)
}

/// What may leave of JSON.
pub fn clean_value(policy: &Policy, value: &mut Value) {
    policy.redactor.clean_value(value, &mut Found::default());
}

/// A text for operators.
pub fn for_log(policy: &Policy, text: &str, max: usize) -> String {
    policy.redactor.for_log(text, max)
}
