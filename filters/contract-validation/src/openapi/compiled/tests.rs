use super::super::{Contract, Lookup, Nullable, Reading, SchemaRef};
use super::*;
use crate::schema::Tape;
use serde_json::json;

const UNCHECKED: Reading = Reading {
    undefined: Undefined::Unchecked,
    nullable: Nullable::Strict,
};

/// A document whose operation `POST /a` takes and gives a schema.
fn document(body: &Value, answer: &Value, schemas: &Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "paths": {"/a": {"post": {
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
        }}},
        "components": {"schemas": schemas},
    })
}

fn contract(document: &Value) -> Contract {
    Contract::read(document, Reading::default()).expect("a contract")
}

/// The schemas of `POST /a`: what it takes, and what it gives.
fn schemas(contract: &Contract) -> [SchemaRef; 2] {
    let Lookup::Operation(operation, _) = contract.find("POST", "/a") else {
        panic!("an operation");
    };
    let body = operation.body.as_ref().expect("a body");
    let answer = operation.responses.find(200).expect("an answer");
    [&body.content, &answer.content].map(|content| {
        let schema = content.schemas().next().expect("a schema");
        schema.clone()
    })
}

/// A document with so many operations, the schema of each its own and of so many values.
fn large(operations: usize, values: usize) -> Contract {
    let paths = (0..operations).map(|index| {
        let values: Vec<usize> = (index..index + values).collect();
        let content = json!({"content": {"application/json": {"schema": {"enum": values}}}});
        (
            format!("/{index}"),
            json!({"post": {"requestBody": content}}),
        )
    });
    contract(&json!({"openapi": "3.1.0", "paths": Value::Object(paths.collect())}))
}

fn all(contract: &Contract) -> Vec<SchemaRef> {
    contract
        .used()
        .into_iter()
        .map(|(schema, _)| schema)
        .collect()
}

#[test]
fn what_does_not_compile_is_told_where_it_stands_as_a_small_document_is_read() {
    let broken = json!({"properties": {"a/b": {"pattern": "("}}});
    let reference = json!({"$ref": "#/components/schemas/B~1"});
    for (body, schemas, place) in [
        (
            &broken,
            json!({}),
            "/paths/~1a/post/requestBody/content/application~1json/schema",
        ),
        (&reference, json!({"B/": broken}), "/components/schemas/B~1"),
    ] {
        let document = document(body, &json!({}), &schemas);
        let findings = Contract::read(&document, Reading::default()).expect_err("a mistake");
        let place = format!("{place}/properties/a~1b/pattern");
        let places: Vec<_> = findings.0.iter().map(|own| own.pointer.as_str()).collect();
        assert_eq!(places, [place.as_str()]);
        let contract = Contract::read(&document, UNCHECKED).expect("a contract");
        let notes = contract.notes().to_string();
        assert!(
            notes.starts_with(&place) && notes.ends_with("; it is not checked"),
            "{notes}"
        );
        let [body, answer] = super::tests::schemas(&contract);
        assert!(
            contract
                .schema(&body, Direction::Request, Hidden::Allowed)
                .is_none()
        );
        assert!(
            contract
                .schema(&answer, Direction::Response, Hidden::Allowed)
                .is_some()
        );
    }
}

#[test]
fn a_copy_that_does_not_compile_is_told_where_the_original_stands() {
    let schemas = json!({
        "A": {"allOf": [{"$ref": "#/components/schemas/B"}],
            "properties": {"id": {"readOnly": true}}},
        "B": {"required": ["id"], "pattern": "("},
    });
    let reference = json!({"$ref": "#/components/schemas/A"});
    let document = document(&reference, &json!({}), &schemas);
    let findings = Contract::read(&document, Reading::default()).expect_err("a mistake");
    assert_eq!(findings.0.len(), 1);
    assert_eq!(findings.0[0].pointer, "/components/schemas/B/pattern");
}

#[test]
fn a_schema_that_says_the_same_everywhere_is_compiled_once() {
    let plain = json!({"$ref": "#/components/schemas/Plain"});
    let schemas = json!({"Plain": {"type": "string"}});
    let contract = contract(&document(&plain, &plain, &schemas));
    let [body, answer] = super::tests::schemas(&contract);
    assert_eq!(body, answer);
    let schema = |direction, hidden| contract.schema(&body, direction, hidden).expect("a schema");
    let first = schema(Direction::Request, Hidden::Allowed);
    for direction in [Direction::Request, Direction::Response] {
        for hidden in [Hidden::Allowed, Hidden::Refused] {
            assert!(Rc::ptr_eq(&first, &schema(direction, hidden)));
        }
    }
}

#[test]
fn each_form_of_a_schema_holds_what_it_is_for() {
    let own = json!({"required": ["id"], "properties": {"id": {"readOnly": true}}});
    let contract = contract(&document(&own, &own, &json!({})));
    let [body, _] = schemas(&contract);
    for (direction, hidden, text, is_met) in [
        (Direction::Request, Hidden::Allowed, "{}", true),
        (Direction::Request, Hidden::Allowed, r#"{"id": 1}"#, true),
        (Direction::Request, Hidden::Refused, r#"{"id": 1}"#, false),
        (Direction::Response, Hidden::Allowed, "{}", false),
        (Direction::Response, Hidden::Refused, r#"{"id": 1}"#, true),
    ] {
        let value: Value = serde_json::from_str(text).expect("a value");
        let schema = contract.schema(&body, direction, hidden).expect("a schema");
        assert_eq!(
            schema.schema.is_met(&Tape::of(&value).expect("a tape")),
            is_met,
            "{direction:?} {hidden:?} {text}"
        );
    }
}

#[test]
fn a_large_document_is_compiled_as_it_is_used() {
    let contract = large(EAGER + 1, 1);
    assert_eq!(contract.schemas.0.borrow().size, 0);
    let schemas = all(&contract);
    let schema = contract.schema(&schemas[0], Direction::Request, Hidden::Allowed);
    let again = contract.schema(&schemas[0], Direction::Request, Hidden::Allowed);
    assert!(Rc::ptr_eq(
        &schema.expect("a schema"),
        &again.expect("a schema")
    ));
    assert_eq!(contract.schemas.0.borrow().schemas.len(), 1);
    let small = large(EAGER, 1);
    assert_eq!(small.schemas.0.borrow().schemas.len(), EAGER);
}

#[test]
fn what_was_used_last_is_kept_in_bounds() {
    let contract = large(EAGER + 1, 300);
    let schemas = all(&contract);
    let first = contract.schema(&schemas[0], Direction::Request, Hidden::Allowed);
    for schema in &schemas {
        contract.schema(schema, Direction::Request, Hidden::Allowed);
        contract.schema(&schemas[0], Direction::Request, Hidden::Allowed);
        let kept = contract.schemas.0.borrow();
        let slots = kept.schemas.values().flatten().flatten();
        assert_eq!(kept.size, slots.map(|own| own.size).sum::<usize>());
        assert!(kept.size <= KEPT);
    }
    let again = contract.schema(&schemas[0], Direction::Request, Hidden::Allowed);
    assert!(Rc::ptr_eq(
        &first.expect("a schema"),
        &again.expect("a schema")
    ));
    let kept = contract.schemas.0.borrow();
    let last = schemas.last().expect("schemas");
    assert!(kept.schemas.contains_key(&last.pointer));
    assert!(!kept.schemas.contains_key(&schemas[1].pointer));
}

#[test]
fn what_does_not_compile_is_remembered() {
    let mut document = json!({"openapi": "3.1.0", "paths": {}});
    for index in 0..=EAGER {
        let schema = json!({"type": "string", "pattern": if index == 7 { "(" } else { "a" }});
        let content = json!({"content": {"application/json": {"schema": schema}}});
        document["paths"][format!("/{index}")] = json!({"post": {"requestBody": content}});
    }
    let contract = contract(&document);
    let place = "/paths/~17/post/requestBody/content/application~1json/schema";
    let pointer = place.to_owned();
    let schema = SchemaRef { pointer };
    assert!(
        contract
            .schema(&schema, Direction::Request, Hidden::Allowed)
            .is_none()
    );
    let mut kept = contract.schemas.0.borrow_mut();
    let known = kept.find(place, 0).expect("what became of it");
    assert!(known.compiled.is_none());
    drop(kept);
    let findings = contract.check_schemas();
    assert_eq!(findings.0.len(), 1);
    assert_eq!(findings.0[0].pointer, format!("{place}/pattern"));
}

#[test]
fn large_schemas_are_told() {
    assert_eq!(large(2, 10).large_schemas().0.len(), 0);
    let findings = large(2, 30_000).large_schemas();
    assert_eq!(findings.0.len(), 2);
    assert!(findings.0[0].pointer.starts_with("/paths/~10/post"));
}
