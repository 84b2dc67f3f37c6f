//! `treaty check` over the sample files in `tests/data`.

use std::fs;

use super::*;
use crate::sample::FILTERS;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn report(names: &[&str], filter: Option<&str>) -> Result<Report, String> {
    let paths: Vec<PathBuf> = names.iter().map(|name| data(name)).collect();
    check(&paths, filter, FILTERS).map_err(|error| shortened(&error))
}

fn shortened(text: &str) -> String {
    text.replace(&format!("{}/", data("").display()), "")
        .replace(&format!("{}", data("").display()), "")
}

#[track_caller]
fn finds(names: &[&str], expected: &[&str]) {
    let report = report(names, None).unwrap();
    let found = report
        .findings
        .iter()
        .map(|finding| shortened(&finding.to_string()));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn good_policies_and_manifests_of_every_form_pass() {
    finds(&["good", "policies"], &[]);
    let report = report(&["good", "policies"], None).unwrap();
    // The schema is read and is no policy; what stands in `invalid` and `cases` is not even read.
    assert_eq!((report.policies, report.files), (9, 9));
}

#[test]
fn every_form_of_manifest_is_held_to_its_policy() {
    let wasm = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0\
                /typed_config/config";
    finds(
        &["bad/envoy-string.yaml"],
        &[
            &format!(
                "bad/envoy-string.yaml:{wasm}: `failure_policy` is not set; say on purpose what \
                 happens when the module fails: FAIL_RELOAD, FAIL_CLOSED or FAIL_OPEN"
            ),
            &format!(
                "bad/envoy-string.yaml:/limitt: is not a known name here; expected one of \
                 `version`, `$schema`, `services`, `form` or `limit`; did you mean `limit`? \
                 (in {wasm}/configuration/value)"
            ),
        ],
    );
    finds(
        &["bad/envoy-struct.yaml"],
        &[
            "bad/envoy-struct.yaml:/typed_config/value/config: `failure_policy` is not set; say on \
             purpose what happens when the module fails: FAIL_RELOAD, FAIL_CLOSED or FAIL_OPEN",
            "bad/envoy-struct.yaml:/limit: expected an integer, found a number \
             (in /typed_config/value/config/configuration/value)",
        ],
    );
    finds(
        &["bad/envoy-bundle.json"],
        &[
            "bad/envoy-bundle.json:/filters/sampel: is not a filter of this module; expected \
             `sample`; did you mean `sample`? (in /typed_config/config/configuration/value)",
        ],
    );
    finds(
        &["bad/wasm-plugin.yaml"],
        &[
            "bad/wasm-plugin.yaml:/limit: expected an integer, found a string \
             (in document 1 /spec/pluginConfig)",
            "bad/wasm-plugin.yaml:/spec: `failStrategy` is not set; say on purpose what happens \
             when the module fails: FAIL_RELOAD, FAIL_CLOSE or FAIL_OPEN (in document 2)",
            "bad/wasm-plugin.yaml:/form: expected \"streamed\": a WasmPlugin cannot let the head of \
             a request wait for its body; use an EnvoyFilter for \"held\" \
             (in document 2 /spec/pluginConfig)",
        ],
    );
    finds(
        &["bad/traffic-extension.yaml"],
        &[
            "bad/traffic-extension.yaml:/spec/wasm: `sampel` is not a filter of this build; did \
             you mean `sample`?",
        ],
    );
    finds(
        &["bad/envoy-filter.yaml"],
        &[
            "bad/envoy-filter.yaml:/spec/configPatches/0/patch/value/typed_config/config\
             /allow_on_headers_stop_iteration: expected true, because the policy says \
             `\"form\": \"held\"`; without it a request with a body would hang",
        ],
    );
    finds(
        &["bad/no-policy.yaml"],
        &[
            "bad/no-policy.yaml: the configuration is empty; expected a policy document \
             (in /0/typed_config/config/configuration)",
            "bad/no-policy.yaml:/1/typed_config/config/configuration: expected a policy as a \
             StringValue or a Struct in an Envoy configuration, as an object in an Istio manifest",
        ],
    );
}

#[test]
fn text_that_cannot_be_read_is_a_finding() {
    finds(
        &["syntax"],
        &[
            "syntax/broken.yaml: is not YAML: unclosed bracket '[' at line 1 column 4",
            "syntax/twice.json:/version: stands twice in this object; keep one of them",
        ],
    );
}

#[test]
fn policies_that_disagree_about_a_service_are_refused_whatever_the_order() {
    let at = "(in /spec/pluginConfig)";
    let finding = format!(
        "bad/services.yaml:/services/1: `orders` has other hosts and owner and versions than in \
         policies/services.json:/services/0 {at}"
    );
    finds(&["bad/services.yaml", "policies"], &[&finding]);
    finds(&["policies", "bad/services.yaml"], &[&finding]);
}

#[test]
fn a_path_without_a_policy_is_an_error() {
    let no_policy = |name: &str| {
        format!(
            "{name}: no policy here; a policy stands in policies/<filter>/, names its filter's \
             schema.json as `$schema`, or is given with --filter"
        )
    };
    let error = |names: &[&str]| report(names, None).unwrap_err();
    assert_eq!(error(&["other"]), no_policy("other"));
    assert_eq!(
        error(&["good", "other/kubernetes.yaml"]),
        no_policy("other/kubernetes.yaml")
    );
    assert_eq!(
        error(&["nowhere"]),
        "nowhere: No such file or directory (os error 2)"
    );
}

#[test]
fn bad_policies_are_checked_when_they_are_named() {
    finds(
        &["policies/sample/invalid"],
        &["policies/sample/invalid/limit.json:/limit: expected an integer, found a string"],
    );
}

#[test]
fn the_filter_of_a_policy_is_in_its_folder_its_schema_or_the_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.json");
    let checked = |text: &str, filter: Option<&str>| {
        fs::write(&path, text).unwrap();
        check(std::slice::from_ref(&path), filter, FILTERS).map(|report| report.policies)
    };
    let with_schema = r#"{"version": 1, "$schema": "https://x.org/policies/sample/schema.json"}"#;
    assert_eq!(checked(with_schema, None), Ok(1));
    assert_eq!(checked(r#"{"version": 1}"#, Some("sample")), Ok(1));
    assert!(checked(r#"{"version": 1}"#, None).is_err());
    assert_eq!(
        checked("{}", Some("sampel")),
        Err(
            "`sampel` is not a filter of this build; expected `sample`; did you mean `sample`?"
                .into()
        )
    );
}

#[test]
fn programs_get_one_object() {
    let report = report(&["policies/sample/invalid"], None).unwrap();
    let mut out = Vec::new();
    report.write(Format::Json, &mut out).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["policies"], 1);
    assert_eq!(value["files"], 1);
    assert_eq!(value["findings"][0]["pointer"], "/limit");
}
