//! Refusals: one builder for all filters, one shape for each protocol that a client may speak.

mod code;
mod connect;
mod details;
mod grpc;
mod http;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::protocol::{Client, Protocol};
use crate::reply::Reply;

pub use code::Code;
pub use grpc::encode_grpc_message;

/// Where the type URIs of problems begin, unless a policy says otherwise.
const TYPE_BASE: &str = "https://treaty.dev/problems";

type Fields = Vec<(String, Vec<u8>)>;

/// One kind of problem: what stays the same whenever it occurs.
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
    kind: &'static ProblemType,
    type_base: Option<String>,
    status: u16,
    detail: String,
    instance: Option<String>,
    retry_after: Option<u32>,
    links: Vec<Link>,
    extensions: Map<String, Value>,
    headers: Fields,
}

#[derive(Debug, Clone, PartialEq)]
struct Link {
    rel: &'static str,
    href: String,
}

impl Problem {
    /// An occurrence of a kind of problem.
    pub fn new(kind: &'static ProblemType) -> Self {
        Self {
            kind,
            type_base: None,
            status: kind.status,
            detail: String::new(),
            instance: None,
            retry_after: None,
            links: Vec::new(),
            extensions: Map::new(),
            headers: Vec::new(),
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

    /// The policy's beginning of the type URI, if it has one.
    pub fn type_base(mut self, base: Option<&str>) -> Self {
        self.type_base = base.map(str::to_owned);
        self
    }

    /// After how many seconds another try may succeed.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A link to something related, such as the documentation.
    pub fn link(mut self, rel: &'static str, href: impl Into<String>) -> Self {
        let href = href.into();
        self.links.push(Link { rel, href });
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

    fn type_uri(&self) -> String {
        self.kind.uri(self.type_base.as_deref())
    }

    /// The message for clients that get no title.
    fn message(&self) -> &str {
        if self.detail.is_empty() {
            self.kind.title
        } else {
            &self.detail
        }
    }
}

fn field(name: &str, value: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.to_owned(), value.into())
}
