//! Every policy case through a real Envoy: each filter as its own module, and as the one member of
//! the module that holds all filters.

use std::path::{Path, PathBuf};

use e2e::{WasmFilter, replay};
use serde_json::json;
use treaty::case::{Case, CaseFile, Subject};

/// The cases of all filters, in the order of their files.
fn cases() -> Vec<Case> {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut files: Vec<PathBuf> = policies
        .read_dir()
        .unwrap()
        .filter_map(|filter| filter.unwrap().path().join("cases").read_dir().ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let load = |file: &PathBuf| CaseFile::load(file).unwrap_or_else(|errors| panic!("{errors}"));
    files.iter().flat_map(|file| load(file).cases).collect()
}

fn module(name: &str, configuration: &str, subject: &Subject) -> WasmFilter {
    let environment = subject.configuration().environment();
    let filter = environment.iter().fold(
        WasmFilter::new(name).policy(configuration),
        |filter, (name, value)| filter.env(name, value),
    );
    if subject.holds_heads() {
        filter.holding_heads()
    } else {
        filter
    }
}

#[test]
fn every_case_holds_in_the_module_of_its_filter() {
    let outcome = replay(&cases(), &|subject| {
        let configuration = subject.configuration().value().to_string();
        vec![match subject {
            Subject::Filter { name, .. } => module(name, &configuration, subject),
            Subject::Bundle(_) => module("all-filters", &configuration, subject),
        }]
    });
    outcome.conclude("cases in modules of their own");
}

#[test]
fn every_case_holds_in_the_module_of_all_filters() {
    let outcome = replay(&cases(), &|subject| {
        let configuration = subject.configuration().value();
        vec![match subject {
            Subject::Filter { name, .. } => module(
                "all-filters",
                &json!({"version": 1, "filters": {name: configuration}}).to_string(),
                subject,
            ),
            Subject::Bundle(_) => module("all-filters", &configuration.to_string(), subject),
        }]
    });
    outcome.conclude("cases in the module of all filters");
}
