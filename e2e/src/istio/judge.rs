//! What an API server would say about manifests.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::mesh_control;

/// What an API server says about one document of a file.
#[derive(Debug, Clone, Deserialize)]
pub struct Judgement {
    /// The file.
    pub file: PathBuf,
    /// The how-manieth document of the file it is, from 0.
    pub index: usize,
    /// Its kind.
    pub kind: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Why it is refused; nothing where it is taken.
    #[serde(default)]
    pub errors: Vec<String>,
    /// Why it is not for an API server at all, such as a kustomization.
    #[serde(default)]
    pub skipped: Option<String>,
}

/// Holds every document of these files to the CRDs of Istio, Gateway API and Envoy Gateway, as an API
/// server does.
///
/// # Panics
/// The program does not run, or its exit code contradicts what it says.
pub fn judge<P: AsRef<Path>>(files: &[P]) -> Vec<Judgement> {
    let output = Command::new(mesh_control::binary())
        .arg("judge")
        .args(files.iter().map(AsRef::as_ref))
        .output()
        .expect("mesh-control can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    let read = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in the line: {line}"))
    };
    let judgements: Vec<Judgement> = told.lines().map(read).collect();
    let refuses = judgements.iter().any(|found| !found.errors.is_empty());
    assert_eq!(
        output.status.code(),
        Some(i32::from(refuses)),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    judgements
}
