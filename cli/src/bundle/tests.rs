//! Policies bundled, from files in a scratch folder.

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use super::*;

const CONTRACT: &str = "\
openapi: 3.1.1
info: {title: Orders}
paths:
  /orders/{id}:
    get:
      description: Told to people.
      parameters: [{name: id, in: path, required: true, schema: {$ref: 'types.yaml#/Id'}}]
      responses: {200: {description: It.}}
";
const TYPES: &str = "Id: {type: integer, maximum: 9007199254740993}\n";

fn folder(policy: &Value) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("orders.yaml", CONTRACT);
    write("types.yaml", TYPES);
    write("policy.json", &policy.to_string());
    let path = folder.path().join("policy.json");
    (folder, path)
}

fn policy(contract: &Value) -> Value {
    json!({
        "version": 1,
        "mode": "report",
        "contracts": [contract],
        "rules": [{"name": "all"}],
    })
}

fn with_file() -> Value {
    policy(&json!({"name": "orders", "contractFile": "orders.yaml"}))
}

fn pruned() -> Value {
    json!({
        "openapi": "3.1.1",
        "paths": {"/orders/{id}": {"get": {
            "parameters": [{
                "name": "id",
                "in": "path",
                "required": true,
                "schema": {"$ref": "#/components/schemas/Id"},
            }],
            "responses": {"200": {}},
        }}},
        "components": {"schemas": {"Id": {"type": "integer", "maximum": 9_007_199_254_740_993_u64}}},
    })
}

#[test]
fn a_contract_becomes_one_line_of_what_is_checked() {
    let (_folder, path) = folder(&with_file());
    let bundled = bundle(&path, false, Target::default()).unwrap();
    let line = format!("      \"openapi\": {}\n", pruned());
    assert!(bundled.text.contains(&line), "{}", bundled.text);
    let value: Value = serde_json::from_str(&bundled.text).unwrap();
    assert_eq!(
        value,
        policy(&json!({"name": "orders", "openapi": pruned()}))
    );
    assert!(load(&value, "").is_ok());
    let before = CONTRACT.len() + TYPES.len();
    let after = pruned().to_string().len();
    let told: Vec<String> = bundled.sizes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told[0],
        format!("contract orders: {after} octets, of {before}")
    );
    let len = bundled.text.len();
    let in_manifest = Value::from(bundled.text).to_string().len();
    let expected =
        format!("policy: {len} octets, {in_manifest} as a text in a manifest, of 262144");
    assert_eq!(told[1..], [expected]);
}

#[test]
fn a_packed_contract_is_the_same_contract_and_always_the_same_text() {
    let (_folder, path) = folder(&with_file());
    let bundled = bundle(&path, true, Target::default()).unwrap();
    let value: Value = serde_json::from_str(&bundled.text).unwrap();
    let packed = value["contracts"][0]["openapi"].as_str().unwrap();
    let text = packed::unpack(packed).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), pruned());
    assert!(load(&value, "").is_ok());
    let again = bundle(&path, true, Target::default()).unwrap();
    assert_eq!(again.text, bundled.text);
    // Who bundles what was bundled gets it as it is.
    fs::write(&path, &bundled.text).unwrap();
    assert_eq!(
        bundle(&path, true, Target::default()).unwrap().text,
        bundled.text
    );
}

#[test]
fn a_contract_in_the_policy_is_pruned_and_packed_too() {
    let mut document = pruned();
    document["info"] = json!({"title": "Orders"});
    let (_folder, path) = folder(&policy(&json!({"name": "orders", "openapi": document})));
    let bundled = bundle(&path, false, Target::default()).unwrap();
    let value: Value = serde_json::from_str(&bundled.text).unwrap();
    assert_eq!(value["contracts"][0]["openapi"], pruned());
    let bundled = bundle(&path, true, Target::default()).unwrap();
    let value: Value = serde_json::from_str(&bundled.text).unwrap();
    assert!(value["contracts"][0]["openapi"].is_string());
}

#[test]
fn the_policy_of_a_module_with_every_filter_is_bundled_in_its_place() {
    let (_folder, path) = folder(&json!({
        "version": 1,
        "filters": {"contract-validation": with_file()},
    }));
    let bundled = bundle(&path, false, Target::default()).unwrap();
    let value: Value = serde_json::from_str(&bundled.text).unwrap();
    let contracts = &value["filters"]["contract-validation"]["contracts"];
    assert_eq!(contracts[0]["openapi"], pruned());
}

#[test]
fn a_policy_in_yaml_is_bundled_to_json() {
    let (folder, _) = folder(&with_file());
    let path = folder.path().join("policy.yaml");
    let text = "{version: 1, contracts: [{name: orders, contractFile: orders.yaml}], rules: [{name: all}]}";
    fs::write(&path, text).unwrap();
    let bundled = bundle(&path, false, Target::default()).unwrap();
    let value: Value = serde_json::from_str(&bundled.text).unwrap();
    assert_eq!(value["contracts"][0]["openapi"], pruned());
}

#[test]
fn mistakes_are_told_where_they_can_be_mended() {
    let (folder, path) = folder(&with_file());
    fs::write(folder.path().join("types.yaml"), "Id: {type: intger}\n").unwrap();
    let findings = bundle(&path, false, Target::default()).unwrap_err();
    assert_eq!(findings[0].file, folder.path().join("types.yaml"));
    assert_eq!(findings[0].pointer, "/Id/type");
    let mut broken = with_file();
    broken["rulez"] = json!([]);
    fs::write(&path, broken.to_string()).unwrap();
    fs::write(folder.path().join("types.yaml"), TYPES).unwrap();
    let findings = bundle(&path, false, Target::default()).unwrap_err();
    assert_eq!(
        (&findings[0].file, findings[0].pointer.as_str()),
        (&path, "/rulez")
    );
}

/// A policy with a contract of so many octets, packed or not: half as many when packed.
fn large(octets: usize) -> Value {
    let mut state = 1_u64;
    let random = || {
        // Xorshift, whose digits do not pack well.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let digits: String = std::iter::repeat_with(random).take(octets / 16).collect();
    policy(&json!({"name": "large", "jsonSchema": {"request": {"const": digits}}}))
}

#[test]
fn what_kubernetes_would_refuse_is_refused_with_what_helps() {
    let (_folder, path) = folder(&large(300_000));
    let fault = |is_packed, target| {
        let findings = bundle(&path, is_packed, target).unwrap_err();
        findings[0].message.clone()
    };
    let message = fault(false, Target::Annotation);
    assert!(
        message.contains("more than the 262144 that Kubernetes takes in annotations"),
        "{message}"
    );
    assert!(
        message.contains("; pack the contracts with --packed, or apply"),
        "{message}"
    );
    assert!(message.contains("--server-side"), "{message}");
    for (is_packed, target) in [(true, Target::Annotation), (false, Target::Object)] {
        assert!(bundle(&path, is_packed, target).is_ok());
    }
    fs::write(&path, large(2_000_000).to_string()).unwrap();
    let message = fault(false, Target::Object);
    assert!(
        message.contains("more than the 1572864 that Kubernetes takes in an object"),
        "{message}"
    );
    // Neither helps where it is not enough.
    assert!(!fault(false, Target::Annotation).contains("--server-side"));
    assert!(!fault(true, Target::Annotation).contains("--packed"));
    assert!(bundle(&path, false, Target::File).is_ok());
}
