//! Envoy Gateway itself, outside of a cluster: resources come from files, and its proxies are
//! processes that it starts.

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Request};
use crate::envoy;
use crate::process::{Process, command};
use crate::repository;

/// The version under which it looks for an Envoy. Which one it finds is not its business.
const ENVOY_VERSION: &str = "1.40.0";

/// V8 may compile modules for minutes before the admin interface answers.
const PATIENCE: Duration = Duration::from_mins(3);

/// A running Envoy Gateway. It listens at ports that are fixed, so it runs where
/// `e2e/envoy-gateway/isolated` has made room for it, and there is one at a time.
#[derive(Debug)]
pub struct EnvoyGateway {
    /// Its proxies end with it.
    process: Process,
    folder: TempDir,
}

impl EnvoyGateway {
    /// Starts it without any resource of ours. Its proxies have these secrets in their environment.
    pub fn start(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let gateway = Folders(folder.path());
        let envoys = gateway.data().join("envoy-versions");
        let envoy = envoys.join(ENVOY_VERSION).join("bin");
        for folder in [&gateway.resources(), &gateway.run(), &envoy] {
            fs::create_dir_all(folder).expect("a folder");
        }
        let binary_of_envoy = envoy::binary().canonicalize().expect("an Envoy");
        symlink(binary_of_envoy, envoy.join("envoy")).expect("a link");
        let certificates = env::var_os("CERTIFICATES").map(PathBuf::from);
        let certificates = certificates
            .expect("no certificates: `make test-envoy-gateway` runs this where they are");
        fs::write(
            gateway.resources().join("certificate.yaml"),
            certificate(&certificates.join("certs/envoy")).to_string(),
        )
        .expect("a file");
        let config = folder.path().join("envoy-gateway.yaml");
        fs::write(&config, gateway.config(&certificates).to_string()).expect("a file");
        let log = File::create(gateway.log()).expect("a file for the log");
        let mut server = command(&binary());
        server
            .args(["server", "--config-path"])
            .arg(config)
            .env("HOME", folder.path())
            .envs(secrets)
            .stdout(log.try_clone().expect("the log can be shared"))
            .stderr(log);
        let process = Process::start(server).expect("Envoy Gateway can be started");
        Self { process, folder }
    }

    /// What of a `GatewayClass` makes its proxies processes of this machine; `more` is the rest of the
    /// `EnvoyProxy`.
    pub fn class(namespace: &str, more: &Value) -> [Value; 2] {
        let mut spec = json!({
            "provider": {"type": "Host", "host": {"envoyVersion": ENVOY_VERSION}},
        });
        let members = more.as_object().into_iter().flatten();
        members.for_each(|(name, value)| spec[name] = value.clone());
        let proxy = json!({
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyProxy",
            "metadata": {"name": "own", "namespace": namespace},
            "spec": spec,
        });
        let class = json!({
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "own"},
            "spec": {
                "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                "parametersRef": {
                    "group": "gateway.envoyproxy.io",
                    "kind": "EnvoyProxy",
                    "name": "own",
                    "namespace": namespace,
                },
            },
        });
        [class, proxy]
    }

    /// Puts these resources in the place of those before, in one step.
    pub fn put(&self, resources: &[Value]) {
        let texts: Vec<String> = resources.iter().map(Value::to_string).collect();
        let written = self.folder.path().join("new.yaml");
        fs::write(&written, texts.join("\n---\n")).expect("a file");
        let resources = Folders(self.folder.path()).resources();
        fs::rename(written, resources.join("resources.yaml")).expect("a file");
    }

    /// The admin interfaces of its proxies, in the order in which they started.
    pub fn admins(&self) -> Vec<SocketAddr> {
        let mut files = Vec::new();
        addresses(&Folders(self.folder.path()).run(), &mut files);
        files.sort();
        let read = |(_, file): &(_, PathBuf)| fs::read_to_string(file).ok()?.trim().parse().ok();
        files.iter().filter_map(read).collect()
    }

    /// Asks the admin interface of one of them.
    pub fn admin_get(admin: SocketAddr, path: &str) -> String {
        let client = Client::http1(admin).patience(PATIENCE);
        client.send(Request::get(path)).text()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.exited().is_none()
    }

    /// Everything that it and its proxies logged so far.
    pub fn log(&self) -> String {
        let log = fs::read(Folders(self.folder.path()).log()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

/// The folders and files of one Envoy Gateway.
struct Folders<'a>(&'a Path);

impl Folders<'_> {
    fn resources(&self) -> PathBuf {
        self.0.join("resources")
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn run(&self) -> PathBuf {
        self.0.join("run")
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// `certificates` is the folder that has its own and those of its proxies.
    fn config(&self, certificates: &Path) -> Value {
        json!({
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyGateway",
            "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
            "provider": {
                "type": "Custom",
                "custom": {
                    "resource": {"type": "File", "file": {"paths": [self.resources()]}},
                    "infrastructure": {"type": "Host", "host": {
                        "configHome": certificates,
                        "dataHome": self.data(),
                        "stateHome": self.0.join("state"),
                        "runtimeDir": self.run(),
                    }},
                },
            },
            "extensionApis": {"enableBackend": true},
        })
    }
}

/// The certificate by which its proxies fetch modules. Without a cluster it makes one of its own for
/// that, of an authority that its other half does not know.
fn certificate(folder: &Path) -> Value {
    let read = |name: &str| STANDARD.encode(fs::read(folder.join(name)).expect("a certificate"));
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "envoy", "namespace": "envoy-gateway-system"},
        "type": "kubernetes.io/tls",
        "data": {
            "ca.crt": read("ca.crt"),
            "tls.crt": read("tls.crt"),
            "tls.key": read("tls.key"),
        },
    })
}

/// The files in which Envoys say where their admin interface is, with the time of each.
fn addresses(folder: &Path, found: &mut Vec<(std::time::SystemTime, PathBuf)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            addresses(&path, found);
        } else if path.ends_with("admin-address.txt") {
            let made = entry.metadata().and_then(|file| file.modified());
            found.push((made.expect("a time"), path));
        }
    }
}

/// The one that `make envoy-gateway` builds.
fn binary() -> PathBuf {
    let built = repository::root().join(".venv/tools/bin/envoy-gateway");
    assert!(
        built.is_file(),
        "Envoy Gateway is missing: run `make envoy-gateway`"
    );
    built
}
