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
    // The schema is read and is no policy; what stands in `invalid`, `cases` and
    // `contracts` is not even read.
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

/// A policy of contract-validation with this contract, and the files that it needs.
fn checks(contract: &Value, files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let policy = json!({
        "version": 1,
        "mode": "report",
        "contracts": [contract],
        "rules": [{"name": "all"}],
    });
    let path = folder.path().join("policy.json");
    fs::write(&path, policy.to_string()).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let report = check(&[path], Some(contract::FILTER), crate::registry::FILTERS).unwrap();
    let place = format!("{}/", folder.path().display());
    let told = |found: &[FileFinding]| -> Vec<String> {
        let told = found.iter().map(ToString::to_string);
        told.map(|finding| finding.replace(&place, "")).collect()
    };
    (told(&report.findings), told(&report.warnings))
}

/// A document with one schema for a request and an answer.
fn document(version: &str, schema: &Value) -> Value {
    let content = json!({"application/json": {"schema": schema}});
    json!({
        "openapi": version,
        "paths": {"/a": {"post": {
            "requestBody": {"content": content},
            "responses": {"200": {"content": content}},
        }}},
    })
}

const SCHEMA: &str = "/paths/~1a/post/requestBody/content/application~1json/schema";

#[test]
fn contracts_in_files_are_checked_and_found_fault_with_in_their_files() {
    let contract = json!({"name": "own", "contractFile": "api.json"});
    let good = document("3.1.1", &json!({"type": "string", "x-told": true}));
    let (findings, warnings) = checks(&contract, &[("api.json", &good.to_string())]);
    assert_eq!((findings, warnings), (vec![], vec![]));
    let bad = document("3.1.1", &json!({"type": "strin"}));
    let (findings, _) = checks(&contract, &[("api.json", &bad.to_string())]);
    let expected = format!("api.json:{SCHEMA}/type: expected one of");
    assert!(
        findings
            .iter()
            .any(|finding| finding.starts_with(&expected)),
        "{findings:?}"
    );
    let (findings, _) = checks(&contract, &[]);
    let expected = "policy.json:/contracts/0/contractFile: `api.json` cannot be read";
    assert!(findings[0].starts_with(expected), "{findings:?}");
}

#[test]
fn a_manifest_may_not_name_a_file_that_no_proxy_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    file("api.yaml", "request: {type: string}");
    let manifest = |contract: &str| {
        let text = format!(
            "kind: WasmPlugin
spec:
  url: oci://example.com/contract-validation.wasm
  failStrategy: FAIL_RELOAD
  pluginConfig:
    version: 1
    form: streamed
    contracts: [{{name: own, {contract}}}]
    rules: [{{name: all}}]
"
        );
        let path = file("plugin.yaml", &text);
        let report = check(&[path], None, crate::registry::FILTERS).unwrap();
        let told = report.findings.iter().map(|own| own.pointer.clone());
        told.collect::<Vec<_>>()
    };
    assert_eq!(manifest("jsonSchema: {request: {type: string}}"), [""; 0]);
    assert_eq!(
        manifest("contractFile: api.yaml"),
        ["/contracts/0/contractFile"]
    );
    // What stands there is looked at as closely as elsewhere.
    let found = manifest("jsonSchema: {request: {maxLength: -1}}");
    assert_eq!(found, ["/contracts/0/jsonSchema/request/maxLength"]);
}

/// What is found in a contract that has loaded, or would have in a proxy.
fn examined(contract: &Value) -> Vec<String> {
    let found = contracts::examine(&json!({"contracts": [contract]}), "");
    found.findings.0.iter().map(ToString::to_string).collect()
}

#[test]
fn schemas_are_held_to_the_meta_schema_of_their_dialect() {
    for (version, schema, pointer, dialect) in [
        ("3.0.4", json!({"maxLength": "9"}), "/maxLength", "draft 4"),
        (
            "3.1.1",
            json!({"required": ["a", "a"]}),
            "/required",
            "2020-12",
        ),
        (
            "3.2.0",
            json!({"properties": {"a": {"minItems": -1}}}),
            "/properties/a/minItems",
            "2020-12",
        ),
    ] {
        let document = document(version, &schema);
        let fault = format!("{SCHEMA}{pointer}: is not as JSON Schema {dialect} has it: it ");
        let found = examined(&json!({"openapi": document}));
        let expected = format!("/contracts/0/openapi{fault}");
        assert!(
            found.iter().any(|own| own.starts_with(&expected)),
            "{found:?}"
        );
    }
    let schema = |draft: &str| json!({"$schema": format!("http://json-schema.org/{draft}/schema#"), "minimum": 1, "exclusiveMinimum": true});
    let found = |schema: Value| examined(&json!({"jsonSchema": {"request": schema}}));
    let at = "/contracts/0/jsonSchema/request/exclusiveMinimum: is not as JSON Schema";
    assert_eq!(
        found(schema("draft-07")),
        [format!("{at} draft 7 has it: it is not of type \"number\"")]
    );
    assert_eq!(
        found(json!({"exclusiveMinimum": true})),
        [format!("{at} 2020-12 has it: it is not of type \"number\"")]
    );
    assert_eq!(found(schema("draft-04")), [""; 0]);
}

#[test]
fn what_a_contract_says_that_is_not_checked_is_a_warning() {
    let document = document("3.0.4", &json!({"nullable": true}));
    let expected = "has no effect without `type` beside it (OpenAPI 3.0)";
    let plain = json!({"name": "own", "openapi": document});
    let (findings, warnings) = checks(&plain, &[]);
    assert_eq!(findings, [""; 0]);
    let told = format!("policy.json:/contracts/0/openapi{SCHEMA}/nullable: {expected}");
    assert!(warnings.contains(&told), "{warnings:?}");
    let text = contract::packed::pack(document.to_string().as_bytes());
    let (_, warnings) = checks(&json!({"name": "own", "openapi": text}), &[]);
    let told = format!(
        "policy.json:/contracts/0/openapi: {expected} (in the document at `{SCHEMA}/nullable`)"
    );
    assert!(warnings.contains(&told), "{warnings:?}");
}

#[test]
fn schemas_at_fault_are_warnings_where_what_is_undefined_is_skipped() {
    let contract = json!({
        "name": "own",
        "undefined": "skip",
        "openapi": document("3.1.1", &json!({"maxLength": "9"})),
    });
    let (findings, warnings) = checks(&contract, &[]);
    assert_eq!(findings, [""; 0]);
    let at = format!("policy.json:/contracts/0/openapi{SCHEMA}/maxLength: ");
    assert!(
        warnings.iter().any(|warning| warning.starts_with(&at)),
        "{warnings:?}"
    );
}

#[test]
fn warnings_are_told_and_counted_and_do_not_fail() {
    let warning = FileFinding::new(Path::new("a.json"), "", "/x", "is not checked");
    let report = Report {
        warnings: vec![warning],
        policies: 1,
        files: 1,
        ..Report::default()
    };
    assert!(report.is_fine());
    let written = |format| {
        let mut out = Vec::new();
        report.write(format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let expected = "warning: a.json:/x: is not checked\n\
                    findings: 0, warnings: 1, policies: 1, files: 1\n";
    assert_eq!(written(Format::Human), expected);
    let value: Value = serde_json::from_str(&written(Format::Json)).unwrap();
    assert_eq!(value["warnings"][0]["pointer"], "/x");
}
