//! `envoy-configs/reference.yaml`: what Envoy does best, beside every filter, in an order that holds.

mod answers;
mod balance;
mod callers;
mod edge;
mod grpc;
mod limits;
mod mirror;
mod peers;
mod repeats;
mod transcoding;
mod watching;
