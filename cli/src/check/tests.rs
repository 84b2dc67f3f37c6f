//! `treaty check` over the sample files in `tests/data`.

use std::fs;

use super::*;
use crate::render::{self, EnvoyGatewayOptions, EnvoyOptions, IstioForm, IstioOptions, Policy};
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

const TAGGING: (&str, &str) = (
    "telemetry-tagging",
    r#"{"version": 1, "keys": [{"name": "k", "current": {"id": "1", "env": "TREATY_KEY"}}], "rules": [{"name": "all"}]}"#,
);
const TRANSLATION: (&str, &str) = (
    "error-translation",
    r#"{"version": 1, "rules": [{"name": "all"}]}"#,
);
const KEYS: (&str, &str) = (
    "idempotency-keys",
    r#"{"version": 1, "defaults": {"scope": {"caller": [{"from": "header", "name": "x-a"}]}, "fingerprint": {"content": "ignored"}}, "rules": [{"name": "all"}]}"#,
);

fn policies(policies: &[(&str, &str)]) -> Vec<Policy> {
    let policy = |(filter, text): &(&str, &str)| Policy::new(filter, text).unwrap();
    policies.iter().map(policy).collect()
}

/// What is found in a manifest in which a text was replaced, and what is doubted.
#[track_caller]
fn found_in(manifest: &str, from: &str, to: &str) -> (Vec<String>, Vec<String>) {
    assert!(manifest.contains(from), "{from}: {manifest}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    fs::write(&path, manifest.replace(from, to)).unwrap();
    let report = check(std::slice::from_ref(&path), None, crate::registry::FILTERS).unwrap();
    let path = path.display().to_string();
    let told = |found: &[FileFinding]| -> Vec<String> {
        let told = found.iter().map(ToString::to_string);
        told.map(|finding| finding.replace(&path, "a")).collect()
    };
    (told(&report.findings), told(&report.warnings))
}

#[track_caller]
fn is_found(manifest: &str, from: &str, to: &str, expected: &[&str]) {
    assert_eq!(found_in(manifest, from, to).0, expected);
}

#[track_caller]
fn is_doubted(manifest: &str, from: &str, to: &str, expected: &[&str]) {
    let expected = expected.iter().map(ToString::to_string).collect();
    assert_eq!(found_in(manifest, from, to), (vec![], expected));
}

fn istio(form: IstioForm, own: &[(&str, &str)]) -> String {
    let options = IstioOptions {
        form,
        ..IstioOptions::default()
    };
    render::istio(&options, &policies(own)).unwrap()
}

fn envoy_gateway(own: &[(&str, &str)]) -> String {
    render::envoy_gateway(&EnvoyGatewayOptions::default(), &policies(own)).unwrap()
}

#[test]
fn what_is_rendered_keeps_its_promises() {
    let own = [TAGGING, TRANSLATION, KEYS];
    let envoy = render::envoy(&EnvoyOptions::default(), &policies(&own)).unwrap();
    let listener = format!("http_filters:\n{envoy}");
    for manifest in [
        istio(IstioForm::WasmPlugin, &own),
        istio(IstioForm::TrafficExtension, &own),
        istio(IstioForm::EnvoyFilter, &own),
        envoy_gateway(&own),
        listener,
    ] {
        is_doubted(&manifest, "", "", &[]);
    }
}

#[test]
fn a_secret_has_to_reach_the_vm() {
    let at = |place: &str, setting: &str| {
        format!(
            "a:/keys/0/current/env: names a variable that the VM is not given; add it to {setting} \
             (in {place})"
        )
    };
    let variable = "TREATY_KEY";
    let other = |manifest: &str, from: &str| {
        let to = from.replace(variable, "TREATY_OTHER");
        found_in(manifest, from, &to).0
    };
    let plugin = istio(IstioForm::WasmPlugin, &[TAGGING]);
    let host = "`vmConfig.env` with `valueFrom: HOST`";
    assert_eq!(
        other(&plugin, "- name: TREATY_KEY"),
        [at("/spec/pluginConfig", host)]
    );
    let filter = istio(IstioForm::EnvoyFilter, &[TAGGING]);
    let place = "/spec/configPatches/1/patch/value/typed_config/config/configuration/value";
    let host = "`vm_config.environment_variables.host_env_keys`";
    assert_eq!(
        other(&filter, "host_env_keys: [TREATY_KEY]"),
        [at(place, host)]
    );
    let gateway = envoy_gateway(&[TAGGING]);
    assert_eq!(
        other(&gateway, "hostKeys: [TREATY_KEY]"),
        [at("/spec/wasm/0/config", "`env.hostKeys`")]
    );
}

#[test]
fn filters_of_one_file_stand_in_the_order_of_the_chain() {
    let plugins = istio(IstioForm::WasmPlugin, &[TAGGING, TRANSLATION]);
    is_found(
        &plugins,
        "priority: 20",
        "priority: 5",
        &["a:/spec: stands behind error-translation, and belongs before it (in document 1)"],
    );
    is_found(
        &plugins,
        "priority: 20",
        "priority: 10",
        &[
            "a:/spec: has the phase and the priority of telemetry-tagging in this file, so either \
             may come first (in document 2)",
        ],
    );
    // What is for other workloads is another chain.
    let apart = plugins.replacen("ingressgateway", "other", 1);
    is_found(&apart, "priority: 20", "priority: 5", &[]);
    let tagging = envoy_gateway(&[TAGGING]);
    let (_, items) = tagging.split_once("  wasm:\n").unwrap();
    let reversed = format!("{}{items}", envoy_gateway(&[KEYS]));
    is_found(
        &reversed,
        "",
        "",
        &["a:/spec/wasm/1: stands behind idempotency-keys, and belongs before it"],
    );
    let envoy = |own: [(&str, &str); 2]| {
        let one = |own| render::envoy(&EnvoyOptions::default(), &policies(&[own])).unwrap();
        format!("http_filters:\n{}{}", one(own[0]), one(own[1]))
    };
    is_found(&envoy([TAGGING, KEYS]), "", "", &[]);
    is_found(
        &envoy([KEYS, TAGGING]),
        "",
        "",
        &[
            "a:/http_filters/1/typed_config/config: stands behind idempotency-keys, and belongs \
             before it",
        ],
    );
}

#[test]
fn replays_stay_behind_authorization() {
    is_found(
        &istio(IstioForm::WasmPlugin, &[KEYS]),
        "  priority",
        "  phase: AUTHZ\n  priority",
        &[
            "a:/spec/phase: expected no phase for idempotency-keys: before authorization it would \
             give answers again to callers whom nobody has authorised",
        ],
    );
    is_doubted(
        &istio(IstioForm::TrafficExtension, &[TRANSLATION]),
        "phase: AUTHN",
        "phase: STATS",
        &["a:/spec/phase: expected the phase AUTHN for error-translation"],
    );
}

#[test]
fn a_configuration_and_the_filter_that_waits_for_it_have_one_name() {
    let filter = istio(IstioForm::EnvoyFilter, &[TRANSLATION]);
    let name = "name: treaty-gateway-error-translation\n          config_discovery";
    is_found(
        &filter,
        name,
        "name: other\n          config_discovery",
        &[
            "a:/spec/configPatches/1/patch/value/name: is the name of no HTTP_FILTER with \
             `config_discovery` in this EnvoyFilter, so no proxy asks for this configuration",
            "a:/spec/configPatches/0/patch/value/name: is the name of no EXTENSION_CONFIG in this \
             EnvoyFilter, so the filter would wait for ever",
        ],
    );
}

#[test]
fn a_filter_that_switches_itself_off_is_told() {
    is_found(
        &envoy_gateway(&[TRANSLATION]),
        "failOpen: false",
        "failOpen: true",
        &[
            "a:/spec/wasm/0/failOpen: expected false: with true every request passes unfiltered \
             while the module or its policy is at fault, and nobody is told",
        ],
    );
    is_doubted(
        &istio(IstioForm::WasmPlugin, &[TRANSLATION]),
        "failStrategy: FAIL_RELOAD",
        "failStrategy: FAIL_OPEN",
        &[
            "a:/spec/failStrategy: switches the filter off silently and for good where its module \
             fails; FAIL_RELOAD puts a fresh VM in its place",
        ],
    );
}

#[test]
fn an_envoy_gateway_holds_no_heads() {
    is_found(
        &envoy_gateway(&[TRANSLATION]),
        "\"form\": \"streamed\"",
        "\"form\": \"held\"",
        &[
            "a:/form: expected \"streamed\": an EnvoyExtensionPolicy cannot let the head of a request \
             wait for its body; use an EnvoyPatchPolicy for \"held\" (in /spec/wasm/0/config)",
        ],
    );
}

#[test]
fn an_image_has_a_version() {
    let plugin = istio(IstioForm::WasmPlugin, &[TRANSLATION]);
    let tag = concat!(":", env!("CARGO_PKG_VERSION"));
    let doubt = "a:/spec: names an image without a version or a digest, so which module runs is \
                 decided by when a proxy has fetched it";
    is_doubted(&plugin, tag, "", &[doubt]);
    is_doubted(&plugin, tag, ":latest", &[doubt]);
    is_doubted(&plugin, tag, "@sha256:0123", &[]);
    let file = plugin.replace(tag, "");
    is_doubted(&file, "oci://", "file:///", &[]);
}
