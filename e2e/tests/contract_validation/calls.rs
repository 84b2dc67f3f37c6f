//! Contracts in protobuf, and messages as they are on the wire.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::Request;
use protox::Compiler;
use serde_json::{Value, json};

/// As much of protovalidate's `buf/validate/validate.proto` as these contracts need.
const RULES: &str = r#"
    syntax = "proto2";
    package buf.validate;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
    message FieldRules {
      optional bool required = 25;
      oneof type { Int32Rules int32 = 3; StringRules string = 14; }
    }
    message Int32Rules { oneof greater_than { int32 gt = 4; } }
    message StringRules { optional uint64 max_len = 3; }
"#;

/// A service with a method of each kind.
const CHAT: &str = r#"
    syntax = "proto3";
    package chat.v1;
    import "buf/validate/validate.proto";
    service Chat {
      rpc Say(Line) returns (Line);
      rpc Upload(stream Line) returns (Line);
      rpc Watch(Line) returns (stream Line);
      rpc Talk(stream Line) returns (stream Line);
    }
    message Line {
      string text = 1 [(buf.validate.field).required = true, (buf.validate.field).string.max_len = 40];
    }
"#;

/// The contract of the chat.
pub(crate) fn chat() -> String {
    compile("chat.proto", CHAT)
}

/// The contract of the orders of the example services, which asks for more than their protos do: an
/// order has a total, and somebody who watches says how many.
pub(crate) fn orders() -> String {
    let file = "services/proto/acme/orders/v2/orders.proto";
    let mut text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    for (plain, ruled) in [
        (
            "package acme.orders.v2;",
            "package acme.orders.v2; import \"buf/validate/validate.proto\";",
        ),
        (
            "message CreateOrderRequest {\n  Money total = 1;",
            "message CreateOrderRequest {\n  Money total = 1 [(buf.validate.field).required = true];",
        ),
        (
            "ends.\n  int32 count = 1;",
            "ends.\n  int32 count = 1 [(buf.validate.field).int32.gt = 0];",
        ),
    ] {
        assert!(text.contains(plain), "{plain:?} is not in {file}");
        text = text.replace(plain, ruled);
    }
    compile("orders.proto", &text)
}

/// A set of descriptors as a policy has it.
fn compile(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("buf/validate/validate.proto", RULES);
    write(name, text);
    let mut compiler = Compiler::new([folder.path()]).unwrap();
    compiler.include_imports(true).open_file(name).unwrap();
    BASE64_STANDARD.encode(compiler.encode_file_descriptor_set())
}

/// A policy that holds calls to such a contract, in both directions as far as the form can.
pub(crate) fn policy(contract: &str, form: &str) -> Value {
    let response = if form == "held" { "enforce" } else { "report" };
    json!({
        "version": 1,
        "mode": "enforce",
        "form": form,
        "contracts": [{"name": "shop", "protobuf": contract}],
        "defaults": {
            "response": {"mode": response, "sample": 100},
            "unknownPath": "reject",
            "unknownMethod": "reject",
        },
        "rules": [{"name": "all"}],
    })
}

/// A protocol in which a call is made, and the codec of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Grpc,
    ConnectProto,
    ConnectJson,
}

impl Dialect {
    pub(crate) const ALL: [Self; 3] = [Self::Grpc, Self::ConnectProto, Self::ConnectJson];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Grpc => "application/grpc",
            Self::ConnectProto => "application/connect+proto",
            Self::ConnectJson => "application/connect+json",
        }
    }

    /// The head of a streaming call of the chat.
    pub(crate) fn call(self, method: &str) -> Request {
        let request = Request::new("POST", &format!("/chat.v1.Chat/{method}"));
        let request = request.header("content-type", self.media_type());
        match self {
            Self::Grpc => request.header("te", "trailers"),
            _ => request.header("connect-protocol-version", "1"),
        }
    }

    /// A line in its frame; without a text it is none that the contract allows.
    pub(crate) fn line(self, text: &str) -> Vec<u8> {
        match self {
            Self::ConnectJson if text.is_empty() => frame(0, b"{}"),
            Self::ConnectJson => frame(0, json!({"text": text}).to_string().as_bytes()),
            _ => frame(0, &line(text)),
        }
    }
}

/// A line in protobuf.
pub(crate) fn line(text: &str) -> Vec<u8> {
    if text.is_empty() {
        return Vec::new();
    }
    let length = u8::try_from(text.len()).unwrap();
    [&[0x0a, length], text.as_bytes()].concat()
}

/// A frame of gRPC, gRPC-Web or Connect.
pub(crate) fn frame(flags: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[flags], &length.to_be_bytes()[..], content].concat()
}
