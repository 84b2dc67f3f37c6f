//! Generates the gRPC clients of `tests/mesh.rs` from the protos of the services, as payments does,
//! and keeps the descriptors for clients without generated code.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=services/proto");
    let mut descriptors = protox::compile(
        [
            "acme/orders/v1/orders.proto",
            "acme/orders/v2/orders.proto",
            "acme/payments/v1/payments.proto",
            "acme/payments/v2/payments.proto",
        ],
        ["services/proto"],
    )?;
    // Comments and places are of no use to anybody who has descriptors alone.
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
    let file = Path::new(&env::var("OUT_DIR")?).join("services.binpb");
    fs::write(file, descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(descriptors)?;
    Ok(())
}
