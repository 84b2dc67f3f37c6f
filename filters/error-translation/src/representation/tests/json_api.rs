use kit::problem::{Code, Problem};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Format, any_problem, document, sample, text, with_violations};

/// Asserts what JSON:API 1.1 demands of a document with errors.
fn assert_conforms(document: &Value) {
    let top = document.as_object().unwrap();
    for name in top.keys() {
        assert!(
            ["errors", "jsonapi", "meta"].contains(&name.as_str()),
            "{name}"
        );
    }
    assert_eq!(document["jsonapi"], json!({"version": "1.1"}));
    let errors = document["errors"].as_array().unwrap();
    assert!(!errors.is_empty());
    for error in errors {
        assert_error(error.as_object().unwrap());
    }
    if let Some(meta) = top.get("meta") {
        assert_meta(meta);
    }
}

/// "Error Objects": strings, and the objects `links`, `source` and `meta`.
fn assert_error(error: &serde_json::Map<String, Value>) {
    assert!(!error.is_empty());
    for (name, value) in error {
        match name.as_str() {
            "id" | "status" | "code" | "title" | "detail" => assert!(value.is_string(), "{name}"),
            "links" => assert_strings(value, &["about", "type"]),
            "source" => {
                assert_strings(value, &["pointer", "parameter", "header"]);
                assert!(!value.as_object().unwrap().is_empty());
                let pointer = value["pointer"].as_str().unwrap_or_default();
                assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer}");
            }
            "meta" => assert_meta(value),
            other => panic!("{other} is no member of an error object"),
        }
    }
}

fn assert_strings(object: &Value, allowed: &[&str]) {
    for (name, value) in object.as_object().unwrap() {
        assert!(allowed.contains(&name.as_str()), "{name}");
        assert!(value.is_string(), "{name}");
    }
}

fn assert_meta(meta: &Value) {
    assert!(!meta.as_object().unwrap().is_empty());
    assert_names(meta);
}

/// "Member Names".
fn assert_names(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(assert_names),
        Value::Object(object) => {
            for (name, value) in object {
                let name = name.strip_prefix('@').unwrap_or(name);
                let reserved = "+,.[]!\"#$%&'()*/:;<=>?@\\^`{|}~\u{7f}";
                assert!(!name.is_empty());
                assert!(
                    !name.chars().any(|c| c < ' ' || reserved.contains(c)),
                    "{name:?}"
                );
                assert!(!name.starts_with(['-', '_', ' ']), "{name:?}");
                assert!(!name.ends_with(['-', '_', ' ']), "{name:?}");
                assert_names(value);
            }
        }
        _ => {}
    }
}

#[test]
fn a_problem_is_one_error_object() {
    assert_eq!(
        text(Format::JsonApi, &sample()),
        concat!(
            r#"{"errors":[{"code":"OUT_OF_STOCK","detail":"Only 2 of 5 are left.","id":"r-1","#,
            r#""links":{"about":"https://docs.example.com/stock","#,
            r#""type":"https://errors.example.com/out-of-stock"},"#,
            r#""meta":{"instance":"urn:uuid:1","left":2,"retryable":true},"#,
            r#""status":"409","title":"Out of stock"}],"jsonapi":{"version":"1.1"}}"#
        )
    );
}

#[test]
fn a_bare_problem_says_no_more_than_it_knows() {
    let problem = Problem::untyped(404, "Not Found", Code::NotFound);
    assert_eq!(
        document(Format::JsonApi, &problem),
        json!({
            "errors": [{"status": "404", "title": "Not Found"}],
            "jsonapi": {"version": "1.1"},
        })
    );
}

#[test]
fn the_instance_is_a_link_where_it_leads_somewhere_and_else_the_id() {
    let error = |instance: &str| {
        let problem = Problem::untyped(404, "Not Found", Code::NotFound).instance(instance);
        document(Format::JsonApi, &problem)["errors"][0].clone()
    };
    for locator in ["https://e.example/1", "/errors/1", "errors/1?at=a:b"] {
        assert_eq!(error(locator)["links"]["about"], locator);
        assert_eq!(error(locator).get("id"), None);
    }
    for name in ["urn:uuid:1", "tag:e.example,2026:1"] {
        assert_eq!(error(name)["id"], name);
        assert_eq!(error(name).get("links"), None);
        assert_eq!(error(name).get("meta"), None);
    }
}

#[test]
fn the_code_of_the_service_is_the_code() {
    let problem = sample().extension("code", "insufficient_stock");
    let document = document(Format::JsonApi, &problem);
    let error = &document["errors"][0];
    assert_eq!(error["code"], "insufficient_stock");
    assert_eq!(error["meta"].get("code"), None);
}

#[test]
fn each_violation_is_an_error_object_and_what_they_share_stands_once() {
    let problem = with_violations(json!([
        {"pointer": "#/lines/0/unit%20price", "detail": "is negative", "code": "negative"},
        {"pointer": "/lines/1", "detail": "is empty"},
        {"field": "page", "in": "query", "detail": "is no number"},
        {"field": "if-match", "in": "header", "detail": "is missing"},
        {"field": "customer.name", "detail": "is too long"},
        {"field": "id", "in": "path", "detail": "is no UUID"},
        {"detail": "is odd"},
    ]))
    .extension("code", "invalid_order");
    let document = document(Format::JsonApi, &problem);
    assert_conforms(&document);
    assert_eq!(
        document,
        json!({
            "errors": [
                {"code": "negative", "detail": "is negative", "status": "422",
                 "title": "Invalid order", "source": {"pointer": "/lines/0/unit price"}},
                {"code": "invalid_order", "detail": "is empty", "status": "422",
                 "title": "Invalid order", "source": {"pointer": "/lines/1"}},
                {"code": "invalid_order", "detail": "is no number", "status": "422",
                 "title": "Invalid order", "source": {"parameter": "page"}},
                {"code": "invalid_order", "detail": "is missing", "status": "422",
                 "title": "Invalid order", "source": {"header": "if-match"}},
                {"code": "invalid_order", "detail": "is too long", "status": "422",
                 "title": "Invalid order", "meta": {"field": "customer.name"}},
                {"code": "invalid_order", "detail": "is no UUID", "status": "422",
                 "title": "Invalid order", "meta": {"field": "id", "in": "path"}},
                {"code": "invalid_order", "detail": "is odd", "status": "422",
                 "title": "Invalid order"},
            ],
            "meta": {
                "code": "invalid_order",
                "detail": "The order has mistakes.",
                "requestId": "r-1",
            },
            "jsonapi": {"version": "1.1"},
        })
    );
}

#[test]
fn a_single_violation_keeps_everything_in_its_object() {
    let problem = with_violations(json!([{"field": "name", "detail": "is missing"}]))
        .extension("field", "of the problem");
    assert_eq!(
        document(Format::JsonApi, &problem),
        json!({
            "errors": [{
                "detail": "is missing",
                "id": "r-1",
                "meta": {"field": "name", "detail": "The order has mistakes."},
                "status": "422",
                "title": "Invalid order",
            }],
            "jsonapi": {"version": "1.1"},
        })
    );
}

#[test]
fn errors_of_another_shape_are_kept_as_they_are() {
    for errors in [
        json!(["a", "b"]),
        json!([]),
        json!({"name": ["is missing"]}),
        json!([{"x": 1}]),
    ] {
        let document = document(Format::JsonApi, &with_violations(errors.clone()));
        assert_conforms(&document);
        assert_eq!(document["errors"].as_array().unwrap().len(), 1);
        assert_eq!(document["errors"][0]["meta"]["errors"], errors);
    }
}

#[test]
fn names_that_json_api_forbids_are_left_out_however_deep() {
    let mut problem = Problem::untyped(500, "Internal Server Error", Code::Internal);
    for name in [
        "a.b", "_a", "a_", "", "a/b", "a:b", "@", "@type", "a_b", "ä", "a\u{1}",
    ] {
        problem.extensions.insert(name.to_owned(), 1.into());
    }
    let nested = json!([{"@type": "t", "$ref": 1, "ok": {"x.y": 1, "z": null}}]);
    problem.extensions.insert("list".to_owned(), nested);
    let document = document(Format::JsonApi, &problem);
    assert_conforms(&document);
    assert_eq!(
        document["errors"][0]["meta"],
        json!({"@type": 1, "a_b": 1, "ä": 1, "list": [{"@type": "t", "ok": {"z": null}}]})
    );
}

proptest! {
    #[test]
    fn whatever_a_problem_says_the_document_conforms(problem in any_problem()) {
        let document = document(Format::JsonApi, &problem);
        assert_conforms(&document);
        for error in document["errors"].as_array().unwrap() {
            prop_assert_eq!(&error["status"], &problem.status.to_string());
        }
    }
}
