//! A real Prometheus, and promtool.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Seek, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Request};
use crate::poll::poll;
use crate::process::{Process, command};
use crate::repository;

const READY_WITHIN: Duration = Duration::from_secs(20);

/// A running Prometheus that scrapes what `observability/prometheus.yaml` says and evaluates the
/// rules that it names.
///
/// Only what belongs to the machine is changed: the targets are the test's, and what happens every
/// quarter of a minute happens four times a second.
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

/// The value of a series now.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The labels, with the name of the metric as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// A label; empty where there is none, as Prometheus has it.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

impl Prometheus {
    /// Starts Prometheus in front of these targets, which are admin interfaces of Envoy.
    pub fn scraping(targets: &[SocketAddr]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("prometheus.yaml");
        fs::write(&config, checked_in(targets).to_string()).expect("the config can be written");
        let log = folder.path().join("log");
        let mut command = command(&binary("PROMETHEUS_BIN", "prometheus"));
        command
            .arg("--config.file")
            .arg(&config)
            .arg("--storage.tsdb.path")
            .arg(folder.path().join("data"))
            .args(["--web.listen-address", "127.0.0.1:0"])
            .stdout(File::create(folder.path().join("stdout")).expect("a file for stdout"))
            .stderr(File::create(&log).expect("a file for the log"));
        let mut process = Process::start(command).expect("Prometheus can be started");
        let address = poll(READY_WITHIN, || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let ended = process.exited();
            assert!(ended.is_none(), "Prometheus ended: {log}");
            listening(&log).filter(|address| is_ready(*address))
        })
        .unwrap_or_else(|| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            panic!("Prometheus is not ready after {READY_WITHIN:?}: {log}")
        });
        Self {
            address,
            _process: process,
            _folder: folder,
        }
    }

    /// What an expression says now: a sample for each series. Panics if it is not one that has
    /// series, or not an expression.
    pub fn query(&self, expression: &str) -> Vec<Sample> {
        let path = format!("/api/v1/query?query={}", percent_encoded(expression));
        let answer = Client::http1(self.address).send(Request::get(&path)).json();
        let result = &answer["data"]["result"];
        result
            .as_array()
            .filter(|_| answer["data"]["resultType"] == "vector")
            .unwrap_or_else(|| panic!("{expression}: {answer}"))
            .iter()
            .map(|series| sample(series).unwrap_or_else(|| panic!("{expression}: {series}")))
            .collect()
    }

    /// Waits until an expression has a series, because scrapes and rules take their time; panics if
    /// it gets none.
    pub fn wait_for(&self, expression: &str, within: Duration) -> Vec<Sample> {
        let found = || Some(self.query(expression)).filter(|found| !found.is_empty());
        poll(within, found).unwrap_or_else(|| {
            let names = self.query("count by (__name__) ({__name__=~'treaty_.+|ALERTS|up'})");
            panic!("no {expression} within {within:?}, among {names:#?}")
        })
    }
}

/// Runs promtool in a folder, with a text for it to read: what it printed, as an error where it
/// found a fault.
pub fn promtool(folder: &Path, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(input.as_bytes())
        .and_then(|()| file.rewind())
        .expect("the file can be written");
    let output = Command::new(binary("PROMTOOL_BIN", "promtool"))
        .current_dir(folder)
        .args(arguments)
        .stdin(file)
        .output()
        .expect("promtool can be started");
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        Err(printed)
    }
}

/// The binary that a variable names, or the one that `make prometheus` builds.
fn binary(variable: &str, name: &str) -> PathBuf {
    let built = || repository::root().join(".venv/tools/bin").join(name);
    let binary = env::var_os(variable).map_or_else(built, PathBuf::from);
    assert!(
        binary.is_file(),
        "{name} is missing: run `make prometheus`, or set {variable}"
    );
    binary
}

/// The config as it is checked in, in front of other targets and in a hurry.
fn checked_in(targets: &[SocketAddr]) -> Value {
    let folder = repository::root().join("observability");
    let text = fs::read_to_string(folder.join("prometheus.yaml")).expect("a config");
    let mut config: Value = serde_saphyr::from_str(&text).expect("the config is YAML");
    config["global"] = json!({"scrape_interval": "250ms", "evaluation_interval": "250ms"});
    for file in config["rule_files"].as_array_mut().expect("rule files") {
        *file = json!(folder.join(file.as_str().expect("a path")));
    }
    let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
    config["scrape_configs"][0]["static_configs"] = json!([{ "targets": targets }]);
    config
}

/// Where it listens, as soon as its log says so: Prometheus 3 tells the port that it got.
fn listening(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("\"Listening on\""))?;
    let (_, address) = line.split_once("address=")?;
    address.trim().parse().ok()
}

fn is_ready(address: SocketAddr) -> bool {
    Client::http1(address)
        .patience(Duration::from_secs(5))
        .try_send(Request::get("/-/ready"))
        .is_ok_and(|response| response.status == 200)
}

/// One series of an answer: its labels, and a pair of a time and a number in quotes.
fn sample(series: &Value) -> Option<Sample> {
    let labels = series["metric"].as_object()?.iter();
    Some(Sample {
        labels: labels
            .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect::<Option<_>>()?,
        value: series["value"][1].as_str()?.parse().ok()?,
    })
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for octet in text.bytes() {
        // Writing into a string cannot fail.
        let _ = write!(encoded, "%{octet:02X}");
    }
    encoded
}
