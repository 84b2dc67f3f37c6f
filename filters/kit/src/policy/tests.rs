use deserr::Deserr;

use super::value::{Octets, Percent, Pointer, Span, Timestamp};
use super::*;

#[derive(Debug, Deserr)]
#[deserr(error = Findings, rename_all = camelCase, deny_unknown_fields)]
#[allow(dead_code, reason = "Only reading is tested.")]
struct Sample {
    version: u8,
    #[deserr(default)]
    mode: Mode,
    max_size: Octets,
    #[deserr(default)]
    timeout: Option<Span>,
    #[deserr(default)]
    since: Option<Timestamp>,
    #[deserr(default)]
    share: Option<Percent>,
}

fn findings(text: &str) -> Vec<String> {
    let found = Document::parse(text.as_bytes()).and_then(|document| document.read::<Sample>());
    let findings = found.expect_err("the sample is bad");
    findings.0.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place() {
    let found = findings(
        r#"{"version": 1, "mode": "reprot", "maxsize": 1, "timeout": 3, "since": "yesterday"}"#,
    );
    assert_eq!(
        found,
        [
            "/maxsize: is not a known name here; expected one of `version`, `mode`, `maxSize`, \
             `timeout`, `since` or `share`; did you mean `maxSize`?",
            "/mode: expected one of `off`, `report` or `enforce`; did you mean `report`?",
            "/since: expected an RFC 3339 date and time from 1970 to 9999, such as \
             \"2026-01-31T00:00:00Z\"",
            "/timeout: expected a string, found an integer",
            "`maxSize` is missing",
        ]
    );
}

#[test]
fn a_struct_from_istio_reads_like_the_document_itself() {
    let direct = Document::parse(br#"{"version": 1, "maxSize": "1KiB"}"#).unwrap();
    let doubles = Document::parse(br#"{"version": 1.0, "maxSize": "1KiB"}"#).unwrap();
    let text =
        Document::parse(br#"{"policyJson": "{\"version\": 1, \"maxSize\": \"1KiB\"}"}"#).unwrap();
    assert_eq!(direct, doubles);
    assert_eq!(direct, text);
    assert_eq!(direct.digest(), text.digest());
    assert!(direct.read::<Sample>().is_ok());
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    assert_eq!(
        findings(r#"{"version": 1, "maxSize": "1B", "maxSize": "2B"}"#),
        ["/maxSize: stands twice in this object; keep one of them"]
    );
}

#[test]
fn an_unknown_format_version_is_refused() {
    assert_eq!(
        findings(r#"{"version": 2, "maxSize": "1B"}"#),
        ["/version: expected 1, the only format version that this build reads"]
    );
    assert_eq!(
        findings(r#"{"maxSize": "1B"}"#),
        ["`version` is missing; expected `\"version\": 1`"]
    );
}

#[test]
fn text_that_is_not_json_is_refused_with_its_line() {
    assert_eq!(
        findings("{\"version\": 1,\n oops}"),
        ["is not JSON: there is a mistake at line 2 column 2"]
    );
    assert_eq!(
        findings(" "),
        ["the configuration is empty; expected a policy document"]
    );
}

#[test]
fn percentages_have_at_most_two_decimals() {
    let read = |share: &str| {
        let text = format!(r#"{{"version": 1, "maxSize": "1B", "share": {share}}}"#);
        Document::parse(text.as_bytes())
            .and_then(|document| document.read::<Sample>())
            .map(|sample| sample.share.map(Percent::basis_points))
    };
    assert_eq!(read("12.5"), Ok(Some(1250)));
    assert_eq!(read("0.01"), Ok(Some(1)));
    assert_eq!(read("100"), Ok(Some(10_000)));
    assert!(read("0.001").is_err());
    assert!(read("100.5").is_err());
    assert!(read("\"5\"").is_err());
}

#[test]
fn a_policy_that_is_off_is_off_for_every_rule() {
    assert_eq!(Mode::Off.of_rule(Some(Mode::Enforce)), Mode::Off);
    assert_eq!(Mode::Report.of_rule(Some(Mode::Enforce)), Mode::Enforce);
    assert_eq!(Mode::Enforce.of_rule(None), Mode::Enforce);
}

#[test]
fn a_choice_between_shapes_is_named_by_a_member() {
    #[derive(Debug, PartialEq)]
    enum Place {
        Header(Named),
    }
    #[derive(Debug, PartialEq, Deserr)]
    #[deserr(error = Findings, deny_unknown_fields)]
    struct Named {
        name: String,
    }
    crate::tagged_value!(Place, "from", { "header" => Header });
    let read = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        deserr::deserialize::<Place, _, Findings>(value).map_err(|found| found.to_string())
    };
    let name = "a".to_owned();
    assert_eq!(
        read(r#"{"from": "header", "name": "a"}"#),
        Ok(Place::Header(Named { name }))
    );
    for (text, expected) in [
        (
            r#"{"from": "haeder"}"#,
            "/from: expected `header`; did you mean `header`?",
        ),
        (r#"{"name": "a"}"#, "`from` is missing; expected `header`"),
        (
            r#"{"from": 1}"#,
            "/from: expected a string, found an integer",
        ),
        ("[]", "expected an object, found a list"),
        (
            r#"{"from": "header", "name": "a", "nam": 1}"#,
            "/nam: is not a known name here; expected `name`; did you mean `name`?",
        ),
    ] {
        assert_eq!(read(text), Err(expected.to_owned()));
    }
}

#[test]
fn an_object_is_read_member_by_member() {
    #[derive(Debug, PartialEq)]
    struct Sample {
        name: String,
        mode: Mode,
        size: Option<u8>,
        tags: Vec<String>,
        parts: Vec<u8>,
    }
    crate::object_value!(Sample {
        name: required "name",
        mode: defaulted "mode",
        size: optional "size",
        tags: list "tags",
        parts: required_list "parts",
    });
    let read = |value: serde_json::Value| {
        deserr::deserialize::<Sample, _, Findings>(value).map_err(|found| found.to_string())
    };
    assert_eq!(
        read(serde_json::json!({ "name": "a", "parts": [1], "size": null })),
        Ok(Sample {
            name: "a".into(),
            mode: Mode::Report,
            size: None,
            tags: Vec::new(),
            parts: vec![1],
        })
    );
    let bad = serde_json::json!({ "mode": "of", "tags": ["a", 1, 2], "parts": {}, "nmae": "a" });
    assert_eq!(
        read(bad).unwrap_err().lines().collect::<Vec<_>>(),
        [
            "`name` is missing",
            "/mode: expected one of `off`, `report` or `enforce`; did you mean `off`?",
            "/tags/1: expected a string, found an integer",
            "/tags/2: expected a string, found an integer",
            "/parts: expected a list, found an object",
            "/nmae: is not a known name here; expected one of `name`, `mode`, `size`, `tags` or \
             `parts`; did you mean `name`?",
        ]
    );
    assert_eq!(
        read(serde_json::json!(1)).unwrap_err(),
        "expected an object, found an integer"
    );
}

#[test]
fn a_json_pointer_is_checked_as_rfc_6901_writes_it() {
    for text in [
        "", "/", "/a/b", "/a~1b", "/m~0n", "/0", "/-", "/ü", "/a b", "//",
    ] {
        assert_eq!(text.parse::<Pointer>().unwrap().as_str(), text);
    }
    for text in ["a", "#/a", "/a~", "/~2", "/a~b/c", " /a"] {
        let error = text.parse::<Pointer>().unwrap_err();
        assert!(error.starts_with("expected a JSON Pointer"), "{text}");
    }
}

/// The examples of RFC 6901 section 5.
#[test]
fn a_json_pointer_finds_what_stands_there() {
    let document = serde_json::json!({"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7});
    let find = |text: &str| text.parse::<Pointer>().unwrap().find(&document).cloned();
    assert_eq!(find(""), Some(document.clone()));
    assert_eq!(find("/foo/0"), Some("bar".into()));
    assert_eq!(find("/"), Some(0.into()));
    assert_eq!(find("/a~1b"), Some(1.into()));
    assert_eq!(find("/m~0n"), Some(8.into()));
    assert_eq!(find("/ "), Some(7.into()));
    assert_eq!(find("/foo/2"), None);
    assert_eq!(find("/foo/-"), None);
    assert_eq!(find("/nothing"), None);
}
