//! Makes the engine from the source of `jsonschema`: finds it, edits it, and leaves it in `OUT_DIR`.

#![warn(clippy::pedantic)]

mod edits;
mod source;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

use source::Source;

/// The version that the edits were written for.
const VERSION: &str = "0.60.2";

fn main() -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn make() -> Result<(), String> {
    let package = package()?;
    let mut source = Source::read(&package.join("src"))?;
    for edit in edits::EDITS {
        (edit.apply)(&mut source).map_err(|why| {
            format!(
                "jsonschema moved; the edit `{}` no longer applies: {why}",
                edit.name
            )
        })?;
    }
    let made = variable("OUT_DIR")?.join("jsonschema");
    source.write(&made)?;
    // The MIT licence asks for its notice wherever the source goes.
    fs::copy(package.join("LICENSE"), made.join("LICENSE"))
        .map(drop)
        .map_err(|error| format!("LICENSE of jsonschema: {error}"))
}

/// Where the package `jsonschema` is: what `Cargo.lock` says, from a registry, a mirror or a folder
/// of vendored crates alike. Cargo alone knows that, and tells nobody but who asks.
fn package() -> Result<PathBuf, String> {
    let mut command = Command::new(variable("CARGO")?);
    command
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(variable("CARGO_MANIFEST_DIR")?);
    let output = command
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "cargo metadata failed; `cargo fetch --locked` fetches what it needs: {said}"
        ));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    if let Some(root) = metadata["workspace_root"].as_str() {
        println!("cargo::rerun-if-changed={root}/Cargo.lock");
    }
    println!("cargo::rerun-if-changed=build");
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .find(|package| package["name"] == "jsonschema" && package["version"] == VERSION)
        .and_then(|package| Path::new(package["manifest_path"].as_str()?).parent())
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("Cargo.lock has no jsonschema {VERSION}, which the edits are for"))
}

fn variable(name: &str) -> Result<PathBuf, String> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| format!("{name} is not set"))
}
