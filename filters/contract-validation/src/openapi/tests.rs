use crate::schema::Dialect;

use super::*;
use crate::parameter::Location;
use proptest::prelude::*;
use serde_json::{Value, json};

const UNCHECKED: Reading = Reading {
    undefined: Undefined::Unchecked,
    nullable: Nullable::Strict,
};

/// A document of a version with these paths.
#[expect(
    clippy::needless_pass_by_value,
    reason = "Most are written where they are passed."
)]
fn document(version: &str, paths: Value, schemas: Value) -> Value {
    json!({"openapi": version, "paths": paths, "components": {"schemas": schemas}})
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "Most are written where they are passed."
)]
fn contract(document: Value) -> Contract {
    Contract::read(&document, Reading::default()).expect("a contract")
}

/// Where mistakes are, in order.
#[expect(
    clippy::needless_pass_by_value,
    reason = "Most are written where they are passed."
)]
fn places(document: Value) -> Vec<String> {
    let findings = Contract::read(&document, Reading::default()).expect_err("mistakes");
    let mut places: Vec<_> = findings.0.into_iter().map(|own| own.pointer).collect();
    places.sort();
    places
}

fn found(contract: &Contract, method: &str, path: &str) -> Option<String> {
    match contract.find(method, path) {
        Lookup::Operation(operation, matched) => {
            let captures: Vec<String> = matched
                .captures
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            let id = operation.name.clone();
            Some(format!("{id}{}", captures.concat()))
        }
        Lookup::UnknownMethod(item) => Some(item.methods().collect::<Vec<_>>().join(",")),
        Lookup::UnknownPath => None,
    }
}

/// Paths, each with a `get` of its own name.
fn paths(templates: &[&str]) -> Contract {
    let item = |template: &str| json!({"get": {"operationId": template}});
    let items = templates.iter().map(|own| ((*own).to_owned(), item(own)));
    contract(json!({"openapi": "3.1.0", "paths": Value::Object(items.collect())}))
}

#[test]
fn concrete_paths_go_before_templated_ones() {
    let contract = paths(&[
        "/",
        "/pets",
        "/pets/",
        "/pets/{id}",
        "/pets/mine",
        "/pets/{id}/toys",
        "/{a}/me",
        "/books/{id}",
        "/compare/{base}...{head}",
        "/reports/{name}.{format}",
        "/reports/{name}",
        "/caf%C3%A9/%7Ehome",
    ]);
    for (path, expected) in [
        ("/", Some("/")),
        ("/pets", Some("/pets")),
        ("/pets/", Some("/pets/")),
        ("/pets/mine", Some("/pets/mine")),
        ("/pets/%6Dine", Some("/pets/mine")),
        ("/pets/5", Some("/pets/{id} id=5")),
        ("/pets/mine/toys", Some("/pets/{id}/toys id=mine")),
        ("/pets/a%2Fb", Some("/pets/{id} id=a%2Fb")),
        ("/books/me", Some("/books/{id} id=me")),
        ("/films/me", Some("/{a}/me a=films")),
        (
            "/compare/a...b",
            Some("/compare/{base}...{head} base=a head=b"),
        ),
        (
            "/compare/a...b...c",
            Some("/compare/{base}...{head} base=a head=b...c"),
        ),
        ("/compare/...b", None),
        (
            "/reports/x.csv",
            Some("/reports/{name}.{format} name=x format=csv"),
        ),
        ("/reports/x", Some("/reports/{name} name=x")),
        ("/reports/.csv", Some("/reports/{name} name=.csv")),
        ("/caf%C3%A9/~home", Some("/caf%C3%A9/%7Ehome")),
        ("/pets/../pets", None),
        ("/pets/%2E%2e", None),
        ("/pets/5/6/7", None),
        ("//pets", None),
        ("pets", None),
        ("", None),
    ] {
        assert_eq!(found(&contract, "GET", path).as_deref(), expected, "{path}");
    }
    assert_eq!(found(&contract, "POST", "/pets").as_deref(), Some("GET"));
    assert_eq!(found(&contract, "get", "/pets").as_deref(), Some("GET"));
}

#[test]
fn templates_of_one_shape_may_differ_in_their_methods_only() {
    let both = json!({
        "/a/{x}": {"get": {"operationId": "one"}},
        "/a/{y}": {"delete": {"operationId": "other"}},
    });
    let contract = contract(document("3.0.3", both, json!({})));
    assert_eq!(found(&contract, "GET", "/a/1").as_deref(), Some("one x=1"));
    assert_eq!(
        found(&contract, "DELETE", "/a/1").as_deref(),
        Some("other y=1")
    );
    let same = json!({"/a/{x}": {"get": {}}, "/a/{y}": {"get": {}}});
    assert_eq!(
        places(document("3.0.3", same, json!({}))),
        ["/paths/~1a~1{y}"]
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let paths = json!({
        "no-slash": {},
        "/{a}{b}": {},
        "/{open": {},
        "/{x}/{x}": {},
        "/pets": {
            "parameters": [{"name": "a", "in": "query"}, {"name": "b", "in": "body", "schema": {}}],
            "get": {
                "operationId": "same",
                "parameters": [
                    {"in": "query", "schema": {}},
                    {"name": "c", "in": "query", "style": "simple", "schema": {}},
                    {"name": "c", "in": "query", "style": "other", "schema": {}},
                    {"name": "d", "in": "query", "style": "deepObject",
                        "schema": {"type": "object", "properties": {"x": {"type": "object"}}}},
                    {"name": "e", "in": "query", "content": {}},
                    {"name": "f", "in": "query", "required": "yes", "schema": {"type": "text"}},
                    {"$ref": "#/components/parameters/none"},
                    {"$ref": "common.yaml#/f"},
                    {"name": "X-A", "in": "header", "schema": {}},
                    {"name": "x-a", "in": "header", "schema": {}},
                ],
                "requestBody": {},
                "responses": {"2xx": {}, "20": {}, "600": {}, "200": {"content": {"json": {}}}},
            },
            "post": {
                "operationId": "same",
                "requestBody": {"content": {"application/json": {"schema": {
                    "properties": {
                        "a": {"$ref": "https://example.com/a.json"},
                        "b": {"readOnly": true, "writeOnly": true},
                        "c": {"type": ["string", "null"]},
                        "d": {"type": "number", "exclusiveMinimum": 5},
                        "e": 5,
                        "f": {"$ref": "#/components/schemas/Missing"},
                    }
                }}}},
            },
        },
    });
    let body = "/paths/~1pets/post/requestBody/content/application~1json/schema/properties";
    let get = "/paths/~1pets/get";
    let mut expected = vec![
        "/paths/no-slash".to_owned(),
        "/paths/~1{a}{b}".to_owned(),
        "/paths/~1{open".to_owned(),
        "/paths/~1{x}~1{x}".to_owned(),
        "/paths/~1pets/parameters/0".to_owned(),
        "/paths/~1pets/parameters/1/in".to_owned(),
        "/paths/~1pets/post/operationId".to_owned(),
    ];
    for place in [
        "parameters/0",
        "parameters/1/style",
        "parameters/2/style",
        "parameters/3/style",
        "parameters/4/content",
        "parameters/5/required",
        "parameters/5/schema/type",
        "parameters/6/$ref",
        "parameters/7/$ref",
        "parameters/9",
        "requestBody",
        "responses/20",
        "responses/600",
        "responses/200/content/json",
    ] {
        expected.push(format!("{get}/{place}"));
    }
    for place in ["a/$ref", "b", "c/type", "d/exclusiveMinimum", "e", "f/$ref"] {
        expected.push(format!("{body}/{place}"));
    }
    expected.sort();
    assert_eq!(places(document("3.0.3", paths, json!({}))), expected);
}

#[test]
fn what_is_no_document_says_so() {
    assert_eq!(places(json!([])), [""]);
    assert_eq!(places(json!({"info": {}})), [""]);
    assert_eq!(places(json!({"swagger": "2.0"})), ["/swagger"]);
    assert_eq!(places(json!({"openapi": "4.0.0"})), ["/openapi"]);
    assert_eq!(places(json!({"openapi": "3.10.0"})), ["/openapi"]);
    let dialect = json!({"openapi": "3.1.0", "jsonSchemaDialect": "https://example.com/own"});
    assert_eq!(places(dialect), ["/jsonSchemaDialect"]);
}

#[test]
fn a_remote_reference_says_how_to_bundle() {
    let paths = json!({"/a": {"$ref": "a.yaml"}});
    let findings = Contract::read(&document("3.1.0", paths, json!({})), UNCHECKED);
    let findings = findings.expect_err("a remote reference").to_string();
    assert_eq!(
        findings,
        "/paths/~1a/$ref: refers to another document; put all of it into one first, with `treaty bundle`"
    );
}

#[test]
fn references_that_lead_in_a_circle_are_found() {
    let document = json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {"parameters": [{"$ref": "#/components/parameters/a"}]}}},
        "components": {"parameters": {
            "a": {"$ref": "#/components/parameters/b"},
            "b": {"$ref": "#/components/parameters/a"},
        }},
    });
    assert_eq!(places(document).len(), 1);
}

#[test]
fn what_is_undefined_is_not_checked_where_one_says_so() {
    let paths = json!({"/a": {"get": {"parameters": [
        {"name": "c", "in": "cookie", "schema": {"type": "array"}},
    ]}}});
    let document = document("3.0.3", paths, json!({}));
    assert_eq!(places(document.clone()), ["/paths/~1a/get/parameters/0"]);
    let contract = Contract::read(&document, UNCHECKED).expect("a contract");
    assert_eq!(contract.notes().0.len(), 1);
    let Lookup::Operation(operation, _) = contract.find("GET", "/a") else {
        panic!("an operation");
    };
    assert!(operation.claims(Location::Cookie, "c"));
}

#[test]
fn parameters_of_an_operation_go_before_those_of_its_path() {
    let paths = json!({"/a/{id}": {
        "parameters": [
            {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "x", "in": "query", "schema": {"type": "string"}},
            {"name": "X-Trace", "in": "header", "schema": {}},
            {"name": "authorization", "in": "header", "required": true, "schema": {}},
        ],
        "get": {"parameters": [
            {"name": "x", "in": "query", "required": true, "schema": {"type": "integer"}},
            {"name": "x-trace", "in": "header", "required": true, "schema": {}},
        ]},
    }});
    let contract = contract(document("3.1.0", paths, json!({})));
    let Lookup::Operation(operation, _) = contract.find("GET", "/a/1") else {
        panic!("an operation");
    };
    let names: Vec<_> = operation
        .parameters
        .iter()
        .map(|own| (own.parameter.name.as_str(), own.parameter.required))
        .collect();
    assert_eq!(names, [("id", true), ("x", true), ("x-trace", true)]);
}

#[test]
fn an_answer_is_that_of_its_status_then_of_its_class_then_of_all_others() {
    let paths = json!({"/a": {"get": {"responses": {
        "200": {}, "2XX": {}, "4XX": {}, "default": {}, "x-more": 1,
    }}}});
    let contract = contract(document("3.1.0", paths, json!({})));
    let Lookup::Operation(operation, _) = contract.find("GET", "/a") else {
        panic!("an operation");
    };
    for (status, key) in [(200, "200"), (201, "2XX"), (404, "4XX"), (500, "default")] {
        let response = operation.responses.find(status).expect("an answer");
        assert_eq!(response.pointer, format!("/paths/~1a/get/responses/{key}"));
    }
}

#[test]
fn the_media_range_that_says_most_is_the_one() {
    let paths = json!({"/a": {"post": {"requestBody": {"content": {
        "*/*": {}, "application/*": {}, "application/json": {},
        "application/json; version=2": {}, "text/plain": {},
    }}}}});
    let contract = contract(document("3.1.0", paths, json!({})));
    let Lookup::Operation(operation, _) = contract.find("POST", "/a") else {
        panic!("an operation");
    };
    let content = &operation.body.as_ref().expect("a body").content;
    for (given, range) in [
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        (
            "application/json;version=\"2\"",
            "application/json; version=2",
        ),
        ("application/xml", "application/*"),
        ("image/png", "*/*"),
    ] {
        let found = content.find(given.as_bytes()).map(|own| own.range.as_str());
        assert_eq!(found, Some(range), "{given}");
    }
    assert_eq!(content.find(b"no media type"), None);
}

/// The view of the body of `POST /a`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "Most are written where they are passed."
)]
fn view(version: &str, schema: Value, schemas: Value, direction: Direction) -> Value {
    let paths = json!({"/a": {"post": {"requestBody": {"content": {
        "application/json": {"schema": schema},
    }}}}});
    let contract = contract(document(version, paths, schemas));
    let Lookup::Operation(operation, _) = contract.find("POST", "/a") else {
        panic!("an operation");
    };
    let media = operation
        .body
        .as_ref()
        .and_then(|body| body.content.0.first());
    let schema = media
        .and_then(|media| media.schema.as_ref())
        .expect("a schema");
    contract.view(schema, direction, Hidden::Allowed).schema
}

fn is_valid(view: &Value, instance: &Value) -> bool {
    jsonschema::validator_for(view)
        .expect("a schema")
        .is_valid(instance)
}

#[test]
fn schemas_of_3_0_mean_what_3_0_says() {
    for (schema, instance, expected) in [
        (
            json!({"type": "string", "nullable": true}),
            json!(null),
            true,
        ),
        (json!({"type": "string", "nullable": true}), json!(5), false),
        (
            json!({"type": "string", "nullable": true, "enum": ["a"]}),
            json!(null),
            false,
        ),
        (
            json!({"nullable": true, "allOf": [{"type": "string"}]}),
            json!(null),
            false,
        ),
        (
            json!({"type": "number", "minimum": 5, "exclusiveMinimum": true}),
            json!(5),
            false,
        ),
        (
            json!({"type": "number", "minimum": 5, "exclusiveMinimum": false}),
            json!(5),
            true,
        ),
        (
            json!({"type": "number", "maximum": 5, "exclusiveMaximum": true}),
            json!(4.5),
            true,
        ),
        (json!({"exclusiveMaximum": true}), json!(5), true),
        (
            json!({"$ref": "#/components/schemas/S", "maxLength": 1}),
            json!("long"),
            true,
        ),
        (
            json!({"$ref": "#/components/schemas/S", "maxLength": 1}),
            json!(5),
            false,
        ),
        // Keywords of later drafts mean nothing.
        (json!({"const": 1}), json!(2), true),
        (
            json!({"type": "array", "items": {}, "contains": false}),
            json!([1]),
            true,
        ),
        (
            json!({"patternProperties": {"a": false}}),
            json!({"a": 1}),
            true,
        ),
        // A property may have the name of a keyword, and values may look like schemas.
        (
            json!({"properties": {"example": {"type": "string"}}}),
            json!({"example": 1}),
            false,
        ),
        (
            json!({"enum": [{"nullable": true, "title": "x"}]}),
            json!({"nullable": true, "title": "x"}),
            true,
        ),
        (
            json!({"type": "object", "additionalProperties": false}),
            json!({"a": 1}),
            false,
        ),
    ] {
        let schemas = json!({"S": {"type": "string"}});
        let view = view("3.0.3", schema.clone(), schemas, Direction::Request);
        assert_eq!(is_valid(&view, &instance), expected, "{schema} {instance}");
    }
}

#[test]
fn schemas_of_3_1_mean_what_json_schema_says() {
    for (schema, instance, expected) in [
        (
            json!({"$ref": "#/components/schemas/S", "maxLength": 1}),
            json!("long"),
            false,
        ),
        (json!({"const": 1}), json!(2), false),
        (json!({"type": ["string", "null"]}), json!(null), true),
        (json!({"exclusiveMinimum": 5}), json!(5), false),
        (
            json!({"prefixItems": [{"$ref": "#/components/schemas/S"}]}),
            json!([5]),
            false,
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#",
            "$ref": "#/components/schemas/S", "maxLength": 1}),
            json!("long"),
            true,
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-04/schema#",
            "minimum": 5, "exclusiveMinimum": true}),
            json!(5),
            false,
        ),
        (json!({"$ref": "#named"}), json!(5), false),
        (json!({"$dynamicRef": "#named"}), json!(5), false),
        (json!({"$dynamicRef": "#"}), json!(5), true),
        (
            json!({"$ref": "https://example.com/own#/$defs/inner"}),
            json!(5),
            false,
        ),
        (json!({"$ref": "https://example.com/own"}), json!("a"), true),
        (json!({"$ref": "#/components/schemas/Own"}), json!(5), false),
        (
            json!({"$ref": "#/components/schemas/Own"}),
            json!("a"),
            true,
        ),
        (
            json!({"items": {"$ref": "#/components/schemas/Own"}}),
            json!([5]),
            false,
        ),
        (
            json!({"allOf": [{"$ref": "#/components/schemas/Tree"}], "unevaluatedProperties": false}),
            json!({"children": [{"x": 1}]}),
            true,
        ),
        (
            json!({"$ref": "#/components/schemas/Tree"}),
            json!({"children": [5]}),
            false,
        ),
        (
            json!({"$ref": "#/components/schemas/a~1b%20%7Bc%7D"}),
            json!(5),
            false,
        ),
        (
            json!({"$ref": "#/components/schemas/Pair/prefixItems/1"}),
            json!(5),
            false,
        ),
        (json!(false), json!(5), false),
    ] {
        let schemas = json!({
            "S": {"type": "string"},
            "Named": {"$anchor": "named", "type": "string"},
            "Own": {"$id": "https://example.com/own", "$ref": "#/$defs/inner",
                "$defs": {"inner": {"type": "string"}}},
            "Tree": {"type": "object", "properties": {"children": {
                "type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
            "a/b {c}": {"type": "string"},
            "Pair": {"prefixItems": [{"type": "integer"}, {"type": "string"}]},
        });
        let view = view("3.1.0", schema.clone(), schemas, Direction::Request);
        assert_eq!(
            is_valid(&view, &instance),
            expected,
            "{schema} {instance} {view}"
        );
    }
}

#[test]
fn a_property_is_required_in_its_own_direction_only() {
    let user = json!({
        "type": "object",
        "required": ["id", "name", "password"],
        "properties": {
            "id": {"type": "integer", "readOnly": true},
            "name": {"type": "string"},
            "password": {"$ref": "#/components/schemas/Secret"},
        },
    });
    let schemas = json!({
        "Secret": {"type": "string", "writeOnly": true},
        "User": user,
        "Base": {"properties": {"id": {"readOnly": true}}},
        "Demanding": {"required": ["id", "password"]},
    });
    let password = json!({"password": {"writeOnly": true}});
    for version in ["3.0.3", "3.1.0"] {
        for schema in [
            user.clone(),
            json!({"$ref": "#/components/schemas/User"}),
            json!({"allOf": [{"$ref": "#/components/schemas/User"}]}),
            json!({"items": {"$ref": "#/components/schemas/User"}}),
            json!({"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": password}],
                "required": ["id", "name", "password"]}),
            json!({"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id", "name", "password"]}],
                "properties": password}),
            json!({"allOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#/components/schemas/Demanding"}],
                "properties": password, "required": ["name"]}),
            json!({"anyOf": [{"required": ["id", "password"]}], "required": ["name"],
                "properties": {"id": {"readOnly": true}, "password": {"writeOnly": true}}}),
        ] {
            let is_list = schema.get("items").is_some();
            let wrap = |value: Value| if is_list { json!([value]) } else { value };
            for (direction, instance, expected) in [
                (
                    Direction::Request,
                    json!({"name": "a", "password": "b"}),
                    true,
                ),
                (Direction::Request, json!({"name": "a"}), false),
                (Direction::Request, json!({"password": "b"}), false),
                (Direction::Response, json!({"id": 1, "name": "a"}), true),
                (Direction::Response, json!({"name": "a"}), false),
            ] {
                let view = view(version, schema.clone(), schemas.clone(), direction);
                let valid = is_valid(&view, &wrap(instance.clone()));
                assert_eq!(
                    valid, expected,
                    "{version} {schema} {direction:?} {instance} {view}"
                );
            }
        }
    }
}

#[test]
fn a_property_that_is_not_for_a_direction_can_be_refused() {
    let paths = json!({"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": {
        "properties": {"id": {"readOnly": true}},
    }}}}}}});
    let contract = contract(document("3.1.0", paths, json!({})));
    let pointer = "/paths/~1a/post/requestBody/content/application~1json/schema".to_owned();
    let schema = SchemaRef { pointer };
    for (direction, hidden, expected) in [
        (Direction::Request, Hidden::Refused, false),
        (Direction::Request, Hidden::Allowed, true),
        (Direction::Response, Hidden::Refused, true),
    ] {
        let view = contract.view(&schema, direction, hidden);
        assert_eq!(is_valid(&view.schema, &json!({"id": 1})), expected);
    }
}

#[test]
fn a_discriminator_never_changes_the_outcome() {
    let schemas = json!({
        "Pet": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}}},
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["lives"]}]},
    });
    for version in ["3.0.3", "3.1.0"] {
        let schema = json!({"$ref": "#/components/schemas/Pet"});
        let view = view(version, schema, schemas.clone(), Direction::Request);
        assert!(is_valid(&view, &json!({"kind": "cat"})));
        assert!(is_valid(&view, &json!({"kind": "unknown"})));
        assert!(!view.to_string().contains("discriminator"));
        assert!(!view.to_string().contains("Cat"));
    }
}

#[test]
fn a_view_holds_what_is_needed_and_no_more() {
    let schemas = json!({
        "A": {"description": "long", "$ref": "#/components/schemas/B"},
        "B": {"properties": {"title": {"type": "string", "title": "x", "example": "y", "x-z": 1}}},
        "C": {"type": "string"},
    });
    let schema = json!({"$ref": "#/components/schemas/A"});
    let view = view("3.0.3", schema, schemas, Direction::Response);
    let expected = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/B",
        "$defs": {"B": {"properties": {"title": {"type": "string"}}}},
    });
    assert_eq!(view, expected);
}

#[test]
fn the_dialect_is_that_of_the_schema_or_of_the_document() {
    let mut document = document(
        "3.1.0",
        json!({}),
        json!({"A": {}, "B": {"$schema": "http://json-schema.org/draft-07/schema#"}}),
    );
    document["jsonSchemaDialect"] = json!("http://json-schema.org/draft-04/schema#");
    let contract = contract(document);
    for (name, dialect) in [("A", Dialect::Draft4), ("B", Dialect::Draft7)] {
        let pointer = format!("/components/schemas/{name}");
        let view = contract.view(&SchemaRef { pointer }, Direction::Request, Hidden::Allowed);
        assert_eq!(view.dialect, dialect);
        assert_eq!(view.schema["$schema"], dialect.uri());
    }
}

#[test]
fn a_form_has_its_fields_from_the_schema_and_their_encoding() {
    let paths = json!({"/a": {"post": {"requestBody": {"content": {"application/x-www-form-urlencoded": {
        "schema": {"type": "object", "properties": {
            "n": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "ids": {"type": "array", "items": {"type": "integer"}},
            "o": {"type": "object"},
            "deep": {"type": "object", "properties": {"x": {"type": "integer"}}},
        }},
        "encoding": {
            "ids": {"style": "form", "explode": false},
            "deep": {"style": "deepObject", "explode": true},
        },
    }}}}}});
    let contract = contract(document("3.1.0", paths, json!({})));
    let Lookup::Operation(operation, _) = contract.find("POST", "/a") else {
        panic!("an operation");
    };
    let content = &operation.body.as_ref().expect("a body").content;
    let media = content.find(b"application/x-www-form-urlencoded");
    let form = media.and_then(|media| media.form.as_ref()).expect("a form");
    assert_eq!(
        form.read("n=1&tags=a&tags=b&ids=1,2&o=%7B%22a%22%3A1%7D&deep[x]=5&y=z"),
        Ok(
            json!({"n": 1, "tags": ["a", "b"], "ids": [1, 2], "o": {"a": 1}, "deep": {"x": 5}, "y": "z"})
        )
    );
}

#[test]
fn what_3_2_adds_is_read() {
    let paths = json!({"/a": {
        "query": {"operationId": "q", "parameters": [{"name": "s", "in": "querystring",
            "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object",
                "properties": {"n": {"type": "integer"}}}}}}]},
        "additionalOperations": {"COPY": {"operationId": "c", "responses": {"200": {"content": {
            "application/jsonl": {"itemSchema": {"type": "integer"}}}}}}},
    }});
    let contract32 = contract(document("3.2.0", paths.clone(), json!({})));
    assert_eq!(found(&contract32, "COPY", "/a").as_deref(), Some("c"));
    let Lookup::Operation(operation, _) = contract32.find("QUERY", "/a") else {
        panic!("an operation");
    };
    let whole = operation
        .parameters_in(Location::QueryString)
        .next()
        .expect("a parameter");
    let value = whole.parameter.in_query_string("n=5");
    assert_eq!(value, Ok(crate::parameter::Found::Value(json!({"n": 5}))));
    let contract31 = contract(document("3.1.0", paths, json!({})));
    assert_eq!(found(&contract31, "COPY", "/a").as_deref(), Some(""));
}

#[test]
fn what_3_2_adds_is_unknown_before() {
    let whole = json!({"/a": {"get": {"parameters": [{"name": "s", "in": "querystring",
        "content": {"text/plain": {}}}]}}});
    let cookie = json!({"/a": {"get": {"parameters": [{"name": "s", "in": "cookie",
        "style": "cookie", "schema": {"type": "string"}}]}}});
    let place = "/paths/~1a/get/parameters/0";
    for (paths, fault) in [(whole, "in"), (cookie, "style")] {
        contract(document("3.2.0", paths.clone(), json!({})));
        let fault = format!("{place}/{fault}");
        assert_eq!(places(document("3.1.2", paths, json!({}))), [fault]);
    }
    let method = json!({"/a": {"query": {"operationId": "q"}}});
    let contract = contract(document("3.1.2", method, json!({})));
    assert_eq!(found(&contract, "QUERY", "/a").as_deref(), Some(""));
}

#[test]
fn the_whole_query_stands_alone() {
    let whole = |name: &str| json!({"name": name, "in": "querystring", "content": {"application/json": {}}});
    let query = json!({"name": "q", "in": "query", "schema": {}});
    for parameters in [json!([whole("a"), query]), json!([whole("a"), whole("b")])] {
        let paths = json!({"/a": {"get": {"parameters": parameters}}});
        assert_eq!(
            places(document("3.2.0", paths, json!({}))),
            ["/paths/~1a/get"]
        );
    }
    let mut schema = whole("a");
    schema["schema"] = json!({});
    let paths = json!({"/a": {"get": {"parameters": [schema]}}});
    assert_eq!(places(document("3.2.0", paths, json!({}))).len(), 1);
}

#[test]
fn null_is_admitted_where_nullable_is_read_leniently() {
    let schemas = json!({"B": {"type": "string"}});
    let reference = "#/components/schemas/B";
    for (schema, strict, lenient) in [
        (json!({"type": "string", "nullable": true}), true, true),
        (json!({"enum": ["a"], "nullable": true}), false, true),
        (
            json!({"enum": ["a"], "type": "string", "nullable": true}),
            false,
            false,
        ),
        (
            json!({"anyOf": [{"type": "string"}], "nullable": true}),
            false,
            true,
        ),
        (
            json!({"allOf": [{"$ref": reference}], "nullable": true}),
            false,
            true,
        ),
        (json!({"$ref": reference, "nullable": true}), false, true),
        (json!({"$ref": reference, "nullable": false}), false, false),
        (json!({"$ref": reference}), false, false),
    ] {
        for (nullable, admits) in [(Nullable::Strict, strict), (Nullable::Lenient, lenient)] {
            let reading = Reading {
                nullable,
                ..Reading::default()
            };
            let body = json!({"content": {"application/json": {"schema": schema}}});
            let paths = json!({"/a": {"post": {"requestBody": body}}});
            let document = document("3.0.3", paths, schemas.clone());
            let contract = Contract::read(&document, reading).expect("a contract");
            let Lookup::Operation(operation, _) = contract.find("POST", "/a") else {
                panic!("an operation");
            };
            let body = operation.body.as_ref().expect("a body");
            let own = body.content.0[0].schema.as_ref().expect("a schema");
            let view = contract
                .view(own, Direction::Request, Hidden::Allowed)
                .schema;
            assert_eq!(
                is_valid(&view, &json!(null)),
                admits,
                "{nullable:?} {schema}"
            );
            assert!(is_valid(&view, &json!("a")) && !is_valid(&view, &json!(5)));
            let is_noted = schema.get("type").is_none() && schema.get("$ref").is_none();
            let notes = usize::from(is_noted && nullable == Nullable::Strict);
            assert_eq!(contract.notes().0.len(), notes, "{nullable:?} {schema}");
        }
    }
}

#[test]
fn from_3_1_on_nullable_means_nothing() {
    let reading = Reading {
        nullable: Nullable::Lenient,
        ..Reading::default()
    };
    let body =
        json!({"content": {"application/json": {"schema": {"nullable": true, "enum": [1]}}}});
    let paths = json!({"/a": {"post": {"requestBody": body}}});
    let contract = Contract::read(&document("3.1.0", paths, json!({})), reading);
    let contract = contract.expect("a contract");
    assert_eq!(contract.notes().0.len(), 1);
    let pointer = "/paths/~1a/post/requestBody/content/application~1json/schema".to_owned();
    let schema = SchemaRef { pointer };
    let view = contract
        .view(&schema, Direction::Request, Hidden::Allowed)
        .schema;
    assert!(!is_valid(&view, &json!(null)));
}

#[test]
fn a_text_is_read_as_its_value_is() {
    let document = rich();
    let text = document.to_string();
    let contract = Contract::read(&document, Reading::default()).expect("a contract");
    let other = Contract::read_text(text.as_bytes(), Reading::default()).expect("a contract");
    assert_eq!(contract.items(), other.items());
    let findings = Contract::read_text(&text.as_bytes()[1..], Reading::default());
    assert_eq!(findings.expect_err("a mistake").0[0].pointer, "");
}

#[test]
fn a_quoted_parameter_of_a_media_type_is_a_plain_one() {
    let media = r#"application/json; profile="a;b=\"c\"""#;
    let paths = json!({"/a": {"post": {"requestBody": {"content": {media: {}}}}}});
    let contract = contract(document("3.1.0", paths, json!({})));
    let Lookup::Operation(operation, _) = contract.find("POST", "/a") else {
        panic!("an operation");
    };
    let content = &operation.body.as_ref().expect("a body").content;
    let given: &[u8] = br#"application/json; charset=utf-8; Profile="a;b=\"c\"""#;
    assert!(content.find(given).is_some());
    assert!(
        content
            .find(br#"application/json; profile="a;b""#)
            .is_none()
    );
    assert!(content.find(b"application/json").is_none());
}

#[test]
fn the_paths_of_servers_are_told() {
    let mut document = document("3.1.0", json!({}), json!({}));
    assert_eq!(contract(document.clone()).base_paths(), [""]);
    document["servers"] = json!([
        {"url": "https://example.com/v1/"}, {"url": "/v2"}, {"url": "https://example.com"},
        {"url": "https://{host}/{base}", "variables": {"host": {"default": "a"}, "base": {"default": "v3"}}},
    ]);
    assert_eq!(contract(document).base_paths(), ["", "/v1", "/v2", "/v3"]);
}

/// A document with most of what is read.
fn rich() -> Value {
    json!({
        "openapi": "3.1.0",
        "servers": [{"url": "/{v}", "variables": {"v": {"default": "v1"}}}],
        "paths": {"/a/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "post": {
                "operationId": "one",
                "requestBody": {"required": true, "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Node"}},
                    "application/x-www-form-urlencoded": {
                        "schema": {"properties": {"a": {"type": "array"}}},
                        "encoding": {"a": {"explode": false}}},
                }},
                "responses": {"200": {
                    "headers": {"X-A": {"schema": {"type": "integer"}}},
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}},
                }},
            },
        }},
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}},
            "schemas": {"Node": {
                "type": "object", "required": ["id", "next"],
                "allOf": [{"$ref": "#/components/schemas/Node"}],
                "properties": {"id": {"readOnly": true}, "next": {"$ref": "#/components/schemas/Node"}},
            }},
        },
    })
}

#[test]
fn a_pruned_document_says_the_same_in_less() {
    let full = json!({
        "openapi": "3.1.0", "info": {"title": "x"}, "tags": [],
        "paths": {"/a": {"summary": "x", "get": {
            "description": "x", "operationId": "a", "x-y": 1,
            "parameters": [{"name": "example", "in": "query", "example": 1,
                "schema": {"type": "string", "description": "x", "default": "x"}}],
            "responses": {"200": {"description": "x", "headers": {"Description": {"schema": {"title": "x"}}},
                "content": {"application/json": {"examples": {}, "schema": {
                    "enum": [{"title": "x"}], "properties": {"title": {"title": "x", "readOnly": true}}}}}}},
        }}},
        "components": {"examples": {"a": {}}, "schemas": {"description": {"description": "x", "type": "object"}}},
    });
    let mut pruned = full.clone();
    prune(&mut pruned);
    let expected = json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {
            "operationId": "a",
            "parameters": [{"name": "example", "in": "query", "schema": {"type": "string"}}],
            "responses": {"200": {"headers": {"Description": {"schema": {}}},
                "content": {"application/json": {"schema": {
                    "enum": [{"title": "x"}], "properties": {"title": {"readOnly": true}}}}}}},
        }}},
        "components": {"schemas": {"description": {"type": "object"}}},
    });
    assert_eq!(pruned, expected);
    assert_eq!(contract(pruned).items(), contract(full).items());
}

/// Every pointer of a value.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                pointers(value, &kit::policy::child(at, name), out);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &kit::policy::child(at, index), out);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_document_with_anything_anywhere_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize), 1..4),
    ) {
        let mut document = rich();
        let junk = [
            json!(null), json!(5), json!("x"), json!([]), json!({}), json!(true),
            json!({"$ref": "#"}), json!({"$ref": "#/components/schemas/Node"}),
        ];
        for (place, value) in changes {
            let mut all = Vec::new();
            pointers(&document, "", &mut all);
            let at = all[place.index(all.len())].clone();
            if let Some(place) = document.pointer_mut(&at) {
                *place = junk[value].clone();
            }
        }
        for reading in [Reading::default(), UNCHECKED] {
            let Ok(contract) = Contract::read(&document, reading) else {
                continue;
            };
            let _ = contract.find("POST", "/a/1");
            let pointer = "/components/schemas/Node".to_owned();
            for direction in [Direction::Request, Direction::Response] {
                let _ = contract.view(&SchemaRef { pointer: pointer.clone() }, direction, Hidden::Refused);
            }
        }
    }

    #[test]
    fn a_template_gives_back_what_it_was_filled_with(
        values in prop::collection::vec("[a-zA-Z0-9_~%2F-]{1,6}", 3),
    ) {
        let [a, b, c] = values.as_slice() else { return Ok(()); };
        let contract = paths(&["/x/{a}/y/{b}.{c}"]);
        let path = format!("/x/{a}/y/{b}.{c}");
        let expected = format!("/x/{{a}}/y/{{b}}.{{c}} a={a} b={b} c={c}");
        prop_assert_eq!(found(&contract, "GET", &path), Some(expected));
    }

    #[test]
    fn any_path_is_looked_up(path in "[/a-c.{}%2E-]{0,24}|.{0,16}") {
        let contract = paths(&["/", "/{a}", "/a/{b}.{c}", "/a/b/{d}x", "/{a}/{b}"]);
        let _ = contract.find("GET", &path);
    }
}
