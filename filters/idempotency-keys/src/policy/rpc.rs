//! What a policy knows of RPC methods.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deserr::Deserr;
use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use super::settings::Layers;
use crate::rpc::{Descriptors, Methods, Streams};

/// What is known of RPC methods. On the wire of gRPC a unary call looks like a stream, and only
/// unary calls can be keyed.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Rpc", deny_unknown_fields)
)]
pub(super) struct RpcEntry {
    /// Unary methods, such as `acme.orders.v1.Orders/Create`, and services all of whose methods are
    /// unary, such as `acme.orders.v1.Orders/*`.
    #[cfg_attr(feature = "schema", schemars(default))]
    unary: Vec<UnaryMethod>,
    /// A `google.protobuf.FileDescriptorSet` in base64, whose unary methods are known.
    descriptors: Option<DescriptorSet>,
    /// What happens to a key on a call that is not known to be unary; `refuse` without it.
    streams: Option<StreamsEntry>,
}

object_value!(RpcEntry {
    unary: list "unary",
    descriptors: optional "descriptors",
    streams: optional "streams",
});

/// A unary method, or all methods of a service.
#[derive(Debug)]
enum UnaryMethod {
    /// The path of a method, such as `/acme.orders.v1.Orders/Create`.
    One(String),
    /// What the paths of a service begin with, such as `/acme.orders.v1.Orders/`.
    Service(String),
}

impl FromStr for UnaryMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a method or all methods of a service, such as \
                        \"acme.orders.v1.Orders/Create\" or \"acme.orders.v1.Orders/*\"";
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.bytes().all(fits)
        };
        match text.split_once('/') {
            Some((service, _)) if text.len() > 256 || !service.split('.').all(is_name) => None,
            Some((service, "*")) => Some(Self::Service(format!("/{service}/"))),
            Some((service, method)) if is_name(method) => {
                Some(Self::One(format!("/{service}/{method}")))
            }
            _ => None,
        }
        .ok_or_else(|| expected.to_owned())
    }
}

string_value!(UnaryMethod, {
    "type": "string",
    "description": "A method such as \"acme.orders.v1.Orders/Create\", or all methods of a service, such as \"acme.orders.v1.Orders/*\".",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*/([A-Za-z_][A-Za-z0-9_]*|\\*)$"
});

/// The most octets of base64 that are read.
const MOST_BASE64: usize = 1_048_576;

/// A `google.protobuf.FileDescriptorSet` in base64.
#[derive(Debug)]
struct DescriptorSet(Descriptors);

impl FromStr for DescriptorSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BASE64 {
            return Err("expected at most 1 MiB of base64".into());
        }
        let octets = STANDARD.decode(text);
        let octets = octets.map_err(|_| "expected base64 (RFC 4648 section 4)".to_owned())?;
        Descriptors::read(&octets)
            .map(Self)
            .map_err(|why| why.to_string())
    }
}

string_value!(DescriptorSet, {
    "type": "string",
    "description": "A google.protobuf.FileDescriptorSet in base64, as `protoc --include_imports --descriptor_set_out` or `buf build` make it.",
    "contentEncoding": "base64"
});

/// What happens to a key on a call that is not known to be unary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Streams", rename_all = "camelCase")
)]
enum StreamsEntry {
    /// The call is refused, so that nobody relies on a promise that does not hold.
    Refuse,
    /// The call passes, and its key means nothing.
    Pass,
}

/// What the rule knows of RPC methods.
pub(super) fn check(layers: &Layers<'_>, findings: &mut Findings) -> Methods {
    let Some(placed) = layers.pick("rpc", |own| own.rpc.as_ref()) else {
        return Methods::default();
    };
    let own = placed.value;
    let mut methods = Methods {
        streams: match own.streams {
            None | Some(StreamsEntry::Refuse) => Streams::Refuse,
            Some(StreamsEntry::Pass) => Streams::Pass,
        },
        ..Methods::default()
    };
    let described = own.descriptors.as_ref().map(|set| &set.0);
    let at = child(&placed.at, "unary");
    for (index, method) in own.unary.iter().enumerate() {
        let streams = described.is_some_and(|described| match method {
            UnaryMethod::One(path) => described.streams(path),
            UnaryMethod::Service(prefix) => described.streams_below(prefix),
        });
        if streams {
            findings.add(
                child(&at, index),
                "has a method that is a stream, as `descriptors` say; expected unary methods",
            );
        }
        match method {
            UnaryMethod::One(path) => methods.unary.push(path.clone()),
            UnaryMethod::Service(prefix) => methods.unary_services.push(prefix.clone()),
        }
    }
    if let Some(described) = described {
        methods.unary.extend(described.unary().map(str::to_owned));
    }
    methods
}
