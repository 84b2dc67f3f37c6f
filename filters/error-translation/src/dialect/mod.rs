//! The shapes in which services tell their errors, and how each is read.
//!
//! What a media type says comes first. Of JSON, the first shape in this order that fits counts, so
//! that no document has two readings:
//!
//! 1. a dialect of the policy, in the policy's order;
//! 2. RFC 9457, where the media type says so or the members leave no doubt;
//! 3. JSON:API, likewise;
//! 4. GraphQL: `errors`, each with a `message`;
//! 5. AIP-193;
//! 6. Rocket: `error` with `code`, `reason` and `description`;
//! 7. Connect: a `code` that the protocol names, and no members of other protocols;
//! 8. the shapes without a standard: `error`, `message`, `code`, `errors`.
//!
//! Text is searched for the fixed words of the frameworks; where it is JSON, as Go's `http.Error`
//! labels it, it is read as JSON.

mod aip193;
mod connect;
mod graphql;
mod html;
mod json_api;
mod media_type;
mod member;
mod own;
mod problem;
mod problem_xml;
mod rocket;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod violation;

use serde_json::Value;

use crate::failure::Failure;
use media_type::MediaType;

pub(crate) use own::{OwnDialect, OwnViolations};

/// The content of an answer, as far as its dialect is read from it.
#[expect(
    clippy::struct_field_names,
    reason = "The name is that of the header field."
)]
pub(crate) struct Content<'a> {
    /// The HTTP status. Below 400 only what cannot be meant otherwise is an error: a dialect of the
    /// policy, a problem document that says so, and the `errors` of GraphQL.
    pub(crate) status: u16,
    /// `Content-Type`; without one the content itself is looked at (RFC 9110 section 8.3).
    pub(crate) content_type: Option<&'a [u8]>,
    /// The content, without any coding.
    pub(crate) body: &'a [u8],
}

/// A shape of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Nothing was read: the answer has no content, or none that says anything.
    None,
    /// RFC 9457 and RFC 7807.
    Problem,
    /// `google.rpc.Status` as JSON (AIP-193).
    Aip193,
    /// The status of gRPC, in trailers or in the head.
    Grpc,
    /// The error of the Connect protocol.
    Connect,
    /// JSON:API.
    JsonApi,
    /// The `errors` of GraphQL.
    GraphQl,
    /// Rocket: `{"error": {"code", "reason", "description"}}`.
    Rocket,
    /// `{"error": "…"}`, alone or with a code, `{"error": {"message", …}}` and `{"errors": […]}`:
    /// gin, fiber, go-kit, and many more.
    ErrorMember,
    /// `{"message": "…"}`: echo; also `msg` and `detail`.
    MessageMember,
    /// `{"code": "…", "message": "…"}`: enums of thiserror as many services write them.
    CodeMessage,
    /// A rejection of axum's extractors, as text.
    Axum,
    /// An extractor's error of actix-web, as text.
    Actix,
    /// A rejection of warp's filters, as text.
    Warp,
    /// Other JSON.
    Json,
    /// Other text, such as Go's `http.Error` writes it.
    Text,
    /// A page of HTML.
    Html,
    /// Content of another kind, and content that is not what it says it is.
    Opaque,
    /// One that the policy declares, by its name.
    Own(String),
}

/// Whether the content of an answer is of a type in which GraphQL comes (GraphQL over HTTP, Media
/// Types).
pub(crate) fn may_be_graphql(content_type: Option<&[u8]>) -> bool {
    let essence = content_type.and_then(|value| value.split(|byte| *byte == b';').next());
    let own: [&[u8]; 2] = [b"application/graphql-response+json", b"application/json"];
    essence.is_some_and(|essence| {
        own.iter()
            .any(|own| own.eq_ignore_ascii_case(essence.trim_ascii()))
    })
}

/// Reads an error. It always gives a `Failure`; where nothing is understood, only its dialect is
/// set. Texts have at most 4096 characters, lists at most 100 violations, and there are at most 32
/// extensions.
pub(crate) fn read(content: &Content<'_>, own: &[OwnDialect]) -> Failure {
    let body = content.body;
    // RFC 8259 section 8.1 lets readers skip a byte order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let body = body.trim_ascii();
    if body.is_empty() {
        return Failure::of(Dialect::None);
    }
    match MediaType::of(content.content_type) {
        said @ (MediaType::Problem | MediaType::JsonApi | MediaType::Json) => {
            read_json(content.status, said, body, own)
                .unwrap_or_else(|| in_errors(content.status, Failure::of(Dialect::Opaque)))
        }
        MediaType::ProblemXml => problem_xml::read(body, problem_xml::Namespace::MayBeMissing)
            .unwrap_or_else(|| in_errors(content.status, Failure::of(Dialect::Opaque))),
        MediaType::Xml => {
            let xml = problem_xml::read(body, problem_xml::Namespace::Required);
            let xml = xml.unwrap_or_else(|| Failure::of(Dialect::Opaque));
            in_errors(content.status, xml)
        }
        MediaType::Html => in_errors(content.status, html::read(body)),
        MediaType::Text => read_text(content.status, body, own),
        MediaType::Other => in_errors(content.status, Failure::of(Dialect::Opaque)),
        MediaType::Unsaid => read_unsaid(content.status, body, own),
    }
}

fn read_json(status: u16, said: MediaType, body: &[u8], own: &[OwnDialect]) -> Option<Failure> {
    let document = serde_json::from_slice(body).ok()?;
    let mut failure = read_document(status, said, &document, own);
    // What is no error is nobody's to copy from.
    if failure.dialect != Dialect::None {
        failure.document = document;
    }
    Some(failure)
}

/// The order of the module's documentation.
fn read_document(status: u16, said: MediaType, document: &Value, own: &[OwnDialect]) -> Failure {
    let always = own
        .iter()
        .find_map(|own| own.read(document))
        .or_else(|| (said == MediaType::Problem).then(|| problem::read(document))?);
    let failure = match always {
        Some(failure) => Some(failure),
        None if status < 400 => return success(document),
        None => problem::recognise(document)
            .or_else(|| json_api::read(document, said == MediaType::JsonApi))
            .or_else(|| graphql::read(document))
            .or_else(|| aip193::read(document))
            .or_else(|| rocket::read(document))
            .or_else(|| connect::read(document).filter(|_| is_all_connect(document)))
            .or_else(|| member::read(document, status)),
    };
    failure.unwrap_or_else(|| other_json(document))
}

/// A GraphQL request that failed as a whole is answered with 200 by many servers; so is one of
/// which some fields failed.
fn success(document: &Value) -> Failure {
    graphql::read(document).unwrap_or_else(|| Failure::of(Dialect::None))
}

/// The JSON of a Connect error has these members alone; a service's own error that happens to use
/// the same code mostly has more, and they are not to be lost.
fn is_all_connect(document: &Value) -> bool {
    let is_known = |name: &String| matches!(name.as_str(), "code" | "message" | "details");
    document
        .as_object()
        .is_some_and(|object| object.keys().all(is_known))
}

/// A string is a text in JSON's clothes; of anything else it is unknown what it means.
fn other_json(document: &Value) -> Failure {
    Failure {
        detail: value::text(document),
        ..Failure::of(Dialect::Json)
    }
}

/// Go's `http.Error` labels whatever it writes as plain text, and much of it is JSON.
fn read_text(status: u16, body: &[u8], own: &[OwnDialect]) -> Failure {
    let json = body
        .starts_with(b"{")
        .then(|| read_json(status, MediaType::Json, body, own));
    json.flatten()
        .unwrap_or_else(|| in_errors(status, text::read(body)))
}

fn read_unsaid(status: u16, body: &[u8], own: &[OwnDialect]) -> Failure {
    let json = body
        .starts_with(b"[")
        .then(|| read_json(status, MediaType::Json, body, own));
    if let Some(failure) = json.flatten() {
        return failure;
    }
    if body.starts_with(b"<") {
        let problem = problem_xml::read(body, problem_xml::Namespace::Required);
        return in_errors(status, problem.unwrap_or_else(|| html::read(body)));
    }
    if std::str::from_utf8(body).is_err() {
        return in_errors(status, Failure::of(Dialect::Opaque));
    }
    read_text(status, body, own)
}

/// What an answer that is no error says is none either.
fn in_errors(status: u16, failure: Failure) -> Failure {
    if status < 400 {
        return Failure::of(Dialect::None);
    }
    failure
}

impl Dialect {
    /// The names of those that are built in, as policies and metrics give them.
    pub(crate) const NAMES: [&'static str; 18] = [
        "none",
        "problem",
        "aip193",
        "grpc",
        "connect",
        "jsonApi",
        "graphQl",
        "rocket",
        "errorMember",
        "messageMember",
        "codeMessage",
        "axum",
        "actix",
        "warp",
        "json",
        "text",
        "html",
        "opaque",
    ];

    /// The name in policies and metrics, in lowerCamel unless the policy gave it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Problem => "problem",
            Self::Aip193 => "aip193",
            Self::Grpc => "grpc",
            Self::Connect => "connect",
            Self::JsonApi => "jsonApi",
            Self::GraphQl => "graphQl",
            Self::Rocket => "rocket",
            Self::ErrorMember => "errorMember",
            Self::MessageMember => "messageMember",
            Self::CodeMessage => "codeMessage",
            Self::Axum => "axum",
            Self::Actix => "actix",
            Self::Warp => "warp",
            Self::Json => "json",
            Self::Text => "text",
            Self::Html => "html",
            Self::Opaque => "opaque",
            Self::Own(name) => name,
        }
    }

    /// The built-in dialect with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "problem" => Self::Problem,
            "aip193" => Self::Aip193,
            "grpc" => Self::Grpc,
            "connect" => Self::Connect,
            "jsonApi" => Self::JsonApi,
            "graphQl" => Self::GraphQl,
            "rocket" => Self::Rocket,
            "errorMember" => Self::ErrorMember,
            "messageMember" => Self::MessageMember,
            "codeMessage" => Self::CodeMessage,
            "axum" => Self::Axum,
            "actix" => Self::Actix,
            "warp" => Self::Warp,
            "json" => Self::Json,
            "text" => Self::Text,
            "html" => Self::Html,
            "opaque" => Self::Opaque,
            _ => return None,
        })
    }

    /// Whether it is that of RFC 9457, in which the author chose the type of the problem.
    pub(crate) fn is_problem(&self) -> bool {
        *self == Self::Problem
    }

    /// Whether the shape has places for words to clients, so that its author meant them for one.
    pub(crate) fn is_structured(&self) -> bool {
        !matches!(
            self,
            Self::None
                | Self::Axum
                | Self::Actix
                | Self::Warp
                | Self::Json
                | Self::Text
                | Self::Html
                | Self::Opaque
        )
    }
}
