//! An error with all ten messages of `google.rpc` and one of another type, as Google's own Python
//! packages wrote it: `grpcio-status` on the wire, `protobuf` as JSON.

use kit::problem::google_rpc::Status;
use prost::Message;
use serde_json::Value;

/// The value of `grpc-status-details-bin`.
pub(crate) const STATUS: &str = include_str!("samples/status.b64").trim_ascii();

/// The error.
pub(crate) fn status() -> Status {
    let octets = super::decode_base64(STATUS.as_bytes()).unwrap();
    Status::decode(&*octets).unwrap()
}

/// The details as JSON, in the same order.
pub(crate) fn details_as_json() -> Vec<Value> {
    serde_json::from_str(include_str!("samples/details.json")).unwrap()
}
