//! A bundle answers exactly as the chain of its modules, in Envoy and in this process.

use std::path::Path;

use e2e::{WasmFilter, dist, replay};
use kit::filter::Registration;
use probe::Probe;
use treaty::case::{Case, CaseFile, Subject};
use version_negotiation::VersionNegotiation;

const FILTERS: &[Registration] = &[
    Registration::of::<VersionNegotiation>(),
    Registration::of::<Probe>(),
];

fn cases() -> Vec<Case> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/composition.yaml");
    CaseFile::load(&file)
        .unwrap_or_else(|errors| panic!("{errors}"))
        .cases
}

#[test]
fn a_bundle_in_this_process_answers_as_expected() {
    for case in cases() {
        let mismatches = treaty::native::check(&case, FILTERS);
        assert!(mismatches.is_empty(), "{}: {mismatches:#?}", case.name);
    }
}

#[test]
fn a_bundle_in_envoy_answers_as_expected() {
    let outcome = replay(&cases(), &|subject| {
        let module = WasmFilter::new("bundle")
            .module(&dist().join("test/probe-bundle.wasm"))
            .policy(&subject.configuration().value().to_string())
            .holding_heads();
        vec![module]
    });
    outcome.conclude("a bundle in Envoy");
}

#[test]
fn a_chain_of_modules_in_envoy_answers_as_expected() {
    let outcome = replay(&cases(), &|subject: &Subject| {
        let policies = &subject.configuration().value()["filters"];
        let module = |name: &str, path: &str| {
            WasmFilter::new(name)
                .module(&dist().join(path))
                .policy(&policies[name].to_string())
        };
        vec![
            module("version-negotiation", "version-negotiation.wasm"),
            module("probe", "test/probe.wasm").holding_heads(),
        ]
    });
    outcome.conclude("a chain of modules in Envoy");
}
