//! A real Envoy.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Request};
use crate::poll::poll;
use crate::process::{Process, command};
use crate::repository;

/// How many lines of the log tell why something failed.
const TAIL: usize = 60;

/// How an Envoy is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Worker threads. With one, all requests meet in the same VM; with more, a test sees what
    /// workers do not share.
    pub concurrency: u32,
    /// The log level, or levels: `debug`, or `info,wasm:debug`.
    pub log_level: String,
    /// Environment variables, for secrets that a module reads from its environment.
    pub env: Vec<(String, String)>,
    /// Further arguments of its command line.
    pub arguments: Vec<String>,
    /// How long it may take to be ready. Compiling a large module takes seconds on a busy machine.
    pub ready_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 1,
            // At its start `main` lists every extension there is: 60 long lines.
            log_level: "info,main:warning".to_owned(),
            env: Vec::new(),
            arguments: Vec::new(),
            ready_within: Duration::from_secs(90),
        }
    }
}

/// An Envoy that did not come up.
#[derive(Debug)]
pub struct StartError {
    /// How it ended, or that it was not ready in time.
    pub reason: String,
    /// Everything it logged: for a refused config, the refusal.
    pub log: String,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envoy {}:\n{}", self.reason, tail(&self.log))
    }
}

impl std::error::Error for StartError {}

/// A running Envoy. It ends when this value is dropped; when the test panicked, the end of its log
/// is printed first.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: SocketAddr,
    files: Files,
}

impl Envoy {
    /// Starts Envoy with a config and waits until it is ready.
    ///
    /// The admin address is the harness's: whatever the config says, it is a free loopback port.
    pub fn start(config: impl Into<Value>, options: &Options) -> Result<Self, StartError> {
        let files = Files::new();
        let mut config = config.into();
        config["admin"] = json!({
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
        });
        fs::write(files.config(), config.to_string()).expect("the config can be written");

        let mut command = command(&binary());
        command
            .arg("--config-path")
            .arg(files.config())
            .arg("--admin-address-path")
            .arg(files.admin_address())
            .arg("--disable-hot-restart")
            .args(["--concurrency", &options.concurrency.to_string()])
            // An access log is flushed every 10 s by default; no test waits that long, and thousands
            // of policy cases wait one after the other.
            .args(["--file-flush-interval-msec", "2"])
            .args(&options.arguments)
            .envs(options.env.iter().map(|(name, value)| (name, value)))
            .stdout(File::create(files.stdout()).expect("a file for stdout"))
            .stderr(File::create(files.log()).expect("a file for the log"));
        set_log_level(&mut command, &options.log_level);

        let mut process = Process::start(command).expect("Envoy can be started");
        let ready = poll(options.ready_within, || {
            if let Some(status) = process.exited() {
                return Some(Err(format!("ended with {status}")));
            }
            let admin = files.read_admin_address()?;
            is_ready(admin).then_some(Ok(admin))
        })
        .unwrap_or_else(|| Err(format!("was not ready within {:?}", options.ready_within)));
        match ready {
            Ok(admin) => Ok(Self {
                process,
                admin,
                files,
            }),
            Err(reason) => Err(StartError {
                reason,
                log: files.read_log(),
            }),
        }
    }

    /// The address of a listener. It is asked for each time, because a control plane may change the
    /// listeners.
    pub fn address(&self, listener: &str) -> SocketAddr {
        let addresses = self.addresses();
        *addresses
            .get(listener)
            .unwrap_or_else(|| panic!("no listener {listener} in {addresses:?}"))
    }

    /// The addresses of all listeners by name, as they are now.
    pub fn addresses(&self) -> BTreeMap<String, SocketAddr> {
        let listeners: Value = serde_json::from_str(&self.admin_get("/listeners?format=json"))
            .expect("the listeners are JSON");
        let address = |status: &Value| {
            let address = socket_address(&status["local_address"]["socket_address"])?;
            Some((status["name"].as_str()?.to_owned(), address))
        };
        let statuses = listeners["listener_statuses"].as_array();
        statuses.into_iter().flatten().filter_map(address).collect()
    }

    /// The address of the admin interface, for what scrapes it.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Whether it tells a reset of HTTP/2 from an end: Envoy 1.36 resets with `NO_ERROR`.
    pub fn resets_tell(&self) -> bool {
        !self.admin_get("/server_info").contains("/1.36.")
    }

    /// Asks the admin interface.
    pub fn admin_get(&self, path: &str) -> String {
        let response = Client::http1(self.admin).send(Request::get(path));
        assert_eq!(response.status, 200, "admin {path}: {}", response.text());
        response.text()
    }

    /// All counters and gauges by name.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.stats("")
    }

    /// The counters of the modules that have counted anything, by name: of a proxy with many
    /// listeners they are read in a moment, and all of its counters are not.
    pub fn module_counters(&self) -> BTreeMap<String, u64> {
        self.stats("&type=Counters&usedonly&filter=%5Ewasmcustom%5C.")
    }

    fn stats(&self, which: &str) -> BTreeMap<String, u64> {
        let stats: Value =
            serde_json::from_str(&self.admin_get(&format!("/stats?format=json{which}")))
                .expect("the stats are JSON");
        stats["stats"]
            .as_array()
            .expect("a list of stats")
            .iter()
            // Histograms have no value, text readouts no number.
            .filter_map(|stat| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?)))
            .collect()
    }

    /// Waits until a counter is at least this high, because what happens at the end of a stream is
    /// counted after the client has its answer. Panics if it does not get there.
    pub fn wait_for_counter(&self, name: &str, at_least: u64, within: Duration) {
        let value = || self.counters().get(name).copied();
        poll(within, || value().filter(|value| *value >= at_least))
            .unwrap_or_else(|| panic!("{name} is {:?}, not {at_least}, after {within:?}", value()));
    }

    /// Everything that it logged so far.
    pub fn log(&self) -> String {
        self.files.read_log()
    }

    /// Waits until the log contains a text; panics if it does not come.
    pub fn wait_for_log(&self, text: &str, within: Duration) {
        poll(within, || self.log().contains(text).then_some(()))
            .unwrap_or_else(|| panic!("no {text:?} in the log within {within:?}"));
    }

    /// The file of its standard output, where the access logs of the checked-in configs go.
    pub fn stdout(&self) -> PathBuf {
        self.files.stdout()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether it still runs: a fatal error of a module may end the whole process.
    pub fn is_running(&mut self) -> bool {
        self.process.exited().is_none()
    }

    /// Ends it now; the log stays readable.
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Kills it (`SIGKILL`): connections break, and what it had in mind is lost.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the end of Envoy's log ---\n{}", tail(&self.log()));
        }
    }
}

/// The files of one Envoy.
#[derive(Debug)]
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("envoy.json")
    }

    fn admin_address(&self) -> PathBuf {
        self.0.path().join("admin-address")
    }

    fn stdout(&self) -> PathBuf {
        self.0.path().join("stdout")
    }

    fn log(&self) -> PathBuf {
        self.0.path().join("log")
    }

    /// Where the admin interface listens, as soon as Envoy has written it.
    fn read_admin_address(&self) -> Option<SocketAddr> {
        fs::read_to_string(self.admin_address())
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// The log is text, but may quote octets of a request.
    fn read_log(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

/// `ENVOY_BIN`, or the one that `make envoy` installs.
pub(crate) fn binary() -> PathBuf {
    env::var_os("ENVOY_BIN")
        .map(PathBuf::from)
        .or_else(|| installed(repository::root()))
        .filter(|binary| binary.is_file())
        .expect("Envoy is missing: run `make envoy`, or set ENVOY_BIN")
}

/// The newest of the versions that `make envoy` has installed.
fn installed(root: &Path) -> Option<PathBuf> {
    fs::read_dir(root.join(".venv"))
        .ok()?
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin/envoy-real"))
        .filter(|binary| binary.is_file())
        .max()
}

/// Envoy takes the overall level and the levels of components by two arguments.
fn set_log_level(command: &mut std::process::Command, levels: &str) {
    let (components, overall): (Vec<_>, Vec<_>) =
        levels.split(',').partition(|level| level.contains(':'));
    for level in overall {
        command.args(["--log-level", level]);
    }
    if !components.is_empty() {
        command.args(["--component-log-level", &components.join(",")]);
    }
}

fn is_ready(admin: SocketAddr) -> bool {
    Client::http1(admin)
        .patience(Duration::from_secs(5))
        .try_send(Request::get("/ready"))
        .is_ok_and(|response| response.status == 200)
}

fn socket_address(value: &Value) -> Option<SocketAddr> {
    let ip = value["address"].as_str()?.parse().ok()?;
    let port = value["port_value"].as_u64()?.try_into().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
