//! A bundle answers exactly as the chain of its modules, in Envoy and in this process.

use std::path::Path;

use contract_validation::ContractValidation;
use e2e::{WasmFilter, dist, replay};
use error_translation::ErrorTranslation;
use idempotency_keys::IdempotencyKeys;
use kit::filter::Registration;
use probe::Probe;
use telemetry_tagging::TelemetryTagging;
use treaty::case::{Case, CaseFile, Subject};
use version_negotiation::VersionNegotiation;

/// The filters of the bundle, outermost first.
const FILTERS: &[Registration] = &[
    Registration::of::<TelemetryTagging>(),
    Registration::of::<ErrorTranslation>(),
    Registration::of::<VersionNegotiation>(),
    Registration::of::<ContractValidation>(),
    Registration::of::<IdempotencyKeys>(),
    Registration::of::<Probe>(),
];

fn cases() -> Vec<Case> {
    let load = |file| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let file = CaseFile::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
        file.cases
    };
    let files = [
        "tests/composition.yaml",
        "tests/replays.yaml",
        "tests/sequences.yaml",
        "tests/keys.yaml",
        "tests/contracts.yaml",
    ];
    files.into_iter().flat_map(load).collect()
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
        let named = FILTERS.iter().map(|filter| filter.name);
        let named = named.filter(|name| policies.get(name).is_some());
        let module = |name| {
            let module = match name {
                "probe" => "test/probe.wasm".to_owned(),
                name => format!("{name}.wasm"),
            };
            let filter = WasmFilter::new(name)
                .module(&dist().join(module))
                .policy(&policies[name].to_string());
            match name {
                "probe" | "error-translation" | "contract-validation" | "idempotency-keys" => {
                    filter.holding_heads()
                }
                _ => filter,
            }
        };
        named.map(module).collect()
    });
    outcome.conclude("a chain of modules in Envoy");
}
