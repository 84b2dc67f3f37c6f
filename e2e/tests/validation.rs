//! Every config that is shipped is one for the oldest Envoy that is supported and for the newest.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::{Credentials, dist, root};

/// What a config says that spans of an older Envoy cannot carry out.
const NEEDS_1_37: &str = "Needs Envoy 1.37 or later";

/// An Envoy: the variable that names it, or the one that `make envoy` fetches.
fn envoy(variable: &str, version: &str) -> PathBuf {
    let fetched = || root().join(format!(".venv/envoy-{version}/bin/envoy-real"));
    let envoy = env::var_os(variable).map_or_else(fetched, PathBuf::from);
    assert!(
        envoy.is_file(),
        "{} is missing: run `make envoy ENVOY_VERSION={version}`, or set {variable}",
        envoy.display()
    );
    envoy
}

fn is_older_than_1_37(envoy: &Path) -> bool {
    let version = Command::new(envoy).arg("--version").output().unwrap();
    String::from_utf8_lossy(&version.stdout).contains("/1.36.")
}

/// Has Envoy load every config as it stands, but for where modules and credentials lie.
fn validate_all(envoy: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials::write(folder.path());
    let modules = format!("filename: {}/", dist().display());
    let is_old = is_older_than_1_37(envoy);
    let mut seen = 0;
    for file in root().join("envoy-configs").read_dir().unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let text = credentials
            .put_into(&text)
            .replace("filename: dist/", &modules);
        let copy = folder.path().join(file.file_name().unwrap());
        fs::write(&copy, &text).unwrap();
        let ended = Command::new(envoy)
            .args([
                "--mode",
                "validate",
                "--log-level",
                "error",
                "--config-path",
            ])
            .arg(&copy)
            .output()
            .unwrap();
        let told = [ended.stdout, ended.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        let name = file.display();
        if is_old && text.contains(NEEDS_1_37) {
            assert!(!ended.status.success(), "{name} is taken after all");
            assert!(
                told.contains(".tracing") && told.contains("unknown fields"),
                "{name}: {told}"
            );
        } else {
            assert!(ended.status.success(), "{name}: {told}");
        }
        seen += 1;
    }
    assert!(seen >= 11, "{seen} configs");
}

#[test]
fn every_config_is_valid_for_the_oldest_envoy() {
    let oldest = envoy("ENVOY_OLDEST_BIN", "1.36.4");
    assert!(is_older_than_1_37(&oldest));
    validate_all(&oldest);
}

#[test]
fn every_config_is_valid_for_the_newest_envoy() {
    validate_all(&envoy("ENVOY_BIN", "1.40.0"));
}
