//! What went wrong, as far as an answer tells it, in no protocol's words.

use kit::problem::google_rpc::Any;
use kit::problem::{Code, Link};
use serde_json::{Map, Value};

use crate::dialect::Dialect;

/// An error as it was read from an answer. Nothing in it is masked yet.
///
/// What an answer does not say, or says with the wrong type, is empty: nothing is guessed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// The shape in which the error came.
    pub(crate) dialect: Dialect,
    /// The status code of gRPC and Connect, where the answer names one.
    pub(crate) grpc: Option<Code>,
    /// The service's own code for the error, such as the reason of an `ErrorInfo`, the `code` of a
    /// JSON:API error, or `"insufficient_funds"`.
    pub(crate) code: Option<String>,
    /// Who gives the code its meaning (AIP-193).
    pub(crate) domain: Option<String>,
    /// The type URI of a problem document.
    pub(crate) type_uri: Option<String>,
    /// The kind in a few words.
    pub(crate) title: Option<String>,
    /// What happened this time.
    pub(crate) detail: Option<String>,
    /// The URI of this occurrence.
    pub(crate) instance: Option<String>,
    /// What is wrong with which part of the request.
    pub(crate) violations: Vec<Violation>,
    /// More for machines, by names that are none of RFC 9457's own.
    pub(crate) extensions: Map<String, Value>,
    /// After how many seconds another try may succeed, rounded up.
    pub(crate) retry_after: Option<u32>,
    /// Links to something related.
    pub(crate) links: Vec<Link>,
    /// The messages of `google.rpc.Status`, as they came; what they say stands in the other members
    /// too, as far as it is understood.
    pub(crate) details: Vec<Any>,
    /// The whole document where the content is JSON, for what a policy copies by JSON Pointer.
    pub(crate) document: Value,
}

/// What is wrong with one part of the request (the members are those of RFC 9457 section 3 and of
/// JSON:API).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Violation {
    /// Where in the content, as a JSON Pointer without `#`.
    pub(crate) pointer: Option<String>,
    /// The field in dotted form, the parameter or the header field.
    pub(crate) field: Option<String>,
    /// Where the field stands: `query`, `path`, `header`, `cookie` or `body`.
    pub(crate) place: Option<String>,
    /// What is wrong.
    pub(crate) detail: String,
    /// Why, in a vocabulary that machines know.
    pub(crate) code: Option<String>,
}

impl Failure {
    /// An error of which nothing is known but its shape.
    pub(crate) fn of(dialect: Dialect) -> Self {
        Self {
            dialect,
            grpc: None,
            code: None,
            domain: None,
            type_uri: None,
            title: None,
            detail: None,
            instance: None,
            violations: Vec::new(),
            extensions: Map::new(),
            retry_after: None,
            links: Vec::new(),
            details: Vec::new(),
            document: Value::Null,
        }
    }
}
