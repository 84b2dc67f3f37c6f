mod accept;
mod aip193;
mod json_api;
mod problem_xml;

use kit::problem::{Code, Problem};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::Format;

const ALL: [Format; 4] = [
    Format::ProblemJson,
    Format::ProblemXml,
    Format::JsonApi,
    Format::Aip193,
];

/// A problem with everything that most problems have.
fn sample() -> Problem {
    let mut problem = Problem::untyped(409, "Out of stock", Code::FailedPrecondition)
        .type_uri("https://errors.example.com/out-of-stock")
        .detail("Only 2 of 5 are left.")
        .instance("urn:uuid:1")
        .link("help", "https://docs.example.com/stock")
        .retry_after(30)
        .extension("requestId", "r-1")
        .extension("retryable", true)
        .extension("left", 2);
    problem.reason = "OUT_OF_STOCK".to_owned();
    problem.domain = "orders.example.com".into();
    problem
}

/// A problem whose extension `errors` has these elements.
fn with_violations(violations: Value) -> Problem {
    Problem::untyped(422, "Invalid order", Code::InvalidArgument)
        .detail("The order has mistakes.")
        .extension("requestId", "r-1")
        .extension("errors", violations)
}

fn text(format: Format, problem: &Problem) -> String {
    String::from_utf8(format.write(problem)).unwrap()
}

/// The JSON that a format makes of a problem.
fn document(format: Format, problem: &Problem) -> Value {
    serde_json::from_slice(&format.write(problem)).unwrap()
}

/// Any JSON, with names and texts of any characters.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            any_object(inner).prop_map(Value::from),
        ]
    })
}

fn any_object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof!["[a-z@_ .-]{0,6}", any_text()];
    prop::collection::btree_map(name, value, 0..5).prop_map(|object| object.into_iter().collect())
}

fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

/// Violations that are well-formed, and some that are not.
fn any_violations() -> impl Strategy<Value = Value> {
    let member = prop_oneof![
        Just("query".to_owned()),
        Just("#/a/%20".to_owned()),
        any_text()
    ];
    let names = prop::sample::select(vec!["pointer", "field", "in", "detail", "code", "other"]);
    let element = prop::collection::btree_map(names, member, 0..6)
        .prop_map(|members| serde_json::to_value(members).unwrap());
    prop_oneof![
        4 => prop::collection::vec(element, 0..4).prop_map(Value::from),
        1 => any_value(),
    ]
}

prop_compose! {
    fn any_problem()(
        status in 400..600_u16,
        code in 1..17_u32,
        texts in prop::collection::vec(any_text(), 5),
        instance in prop::option::of(any_text()),
        rel in prop::sample::select(vec!["help", "about", "terms"]),
        extensions in any_object(any_value()),
        errors in prop::option::of(any_violations()),
    ) -> Problem {
        let [type_uri, title, detail, reason, href] = <[String; 5]>::try_from(texts).unwrap();
        let mut problem = Problem::untyped(status, title, Code::from_number(code).unwrap())
            .type_uri(type_uri)
            .detail(detail)
            .link(rel, href);
        problem.reason = reason;
        problem.instance = instance;
        problem.extensions = extensions;
        problem.extensions.extend(errors.map(|errors| ("errors".to_owned(), errors)));
        problem
    }
}

#[test]
fn a_problem_document_is_that_of_the_kit() {
    assert_eq!(Format::ProblemJson.write(&sample()), sample().document());
    assert_eq!(
        document(Format::ProblemJson, &sample()),
        json!({
            "type": "https://errors.example.com/out-of-stock",
            "title": "Out of stock",
            "status": 409,
            "detail": "Only 2 of 5 are left.",
            "instance": "urn:uuid:1",
            "requestId": "r-1",
            "retryable": true,
            "left": 2,
        })
    );
}

#[test]
fn every_format_has_its_own_media_type() {
    assert_eq!(
        ALL.map(Format::media_type),
        [
            "application/problem+json",
            "application/problem+xml",
            "application/vnd.api+json",
            "application/json",
        ]
    );
}

#[test]
fn a_policy_writes_formats_in_camel_case() {
    let names = ["problemJson", "problemXml", "jsonApi", "aip193"];
    for (format, name) in ALL.into_iter().zip(names) {
        let read = deserr::deserialize::<Format, _, kit::policy::Findings>(json!(name));
        assert_eq!(read.unwrap(), format);
    }
}

proptest! {
    #[test]
    fn whatever_a_problem_says_the_json_of_every_format_parses(problem in any_problem()) {
        for format in [Format::ProblemJson, Format::JsonApi, Format::Aip193] {
            let read = serde_json::from_slice::<Value>(&format.write(&problem));
            prop_assert!(read.is_ok(), "{format:?}");
        }
    }
}
