//! Messages of gRPC, as a scripted service reads and writes them.

use e2e::{Answer, Seen};
use prost::Message;

/// The first message of a request.
pub(crate) fn read<M: Message + Default>(seen: &Seen) -> M {
    M::decode(&seen.body[5..]).expect("a message after its prefix")
}

/// An answer of one message.
pub(crate) fn answer(message: &impl Message) -> Answer {
    let octets = message.encode_to_vec();
    let length = u32::try_from(octets.len()).expect("a short message");
    let prefix = [&[0], &length.to_be_bytes()[..]].concat();
    Answer::status(200)
        .header("content-type", "application/grpc")
        .chunk([prefix, octets].concat())
        .trailer("grpc-status", "0")
}

/// An answer that is an error alone.
pub(crate) fn error(status: &str, message: &str) -> Answer {
    Answer::status(200)
        .header("content-type", "application/grpc")
        .header("grpc-status", status)
        .header("grpc-message", message)
}

/// `acme.orders.v1.Order`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Order {
    #[prost(int64, tag = "1")]
    pub(crate) id: i64,
    #[prost(int64, tag = "2")]
    pub(crate) amount_minor: i64,
    #[prost(string, tag = "3")]
    pub(crate) currency: String,
    #[prost(string, repeated, tag = "4")]
    pub(crate) lines: Vec<String>,
}

/// `acme.orders.v1.GetOrderRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetOrderRequest {
    #[prost(int64, tag = "1")]
    pub(crate) id: i64,
}

/// `acme.orders.v1.CreateOrderRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateOrderRequest {
    #[prost(int64, tag = "1")]
    pub(crate) amount_minor: i64,
    #[prost(string, tag = "2")]
    pub(crate) currency: String,
    #[prost(string, repeated, tag = "3")]
    pub(crate) lines: Vec<String>,
}

/// `envoy.service.ratelimit.v3.RateLimitRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RateLimitRequest {
    #[prost(string, tag = "1")]
    pub(crate) domain: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) descriptors: Vec<Descriptor>,
}

/// What a limit is for.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Descriptor {
    #[prost(message, repeated, tag = "1")]
    pub(crate) entries: Vec<Entry>,
}

/// A part of it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Entry {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// `envoy.service.ratelimit.v3.RateLimitResponse`: 1 is OK, 2 is over the limit.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RateLimitResponse {
    #[prost(int32, tag = "1")]
    pub(crate) overall_code: i32,
}

/// `grpc.health.v1.HealthCheckResponse`: 1 is serving.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
}
