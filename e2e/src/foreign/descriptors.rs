//! The types that clients without generated code need.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tonic_types::pb;

use super::rpc::Rpc;

/// The protos of the services, which `build.rs` compiled.
const SERVICES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.binpb"));

/// A serialised `FileDescriptorSet` of the services and of google.rpc. Protobuf reads two messages
/// one after the other as one.
pub(super) fn set() -> Vec<u8> {
    [SERVICES, pb::FILE_DESCRIPTOR_SET].concat()
}

/// The method that a call names.
pub(super) fn method(rpc: &Rpc) -> MethodDescriptor {
    let (service, name) = rpc
        .path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or_else(|| panic!("{} is not /package.Service/Method", rpc.path));
    pool()
        .get_service_by_name(service)
        .and_then(|service| service.methods().find(|method| method.name() == name))
        .unwrap_or_else(|| panic!("{} is not in the protos of the services", rpc.path))
}

/// The message of a call.
pub(super) fn message(rpc: &Rpc, method: &MethodDescriptor) -> DynamicMessage {
    DynamicMessage::deserialize(method.input(), &rpc.message)
        .unwrap_or_else(|error| panic!("the message of {}: {error}", rpc.path))
}

/// A message in protobuf's JSON, or `None` if its type is not known.
pub(super) fn to_json(name: &str, octets: &[u8]) -> Option<Value> {
    let descriptor = pool().get_message_by_name(name)?;
    Some(DynamicMessage::decode(descriptor, octets).map_or_else(
        |error| json!({"undecodable": error.to_string()}),
        |message| serde_json::to_value(message).expect("a message of a known type is JSON"),
    ))
}

fn pool() -> &'static DescriptorPool {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(set().as_slice()).expect("the compiled protos"));
    &POOL
}
