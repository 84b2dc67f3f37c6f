//! Istio's own discovery server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde::Deserialize;
use tempfile::TempDir;
use thiserror::Error;

use super::mesh_control;
use crate::client::{Client, Request};

/// Istio's discovery server, with the resources that a test gives it in place of a cluster. It ends
/// with this value.
#[derive(Debug)]
pub struct Discovery {
    child: Child,
    /// The server ends when nobody holds it any more.
    stdin: Option<ChildStdin>,
    addresses: Addresses,
    folder: TempDir,
}

#[derive(Debug, Deserialize)]
struct Addresses {
    ads: SocketAddr,
    control: SocketAddr,
}

/// Resources that Istio's validation, which runs as a webhook in a cluster, does not let in.
#[derive(Debug, Error)]
#[error("Istio refuses the resources: {0}")]
pub struct Refused(pub String);

/// What Istio knows of its proxies.
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    /// The proxies that are connected.
    pub proxies: Vec<ProxyStatus>,
    /// How many responses proxies have refused, by Istio's short name of the type (`lds`, `ecds`):
    /// its metric `pilot_total_xds_rejects`.
    pub rejects: BTreeMap<String, f64>,
}

/// What Istio knows of a proxy.
#[derive(Debug, Clone, Deserialize)]
pub struct ProxyStatus {
    /// The proxy's id.
    pub node: String,
    /// What became of each type of resources, by its URL.
    pub types: BTreeMap<String, TypeStatus>,
}

/// What a proxy did with one type of resources.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TypeStatus {
    /// The nonce of what was sent last.
    #[serde(default)]
    pub sent: String,
    /// The nonce of what was taken last.
    #[serde(default)]
    pub acked: String,
    /// Why the proxy refused what was sent last; empty when it has taken it.
    #[serde(default)]
    pub error: String,
}

impl Discovery {
    /// Starts the server with these resources and this mesh config, both in YAML, and waits until it
    /// serves.
    ///
    /// # Panics
    /// It does not start; it says why on standard error.
    pub fn start(resources: &str, mesh_config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file of the server");
            path
        };
        let log = fs::File::create(folder.path().join("log")).expect("a file for the log");
        let mut child = Command::new(mesh_control::binary())
            .arg("discovery")
            .arg("--config")
            .arg(file("resources.yaml", resources))
            .arg("--mesh-config")
            .arg(file("mesh.yaml", mesh_config))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("mesh-control can be started");
        let stdin = child.stdin.take();
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it was piped");
        let read = BufReader::new(stdout).read_line(&mut line);
        let addresses = read.ok().and_then(|_| serde_json::from_str(&line).ok());
        let addresses = addresses.unwrap_or_else(|| {
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            panic!("Istio's discovery server does not start: {line}{log}")
        });
        Self {
            child,
            stdin,
            addresses,
            folder,
        }
    }

    /// Where proxies connect.
    pub fn ads(&self) -> SocketAddr {
        self.addresses.ads
    }

    /// Puts these resources in place of all that there are, as `kubectl apply --prune` does.
    ///
    /// # Errors
    /// Istio's validation refuses one. Nothing is changed then.
    pub fn put(&self, resources: &str) -> Result<(), Refused> {
        let request = Request::new("PUT", "/config").chunk(resources);
        let response = Client::http1(self.addresses.control).send(request);
        match response.status {
            200 => Ok(()),
            400 => Err(Refused(response.text())),
            other => panic!("PUT /config: {other}: {}", response.text()),
        }
    }

    /// What Istio knows of its proxies.
    pub fn status(&self) -> Status {
        let text = self.status_text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the status: {text}"))
    }

    /// The same as the server wrote it.
    pub fn status_text(&self) -> String {
        let response = Client::http1(self.addresses.control).send(Request::get("/status"));
        assert_eq!(response.status, 200, "{}", response.text());
        response.text()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
