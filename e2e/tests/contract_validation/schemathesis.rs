//! schemathesis reads the contracts by itself. What it holds to be invalid never reaches a service,
//! what it holds to be valid always does, and whatever it sends, no error is ours.

use std::collections::{BTreeMap, BTreeSet};

use e2e::{ContractCase, Route, Schemathesis};
use serde_json::{Value, json};

use crate::published::{
    Running, SERVICES, Told, contract, contract_file, envoy, listener, operations, policy,
};

/// The requests differ with it; what is asserted does not.
const SEED: u64 = 5;

/// What answers are held to: all in which they may break a contract.
const CONFORMANCE: [&str; 4] = [
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
];

/// Everything that a contract leaves open is refused too: schemathesis holds it to be invalid.
fn settings() -> Value {
    json!({
        "request": {"undeclared": "reject", "hidden": "reject"},
        "response": {
            "mode": "enforce",
            "sample": 100,
            "undeclared": "reject",
            "portability": {"nullForArray": "repair"},
        },
        "unknownPath": "reject",
        "unknownMethod": "reject",
    })
}

/// What became of the cases of schemathesis.
struct Judged {
    cases: Vec<ContractCase>,
    /// What the access log says, by the ids of the cases.
    told: BTreeMap<String, Value>,
    /// The operations that have content, by method and path.
    with_content: BTreeSet<String>,
    /// How many calls the service logged itself.
    served: usize,
}

impl Judged {
    /// Has schemathesis exercise one service through an Envoy that enforces its contract.
    fn through_envoy(service: &str) -> Self {
        let running = Running::start();
        let told = Told::new();
        let policy = policy(service, service, "enforce", &settings());
        let listener = listener("edge", &policy).route(Route::prefix("/", service));
        let listener = told.by(listener, ContractCase::ID);
        let envoy = envoy(running.clusters().listener(listener));
        let cases = Schemathesis {
            contract: &contract_file(service),
            address: envoy.address("edge"),
            seed: SEED,
            examples: 15,
            only_valid: false,
            checks: &CONFORMANCE,
        }
        .run();
        let lines = cases
            .iter()
            .map(|case| (case.id.clone(), told.of(&case.id)));
        let told = lines.collect();
        let log = envoy.log();
        assert!(!log.contains("panicked at") && !log.contains("Wasm VM failed"));
        Self {
            cases,
            told,
            with_content: with_content(service),
            served: served(&running.of(service).log()),
        }
    }

    /// Whether a case breaks the contract. schemathesis holds any request to do so whose
    /// `Content-Type` is multipart without a boundary; where no content is declared and none is
    /// sent, the contract says nothing of the field.
    fn is_invalid(&self, case: &ContractCase) -> bool {
        let says_nothing = case
            .description
            .contains("multipart/form-data without boundary")
            && !self.with_content.contains(&case.operation);
        !case.is_valid && !says_nothing
    }

    fn arrived(&self, case: &ContractCase) -> bool {
        self.told[&case.id]["upstream"].is_string()
    }

    /// The cases of which this holds, for people.
    fn those(&self, holds: impl Fn(&ContractCase) -> bool) -> Vec<String> {
        let all = self.cases.iter().filter(|case| holds(case));
        all.map(|case| {
            format!(
                "{} | {} | {} {:?} {}",
                case.operation, case.description, case.shown, case.status, self.told[&case.id]
            )
        })
        .collect()
    }
}

/// The operations of a contract that have content, by method and path.
fn with_content(service: &str) -> BTreeSet<String> {
    let contract = contract(service);
    let items = contract["paths"].as_object().unwrap().iter();
    let operations = items.flat_map(|(path, item)| {
        let members = item.as_object().unwrap().iter();
        members
            .filter(|(_, member)| member.get("requestBody").is_some())
            .map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

/// How many calls a service logged.
fn served(log: &str) -> usize {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &Value| line["path"].is_string() && line["status"].is_u64())
        .count()
}

fn assert_none(cases: &[String], what: &str) {
    let shown = cases.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    assert!(
        cases.is_empty(),
        "{} {what}, such as:\n{shown}",
        cases.len()
    );
}

fn is_held_to_its_contract(service: &str) {
    let judged = Judged::through_envoy(service);
    assert_none(
        &judged.those(|case| judged.is_invalid(case) && judged.arrived(case)),
        "invalid requests reached the service",
    );
    assert_none(
        &judged.those(|case| case.is_valid && !judged.arrived(case)),
        "valid requests did not reach the service",
    );
    assert_none(
        &judged.those(|case| {
            let line = &judged.told[&case.id];
            line["status"].as_u64() >= Some(500) && line["details"] != "via_upstream"
        }),
        "errors are not the service's",
    );
    assert_none(
        &judged.those(|case| judged.arrived(case) && !case.failures.is_empty()),
        "answers that passed break the contract",
    );
    // What schemathesis asks before its first case, it asks without an id.
    let arrived = judged.cases.iter().filter(|case| judged.arrived(case));
    assert!(judged.served >= arrived.count());

    // Nothing above holds for want of cases.
    let of = |is_valid: bool| {
        let cases = judged.cases.iter().filter(|case| case.is_valid == is_valid);
        cases
            .map(|case| case.operation.as_str())
            .collect::<BTreeSet<_>>()
    };
    assert!(
        of(true).len() >= operations(service).len(),
        "{:?}",
        of(true)
    );
    let invalid = judged.cases.iter().filter(|case| !case.is_valid).count();
    assert!(invalid >= 200, "{invalid} invalid requests");
}

#[test]
fn what_is_invalid_never_reaches_the_go_service_and_what_is_valid_always_does() {
    is_held_to_its_contract("orders");
}

#[test]
fn what_is_invalid_never_reaches_the_rust_service_and_what_is_valid_always_does() {
    is_held_to_its_contract("payments");
}

#[test]
fn the_contracts_are_honest_but_for_nil_slices() {
    let running = Running::start();
    for service in SERVICES {
        let cases = Schemathesis {
            contract: &contract_file(service),
            address: running.of(service).http(),
            seed: SEED,
            examples: 10,
            only_valid: true,
            checks: &CONFORMANCE,
        }
        .run();
        let failures: Vec<_> = cases.iter().flat_map(|case| &case.failures).collect();
        assert!(!failures.is_empty(), "{service} has no nil slices any more");
        for failure in failures {
            assert!(
                failure.contains(r#"null is not of type \"array\""#),
                "{service}: {failure}"
            );
        }
    }
}
