//! Generates the gRPC clients of `tests/mesh.rs` from the protos of the services, as payments does.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=services/proto");
    let descriptors = protox::compile(
        [
            "acme/orders/v1/orders.proto",
            "acme/orders/v2/orders.proto",
            "acme/payments/v2/payments.proto",
        ],
        ["services/proto"],
    )?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(descriptors)?;
    Ok(())
}
