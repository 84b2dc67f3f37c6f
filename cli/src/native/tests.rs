//! The native run, on the sample filter.

use std::fs;

use super::check;
use crate::case::CaseFile;
use crate::sample::FILTERS;

/// Runs one case, given as the lines of its YAML, and tells its mismatches.
fn mismatches(policy: &str, case: &str) -> Vec<String> {
    let lines: Vec<String> = case
        .trim()
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    let text = format!(
        "filter: sample\npolicy: {policy}\ncases:\n  - name: it\n{}",
        lines.concat()
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.yaml");
    fs::write(&path, text).unwrap();
    let file = CaseFile::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
    let all = file.cases.iter().flat_map(|case| check(case, FILTERS));
    all.map(|mismatch| mismatch.to_string()).collect()
}

#[track_caller]
fn passes(case: &str) {
    for policy in ["{version: 1}", "{version: 1, form: held}"] {
        let found = mismatches(policy, case);
        assert!(found.is_empty(), "{policy}:\n{}", found.join("\n"));
    }
}

#[track_caller]
fn fails(case: &str, expected: &[&str]) {
    for policy in ["{version: 1}", "{version: 1, form: held}"] {
        assert_eq!(mismatches(policy, case), expected, "{policy}");
    }
}

#[test]
fn edits_facts_metrics_and_the_answer_are_seen() {
    passes(
        "
request: {path: /a, headers: {x-forged: x, x-raw: {hex: ff00}, x-many: [a, b]}}
upstream: {status: 201, headers: {x-own: '1'}, body: '{\"id\": 7, \"more\": true}'}
expect:
  upstream:
    method: GET
    authority: example.com
    path: /a
    headers: {x-treaty-sample: '1', x-forged: null, x-raw: {hex: FF00}, x-many: [a, b]}
    body: ''
  response: {status: 201, headers: {x-own: '1', x-details: via_upstream}, json: {id: 7.0}}
  facts: {treaty.sample: /a, treaty.refusal: null}
  metrics: {treaty_sample_requests;path=/a: 1, treaty_sample_requests;path=/b: 0}
",
    );
}

#[test]
fn a_reply_never_reaches_the_upstream_and_passes_no_core_that_made_it() {
    passes(
        "
request: {path: /gone}
expect:
  upstream: none
  response:
    status: 410
    headers: {content-type: application/problem+json, x-details: null}
    json: {title: Gone}
  details: treaty.sample.gone
  facts: {treaty.refusal: sample.gone}
",
    );
}

#[test]
fn a_grpc_client_gets_what_envoy_makes_of_a_reply() {
    passes(
        "
request: {method: POST, path: /gone, headers: {content-type: application/grpc, te: trailers}, body: ''}
expect:
  response:
    status: 200
    headers: {content-type: application/grpc, grpc-status: '5', grpc-message: Gone}
    body: ''
",
    );
}

#[test]
fn an_answer_to_head_has_no_content() {
    passes(
        "
request: {method: HEAD, path: /gone}
expect: {response: {status: 410, body: '', headers: {content-type: application/problem+json}}}
",
    );
}

#[test]
fn a_held_body_is_refused_or_replaced_however_it_is_cut() {
    passes(
        "
request: {method: POST, path: /hold, headers: {content-length: '6'}, body: shout!, chunks: 4, trailers: {x-t: '1'}}
expect: {upstream: {body: SHOUT!, trailers: {x-t: '1'}}}
",
    );
    passes("request: {method: POST, path: /hold, body: bad}\nexpect: {response: {status: 410}}");
}

#[test]
fn a_body_that_is_kept_from_the_proxy_comes_back_in_its_place() {
    for (path, body, expected) in [
        ("hold", "shout!", "SHOUT!"),
        ("hold", "too long to be held", "too long to be held"),
        (
            "hold-else-tee",
            "shout and shout again",
            "SHOUT AND SHOUT AGAIN",
        ),
    ] {
        passes(&format!(
            "\
request: {{method: POST, path: /{path}, headers: {{transfer-encoding: chunked}}, body: {body}, chunks: 5}}
expect: {{upstream: {{body: {expected}}}}}
"
        ));
    }
}

#[test]
fn the_form_decides_whether_the_upstream_sees_the_head_of_a_refused_body() {
    // What is too long to be held comes in parts, and none is lost.
    passes(
        "\
request: {method: POST, path: /hold-else-tee, body: shout!}
expect: {upstream: {body: SHOUT!}}
",
    );
    passes(
        "\
request: {method: POST, path: /hold-else-tee, body: shout and shout again, chunks: 5, trailers: {x-t: '1'}}
expect: {upstream: {body: SHOUT AND SHOUT AGAIN}}
",
    );
    let case = "request: {method: POST, path: /hold, body: bad}\nexpect: {upstream: none}";
    assert!(mismatches("{version: 1, form: held}", case).is_empty());
    assert_eq!(
        mismatches("{version: 1}", case),
        [r#"upstream: expected no request, got a request for "/hold""#]
    );
}

#[test]
fn calls_are_answered_in_order_and_by_cluster() {
    passes(
        "
request: {method: POST, path: /ask, body: abc, chunks: 1}
calls: [{cluster: store, status: 200, body: forty-two}]
expect: {upstream: {headers: {x-answer: forty-two}, body: abc}}
",
    );
    passes("request: {path: /ask}\ncalls: [{fail: true}]\nexpect: {response: {status: 410}}");
    fails(
        "request: {path: /ask}\nexpect: {response: {status: 200}}",
        &["call: expected no more calls, got GET /key of cluster store"],
    );
    fails(
        "request: {path: /ask}\ncalls: [{cluster: other, status: 200}]\nexpect: {response: {status: 200}}",
        &["call: expected a call of cluster other, got GET /key of cluster store"],
    );
    fails(
        "request: {path: /ask}\ncalls: [{grpc_status: 0, message_hex: '0a'}]\nexpect: {response: {status: 200}}",
        &["call: expected a gRPC call, got GET /key of cluster store"],
    );
    fails(
        "request: {path: /a}\ncalls: [{fail: true}]\nexpect: {response: {status: 200}}",
        &["calls: expected as many as `calls` answers, got 1 fewer"],
    );
}

#[test]
fn a_timer_lets_the_time_pass() {
    passes(
        "
now: 2026-01-01T00:00:00Z
request: {method: POST, path: /sleep, body: abc}
expect: {facts: {treaty.sample: '1767225660'}, upstream: {body: abc}}
",
    );
    fails(
        "request: {path: /sleep-for-ever}\nexpect: {response: {status: 200}}",
        &["exchange: expected an end, got more than 1000 calls and timers"],
    );
}

#[test]
fn a_filter_that_lets_the_cut_of_a_body_show_is_caught() {
    let found = mismatches(
        "{version: 1}",
        "request: {method: POST, path: /tee, body: abc}\nexpect: {response: {status: 200}}",
    );
    assert_eq!(found.len(), 1);
    let difference = found[0].as_str();
    assert!(
        difference.starts_with("bodies cut into single octets: the outcome"),
        "{difference}"
    );
    assert!(
        difference.contains(r#"-         "treaty_sample_requests;path=parts": 1,"#),
        "{difference}"
    );
    assert!(
        difference.contains(r#"+         "treaty_sample_requests;path=parts": 4,"#),
        "{difference}"
    );
}

#[test]
fn an_answer_made_while_the_response_passes_meets_no_filter() {
    passes(
        "
request: {path: /late}
upstream: {status: 200, body: secret}
expect: {response: {status: 410, headers: {x-details: null}}, details: treaty.sample.gone}
",
    );
}

#[test]
fn a_policy_that_does_not_load_fails_the_case() {
    assert_eq!(
        mismatches(
            "{version: 1, limitt: 1}",
            "expect: {response: {status: 200}}"
        ),
        [
            "policy (- expected, + got):\n  - a policy that loads\n  + /limitt: is not a known name here; \
          expected one of `version`, `$schema`, `services`, `form` or `limit`; did you mean `limit`?"
        ]
    );
}

#[test]
fn steps_share_data_and_each_case_begins_without_any() {
    let twice = "
steps:
  - {request: {path: /claim}, expect: {upstream: {path: /claim}, response: {status: 200}}}
  - {request: {path: /claim}, expect: {upstream: none, response: {status: 410}, facts: {treaty.sample: answered}}}
";
    passes(twice);
    passes(twice);
}

#[test]
fn time_passes_between_steps_and_no_two_have_the_same_random_bits() {
    passes(
        "
now: 2026-01-01T00:00:00Z
random: 7
only: native
why: the clock
steps:
  - {request: {path: /now}, expect: {facts: {treaty.sample: '1767225600 7'}}}
  - after: 25h
    request: {path: /now}
    upstream: {meanwhile: [{after: 1m, request: {path: /now}, expect: {facts: {treaty.sample: '1767315660 9'}}}]}
    expect: {facts: {treaty.sample: '1767315660 8'}}
",
    );
}

#[test]
fn what_happens_meanwhile_comes_before_the_answer() {
    passes(
        "
steps:
  - request: {path: /claim}
    upstream:
      status: 201
      meanwhile:
        - {request: {path: /claim}, expect: {upstream: none, facts: {treaty.sample: claimed}}}
        - {request: {path: /gone}, expect: {response: {status: 410}}}
    expect: {response: {status: 201}}
  - {request: {path: /claim}, expect: {facts: {treaty.sample: answered}}}
",
    );
}

#[test]
fn a_mismatch_names_the_step() {
    fails(
        "
steps:
  - request: {path: /claim}
    upstream: {meanwhile: [{request: {path: /claim}, expect: {response: {status: 200}}}]}
    expect: {response: {status: 201}}
  - {request: {path: /ask}, calls: [{fail: true}], expect: {response: {status: 200}}}
",
        &[
            "step 1: response status: expected 201, got 200",
            "step 1: meanwhile 1: response status: expected 200, got 410",
            "step 2: response status: expected 200, got 410",
        ],
    );
    fails(
        "
upstream: {meanwhile: [{request: {path: /ask}, expect: {response: {status: 200}}}]}
expect: {response: {status: 201}}
",
        &["meanwhile 1: call: expected no more calls, got GET /key of cluster store"],
    );
    fails(
        "
request: {path: /gone}
upstream: {meanwhile: [{expect: {response: {status: 200}}}]}
expect: {response: {status: 410}}
",
        &[
            "upstream: expected a request, for what is to happen before its answer, got none; a filter \
           answered with treaty.sample.gone",
        ],
    );
}

#[test]
fn a_client_may_leave_while_the_upstream_has_the_request() {
    passes(
        "
request: {method: POST, path: /details, body: abc, aborts: true}
upstream: {meanwhile: [{request: {path: /a}, expect: {metrics: {treaty_sample_requests;path=aborted: 0}}}]}
expect:
  upstream: {body: abc}
  facts: {treaty.sample: http2.remote_reset}
  metrics: {treaty_sample_requests;path=aborted: 1}
",
    );
    fails(
        "request: {path: /gone, aborts: true}\nexpect: {upstream: none}",
        &[
            "upstream: expected a request, for what is to happen before its answer, got none; a filter \
           answered with treaty.sample.gone",
        ],
    );
}

#[test]
fn an_upstream_may_break_off_before_its_answer() {
    passes(
        "
request: {path: /a}
upstream: {breaks: beforeHead}
expect:
  upstream: {path: /a}
  response:
    status: 503
    headers: {x-details: 'upstream_reset_before_response_started{connection_termination}'}
  metrics: {treaty_sample_requests;path=aborted: 0}
",
    );
    passes(
        "
request: {method: POST, path: /a, headers: {content-type: application/grpc}, body: ''}
upstream: {breaks: beforeHead}
expect: {response: {status: 200, headers: {grpc-status: '14'}}}
",
    );
}

#[test]
fn an_upstream_may_break_off_in_its_answer() {
    passes(
        "
request: {path: /details}
upstream: {status: 201, headers: {content-length: '10'}, body: begun, trailers: {x-t: '1'}, breaks: inBody}
expect:
  response: {status: 201, body: begun, headers: {x-details: via_upstream}, trailers: {x-t: null}}
  facts: {treaty.sample: 'upstream_reset_after_response_started{protocol_error}'}
  metrics: {treaty_sample_requests;path=aborted: 1}
",
    );
    passes(
        "
request: {path: /a}
upstream: {breaks: inBody}
expect: {response: {status: 200, body: ''}, metrics: {treaty_sample_requests;path=aborted: 1}}
",
    );
}
