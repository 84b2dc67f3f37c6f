//! A real etcd.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use rcgen::SanType;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::record::Record;
use super::server::{Server, binary};
use crate::authority::Authority;
use crate::client::{Client, Request};
use crate::config::{Cluster, Config, Store};
use crate::ports::reserve_address;

/// The versions of etcd that are tested: the oldest that is supported, and the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtcdVersion {
    /// 3.5.
    V3_5,
    /// 3.7.
    V3_7,
}

/// How an etcd is run.
#[derive(Debug, Clone)]
pub struct EtcdOptions {
    /// The version.
    pub version: EtcdVersion,
    /// Who may read and write which names; nobody else may then. Without, everybody may.
    pub user: Option<EtcdUser>,
    /// Whether the proxy reaches it by TLS, with a certificate of an authority of its own.
    pub tls: bool,
    /// More arguments.
    pub arguments: Vec<String>,
}

impl EtcdOptions {
    /// An etcd that is open to everybody, in the clear.
    pub fn new(version: EtcdVersion) -> Self {
        Self {
            version,
            user: None,
            tls: false,
            arguments: Vec::new(),
        }
    }
}

/// A user with one role.
#[derive(Debug, Clone)]
pub struct EtcdUser {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// What the names start with that it may read and write.
    pub prefix: String,
}

/// A running etcd of one node.
///
/// It always listens in the clear too, for the test's own eyes.
#[derive(Debug)]
pub struct Etcd {
    server: Server,
    plain: SocketAddr,
    secure: Option<SocketAddr>,
    authority: PathBuf,
    has_users: bool,
}

/// What a node needs to know before it starts.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) peer: SocketAddr,
}

impl Node {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            peer: reserve_address(),
        }
    }
}

const ROOT: &str = "root";

impl Etcd {
    /// Starts an etcd that is open to everybody, and waits until it serves.
    pub fn start(version: EtcdVersion) -> Self {
        Self::start_with(&EtcdOptions::new(version))
    }

    /// Starts an etcd and waits until it serves.
    pub fn start_with(options: &EtcdOptions) -> Self {
        let node = Node::new("one");
        let mut etcd = Self::node(options, &node, std::slice::from_ref(&node));
        etcd.server.wait_until_ready();
        if let Some(user) = &options.user {
            etcd.admit(user);
        }
        etcd
    }

    /// Starts one node of several, without waiting for it.
    pub(super) fn node(options: &EtcdOptions, node: &Node, all: &[Node]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plain = reserve_address();
        let secure = options.tls.then(reserve_address);
        let mut arguments = arguments(node, all, folder.path(), plain, secure);
        if secure.is_some() {
            arguments.extend(certificate(&folder));
        }
        arguments.extend(options.arguments.iter().cloned());
        let authority = folder.path().join("ca.pem");
        let program = match options.version {
            EtcdVersion::V3_5 => binary("ETCD_BIN", "etcd-3.5"),
            EtcdVersion::V3_7 => binary("ETCD_BIN", "etcd-3.7"),
        };
        Self {
            server: Server::start(program, folder, arguments, move || is_healthy(plain)),
            plain,
            secure,
            authority,
            has_users: false,
        }
    }

    /// Its process.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// The records whose names start like this, by name. It must serve.
    pub fn records(&self, prefix: &str) -> Vec<Record> {
        let found = self.ask("kv/range", &names_from(prefix));
        let mut leases = BTreeMap::new();
        let records = found["kvs"].as_array().map_or(&[][..], Vec::as_slice);
        records
            .iter()
            .map(|record| Record {
                name: String::from_utf8(octets(&record["key"])).expect("names are text"),
                value: octets(&record["value"]),
                ends_in: record["lease"].as_str().map(|lease| {
                    *leases
                        .entry(lease.to_owned())
                        .or_insert_with(|| self.left_of(lease))
                }),
            })
            .collect()
    }

    /// Asks by the JSON gateway: what `etcdctl` does, without it. Panics with what was refused.
    pub fn ask(&self, method: &str, message: &Value) -> Value {
        let mut request = Request::post(&format!("/v3/{method}"), message.to_string());
        if self.has_users && method != "auth/authenticate" {
            let login = json!({"name": ROOT, "password": ROOT});
            let token = self.ask("auth/authenticate", &login)["token"].take();
            request = request.header("authorization", token.as_str().expect("a token"));
        }
        let response = Client::http1(self.plain).send(request);
        assert_eq!(response.status, 200, "{method}: {}", response.text());
        response.json()
    }

    /// Whether this node leads.
    pub(super) fn leads(&self) -> bool {
        let status = self.ask("maintenance/status", &json!({}));
        status["leader"] == status["header"]["member_id"]
    }

    /// Waits until it serves.
    pub(super) fn wait_until_ready(&mut self) {
        self.server.wait_until_ready();
    }

    /// Where the proxy reaches it.
    pub fn address(&self) -> SocketAddr {
        self.secure.unwrap_or(self.plain)
    }

    /// Makes a user the only one beside root, and lets nobody in without a password.
    fn admit(&mut self, user: &EtcdUser) {
        let mut permission = names_from(&user.prefix);
        permission["permType"] = "READWRITE".into();
        let (name, password) = (&user.name, &user.password);
        for (method, message) in [
            ("auth/user/add", json!({"name": ROOT, "password": ROOT})),
            ("auth/user/grant", json!({"user": ROOT, "role": ROOT})),
            ("auth/role/add", json!({"name": "records"})),
            (
                "auth/role/grant",
                json!({"name": "records", "perm": permission}),
            ),
            ("auth/user/add", json!({"name": name, "password": password})),
            ("auth/user/grant", json!({"user": name, "role": "records"})),
            ("auth/enable", json!({})),
        ] {
            self.ask(method, &message);
        }
        self.has_users = true;
    }

    fn left_of(&self, lease: &str) -> Duration {
        let lease = self.ask("lease/timetolive", &json!({"ID": lease}));
        let seconds = lease["TTL"].as_str().and_then(|ttl| ttl.parse().ok());
        Duration::from_secs(seconds.unwrap_or(0))
    }
}

impl Store for Etcd {
    fn join(&self, config: Config, name: &str) -> Config {
        let mut cluster = Cluster::etcd(name, &[self.address()]);
        if self.secure.is_some() {
            cluster = cluster.trusting(&self.authority);
        }
        config.cluster(cluster)
    }
}

fn arguments(
    node: &Node,
    all: &[Node],
    folder: &Path,
    plain: SocketAddr,
    secure: Option<SocketAddr>,
) -> Vec<String> {
    let plain = format!("http://{plain}");
    let clients = secure.map_or_else(
        || plain.clone(),
        |secure| format!("{plain},https://{secure}"),
    );
    let peer = format!("http://{}", node.peer);
    let members: Vec<_> = all
        .iter()
        .map(|node| format!("{}=http://{}", node.name, node.peer))
        .collect();
    [
        ("--name", node.name.clone()),
        ("--data-dir", folder.join("data").display().to_string()),
        ("--listen-client-urls", clients.clone()),
        ("--advertise-client-urls", clients),
        ("--listen-peer-urls", peer.clone()),
        ("--initial-advertise-peer-urls", peer),
        ("--initial-cluster", members.join(",")),
        // What a killed process has written stays in the page cache, so no test needs the disk.
        ("--unsafe-no-fsync", "true".to_owned()),
        // The least that bcrypt takes: as it comes, a password costs 100 ms of CPU.
        ("--bcrypt-cost", "4".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| format!("{name}={value}"))
    .collect()
}

/// A certificate for the address of the loopback, and the arguments that name it.
fn certificate(folder: &TempDir) -> [String; 2] {
    let loopback = SanType::IpAddress(Ipv4Addr::LOCALHOST.into());
    let issued = Authority::new(folder.path()).issue("server", vec![loopback]);
    [
        format!("--cert-file={}", issued.certificate.display()),
        format!("--key-file={}", issued.key.display()),
    ]
}

/// `/health` is true where there is a leader and a read is answered.
fn is_healthy(address: SocketAddr) -> bool {
    Client::http1(address)
        .patience(Duration::from_secs(5))
        .try_send(Request::get("/health"))
        .is_ok_and(|response| response.status == 200)
}

/// The range of all names that start like this.
fn names_from(prefix: &str) -> Value {
    let mut end = prefix.as_bytes().to_vec();
    let last = end.last_mut().expect("a prefix");
    *last += 1;
    json!({"key": BASE64.encode(prefix), "range_end": BASE64.encode(end)})
}

fn octets(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_default();
    BASE64.decode(text).expect("the gateway writes base64")
}
