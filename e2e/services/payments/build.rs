//! Generates the gRPC code from the protos that the orders service shares.
//!
//! The protos are compiled by protox, so that a build needs no `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../proto");
    let descriptors = protox::compile(
        [
            "acme/orders/v1/orders.proto",
            "acme/payments/v1/payments.proto",
            "acme/payments/v2/payments.proto",
        ],
        ["../proto"],
    )?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
