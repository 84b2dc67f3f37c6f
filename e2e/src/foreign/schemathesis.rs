//! schemathesis, which reads an `OpenAPI` document by itself and makes requests of it: some that keep
//! to it, and some that break it in one place or more.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::repository;

/// What schemathesis is to do.
#[derive(Debug, Clone, Copy)]
pub struct Schemathesis<'a> {
    /// The `OpenAPI` document, as JSON or YAML.
    pub contract: &'a Path,
    /// Where requests go.
    pub address: SocketAddr,
    /// From which the requests are made: the same seed makes the same ones, as long as the answers
    /// are the same.
    pub seed: u64,
    /// How many requests it makes up for each operation, besides those that try each limit of the
    /// document once.
    pub examples: u32,
    /// Whether it sends nothing that breaks the document.
    pub only_valid: bool,
    /// What answers are held to, by schemathesis' own names, such as
    /// `response_schema_conformance`.
    pub checks: &'a [&'a str],
}

/// A request of schemathesis, and what it has to say of the answer.
#[derive(Debug, Clone)]
pub struct ContractCase {
    /// The id, which the request tells in [`ContractCase::ID`].
    pub id: String,
    /// Whether schemathesis holds the request to be valid.
    pub is_valid: bool,
    /// What is wrong with it, or tried in it, in words.
    pub description: String,
    /// The method, and the path as the document has it.
    pub operation: String,
    /// The request's line and its content, for people.
    pub shown: String,
    /// The status of the answer; `None` where there was none.
    pub status: Option<u16>,
    /// The checks that the answer failed, in words.
    pub failures: Vec<String>,
}

impl ContractCase {
    /// The header field that carries the id of a request.
    pub const ID: &'static str = "x-schemathesis-testcaseid";
}

impl Schemathesis<'_> {
    /// Sends all requests, one after the other, and returns them with their answers. Panics if
    /// schemathesis itself fails.
    pub fn run(&self) -> Vec<ContractCase> {
        // It keeps what it learned where it runs, and would use it the next time.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let report = folder.path().join("report.ndjson");
        let output = Command::new(program())
            .current_dir(folder.path())
            .arg("run")
            .arg(self.contract)
            .args(["--url", &format!("http://{}", self.address)])
            .args(["--seed", &self.seed.to_string()])
            .args(["--max-examples", &self.examples.to_string()])
            .args(["--phases", "examples,coverage,fuzzing"])
            .args(["--mode", if self.only_valid { "positive" } else { "all" }])
            .args(["--checks", &self.checks.join(",")])
            .args(["--workers", "1", "--generation-database", "none"])
            .args(["--continue-on-failure", "--no-shrink", "--no-color"])
            // A busy machine makes data slowly, which is no fault of the contract.
            .args(["--suppress-health-check", "all"])
            .args(["--report", "ndjson", "--output-sanitize", "false"])
            .arg("--report-ndjson-path")
            .arg(&report)
            .output()
            .expect("schemathesis can be started");
        let events = fs::read_to_string(&report).unwrap_or_default();
        let cases: Vec<_> = events.lines().flat_map(cases).collect();
        // 1 is that a check failed.
        assert!(
            matches!(output.status.code(), Some(0 | 1)) && !cases.is_empty(),
            "schemathesis ended with {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        cases
    }
}

fn program() -> PathBuf {
    let program = repository::root().join(".venv/contracts/bin/schemathesis");
    assert!(
        program.is_file(),
        "{} is missing: run `make contracts`",
        program.display()
    );
    program
}

/// A line of the report. There are other events, without cases.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "ScenarioFinished")]
    scenario: Option<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    recorder: Recorder,
}

/// What happened in a scenario, by the ids of its cases.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Recorder {
    cases: BTreeMap<String, Case>,
    interactions: BTreeMap<String, Interaction>,
    checks: BTreeMap<String, Vec<Check>>,
}

#[derive(Deserialize)]
struct Case {
    value: CaseValue,
}

#[derive(Deserialize)]
struct CaseValue {
    method: String,
    path: String,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    generation: Generation,
    phase: Phase,
}

#[derive(Deserialize)]
struct Generation {
    mode: String,
}

#[derive(Deserialize)]
struct Phase {
    data: Option<PhaseData>,
}

#[derive(Deserialize)]
struct PhaseData {
    description: Option<String>,
    parameter: Option<String>,
}

#[derive(Deserialize)]
struct Interaction {
    request: serde_json::Value,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    status_code: u16,
}

#[derive(Deserialize)]
struct Check {
    name: String,
    status: String,
    failure_info: Option<serde_json::Value>,
}

/// The cases of one line of the report that were sent.
fn cases(line: &str) -> Vec<ContractCase> {
    let event: Event = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let Recorder {
        cases,
        mut interactions,
        mut checks,
    } = event
        .scenario
        .map(|scenario| scenario.recorder)
        .unwrap_or_default();
    let mut sent = Vec::new();
    for (id, Case { value: case }) in cases {
        if let Some(interaction) = interactions.remove(&id) {
            let checks = checks.remove(&id).unwrap_or_default();
            sent.push(contract_case(id, &case, &interaction, &checks));
        }
    }
    sent
}

fn contract_case(
    id: String,
    case: &CaseValue,
    interaction: &Interaction,
    checks: &[Check],
) -> ContractCase {
    let data = case.meta.phase.data.as_ref();
    let part = |part: Option<&String>| part.cloned().unwrap_or_default();
    let failed = checks.iter().filter(|check| check.status == "failure");
    ContractCase {
        id,
        is_valid: case.meta.generation.mode == "positive",
        description: format!(
            "{} {}",
            part(data.and_then(|data| data.parameter.as_ref())),
            part(data.and_then(|data| data.description.as_ref()))
        ),
        operation: format!("{} {}", case.method, case.path),
        shown: interaction.request.to_string(),
        status: interaction.response.as_ref().map(|own| own.status_code),
        failures: failed
            .map(|check| {
                let info = check.failure_info.as_ref().map(ToString::to_string);
                format!("{}: {}", check.name, info.unwrap_or_default())
            })
            .collect(),
    }
}
