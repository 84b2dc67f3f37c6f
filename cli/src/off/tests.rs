//! Switching services in the files that are shipped, and in every way in which a policy can stand.

use std::fs;

use super::*;
use crate::registry::FILTERS;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn switched(file: &Path, service: &str, filter: &str, to: Switch) -> Switched {
    switch(service, file, Some(filter), to, FILTERS)
        .unwrap_or_else(|findings| panic!("{filter} in {}: {findings:?}", file.display()))
}

/// Why a file with this name and text cannot be switched.
fn refusal(name: &str, text: &str, service: &str, filter: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    let findings = switch(service, &file, filter, Switch::Off, FILTERS).unwrap_err();
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    told.join("\n")
        .replace(&format!("{}/", folder.path().display()), "")
}

/// A file in which `orders` is switched off for error-translation, and its text.
fn switch_off(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    let off = switched(&file, "orders", "error-translation", Switch::Off).text;
    replace(&file, &off).unwrap();
    let on = switched(&file, "orders", "error-translation", Switch::On);
    assert_eq!(on.text, text, "what is switched on again is as it was");
    assert_eq!(on.notes, ["error-translation is on for orders"]);
    off
}

/// Switches in every file of these folders that is there.
fn switch_files(folders: &[&str]) -> usize {
    let folders = folders.iter().map(|folder| repository(folder));
    let files = folders
        .filter(|folder| folder.exists())
        .flat_map(|folder| crate::walk::files(&folder, &|_| false).unwrap());
    files.map(|file| switch_all(&file)).sum()
}

#[test]
fn every_configuration_that_is_shipped_can_be_switched_and_is_as_it_was_afterwards() {
    assert!(switch_files(&["envoy-configs"]) > 10);
}

#[test]
fn so_can_every_manifest() {
    assert!(switch_files(&["istio", "envoy-gateway"]) > 10);
}

#[test]
fn so_can_every_example() {
    let examples = FILTERS
        .iter()
        .map(|filter| format!("policies/{}/examples", filter.name));
    let examples: Vec<String> = examples.collect();
    let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
    assert!(switch_files(&examples) > 10);
}

/// Switches the first service of every filter of a file off and on; how many there were.
fn switch_all(file: &Path) -> usize {
    let before = fs::read_to_string(file).unwrap();
    let documents = documents(file, &before).unwrap();
    let mut places = place::places(file, &documents, None, FILTERS);
    places.dedup_by_key(|place| place.filter);
    let mut count = 0;
    for place in places {
        let services = services_of(&place.policy(&documents).unwrap());
        let Some(service) = services.first() else {
            continue;
        };
        let switch_to = |to, text| {
            let only = Some(place.filter);
            switch_in(text, service, file, only, to, FILTERS)
                .unwrap_or_else(|findings| panic!("{}: {findings:?}", file.display()))
                .text
        };
        let off = switch_to(Switch::Off, before.clone());
        let expected = format!("\"off\": [\"{service}\"]");
        assert!(off.replace('\\', "").contains(&expected), "{off}");
        assert_eq!(switch_to(Switch::On, off), before, "{}", file.display());
        count += 1;
    }
    count
}

const POLICY: &str = r#"{"version": 1, "form": "held", "services": [{"name": "orders"}, {"name": "payments"}], "rules": [{"name": "all", "service": "orders"}]}"#;

#[test]
fn a_policy_in_a_block_of_a_manifest_is_switched_and_its_comments_stay() {
    let manifest = format!(
        "# Ours.\napiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: error-translation}}\n\
         spec:\n  url: oci://registry.example.com/error-translation:1\n  pluginConfig:\n    policyJson: |\n      {POLICY}\n  phase: AUTHN # the outer one\n"
    );
    let off = switch_off("plugin.yaml", &manifest);
    assert!(
        off.contains("policyJson: |\n      {\"off\": [\"orders\"], \"version\": 1,"),
        "{off}"
    );
    assert!(
        off.starts_with("# Ours.\n") && off.ends_with("# the outer one\n"),
        "{off}"
    );
}

#[test]
fn so_is_one_that_is_yaml_itself() {
    let manifest = "kind: WasmPlugin\nspec:\n  url: error-translation\n  pluginConfig:\n    version: 1\n    form: held\n    services:\n    - name: orders\n    rules:\n    - name: all\n";
    let off = switch_off("plugin.yaml", manifest);
    assert!(
        off.contains("pluginConfig:\n    \"off\": [\"orders\"]\n    version: 1\n"),
        "{off}"
    );
}

#[test]
fn so_is_one_in_a_text_of_json() {
    let quoted = POLICY.replace('"', "\\\"");
    let config = format!(
        r#"{{"resources": [{{"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": {{"name": "error-translation", "configuration": {{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "{quoted}"}}}}}}]}}"#
    );
    let off = switch_off("ecds.json", &config);
    assert!(
        off.contains(r#""value": "{\"off\": [\"orders\"], \"version\": 1,"#),
        "{off}"
    );
}

#[test]
fn one_filter_of_several_in_one_module_is_switched() {
    let config = format!(
        r#"{{"$schema": "all-filters/schema.json", "version": 1, "filters": {{"version-negotiation": {{"version": 1, "services": [{{"name": "orders"}}], "rules": [{{"name": "all", "settings": {{"scheme": "integer", "sources": [{{"from": "header", "name": "v"}}], "versions": [{{"version": "1"}}]}}}}]}}, "error-translation": {POLICY}}}}}"#
    );
    let off = switch_off("all.json", &config);
    assert!(
        off.contains(r#""error-translation": {"off": ["orders"], "version": 1,"#),
        "{off}"
    );
}

#[test]
fn a_second_service_joins_the_first_and_what_is_off_already_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.json");
    fs::write(&file, POLICY).unwrap();
    for service in ["orders", "payments"] {
        let off = switched(&file, service, "error-translation", Switch::Off);
        replace(&file, &off.text).unwrap();
    }
    let both = fs::read_to_string(&file).unwrap();
    assert!(
        both.starts_with(r#"{"off": ["orders", "payments"], "version": 1"#),
        "{both}"
    );
    let again = switched(&file, "orders", "error-translation", Switch::Off);
    assert_eq!(again.text, both);
    assert_eq!(again.notes, ["error-translation was off for orders before"]);
    let one = switched(&file, "orders", "error-translation", Switch::On);
    assert!(
        one.text
            .starts_with(r#"{"off": ["payments"], "version": 1"#),
        "{}",
        one.text
    );
}

#[test]
fn a_service_that_no_policy_knows_is_an_error_with_the_nearest_name() {
    assert_eq!(
        refusal("policy.json", POLICY, "ordres", Some("error-translation")),
        "policy.json:/off: is not the name of a service; expected one of `orders` or `payments`; \
         did you mean `orders`?"
    );
}

#[test]
fn a_policy_that_its_filter_refuses_is_not_switched() {
    let bad = POLICY.replace("\"rules\"", "\"ruels\"");
    let told = refusal("policy.json", &bad, "orders", Some("error-translation"));
    assert!(told.contains("/ruels: is not a known name here"), "{told}");
}

#[test]
fn where_there_are_several_filters_one_has_to_be_named() {
    let config = fs::read_to_string(repository("envoy-configs/all-filters.yaml")).unwrap();
    let told = refusal("envoy.yaml", &config, "orders", None);
    assert!(
        told.contains("say with --filter which is meant: one of `telemetry-tagging`"),
        "{told}"
    );
    let none = refusal("none.yaml", "a: 1\n", "orders", None);
    assert!(none.starts_with("none.yaml: no policy here"), "{none}");
}
