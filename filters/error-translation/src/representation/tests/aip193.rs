use kit::problem::google_rpc::{Any, ErrorInfo, RequestInfo};
use kit::problem::{Code, Problem};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Format, any_problem, document, sample, text, with_violations};

fn types(document: &Value) -> Vec<&str> {
    let details = document["error"]["details"].as_array().unwrap();
    details
        .iter()
        .map(|detail| detail["@type"].as_str().unwrap())
        .collect()
}

#[test]
fn the_status_is_a_name_and_the_code_is_that_of_http() {
    assert_eq!(
        text(Format::Aip193, &sample()),
        concat!(
            r#"{"error":{"code":409,"details":["#,
            r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"orders.example.com","#,
            r#""metadata":{"left":"2","requestId":"r-1","retryable":"true"},"reason":"OUT_OF_STOCK"},"#,
            r#"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"30s"},"#,
            r#"{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"help","#,
            r#""url":"https://docs.example.com/stock"}]}],"#,
            r#""message":"Only 2 of 5 are left.","status":"FAILED_PRECONDITION"}}"#
        )
    );
}

#[test]
fn a_problem_without_a_reason_has_that_of_its_code() {
    let problem = Problem::untyped(404, "Not Found", Code::NotFound);
    assert_eq!(
        document(Format::Aip193, &problem),
        json!({"error": {
            "code": 404,
            "message": "Not Found",
            "status": "NOT_FOUND",
            "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "NOT_FOUND",
                "domain": "treaty.dev",
            }],
        }})
    );
}

#[test]
fn violations_are_a_bad_request_and_no_metadata() {
    let problem = with_violations(json!([
        {"pointer": "#/lines/0/sku", "detail": "is unknown", "code": "UNKNOWN_SKU"},
        {"field": "customer.name", "detail": "is missing"},
    ]));
    let document = document(Format::Aip193, &problem);
    assert_eq!(
        document["error"]["details"],
        json!([
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "INVALID_ARGUMENT",
                "domain": "treaty.dev",
                "metadata": {"requestId": "r-1"},
            },
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {"field": "lines.0.sku", "description": "is unknown", "reason": "UNKNOWN_SKU"},
                    {"field": "customer.name", "description": "is missing"},
                ],
            },
        ])
    );
}

#[test]
fn attached_details_come_first_and_each_type_once() {
    let info = |reason: &str| {
        let info = ErrorInfo {
            reason: reason.to_owned(),
            domain: "upstream.example.com".to_owned(),
            metadata: Vec::new(),
        };
        Any::pack(ErrorInfo::NAME, &info)
    };
    let request = RequestInfo {
        request_id: "u-7".to_owned(),
        serving_data: String::new(),
    };
    let unknown = Any {
        type_url: "example.com/acme.Own".to_owned(),
        value: vec![1, 2, 3],
    };
    let mut problem = sample();
    problem.attached = vec![
        info("FIRST"),
        info("SECOND"),
        unknown.clone(),
        unknown,
        Any::pack(RequestInfo::NAME, &request),
    ];
    let document = document(Format::Aip193, &problem);
    assert_eq!(
        types(&document),
        [
            "type.googleapis.com/google.rpc.ErrorInfo",
            "example.com/acme.Own",
            "type.googleapis.com/google.rpc.RequestInfo",
            "type.googleapis.com/google.rpc.RetryInfo",
            "type.googleapis.com/google.rpc.Help",
        ]
    );
    let details = &document["error"]["details"];
    assert_eq!(details[0]["reason"], "FIRST");
    assert_eq!(details[1]["value"], "AQID");
    assert_eq!(details[2]["requestId"], "u-7");
}

proptest! {
    #[test]
    fn there_is_one_error_info_and_no_type_twice(problem in any_problem()) {
        let document = document(Format::Aip193, &problem);
        let mut types = types(&document);
        let infos = types.iter().filter(|name| name.ends_with("/google.rpc.ErrorInfo"));
        prop_assert_eq!(infos.count(), 1);
        types.sort_unstable();
        let all = types.len();
        types.dedup();
        prop_assert_eq!(types.len(), all);
        prop_assert_eq!(&document["error"]["code"], problem.status);
        prop_assert_eq!(&document["error"]["status"], problem.grpc.name());
    }
}
