//! Writes what `envoy-configs/reference.yaml` needs beside it to `.run/credentials`.

use std::fs;

use e2e::Credentials;

fn main() -> std::io::Result<()> {
    let folder = e2e::root().join(".run/credentials");
    fs::create_dir_all(&folder)?;
    Credentials::write(&folder);
    println!("written to {}", folder.display());
    Ok(())
}
