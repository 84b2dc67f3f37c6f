use kit::problem::google_rpc::{FieldViolation, QuotaViolation};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::dialect::Dialect;
use crate::rpc::samples;

fn noted(details: Vec<Any>) -> Failure {
    let mut failure = Failure::of(Dialect::Grpc);
    note(&mut failure, details);
    failure
}

fn retry(seconds: i64, nanos: i32) -> Option<u32> {
    let info = RetryInfo {
        retry_delay: Some(Duration { seconds, nanos }),
    };
    noted(vec![Any::pack(RetryInfo::NAME, &info)]).retry_after
}

#[test]
fn all_ten_messages_are_understood_and_another_is_kept() {
    let failure = noted(samples::status().details);
    assert_eq!(failure.code.as_deref(), Some("STOCK_OUT"));
    assert_eq!(failure.domain.as_deref(), Some("orders.acme.example"));
    assert_eq!(failure.retry_after, Some(2));
    let violation = |field: &str, detail: &str, code: Option<&str>| Violation {
        place: None,
        pointer: None,
        field: Some(field.to_owned()),
        detail: detail.to_owned(),
        code: code.map(str::to_owned),
    };
    assert_eq!(
        failure.violations,
        [
            violation(
                "items[0].quantity",
                "must be positive",
                Some("NOT_POSITIVE")
            ),
            violation("email", "is missing", None),
        ]
    );
    let links: Vec<&str> = failure.links.iter().map(|link| &*link.href).collect();
    assert_eq!(
        links,
        [
            "https://docs.example.com/limits",
            "https://example.com/contact"
        ]
    );
    assert_eq!(
        Value::Object(failure.extensions),
        json!({
            "metadata": {"sku": "A-1", "available": "0"},
            "quotaViolations": [{
                "subject": "project:42", "description": "Daily limit",
                "apiService": "orders.example", "quotaMetric": "orders.example/reads",
                "quotaId": "ReadsPerDay", "quotaDimensions": {"region": "eu"},
                "quotaValue": "100", "futureQuotaValue": "0",
            }],
            "preconditions": [
                {"type": "TOS", "subject": "example.com", "description": "Terms not accepted"},
            ],
            "resource": {
                "resourceType": "order", "resourceName": "orders/42", "owner": "user:7",
                "description": "is archived",
            },
            "localizedMessage": {"locale": "de-CH", "message": "Das geht nicht: „Ä“."},
            "requestId": "req-7",
            "details": [{
                "@type": "type.googleapis.com/acme.orders.v2.OutOfStock", "value": "CgNBLTEQAg==",
            }],
        })
    );
}

#[test]
fn all_but_debug_info_is_kept_as_it_came() {
    let mut expected = samples::status().details;
    expected.retain(|detail| detail.name() != DebugInfo::NAME);
    assert_eq!(noted(samples::status().details).details, expected);
}

#[test]
fn the_time_to_wait_is_rounded_up() {
    assert_eq!(retry(0, 0), Some(0));
    assert_eq!(retry(0, 1), Some(1));
    assert_eq!(retry(30, 0), Some(30));
    assert_eq!(retry(i64::MAX, 999_999_999), Some(u32::MAX));
    assert_eq!(retry(-1, 0), None);
    assert_eq!(retry(0, -1), None);
    let without = RetryInfo { retry_delay: None };
    assert_eq!(
        noted(vec![Any::pack(RetryInfo::NAME, &without)]).retry_after,
        None
    );
}

#[test]
fn the_first_of_two_reasons_counts_with_its_domain() {
    let info = |reason: &str, domain: &str| {
        let info = ErrorInfo {
            reason: reason.to_owned(),
            domain: domain.to_owned(),
            metadata: Vec::new(),
        };
        Any::pack(ErrorInfo::NAME, &info)
    };
    let failure = noted(vec![info("A", ""), info("B", "b.example")]);
    assert_eq!((failure.code.as_deref(), failure.domain), (Some("A"), None));
}

#[test]
fn messages_of_one_type_add_up() {
    let quota = |subject: &str| {
        let violation = QuotaViolation {
            subject: subject.to_owned(),
            ..QuotaViolation::default()
        };
        let failure = QuotaFailure {
            violations: vec![violation],
        };
        Any::pack(QuotaFailure::NAME, &failure)
    };
    let failure = noted(vec![quota("a"), quota("b")]);
    let expected = json!([{"subject": "a"}, {"subject": "b"}]);
    assert_eq!(failure.extensions["quotaViolations"], expected);
}

#[test]
fn a_violation_without_a_description_has_the_localized_one() {
    let violation = FieldViolation {
        field: "email".to_owned(),
        localized_message: Some(kit::problem::google_rpc::LocalizedMessage {
            locale: "de".to_owned(),
            message: "fehlt".to_owned(),
        }),
        ..FieldViolation::default()
    };
    let request = BadRequest {
        field_violations: vec![violation, FieldViolation::default()],
    };
    let failure = noted(vec![Any::pack(BadRequest::NAME, &request)]);
    let details: Vec<&str> = failure.violations.iter().map(|one| &*one.detail).collect();
    assert_eq!(details, ["fehlt"]);
}

#[test]
fn there_are_no_more_violations_than_one_can_read() {
    let violation = FieldViolation {
        field: "a".to_owned(),
        ..FieldViolation::default()
    };
    let request = BadRequest {
        field_violations: vec![violation; 80],
    };
    let detail = Any::pack(BadRequest::NAME, &request);
    assert_eq!(noted(vec![detail.clone(), detail]).violations.len(), 100);
}

#[test]
fn a_message_that_does_not_decode_says_nothing() {
    let detail = Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
        value: b"goroutine 1 [running]:".to_vec(),
    };
    let expected = Failure {
        details: vec![detail.clone()],
        ..Failure::of(Dialect::Grpc)
    };
    assert_eq!(noted(vec![detail]), expected);
}

proptest! {
    #[test]
    fn no_detail_is_too_strange(
        name in prop::sample::select(vec![
            ErrorInfo::NAME, BadRequest::NAME, RetryInfo::NAME, Help::NAME, QuotaFailure::NAME,
            PreconditionFailure::NAME, ResourceInfo::NAME, LocalizedMessage::NAME,
            RequestInfo::NAME, DebugInfo::NAME, "acme.Other",
        ]),
        value in prop::collection::vec(any::<u8>(), 0..48),
    ) {
        noted(vec![Any { type_url: format!("type.googleapis.com/{name}"), value }]);
    }
}
