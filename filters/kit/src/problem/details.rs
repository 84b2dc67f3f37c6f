//! What machines read of a problem in gRPC and Connect: the messages of `google.rpc`.

use prost::Message;
use serde_json::Value;

use super::Problem;

/// Who gives the reasons their meaning (AIP-193).
const DOMAIN: &str = "treaty.dev";

/// One message, encoded.
pub(super) struct Detail {
    /// The full name, such as `google.rpc.ErrorInfo`.
    pub(super) name: &'static str,
    pub(super) value: Vec<u8>,
}

/// The messages that tell the problem: exactly one `ErrorInfo`, the others at most once (AIP-193).
pub(super) fn of(problem: &Problem, metadata: Metadata) -> Vec<Detail> {
    let metadata = match metadata {
        Metadata::Full => problem.extensions.iter().map(flatten).collect(),
        Metadata::Empty => Vec::new(),
    };
    let info = ErrorInfo {
        reason: problem.kind.reason.to_ascii_uppercase(),
        domain: DOMAIN.to_owned(),
        metadata,
    };
    let mut details = vec![detail("google.rpc.ErrorInfo", &info)];
    if let Some(seconds) = problem.retry_after {
        let retry = RetryInfo {
            retry_delay: Some(Duration {
                seconds: seconds.into(),
            }),
        };
        details.push(detail("google.rpc.RetryInfo", &retry));
    }
    if !problem.links.is_empty() {
        let links = problem.links.iter().map(|link| HelpLink {
            description: link.rel.to_owned(),
            url: link.href.clone(),
        });
        let help = Help {
            links: links.collect(),
        };
        details.push(detail("google.rpc.Help", &help));
    }
    details
}

/// How much of the metadata goes into the `ErrorInfo`.
#[derive(Clone, Copy)]
pub(super) enum Metadata {
    /// Every extension.
    Full,
    /// None.
    Empty,
}

fn detail(name: &'static str, message: &impl Message) -> Detail {
    Detail {
        name,
        value: message.encode_to_vec(),
    }
}

/// Metadata are strings: what is not one is given as JSON.
fn flatten((name, value): (&String, &Value)) -> Entry {
    let value = match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    };
    Entry {
        key: name.clone(),
        value,
    }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ErrorInfo {
    #[prost(string, tag = "1")]
    pub(super) reason: String,
    #[prost(string, tag = "2")]
    pub(super) domain: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) metadata: Vec<Entry>,
}

/// One entry of a map, which on the wire is a list of such messages.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Entry {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<Duration>,
}

/// `google.protobuf.Duration`, in whole seconds.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Duration {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
}

/// `google.rpc.Help`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Help {
    #[prost(message, repeated, tag = "1")]
    pub(super) links: Vec<HelpLink>,
}

/// `google.rpc.Help.Link`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct HelpLink {
    #[prost(string, tag = "1")]
    pub(super) description: String,
    #[prost(string, tag = "2")]
    pub(super) url: String,
}
