//! Errors for clients: one builder for all filters, one shape for each protocol that a client may
//! speak.

mod code;
mod connect;
mod details;
pub mod google_rpc;
mod grpc;
mod http;
#[cfg(test)]
mod tests;
mod violation;

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::protocol::{Client, Protocol};
use crate::reply::Reply;

pub use code::Code;
pub use grpc::{encode_grpc_message, trailers_frame};
pub use violation::{Violation, fragment};

/// Where the type URIs of problems begin, unless a policy says otherwise.
const TYPE_BASE: &str = "https://treaty.dev/problems";

type Fields = Vec<(String, Vec<u8>)>;

/// One kind of refusal: what stays the same whenever it occurs.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// The name of the filter, such as `version-negotiation`.
    pub filter: &'static str,
    /// Why the request is refused, in `snake_case` and at most 63 characters, such as
    /// `unknown_version`.
    pub reason: &'static str,
    /// The kind in a few words for humans.
    pub title: &'static str,
    /// The HTTP status, unless a policy says otherwise.
    pub status: u16,
    /// The status code for gRPC and Connect clients.
    pub grpc: Code,
}

impl ProblemType {
    /// The type URI: `<base>/<filter>/<reason-with-dashes>`. Without a base of the policy it is
    /// one of Treaty's own.
    pub fn uri(&self, base: Option<&str>) -> String {
        let base = base.unwrap_or(TYPE_BASE).trim_end_matches('/');
        let reason = self.reason.replace('_', "-");
        format!("{base}/{}/{reason}", self.filter)
    }

    /// The response code details: `treaty.<filter_with_underscores>.<reason>`.
    pub fn details(&self) -> String {
        let filter = self.filter.replace('-', "_");
        format!("treaty.{filter}.{}", self.reason)
    }
}

/// One occurrence of a problem, from which the answer to the client is made.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Problem {
    /// The response code details of the answer; those of a refusal are
    /// [`ProblemType::details`].
    pub details: String,
    /// The type URI (RFC 9457 section 3.1.1).
    pub type_uri: String,
    /// The kind in a few words for humans (RFC 9457 section 3.1.3).
    pub title: Cow<'static, str>,
    /// The HTTP status. gRPC and Connect clients get that of the code.
    pub status: u16,
    /// The status code for gRPC and Connect clients.
    pub grpc: Code,
    /// The reason in the `ErrorInfo` of gRPC and Connect, in `UPPER_SNAKE_CASE`; without one there
    /// is no `ErrorInfo`.
    pub reason: String,
    /// Who gives the reason its meaning (AIP-193).
    pub domain: Cow<'static, str>,
    /// What helps this client to go on (RFC 9457 section 3.1.4); may be empty.
    pub detail: String,
    /// The URI of this occurrence (RFC 9457 section 3.1.5).
    pub instance: Option<String>,
    /// After how many seconds another try may succeed.
    pub retry_after: Option<u32>,
    /// Links to something related.
    pub links: Vec<Link>,
    /// Facts for machines, by names that are none of RFC 9457's own.
    pub extensions: Map<String, Value>,
    /// More header fields, whatever protocol the client speaks.
    pub headers: Fields,
    /// Messages that gRPC and Connect clients get as they are.
    pub attached: Vec<google_rpc::Any>,
}

/// A link to something related (RFC 8288).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is to the problem, such as `help`.
    pub rel: Cow<'static, str>,
    /// Where.
    pub href: String,
}

impl Problem {
    /// A refusal.
    pub fn new(kind: &'static ProblemType) -> Self {
        Self {
            details: kind.details(),
            type_uri: kind.uri(None),
            reason: kind.reason.to_ascii_uppercase(),
            ..Self::untyped(kind.status, kind.title, kind.grpc)
        }
    }

    /// A problem that is no more than its status (RFC 9457 section 4.2.1).
    pub fn untyped(status: u16, title: impl Into<Cow<'static, str>>, grpc: Code) -> Self {
        Self {
            details: String::new(),
            type_uri: "about:blank".to_owned(),
            title: title.into(),
            status,
            grpc,
            reason: String::new(),
            domain: Cow::Borrowed(details::DOMAIN),
            detail: String::new(),
            instance: None,
            retry_after: None,
            links: Vec::new(),
            extensions: Map::new(),
            headers: Vec::new(),
            attached: Vec::new(),
        }
    }

    /// What helps this client to go on. gRPC and Connect clients get it as the message.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The URI of this occurrence, such as a `urn:uuid:`.
    pub fn instance(mut self, uri: impl Into<String>) -> Self {
        self.instance = Some(uri.into());
        self
    }

    /// The HTTP status of the policy. gRPC and Connect clients get that of the kind's code.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The type URI, where it is not Treaty's own.
    pub fn type_uri(mut self, uri: impl Into<String>) -> Self {
        self.type_uri = uri.into();
        self
    }

    /// After how many seconds another try may succeed.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A link to something related, such as the documentation.
    pub fn link(mut self, rel: impl Into<Cow<'static, str>>, href: impl Into<String>) -> Self {
        self.links.push(Link {
            rel: rel.into(),
            href: href.into(),
        });
        self
    }

    /// A fact for machines. The name is lowerCamel, 3 to 64 characters long, and none of RFC 9457's
    /// own.
    pub fn extension(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// One more header field, whatever protocol the client speaks. The name is lower case.
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer in the client's own protocol.
    pub fn reply(&self, client: &Client) -> Reply {
        let content_type = client.content_type.as_deref();
        match (client.protocol, content_type) {
            (Protocol::Http, _) => http::reply(self),
            (Protocol::Grpc, None) => grpc::reply(self),
            (Protocol::Grpc, Some(content_type)) => grpc::trailers_only(self, content_type),
            (Protocol::GrpcWeb { text }, _) => {
                grpc::web(self, content_type.unwrap_or("application/grpc-web"), text)
            }
            (Protocol::ConnectUnary, _) => connect::unary(self),
            (Protocol::ConnectStream, _) => {
                connect::stream(self, content_type.unwrap_or("application/connect+json"))
            }
        }
    }

    /// The fields that tell a gRPC client the outcome, wherever its trailers stand: `grpc-status`,
    /// `grpc-message`, `grpc-status-details-bin` and [`Problem::headers`].
    pub fn trailers(&self) -> Vec<(String, Vec<u8>)> {
        grpc::outcome(self)
    }

    /// The `error` of a Connect answer.
    pub fn connect_error(&self) -> Value {
        serde_json::to_value(connect::error(self)).unwrap_or_default()
    }

    /// The problem document (RFC 9457 section 3), as JSON.
    pub fn document(&self) -> Vec<u8> {
        http::document(self)
    }

    /// What the `details` of a `google.rpc.Status` tell of it: [`Problem::attached`], and what can
    /// be said in types that are not among them.
    pub fn status_details(&self) -> Vec<google_rpc::Any> {
        details::of(self, details::Extent::Full)
    }

    /// What is wrong with single parts of the request: the extension `errors`, if it is a list of
    /// objects that have no other members than `pointer`, `field`, `in`, `detail` and `code` (or
    /// `keyword`), all of them texts.
    pub fn violations(&self) -> Vec<Violation<'_>> {
        let list = self.extensions.get(violation::EXTENSION);
        list.and_then(violation::read).unwrap_or_default()
    }

    /// The message for clients that get no title.
    pub fn message(&self) -> &str {
        if self.detail.is_empty() {
            &self.title
        } else {
            &self.detail
        }
    }
}

fn field(name: &str, value: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.to_owned(), value.into())
}
