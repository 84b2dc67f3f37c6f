//! Contracts put in place, from files in a scratch folder.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A folder with these files.
struct Files(TempDir);

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn policy(&self) -> PathBuf {
        self.0.path().join("policy.json")
    }

    /// The contract of a policy that names this file.
    fn placed(&self, file: &str) -> Result<(Value, Placed), Vec<String>> {
        let mut policy = json!({"contracts": [{"name": "own", "contractFile": file}]});
        let placed = put_in_place(&mut policy, "", &self.policy(), "");
        let placed = placed.map_err(|findings| {
            let folder = format!("{}/", self.0.path().display());
            let shown = findings.iter().map(ToString::to_string);
            shown
                .map(|finding| finding.replace(&folder, ""))
                .collect::<Vec<_>>()
        })?;
        Ok((policy["contracts"][0].take(), placed))
    }
}

#[track_caller]
fn places(files: &[(&str, &str)], file: &str, expected: &Value) {
    let (contract, _) = Files::of(files).placed(file).unwrap();
    let mut with_name = expected.clone();
    with_name["name"] = "own".into();
    assert_eq!(contract, with_name, "{contract}");
}

#[track_caller]
fn finds(files: &[(&str, &str)], file: &str, expected: &[&str]) {
    assert_eq!(Files::of(files).placed(file).unwrap_err(), expected);
}

const EMPTY: &str = "openapi: 3.1.1\npaths: {}\n";

#[test]
fn the_kind_of_a_contract_is_known_by_its_content() {
    let openapi = json!({"openapi": {"openapi": "3.1.1", "paths": {}}});
    places(&[("a", EMPTY)], "a", &openapi);
    places(&[("a.yaml", EMPTY)], "a.yaml", &openapi);
    places(
        &[("a.json", r#"{"openapi": "3.1.1", "paths": {}}"#)],
        "a.json",
        &openapi,
    );
    places(
        &[("a.yaml", "request: {type: string}")],
        "a.yaml",
        &json!({"jsonSchema": {"request": {"type": "string"}}}),
    );
    // One file, with an empty descriptor.
    places(
        &[("a.json", "\n\0")],
        "a.json",
        &json!({"protobuf": "CgA="}),
    );
}

#[test]
fn yaml_is_read_as_the_json_that_it_means() {
    let text = "\
request:
  type: object
  properties:
    no: {enum: [no, on, 2024-01-01, ~, 'null', 9007199254740993, 18446744073709551615]}
    200: {maxLength: 0o17}
    <<: {merged: true}
";
    let expected = json!({"jsonSchema": {"request": {
        "type": "object",
        "properties": {
            "no": {"enum": ["no", "on", "2024-01-01", null, "null", 9_007_199_254_740_993_u64, u64::MAX]},
            "200": {"maxLength": 15},
            "merged": true,
        },
    }}});
    places(&[("a.yaml", text)], "a.yaml", &expected);
}

#[test]
fn a_file_that_is_no_contract_is_named_with_what_was_expected() {
    finds(
        &[],
        "a.yaml",
        &[
            "policy.json:/contracts/0/contractFile: `a.yaml` cannot be read: No such file or directory (os error 2)",
        ],
    );
    finds(
        &[("a.yaml", "a: [")],
        "a.yaml",
        &[
            "policy.json:/contracts/0/contractFile: `a.yaml` is not YAML: unclosed bracket '[' at line 1 column 4",
        ],
    );
    finds(
        &[("a.json", "{")],
        "a.json",
        &[
            "policy.json:/contracts/0/contractFile: `a.json` is not JSON: it ends too early at line 1 column 1",
        ],
    );
    finds(
        &[("a.json", r#"{"a": 1, "a": 2}"#)],
        "a.json",
        &[
            "policy.json:/contracts/0/contractFile: `a.json` /a: stands twice in this object; keep one of them",
        ],
    );
    finds(
        &[("a.yaml", " \n")],
        "a.yaml",
        &["policy.json:/contracts/0/contractFile: `a.yaml` is empty"],
    );
    for text in ["- a\n", "hello\n", "\n\u{3}abcd"] {
        let findings = Files::of(&[("a.yaml", text)]).placed("a.yaml").unwrap_err();
        let expected = "`a.yaml` is no contract; expected an OpenAPI document";
        assert!(findings[0].contains(expected), "{findings:?}");
    }
}

#[test]
fn paths_are_relative_to_the_policy_and_may_lead_anywhere() {
    let files = Files::of(&[("a.yaml", EMPTY), ("deep/policy.json", "")]);
    let absolute = files.0.path().join("a.yaml");
    for path in ["../a.yaml", "../deep/../a.yaml", absolute.to_str().unwrap()] {
        let mut policy = json!({"contracts": [{"contractFile": path}]});
        let file = files.0.path().join("deep/policy.json");
        put_in_place(&mut policy, "", &file, "").unwrap();
        assert_eq!(
            policy["contracts"][0]["openapi"]["openapi"], "3.1.1",
            "{path}"
        );
    }
}

#[test]
fn what_holds_a_contract_already_is_left_as_it_is() {
    let files = Files::of(&[("a.yaml", EMPTY)]);
    for contract in [
        json!({"contractFile": "a.yaml", "openapi": {}}),
        json!({"contractFile": 1}),
        json!({"openapi": {"x-kept": 1}}),
        json!("a.yaml"),
    ] {
        let mut policy = json!({"contracts": [contract]});
        let before = policy.clone();
        put_in_place(&mut policy, "", &files.policy(), "").unwrap();
        assert_eq!(policy, before);
    }
}

#[test]
fn the_policy_of_a_bundle_is_found_where_it_stands() {
    let files = Files::of(&[("a.yaml", EMPTY)]);
    let policy = json!({"contracts": [{"contractFile": "a.yaml"}]});
    let mut bundle = json!({"filters": {"contract-validation": policy, "other": policy}});
    put_in_place(&mut bundle, IN_BUNDLE, &files.policy(), "").unwrap();
    let filters = &bundle["filters"];
    assert!(filters["contract-validation"]["contracts"][0]["openapi"].is_object());
    assert_eq!(filters["other"], policy);
}

#[test]
fn parts_of_other_files_are_put_into_the_components_under_a_free_name() {
    let main = "\
openapi: 3.1.1
paths:
  /a: {$ref: 'paths.yaml#/~1a'}
components:
  schemas:
    Node: {type: integer}
";
    let paths = "\
/a:
  parameters: [{$ref: 'common/all.yaml#/page'}]
  get:
    requestBody: {$ref: 'common/all.yaml#/body'}
    responses:
      200: {$ref: 'common/all.yaml#/answer'}
";
    let all = "\
page: {name: page, in: query, schema: {$ref: '#/Node'}}
body: {content: {application/json: {schema: {$ref: 'node.json'}}}}
answer: {headers: {x-a: {$ref: '#/x-a'}}, content: {application/json: {schema: {$ref: 'node.json#/properties/next'}}}}
x-a: {schema: {$ref: '../main.yaml#/components/schemas/Node'}}
Node: {type: string}
";
    let node = r##"{"$id": "https://example.com/node", "properties": {"next": {"$ref": "#"}, "description": {}}}"##;
    let files = [
        ("main.yaml", main),
        ("paths.yaml", paths),
        ("common/all.yaml", all),
        ("common/node.json", node),
    ];
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let json = |schema: Value| json!({"application/json": {"schema": schema}});
    let expected = json!({"openapi": {
        "openapi": "3.1.1",
        "paths": {"/a": {"$ref": "#/components/pathItems/a"}},
        "components": {
            "pathItems": {"a": {
                "parameters": [{"$ref": "#/components/parameters/page"}],
                "get": {
                    "requestBody": {"$ref": "#/components/requestBodies/body"},
                    "responses": {"200": {"$ref": "#/components/responses/answer"}},
                },
            }},
            "parameters": {"page": {"name": "page", "in": "query", "schema": schema("Node-2")}},
            "requestBodies": {"body": {"content": json(schema("node"))}},
            "responses": {"answer": {
                "headers": {"x-a": {"$ref": "#/components/headers/x-a"}},
                "content": json(schema("next")),
            }},
            "headers": {"x-a": {"schema": schema("Node")}},
            "schemas": {
                "Node": {"type": "integer"},
                "Node-2": {"type": "string"},
                // A circle is no matter.
                "node": {"properties": {"next": schema("node"), "description": {}}},
                "next": schema("node"),
            },
        },
    }});
    places(&files, "main.yaml", &expected);
}

#[test]
fn what_only_looks_like_a_reference_is_left_alone() {
    let text = "\
openapi: 3.1.1
paths: {}
components:
  schemas:
    A:
      const: {$ref: nowhere.yaml}
      enum: [{$ref: nowhere.yaml}]
      example: {$ref: nowhere.yaml}
      properties: {$ref: {type: string}}
";
    let (contract, _) = Files::of(&[("a.yaml", text)]).placed("a.yaml").unwrap();
    let schema = &contract["openapi"]["components"]["schemas"]["A"];
    let reference = json!({"$ref": "nowhere.yaml"});
    assert_eq!(schema["const"], reference);
    assert_eq!(schema["enum"], json!([reference]));
    assert_eq!(schema["properties"], json!({"$ref": {"type": "string"}}));
}

#[test]
fn identifiers_stay_names_within_the_contract() {
    let text = "\
openapi: 3.1.1
paths: {}
components:
  schemas:
    A: {$id: 'https://example.com/a', properties: {b: {$ref: b}}}
    B: {$ref: 'https://example.com/a'}
";
    let (contract, _) = Files::of(&[("a.yaml", text)]).placed("a.yaml").unwrap();
    let schemas = &contract["openapi"]["components"]["schemas"];
    assert_eq!(schemas["B"]["$ref"], "https://example.com/a");
    assert_eq!(schemas["A"]["properties"]["b"]["$ref"], "b");
}

#[test]
fn every_reference_that_leads_nowhere_is_told_where_it_stands() {
    let main = "\
openapi: 3.1.1
paths: {}
components:
  schemas:
    A: {$ref: 'https://example.com/schemas/a.json#/b'}
    B: {$ref: 'no%20where.yaml'}
    C: {$ref: 'other.yaml#/missing'}
    D: {$ref: 'other.yaml#name'}
    E: {$ref: 'other.yaml#/there'}
    F: {$ref: 'broken.yaml'}
    G: {$ref: '//example.com/a'}
";
    let other = "there: {items: {$ref: 'urn:example:a'}}";
    let remote = "refers to another document over the network, which nobody fetches; save it in a \
                  file, and refer to that by its path";
    let at = |name: &str| format!("main.yaml:/components/schemas/{name}/$ref:");
    finds(
        &[
            ("main.yaml", main),
            ("other.yaml", other),
            ("broken.yaml", "a: ["),
        ],
        "main.yaml",
        &[
            &format!("{} {remote}", at("A")),
            &format!(
                "{} refers to a file that cannot be read: No such file or directory (os error 2)",
                at("B")
            ),
            &format!("{} refers to nothing in that file", at("C")),
            &format!(
                "{} refers to a name in another file; refer to the place by a JSON Pointer, such as \
                 `common.yaml#/components/schemas/Order`",
                at("D")
            ),
            &format!(
                "{} refers to a file that is not YAML: unclosed bracket '[' at line 1 column 4",
                at("F")
            ),
            &format!("{} {remote}", at("G")),
            &format!("other.yaml:/there/items/$ref: {remote}"),
        ],
    );
}

#[test]
fn each_bare_schema_is_a_document_of_its_own() {
    let main = "\
request: {$ref: order.json}
response: {$schema: 'http://json-schema.org/draft-07/schema#', items: {$ref: 'order.json#/definitions/line'}}
";
    let order = r##"{
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://example.com/order",
        "properties": {"lines": {"$ref": "#/definitions/line"}, "by": {"$ref": "who.json"}},
        "definitions": {"line": {"properties": {"order": {"$ref": "#"}}}}
    }"##;
    let files = [
        ("main.yaml", main),
        ("order.json", order),
        ("who.json", r#"{"type": "string"}"#),
    ];
    let (contract, _) = Files::of(&files).placed("main.yaml").unwrap();
    let schemas = &contract["jsonSchema"];
    let whole: Value = serde_json::from_str(order).unwrap();
    let mut expected = whole.clone();
    expected["properties"]["by"] = json!({"$ref": "#/definitions/who"});
    expected["definitions"]["who"] = json!({"type": "string"});
    assert_eq!(schemas["request"], expected);
    let response = &schemas["response"];
    assert_eq!(response["items"]["$ref"], "#/definitions/line");
    let definitions = &response["definitions"];
    assert_eq!(
        definitions["line"]["properties"]["order"]["$ref"],
        "#/definitions/order"
    );
    assert_eq!(
        definitions["order"]["properties"]["by"]["$ref"],
        "#/definitions/who"
    );
    assert_eq!(definitions["order"].get("$id"), None);
}

#[test]
fn a_part_in_another_dialect_is_found_fault_with() {
    let order = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}"#;
    finds(
        &[
            ("a.yaml", "request: {items: {$ref: order.json}}"),
            ("order.json", order),
        ],
        "a.yaml",
        &[
            "order.json:/$schema: is not the dialect of the schema that refers to this one; say the same \
           in both (without `$schema` it is JSON Schema 2020-12)",
        ],
    );
}

#[test]
fn schemas_that_only_refer_to_each_other_come_to_an_end() {
    let files = [
        ("a.yaml", "request: {$ref: b.json}"),
        ("b.json", r#"{"$ref": "c.json"}"#),
        ("c.json", r#"{"$ref": "b.json"}"#),
    ];
    let (contract, _) = Files::of(&files).placed("a.yaml").unwrap();
    assert!(contract["jsonSchema"]["request"].is_object());
}

#[test]
fn findings_are_told_where_they_can_be_mended() {
    use kit::policy::Findings;
    let files = Files::of(&[
        (
            "main.yaml",
            "openapi: 3.1.1\npaths: {}\ncomponents: {schemas: {A: {$ref: 'b.yaml#/x/B'}}}",
        ),
        ("b.yaml", "x: {B: {type: 1}}"),
    ]);
    let (_, placed) = files.placed("main.yaml").unwrap();
    let mut findings = Findings::new();
    for pointer in [
        "/rules/0",
        "/contracts/0/openapi/paths",
        "/contracts/0/openapi/components/schemas/B/type",
        "/contracts/0/openapi/components/schemas/Boo",
        "/contracts/0/name",
    ] {
        findings.add(pointer, "wrong");
    }
    let told = placed.origins.place(&files.policy(), "", findings);
    let told: Vec<_> = told
        .iter()
        .map(|finding| {
            let file = finding.file.file_name().unwrap().to_str().unwrap();
            (file, finding.pointer.as_str())
        })
        .collect();
    let expected = [
        ("policy.json", "/rules/0"),
        ("main.yaml", "/paths"),
        ("b.yaml", "/x/B/type"),
        ("main.yaml", "/components/schemas/Boo"),
        ("policy.json", "/contracts/0/name"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_packed_is_unpacked_and_always_packed_the_same() {
    let text = "a contract, ".repeat(1000);
    let packed = packed::pack(text.as_bytes());
    assert!(packed.len() < 200, "{packed}");
    assert_eq!(packed, packed::pack(text.as_bytes()));
    assert_eq!(packed::unpack(&packed).unwrap(), text.as_bytes());
    // No time and no name (RFC 1952 section 2.3.1), and no system: 255 is unknown.
    let octets = packed::unpack(&packed::encode(b"plain")).unwrap();
    assert_eq!(octets, b"plain");
    assert!(packed.starts_with("H4sIAAAAAAAC/"), "{packed}");
    assert_eq!(packed::unpack("no base64!"), None);
    assert_eq!(packed::unpack("H4sIAAAA"), None);
}
