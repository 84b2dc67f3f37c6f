//! The loader's errors, and the judge.

use std::collections::BTreeMap;
use std::fs;

use kit::call::GrpcFailure;

use super::*;

/// Loads a file from a folder that also holds `good.json`.
fn load(text: &str) -> Result<CaseFile, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.json"), r#"{"version": 1.0}"#).unwrap();
    fs::write(folder.path().join("bad.json"), "{\"version\": 1,\n oops}").unwrap();
    let path = folder.path().join("cases.yaml");
    fs::write(&path, text).unwrap();
    let root = format!("{}/", folder.path().display());
    CaseFile::load(&path).map_err(|errors| {
        let lines = errors
            .0
            .iter()
            .map(|error| error.to_string().replace(&root, ""));
        lines.collect()
    })
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    match load(text) {
        Ok(_) => panic!("the file was taken"),
        Err(errors) => assert_eq!(errors, expected),
    }
}

const ONE: &str = "filter: f\npolicy: good.json\ncases:\n  - name: a\n    expect: {details: x}\n";

#[test]
fn a_case_carries_its_policy_its_line_and_what_it_leaves_out() {
    let file = load(&format!("# A comment.\n{ONE}")).unwrap();
    let case = &file.cases[0];
    assert_eq!((case.line, case.name.as_str()), (5, "a"));
    assert_eq!(case.steps.len(), 1);
    assert_eq!(case.steps[0].request, Request::default());
    assert_eq!(case.steps[0].upstream, Upstream::default());
    assert_eq!((case.now, case.random), (None, None));
    let version = &case.subject.configuration().value()["version"];
    assert_eq!(version.as_u64(), Some(1));
}

#[test]
fn a_case_runs_once_in_each_form_that_it_or_its_file_names() {
    let forms = |text: &str| -> Vec<(String, String)> {
        let cases = load(text).unwrap().cases.into_iter();
        let form = |case: Case| {
            let form = case.subject.configuration().value()["form"].to_string();
            (case.name, form)
        };
        cases.map(form).collect()
    };
    let both = ONE.replace("cases:", "forms: [held, streamed]\ncases:");
    let held = ("a (held)".to_owned(), "\"held\"".to_owned());
    let streamed = ("a (streamed)".to_owned(), "\"streamed\"".to_owned());
    assert_eq!(forms(&both), [held, streamed.clone()]);
    let one = format!("{both}    forms: [streamed]\n");
    assert_eq!(forms(&one), [streamed]);
    assert_eq!(forms(ONE), [("a".to_owned(), "null".to_owned())]);
}

#[test]
fn json_is_taken_too() {
    let text = r#"{"filter": "f", "policy": {"version": 1}, "cases": [
        {"name": "a", "request": {"headers": {"a": ["b", {"hex": "ff"}]}}, "expect": {"upstream": "none"}}
    ]}"#;
    let file = load(text).unwrap();
    let headers = &file.cases[0].steps[0].request.headers.0;
    assert_eq!(headers[1], ("a".to_owned(), vec![0xff]));
}

#[test]
fn octets_are_text_or_say_how_they_are_made() {
    let body = |written: &str| {
        let file = load(&format!("{ONE}    request: {{body: {written}}}\n")).unwrap();
        let step = file.cases.into_iter().next().unwrap().steps.remove(0);
        step.request.body.unwrap().0
    };
    assert_eq!(body("'{}'"), b"{}");
    assert_eq!(body("{hex: Ff00}"), [0xff, 0]);
    assert_eq!(body("{base64: /wA=}"), [0xff, 0]);
    assert_eq!(body("{repeat: '[', times: 3}"), b"[[[");
    assert_eq!(body("{repeat: {hex: ff}, times: 2}"), [0xff, 0xff]);
    assert_eq!(
        body("{concat: ['[', {repeat: '1,', times: 2}, '1]']}"),
        b"[1,1,1]"
    );
    assert_eq!(body("{concat: []}"), b"");
    assert_eq!(
        body("{frames: [{hex: '0801'}, '']}"),
        [0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 0]
    );
    for wrong in [
        "{}",
        "{hex: abc}",
        "{base64: /wA}",
        "{hex: ff, base64: /wA=}",
        "{repeat: a}",
        "{times: 2}",
        "{concat: [a], times: 2}",
        "{octets: ff}",
        "[a]",
    ] {
        let text = format!("{ONE}    request: {{body: {wrong}}}\n");
        assert!(load(&text).is_err(), "{wrong}");
    }
}

#[test]
fn contracts_in_files_are_put_into_the_policy_of_contract_validation_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("cases")).unwrap();
    write("api.yaml", "openapi: 3.1.1\npaths: {}\n");
    write(
        "policy.json",
        r#"{"version": 1, "contracts": [{"contractFile": "api.yaml"}]}"#,
    );
    write(
        "cases/it.yaml",
        "filters:
  contract-validation: ../policy.json
  other: ../policy.json
cases:
  - name: as a file
    expect: {details: x}
  - name: inline
    filters: {contract-validation: {contracts: [{contractFile: ../api.yaml}]}}
    expect: {details: x}
",
    );
    let file = CaseFile::load(&folder.path().join("cases/it.yaml")).unwrap();
    for case in &file.cases {
        let filters = &case.subject.configuration().value()["filters"];
        let contract = &filters["contract-validation"]["contracts"][0];
        assert_eq!(contract["openapi"]["openapi"], "3.1.1", "{}", case.name);
    }
    let filters = &file.cases[0].subject.configuration().value()["filters"];
    assert_eq!(filters["other"]["contracts"][0]["contractFile"], "api.yaml");
    write("api.yaml", "[");
    let errors = CaseFile::load(&folder.path().join("cases/it.yaml")).unwrap_err();
    let message = errors.to_string();
    assert!(
        message.contains("/contracts/0/contractFile: `"),
        "{message}"
    );
    assert!(message.contains("is not YAML"), "{message}");
}

#[test]
fn a_case_may_have_its_own_policy_and_a_file_may_have_several_filters() {
    let text = "
filters: {a: good.json, b: {version: 1, x: 2.0}}
cases:
  - name: one
    expect: {details: x}
  - name: two
    filters: {b: good.json}
    expect: {details: x}
";
    let file = load(text).unwrap();
    let one = file.cases[0].subject.configuration().value();
    assert_eq!(
        *one,
        serde_json::json!({"version": 1, "filters": {"a": {"version": 1}, "b": {"version": 1, "x": 2}}})
    );
    let two = file.cases[1].subject.configuration().value();
    assert_eq!(two["filters"], serde_json::json!({"b": {"version": 1}}));
}

#[test]
fn mistakes_of_form_have_their_line() {
    refused(
        &format!("{ONE}    reqest: {{}}\n"),
        &[
            "cases.yaml:6: unknown field `reqest`, expected one of name, rule, policy, filters, forms, \
           environment, now, random, only, why, properties, request, upstream, calls, expect, steps",
        ],
    );
    refused(
        &format!("{ONE}    request: {{headers: {{a: 1}}}}\n"),
        &[
            "cases.yaml:6: invalid type: integer `1`, expected text (a number stands in quotes) or \
           one of {hex: \"ff00\"}, {base64: \"/wA=\"}, {repeat: text, times: 2}, {concat: [text]} and \
           {frames: [text]}",
        ],
    );
    refused(
        &format!("{ONE}    request: {{headers: {{X-A: a}}}}\n"),
        &["cases.yaml:6: `X-A` is not the name of a header field in lower case"],
    );
    refused(
        "filter: f\ncases: [\n",
        &["cases.yaml:2: unclosed bracket '['"],
    );
    refused(
        "filter: f\npolicy: good.json\ncases:\n  - name: a\n    expect: {upstream: nothing}\n",
        &[
            "cases.yaml:5: invalid value: string \"nothing\", expected `none`, or an object that says what \
           the upstream sees",
        ],
    );
    refused(
        &format!("{ONE}    calls: [{{status: 200, fail: true}}]\n"),
        &[
            "cases.yaml:6: expected an answer with `status`, one with `grpc_status`, where a \
           `message_hex` goes with 0 and a `grpc_message` with the others, or `fail: true` alone",
        ],
    );
    for call in [
        "{grpc_status: 0, grpc_message: no}",
        "{grpc_status: 5, message_hex: 0a}",
        "{grpc_message: no}",
    ] {
        assert!(
            load(&format!("{ONE}    calls: [{call}]\n")).is_err(),
            "{call}"
        );
    }
}

#[test]
fn a_call_may_fail_with_a_status_and_a_message_of_grpc() {
    let file = load(&format!(
        "{ONE}    calls: [{{grpc_status: 5, grpc_message: gone}}, {{grpc_status: 7}}]\n"
    ));
    let calls = &file.unwrap().cases[0].steps[0].calls;
    let answers: Vec<&Answer> = calls.iter().map(|call| &call.answer).collect();
    let failure = |code, text: &str| Answer::Grpc(Err(GrpcFailure::new(code, text.as_bytes())));
    assert_eq!(answers, [&failure(5, "gone"), &failure(7, "")]);
}

#[test]
fn a_case_may_have_steps_and_each_has_a_name() {
    let text = "
filter: f
policy: good.json
cases:
  - name: a
    only: native
    why: the clock
    steps:
      - upstream: {meanwhile: [{expect: {details: y}}]}
        expect: {details: x}
      - {after: 25h, request: {path: /b}, expect: {details: z}}
";
    let file = load(text).unwrap();
    let names: Vec<(String, &Expect)> = file.cases[0]
        .exchanges()
        .map(|(name, step)| (name, &step.expect))
        .collect();
    let details = |details: &str| Expect {
        details: Some(details.into()),
        ..Expect::default()
    };
    let expected = [
        ("step 1".into(), &details("x")),
        ("step 1: meanwhile 1".into(), &details("y")),
        ("step 2".into(), &details("z")),
    ];
    assert_eq!(names, expected);
    let after = file.cases[0].steps[1].after;
    assert_eq!(after, Some(std::time::Duration::from_hours(25)));
}

#[test]
fn steps_are_held_to_their_form_and_meaning() {
    refused(
        "
filter: f
policy: good.json
cases:
  - name: a
    request: {path: /a}
    steps: [{expect: {details: x}}]
  - name: b
    steps: []
  - name: c
    steps: [{expect: {details: x}}, {expect: {}}]
  - name: d
    steps: [{after: 1s, expect: {details: x}}]
  - name: e
    request: {aborts: true}
    expect: {response: {status: 200}}
  - name: f
    request: {aborts: true}
    upstream: {breaks: inBody}
    expect: {upstream: {path: /}}
  - name: g
    upstream: {meanwhile: [{upstream: {meanwhile: [{expect: {details: x}}]}, expect: {details: x}}]}
    expect: {details: x}
  - name: h
    upstream: {meanwhile: [{expect: {}}]}
    expect: {details: x}
  - name: i
",
        &[
            "cases.yaml:5: `a`: `steps` stand in place of `properties`, `request`, `upstream`, `calls` and \
           `expect`, which each step has for itself",
            "cases.yaml:8: `b`: has no step",
            "cases.yaml:10: `c`: step 2 expects nothing, so it could never fail",
            "cases.yaml:12: `d`: `after` moves the clock, which no proxy lets: say `only: native`",
            "cases.yaml:14: `e`: expects a response, and its client leaves before there is one",
            "cases.yaml:17: `f`: has both ends break off; one of them is first",
            "cases.yaml:21: `g`: has a `meanwhile` in what happens meanwhile",
            "cases.yaml:24: `h`: meanwhile 1 expects nothing, so it could never fail",
            "cases.yaml:27: `i`: expects nothing, so it could never fail",
        ],
    );
    let steps = |step: &str| {
        format!("filter: f\npolicy: good.json\ncases:\n  - name: a\n    steps:\n      - {step}\n")
    };
    refused(
        &steps("{expect: {details: x}, now: 2026-01-01T00:00:00Z}"),
        &[
            "cases.yaml:6: unknown field `now`, expected one of after, properties, request, upstream, calls, \
           expect",
        ],
    );
    refused(
        &steps("{request: {path: /}}"),
        &["cases.yaml:6: missing field `expect`"],
    );
    refused(
        &steps("{after: soon, expect: {details: x}}"),
        &["cases.yaml:6: expected a duration with its unit, such as \"250ms\" or \"1h 30m\""],
    );
    refused(
        &steps("{upstream: {breaks: early}, expect: {details: x}}"),
        &["cases.yaml:6: unknown variant `early`, expected one of beforeHead, inBody"],
    );
}

#[test]
fn mistakes_of_meaning_are_told_all_at_once() {
    refused(
        "
filter: f
policy: good.json
cases:
  - name: a
    expect: {}
  - name: a
    expect: {response: {}}
  - name: b
    only: native
    expect: {details: x}
  - name: c
    why: because
    expect: {details: x}
  - name: d
    now: yesterday
    expect: {details: x}
  - name: e
    policy: bad.json
    expect: {details: x}
  - name: f
    filters: {}
    expect: {details: x}
",
        &[
            "cases.yaml:5: `a`: expects nothing, so it could never fail",
            "cases.yaml:7: `a` is the name of the case in line 5 too; names must differ",
            "cases.yaml:7: `a`: expects nothing, so it could never fail",
            "cases.yaml:9: `b`: `only: native` and `why` belong together: say why no proxy can show it",
            "cases.yaml:12: `c`: `only: native` and `why` belong together: say why no proxy can show it",
            "cases.yaml:15: `d`: `now`: expected an RFC 3339 date and time from 1970 to 9999, such as \
             \"2026-01-31T00:00:00Z\"",
            "cases.yaml:18: policy bad.json: is not JSON: there is a mistake at line 2 column 2",
            "cases.yaml:21: `f`: a case overrides `policy` where the file has `filter`, and `filters` \
             where it has `filters`",
        ],
    );
}

#[test]
fn a_file_needs_a_filter_with_a_policy_and_a_case() {
    refused(
        "filter: f\npolicy: good.json\ncases: []\n",
        &["cases.yaml: has no case"],
    );
    refused(
        "cases:\n  - name: a\n    expect: {details: x}\n",
        &[
            "cases.yaml: expected `filter` with a `policy`, or `filters` with a policy for each name",
        ],
    );
    refused(
        "filter: f\ncases:\n  - name: a\n    expect: {details: x}\n",
        &["cases.yaml:3: `a`: has no policy, and the file gives none"],
    );
    refused(
        "filter: f\npolicy: none.json\ncases:\n  - name: a\n    expect: {details: x}\n",
        &["cases.yaml: policy none.json: No such file or directory (os error 2)"],
    );
}

fn observed() -> Observed {
    Observed {
        upstream: None,
        response: SeenResponse {
            status: 404,
            headers: vec![("a".into(), b"1".to_vec()), ("a".into(), vec![0xff])],
            body: br#"{"id": 1, "list": [{"x": 1, "y": 2}], "s": "t"}"#.to_vec(),
            trailers: Vec::new(),
        },
        facts: BTreeMap::from([("treaty.version".into(), "2".into())]),
        metrics: BTreeMap::from([("m;a=1".into(), 3)]),
        details: Some("treaty.f.gone".into()),
    }
}

/// What the judge says of an expectation.
fn verdict(expect: &str) -> Vec<String> {
    let text = format!("filter: f\npolicy: good.json\ncases:\n  - name: a\n    expect: {expect}\n");
    let file = load(&text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let mismatches = judge(&file.cases[0].steps[0].expect, &observed());
    mismatches.iter().map(ToString::to_string).collect()
}

#[test]
fn only_what_is_named_is_compared() {
    for expect in [
        "{upstream: none}",
        "{response: {status: 404}}",
        "{response: {headers: {a: ['1', {hex: ff}], b: null}}}",
        "{response: {json: {list: [{y: 2.0}]}}}",
        "{facts: {treaty.version: '2', treaty.other: null}}",
        "{metrics: {m;a=1: 3, m;a=2: 0}, details: treaty.f.gone}",
    ] {
        assert_eq!(verdict(expect), [""; 0], "{expect}");
    }
}

#[test]
fn differences_say_what_was_expected_and_what_came() {
    for (expect, expected) in [
        (
            "{upstream: {path: /}}",
            "upstream: expected a request, got none; a filter answered with treaty.f.gone",
        ),
        (
            "{response: {status: 200}}",
            "response status: expected 200, got 404",
        ),
        (
            "{response: {headers: {a: '1'}}}",
            r#"response header a: expected "1", got "1" and hex ff"#,
        ),
        (
            "{response: {headers: {a: null}}}",
            r#"response header a: expected nothing, got "1" and hex ff"#,
        ),
        (
            "{response: {headers: {b: x}}}",
            r#"response header b: expected "x", got nothing"#,
        ),
        (
            "{response: {trailers: {b: x}}}",
            r#"response trailer b: expected "x", got nothing"#,
        ),
        (
            "{response: {json: {list: []}}}",
            r#"response json /list: expected [], got [{"x":1,"y":2}]"#,
        ),
        (
            "{response: {json: {list: [{x: 2}]}}}",
            "response json /list/0/x: expected 2, got 1",
        ),
        (
            "{response: {json: {no: 1}}}",
            "response json /no: expected 1, got nothing",
        ),
        (
            "{response: {body: no}}",
            r#"response body: expected "no", got "{\"id\": 1, \"list\": [{\"x\": 1, \"y\": 2}], \"s\": \"t\"}""#,
        ),
        (
            "{facts: {treaty.version: null}}",
            r#"fact treaty.version: expected nothing, got "2""#,
        ),
        (
            "{facts: {treaty.no: '1'}}",
            r#"fact treaty.no: expected "1", got nothing"#,
        ),
        (
            "{metrics: {m;a=2: 1}}",
            "metric m;a=2: expected 1, got 0 (counted: m;a=1)",
        ),
        (
            "{details: other}",
            r#"response code details: expected "other", got "treaty.f.gone""#,
        ),
    ] {
        assert_eq!(verdict(expect), [expected], "{expect}");
    }
}

#[test]
fn long_texts_are_told_line_by_line() {
    let mismatch = Mismatch::new("response body", "a\nb\nc\n", "a\nx\nc\n");
    assert_eq!(
        mismatch.to_string(),
        "response body (- expected, + got):\n    a\n  - b\n  + x\n    c"
    );
}
