//! The clients that the users of gRPC and Connect have.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::prost::Message;
use serde_json::{Value, json};

use super::descriptors;
use super::process::{Shared, go, node, python};
use super::rpc::Rpc;
use super::tonic;

/// The deadline of a call: a client tells it to the server, and gives up by itself.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

static GRPCIO: Shared = Shared::new(|| {
    let mut command = python("grpcio_client.py");
    // What it logs of a failed call, it also answers.
    command.env("GRPC_VERBOSITY", "NONE");
    command
});
static GRPC_JS: Shared = Shared::new(|| with_descriptors(node("grpc-js.js")));
static CONNECT: Shared = Shared::new(|| with_descriptors(node("connect.js")));
static GRPC_GO: Shared = Shared::new(|| go("grpc-go"));

/// A client library that people use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignClient {
    /// gRPC for Python, on the C core.
    Grpcio,
    /// gRPC for Node.js.
    GrpcJs,
    /// gRPC for Go.
    GrpcGo,
    /// gRPC for Rust.
    Tonic,
    /// Connect for Node.js, over HTTP/2.
    ConnectNode(ConnectProtocol),
    /// Connect for browsers, over `fetch` and HTTP/1.1. It does not speak gRPC.
    ConnectWeb(ConnectProtocol),
}

/// What a Connect client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectProtocol {
    /// Connect with messages in JSON.
    Json,
    /// Connect with messages in protobuf.
    Proto,
    /// gRPC-Web, binary.
    GrpcWeb,
    /// gRPC.
    Grpc,
}

impl ForeignClient {
    /// Those that speak gRPC.
    pub const GRPC: [Self; 5] = [
        Self::Grpcio,
        Self::GrpcJs,
        Self::GrpcGo,
        Self::Tonic,
        Self::ConnectNode(ConnectProtocol::Grpc),
    ];

    /// Those that speak gRPC-Web.
    pub const GRPC_WEB: [Self; 2] = [
        Self::ConnectNode(ConnectProtocol::GrpcWeb),
        Self::ConnectWeb(ConnectProtocol::GrpcWeb),
    ];

    /// Those that speak Connect.
    pub const CONNECT: [Self; 4] = [
        Self::ConnectNode(ConnectProtocol::Json),
        Self::ConnectNode(ConnectProtocol::Proto),
        Self::ConnectWeb(ConnectProtocol::Json),
        Self::ConnectWeb(ConnectProtocol::Proto),
    ];

    /// Calls a method and tells what the client made of the answer:
    ///
    /// - `code`: gRPC's name of the code, such as `NOT_FOUND`; `OK` for a success,
    /// - `message`: the client's own where it could read none,
    /// - `details`: a list; each has its `type`, such as `google.rpc.ErrorInfo`, and its members in
    ///   protobuf's JSON, or its octets as `value` in base64 where the client does not know the type;
    ///   one of Connect also has the `debug` that came with it,
    /// - `metadata`: headers and trailers in one, without those that carry the above; values of
    ///   `-bin` fields are in base64, and those of one name are joined by commas,
    /// - `messages`: how many messages came,
    ///
    /// or only an `error`, if the client failed in a way that is no status. A library without its
    /// packages panics; `make clients` fetches them.
    pub fn call(self, address: SocketAddr, rpc: &Rpc) -> Value {
        let method = descriptors::method(rpc);
        let message = descriptors::message(rpc, &method);
        let process = match self {
            Self::Tonic => return tonic::call(address, rpc, message, method.is_server_streaming()),
            Self::Grpcio => &GRPCIO,
            Self::GrpcJs => &GRPC_JS,
            Self::GrpcGo => &GRPC_GO,
            Self::ConnectNode(_) | Self::ConnectWeb(_) => &CONNECT,
        };
        process.ask(&json!({
            "library": self.library(),
            "protocol": self.protocol(),
            "address": address.to_string(),
            "authority": rpc.authority,
            "path": rpc.path,
            "streaming": method.is_server_streaming(),
            "message": BASE64_STANDARD.encode(message.encode_to_vec()),
            "metadata": rpc.metadata,
            "timeout_ms": DEADLINE.as_millis(),
        }))
    }

    fn library(self) -> &'static str {
        match self {
            Self::Grpcio => "grpcio",
            Self::GrpcJs => "grpc-js",
            Self::GrpcGo => "grpc-go",
            Self::Tonic => "tonic",
            Self::ConnectNode(_) => "connect-node",
            Self::ConnectWeb(_) => "connect-web",
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::ConnectNode(protocol) | Self::ConnectWeb(protocol) => match protocol {
                ConnectProtocol::Json => "connect+json",
                ConnectProtocol::Proto => "connect+proto",
                ConnectProtocol::GrpcWeb => "grpc-web",
                ConnectProtocol::Grpc => "grpc",
            },
            _ => "grpc",
        }
    }
}

fn with_descriptors(mut command: Command) -> Command {
    command.env("DESCRIPTORS", BASE64_STANDARD.encode(descriptors::set()));
    command
}
