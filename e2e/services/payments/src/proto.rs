//! The messages and services that `build.rs` generates from the protos.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code is not ours to tidy, and holds more than one service needs"
)]

pub(crate) mod orders {
    pub(crate) mod v1 {
        tonic::include_proto!("acme.orders.v1");
    }
}

pub(crate) mod payments {
    pub(crate) mod v1 {
        tonic::include_proto!("acme.payments.v1");
    }
    pub(crate) mod v2 {
        tonic::include_proto!("acme.payments.v2");
    }
}
