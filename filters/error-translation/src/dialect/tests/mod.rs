use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::failure::Violation;

mod samples;

fn read_as(status: u16, content_type: &str, body: &str) -> Failure {
    let content = Content {
        status,
        content_type: (!content_type.is_empty()).then_some(content_type.as_bytes()),
        body: body.as_bytes(),
    };
    read(&content, &[])
}

fn json(body: &str) -> Failure {
    read_as(400, "application/json", body)
}

/// The place, the text and the code.
fn told(violation: &Violation) -> (&str, &str, &str) {
    let place = violation.pointer.as_deref().or(violation.field.as_deref());
    (
        place.unwrap_or_default(),
        &violation.detail,
        violation.code.as_deref().unwrap_or_default(),
    )
}

#[test]
fn samples_of_real_services_are_read_as_they_are_meant() {
    for sample in samples::ALL {
        let failure = read_as(sample.status, sample.content_type, sample.body);
        let seen = (
            failure.dialect.name(),
            failure.code.as_deref().unwrap_or_default(),
            failure.title.as_deref().unwrap_or_default(),
            failure.detail.as_deref().unwrap_or_default(),
        );
        let meant = (sample.dialect, sample.code, sample.title, sample.detail);
        assert_eq!(seen, meant, "{}: {}", sample.of, sample.body);
        let violations: Vec<_> = failure.violations.iter().map(told).collect();
        assert_eq!(
            violations, sample.violations,
            "{}: {}",
            sample.of, sample.body
        );
    }
}

#[test]
fn every_dialect_of_content_has_a_sample() {
    for name in Dialect::NAMES {
        // The status of gRPC is no content.
        let has_sample = samples::ALL.iter().any(|sample| sample.dialect == name);
        assert_eq!(has_sample, name != "grpc", "{name}");
    }
}

#[test]
fn a_name_finds_its_dialect() {
    for name in Dialect::NAMES {
        assert_eq!(Dialect::from_name(name).unwrap().name(), name);
    }
    assert_eq!(Dialect::from_name("acme"), None);
    assert_eq!(Dialect::Own("acme".to_owned()).name(), "acme");
    assert!(Dialect::Own("acme".to_owned()).is_structured());
    assert!(!Dialect::Axum.is_structured());
}

#[test]
fn the_document_is_there_for_policies_to_copy_from() {
    let body = r#"{"error": {"code": "e", "message": "m"}}"#;
    assert_eq!(json(body).document["error"]["code"], "e");
    assert_eq!(json("[1]").document, json!([1]));
    assert_eq!(json("{").document, Value::Null);
    assert_eq!(read_as(200, "application/json", body).document, Value::Null);
}

#[test]
fn what_no_dialect_gives_a_meaning_is_an_extension() {
    for (body, extensions) in [
        (
            r#"{"type": "https://a.test/b", "title": "T", "status": 403, "balance": 30,
                "code": "low", "errors": [1], "nothing": null}"#,
            json!({"balance": 30, "code": "low", "errors": [1]}),
        ),
        (
            r#"{"error": {"message": "m", "requestId": "r"}, "host": "h", "statusCode": 400}"#,
            json!({"requestId": "r", "host": "h"}),
        ),
        (
            r#"{"errors": [{"title": "t", "meta": {"retryAfter": 3, "tier": "a"}}]}"#,
            json!({"retryAfter": 3, "tier": "a"}),
        ),
        (
            r#"{"errors": [{"message": "m", "extensions": {"code": "C", "field": "f"}}]}"#,
            json!({"field": "f"}),
        ),
        (
            r#"{"error": "e", "details": {"sku": "A-1"}, "path": "/x", "instance": 5}"#,
            json!({"details": {"sku": "A-1"}, "path": "/x"}),
        ),
        (
            r#"{"message": "m", "error": true, "path": "/x"}"#,
            json!({"path": "/x"}),
        ),
        (
            r#"{"message": "m", "error": "code=400, message=m, internal=secret"}"#,
            json!({}),
        ),
    ] {
        assert_eq!(Value::Object(json(body).extensions), extensions, "{body}");
    }
}

#[test]
fn how_long_to_wait_is_read_from_the_content() {
    for (body, seconds) in [
        (r#"{"error": "busy", "retry_after": 1.2}"#, Some(2)),
        (
            r#"{"error": {"message": "busy", "retryAfter": "30"}}"#,
            Some(30),
        ),
        (
            r#"{"error": {"message": "busy"}, "retryAfter": 7}"#,
            Some(7),
        ),
        (
            r#"{"title": "Busy", "status": 503, "retryAfter": 5}"#,
            Some(5),
        ),
        (
            r#"{"errors": [{"title": "t", "meta": {"retry_after": 4}}]}"#,
            Some(4),
        ),
        (
            r#"{"errors": [{"message": "t", "extensions": {"retryAfter": 6}}]}"#,
            Some(6),
        ),
        (r#"{"message": "busy", "retryAfter": -1}"#, None),
        (r#"{"message": "busy", "retryAfter": "tomorrow"}"#, None),
    ] {
        assert_eq!(json(body).retry_after, seconds, "{body}");
    }
}

#[test]
fn the_uris_of_a_problem_are_kept() {
    let failure = read_as(
        403,
        "application/problem+json",
        r#"{"type": "/probs/credit", "instance": "urn:uuid:1"}"#,
    );
    assert_eq!(failure.type_uri.as_deref(), Some("/probs/credit"));
    assert_eq!(failure.instance.as_deref(), Some("urn:uuid:1"));
}

#[test]
fn the_links_of_json_api_are_kept() {
    let failure = json(
        r#"{"errors": [{"title": "t", "links": {
            "about": {"href": "https://a.test/1"}, "type": "https://a.test/kinds/1"}}]}"#,
    );
    assert_eq!(failure.type_uri.as_deref(), Some("https://a.test/kinds/1"));
    let link = failure.links.first().unwrap();
    assert_eq!(
        (link.rel.as_ref(), link.href.as_str()),
        ("about", "https://a.test/1")
    );
}

/// RFC 9457 section 3.1.
#[test]
fn members_of_the_wrong_type_are_as_if_absent() {
    let failure = read_as(
        400,
        "application/problem+json",
        r#"{"type": 1, "title": ["t"], "detail": {}, "instance": null, "status": "400", "a": 1}"#,
    );
    let expected = Failure {
        extensions: json!({"a": 1}).as_object().unwrap().clone(),
        document: failure.document.clone(),
        ..Failure::of(Dialect::Problem)
    };
    assert_eq!(failure, expected);
}

#[test]
fn lists_that_are_empty_or_of_the_wrong_type_are_no_errors_of_a_dialect() {
    for body in [
        r#"{"errors": []}"#,
        r#"{"errors": {}}"#,
        r#"{"errors": [1, true]}"#,
        r#"{"errors": null}"#,
        r#"{"error": {}}"#,
        r#"{"error": null}"#,
        r#"{"error": ""}"#,
        r#"{"message": {}}"#,
        r#"{"message": 5}"#,
        r#"{"code": 5}"#,
        "[]",
        "[[]]",
        "{}",
        "5",
        "null",
    ] {
        assert_eq!(json(body).dialect, Dialect::Json, "{body}");
        assert_eq!(json(body).detail, None, "{body}");
    }
}

#[test]
fn only_what_cannot_be_meant_otherwise_is_an_error_of_a_success() {
    let graphql = r#"{"data": {"a": null}, "errors": [{"message": "m", "path": ["a"]}]}"#;
    for (content_type, body, dialect) in [
        ("application/json", graphql, "graphQl"),
        ("application/problem+json", r#"{"title": "t"}"#, "problem"),
        ("application/problem+json", "{", "none"),
        ("application/json", r#"{"message": "welcome"}"#, "none"),
        ("application/json", r#"{"error": "none of yours"}"#, "none"),
        (
            "application/json",
            r#"{"type": "a:b", "title": "t", "status": 1}"#,
            "none",
        ),
        ("application/json", "{", "none"),
        ("text/plain", "hello", "none"),
        ("text/html", "<title>hello</title>", "none"),
        ("application/xml", "<a/>", "none"),
        ("image/png", "png", "none"),
        ("", "hello", "none"),
    ] {
        let failure = read_as(200, content_type, body);
        assert_eq!(failure.dialect.name(), dialect, "{content_type}: {body}");
    }
}

#[test]
fn a_dialect_of_the_policy_goes_before_every_other_and_applies_to_a_success_too() {
    let own = OwnDialect {
        name: "acme".to_owned(),
        present: vec!["/errors/0/message".parse().unwrap()],
        code: None,
        title: None,
        detail: Some("/errors/0/message".parse().unwrap()),
        type_uri: None,
        instance: None,
        retry_after: None,
        violations: None,
        extensions: Vec::new(),
    };
    for (status, content_type) in [
        (500, "application/json"),
        (200, "application/json"),
        (500, "application/problem+json"),
        (500, "application/vnd.api+json"),
        (500, "text/plain"),
        (500, ""),
    ] {
        let content = Content {
            status,
            content_type: Some(content_type.as_bytes()),
            body: br#"{"errors": [{"message": "m"}]}"#,
        };
        let failure = read(&content, std::slice::from_ref(&own));
        assert_eq!(failure.dialect.name(), "acme", "{status} {content_type}");
        assert_eq!(failure.detail.as_deref(), Some("m"));
        assert!(failure.document.is_object());
    }
}

#[test]
fn content_that_is_not_what_it_says_tells_nothing() {
    for (content_type, body) in [
        ("application/json", "upstream exploded"),
        ("application/json", r#"{"error": "cut"#),
        ("application/json", "{\"error\": \"\u{1}\"}"),
        ("application/problem+json", "<problem/>"),
        ("application/problem+xml", "{}"),
        ("application/problem+xml", "<problem><title>cut"),
    ] {
        let failure = read_as(500, content_type, body);
        assert_eq!(
            failure,
            Failure::of(Dialect::Opaque),
            "{content_type}: {body}"
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(json(&deep).dialect, Dialect::Opaque);
}

#[test]
fn text_that_is_not_utf_8_is_read_as_far_as_it_can_be() {
    let content = |content_type| Content {
        status: 500,
        content_type,
        body: b"caf\xE9 is closed",
    };
    let text = read(&content(Some(b"text/plain; charset=latin1")), &[]);
    assert_eq!(text.detail.as_deref(), Some("caf\u{FFFD} is closed"));
    assert_eq!(read(&content(None), &[]).dialect, Dialect::Opaque);
    assert_eq!(
        read(&content(Some(b"application/json")), &[]).dialect,
        Dialect::Opaque
    );
}

#[test]
fn texts_and_lists_have_limits() {
    let text = "é".repeat(10_000);
    let kept = "é".repeat(4096);
    assert_eq!(read_as(500, "text/plain", &text).detail.unwrap(), kept);
    assert_eq!(
        json(&json!({ "error": text }).to_string()).detail.unwrap(),
        kept
    );
    let many: Vec<_> = (0..1000).map(|n| format!("wrong {n}")).collect();
    let listed = json(&json!({ "errors": many }).to_string());
    assert_eq!(listed.violations.len(), 100);
    let mut members: serde_json::Map<_, _> = (0..1000)
        .map(|n| (format!("member{n}"), Value::from(n)))
        .collect();
    members.insert("message".to_owned(), "m".into());
    assert_eq!(
        json(&Value::Object(members).to_string()).extensions.len(),
        32
    );
}

/// Documents that are likely to be errors: members of the names that dialects know.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        prop::sample::select(vec![
            "not_found",
            "NOT_FOUND",
            "a:b",
            "#/a",
            "code=1",
            "Not Found"
        ])
        .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "error",
        "errors",
        "message",
        "code",
        "detail",
        "details",
        "type",
        "title",
        "status",
        "reason",
        "description",
        "source",
        "pointer",
        "path",
        "extensions",
        "meta",
        "links",
        "retryAfter",
        "loc",
        "field",
        "other",
    ]);
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn content_types() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        Just(None),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Some),
        prop::sample::select(vec![
            "application/json",
            "application/problem+json",
            "application/problem+xml",
            "application/vnd.api+json",
            "text/plain",
            "text/html",
            "application/xml",
        ])
        .prop_map(|text| Some(text.as_bytes().to_vec())),
    ]
}

fn is_within_limits(failure: &Failure) -> bool {
    let texts = [
        &failure.code,
        &failure.title,
        &failure.detail,
        &failure.type_uri,
    ];
    texts
        .into_iter()
        .flatten()
        .all(|text| text.chars().count() <= 4096)
        && failure.violations.len() <= violation::VIOLATIONS
        && failure.extensions.len() <= value::EXTENSIONS
}

proptest! {
    #[test]
    fn no_octets_do_harm(
        status in 100_u16..600,
        content_type in content_types(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let content = Content { status, content_type: content_type.as_deref(), body: &body };
        let failure = read(&content, &[]);
        prop_assert!(is_within_limits(&failure));
        prop_assert_eq!(failure, read(&content, &[]));
    }

    #[test]
    fn no_markup_does_harm(
        content_type in content_types(),
        body in "(<|>|/|!--|-->|title|h1|problem|i| |xmlns=\"urn:ietf:rfc:7807\"|&lt;|&|#|;|a|\\PC){0,40}",
    ) {
        let content = Content {
            status: 500,
            content_type: content_type.as_deref(),
            body: body.as_bytes(),
        };
        prop_assert!(is_within_limits(&read(&content, &[])));
    }

    #[test]
    fn no_document_does_harm(
        status in prop::sample::select(vec![200_u16, 400, 404, 500]),
        content_type in content_types(),
        document in documents(),
    ) {
        let body = document.to_string();
        let content = Content {
            status,
            content_type: content_type.as_deref(),
            body: body.as_bytes(),
        };
        let failure = read(&content, &[]);
        prop_assert!(is_within_limits(&failure));
        prop_assert_eq!(failure, read(&content, &[]));
    }

    #[test]
    fn a_sample_that_is_cut_or_changed_does_no_harm(
        sample in prop::sample::select(samples::ALL),
        cut in any::<prop::sample::Index>(),
        change in any::<(prop::sample::Index, u8)>(),
    ) {
        let mut body = sample.body.as_bytes().to_vec();
        if let Some(octet) = body.get_mut(change.0.index(sample.body.len().max(1))) {
            *octet = change.1;
        }
        body.truncate(cut.index(body.len() + 1));
        let content = Content {
            status: sample.status,
            content_type: Some(sample.content_type.as_bytes()),
            body: &body,
        };
        prop_assert!(is_within_limits(&read(&content, &[])));
    }
}
