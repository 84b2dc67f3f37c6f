use kit::problem::Code;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalog::Then;
use crate::plan::{KeepDetail, OverCap, Plan};
use crate::representation::Format;
use crate::template::Template;

fn policy(members: Value) -> Result<Policy, Findings> {
    let mut document = json!({ "version": 1, "form": "held", "rules": [{ "name": "all" }] });
    let Value::Object(members) = members else {
        panic!("members of a policy are an object");
    };
    document.as_object_mut().unwrap().extend(members);
    load(&Document::from_value(document))
}

fn findings(members: Value) -> Vec<String> {
    match policy(members) {
        Ok(_) => Vec::new(),
        Err(found) => found.0.iter().map(ToString::to_string).collect(),
    }
}

/// What is found in a catalogue, without where it stands.
fn in_catalog(form: &str, catalog: &Value) -> Vec<String> {
    let found = findings(json!({
        "form": form,
        "problemBase": "https://errors.example.com",
        "dialects": [{ "name": "acme", "present": ["/fault"], "detail": "/fault/text" }],
        "catalog": catalog,
    }));
    let place = |found: String| found.split_once(": ").unwrap().0.to_owned();
    found.into_iter().map(place).collect()
}

fn plan(members: Value) -> Plan {
    let mut rules = policy(members).unwrap().rules;
    std::rc::Rc::into_inner(rules.remove(0).plan).unwrap()
}

fn template(text: &str) -> Template {
    text.parse().unwrap()
}

#[test]
fn a_rule_that_says_nothing_gets_problem_json_with_an_instance_and_keeps_words_for_clients() {
    let plan = plan(json!({}));
    assert_eq!(plan.label, "all");
    assert_eq!(plan.cap, 65_536);
    assert_eq!(plan.over_cap, OverCap::Leave);
    assert_eq!(plan.formats, [Format::ProblemJson]);
    assert_eq!(plan.keep_detail, KeepDetail::Structured);
    assert_eq!(plan.instance, Some(template("urn:uuid:{requestId}")));
    assert_eq!(plan.log_original, 0);
    assert!(!plan.graphql && !plan.withholds_accept_encoding);
    assert!(plan.links.is_empty() && plan.internal_headers.is_empty());
}

#[test]
fn a_rule_has_what_its_layers_say() {
    let plan = plan(json!({
        "services": [{ "name": "orders", "runtime": "go" }],
        "defaults": { "maxBody": "1KiB", "overCap": "replace", "keepDetail": "never" },
        "runtimes": { "go": { "maxBody": "2KiB", "keepDetail": "always", "graphQl": true } },
        "serviceSettings": { "orders": { "maxBody": "3KiB", "instance": "none" } },
        "rules": [{ "name": "all", "service": "orders", "settings": {
            "formats": ["aip193", "problemXml"],
            "internalHeaders": ["server", "x-internal-*"],
            "acceptEncoding": "withhold",
            "links": [{ "rel": "help", "href": "/help/{code}" }],
            "logOriginal": "2KiB"
        } }]
    }));
    assert_eq!(plan.service.as_deref(), Some("orders"));
    assert_eq!(plan.label, "orders");
    assert_eq!(plan.cap, 3072);
    assert_eq!(plan.over_cap, OverCap::Replace);
    assert_eq!(plan.keep_detail, KeepDetail::Always);
    assert_eq!(plan.formats, [Format::Aip193, Format::ProblemXml]);
    assert_eq!(plan.instance, None);
    assert_eq!(plan.log_original, 2048);
    assert!(plan.graphql && plan.withholds_accept_encoding);
    assert_eq!(plan.links[0].href, template("/help/{code}"));
    let internal = ["server", "x-internal-*"].map(|entry| entry.parse().unwrap());
    assert_eq!(plan.internal_headers, internal.into_iter().collect());
}

#[test]
fn an_entry_says_what_its_members_say() {
    let policy = policy(json!({
        "problemBase": "https://errors.example.com/",
        "catalog": [
            {
                "name": "out-of-stock",
                "when": { "codes": ["insufficient_stock"], "statuses": [404, "5xx"] },
                "then": {
                    "type": "out-of-stock",
                    "title": "Out of stock",
                    "status": 409,
                    "grpc": "FAILED_PRECONDITION",
                    "reason": "OUT_OF_STOCK",
                    "domain": "orders.example.com",
                    "detail": "Only {/left} left.",
                    "extensions": { "tier": 3, "hint": "see {code}", "sku": { "pointer": "/sku" } },
                    "retryAfter": "2m",
                    "retryable": true
                }
            },
            { "name": "degraded", "answer": { "status": 200, "json": { "items": [] } } }
        ]
    }));
    let mut entries = policy.unwrap().catalog.entries.into_iter();
    let Some(Then::Problem(problem)) = entries.next().map(|entry| entry.then) else {
        panic!("the first entry makes a problem");
    };
    let uri = problem.type_uri.as_deref();
    assert_eq!(uri, Some("https://errors.example.com/out-of-stock"));
    assert_eq!(problem.status, Some(409));
    assert_eq!(problem.grpc, Some(Code::FailedPrecondition));
    assert_eq!(problem.detail, Some(template("Only {/left} left.")));
    assert_eq!(problem.extensions.len(), 3);
    assert_eq!(problem.retry_after, Some(120));
    assert_eq!(problem.retryable, Some(true));
    let Some(Then::Answer(answer)) = entries.next().map(|entry| entry.then) else {
        panic!("the second entry is a fixed answer");
    };
    assert_eq!(answer.content_type, "application/json");
    assert_eq!(answer.body, br#"{"items":[]}"#);
}

#[test]
fn a_policy_that_is_off_has_no_rules_and_is_checked_all_the_same() {
    assert!(policy(json!({ "mode": "off" })).unwrap().rules.is_empty());
    let off = json!({ "mode": "off", "defaults": { "formats": [] } });
    assert_eq!(
        findings(off),
        ["/defaults/formats: expected at least one format"]
    );
}

#[test]
fn an_entry_behind_one_that_takes_everything_from_it_is_found() {
    let then = json!({ "retryable": true });
    let entry = |name: &str, when: Value| json!({ "name": name, "when": when, "then": then });
    let server_error = json!({ "statuses": ["5xx"] });
    let one = json!({ "statuses": [503], "services": [] });
    assert_eq!(
        in_catalog(
            "held",
            &json!([entry("a", json!({})), entry("b", server_error.clone())])
        ),
        ["/catalog/1"]
    );
    assert_eq!(
        in_catalog("held", &json!([entry("a", one), entry("b", server_error)])),
        ["/catalog/0/when/services"]
    );
}

#[test]
fn a_fixed_answer_leaves_clients_of_rpc_to_the_entries_behind_it() {
    let answer = |name: &str| json!({ "name": name, "answer": { "status": 503, "json": {} } });
    let then = |name: &str| json!({ "name": name, "then": { "retryable": true } });
    assert_eq!(
        in_catalog("held", &json!([answer("a"), then("b")])),
        [""; 0]
    );
    assert_eq!(
        in_catalog("held", &json!([answer("a"), answer("b")])),
        ["/catalog/1"]
    );
    assert_eq!(
        in_catalog("held", &json!([then("a"), answer("b")])),
        ["/catalog/1"]
    );
}

#[test]
fn a_fixed_answer_is_not_long() {
    let of_length = |length: usize| {
        let answer =
            json!({ "status": 503, "contentType": "text/plain", "body": "a".repeat(length) });
        in_catalog("held", &json!([{ "name": "a", "answer": answer }]))
    };
    assert_eq!(of_length(65_536), [""; 0]);
    assert_eq!(of_length(65_537), ["/catalog/0/answer"]);
}

#[test]
fn in_the_streamed_form_the_content_decides_no_status() {
    let by_content = json!([
        { "name": "a", "when": { "codes": ["gone"] }, "then": { "status": 410 } },
        { "name": "b", "when": { "grpc": ["ABORTED"] }, "then": { "retryable": true } },
        { "name": "c", "when": { "dialects": ["acme"] }, "answer": { "status": 503, "json": {} } }
    ]);
    assert_eq!(in_catalog("held", &by_content), [""; 0]);
    assert_eq!(
        in_catalog("streamed", &by_content),
        ["/catalog/0/then/status", "/catalog/2/answer"]
    );
    let by_head =
        json!([{ "name": "a", "when": { "statuses": [500] }, "then": { "status": 503 } }]);
    assert_eq!(in_catalog("streamed", &by_head), [""; 0]);
}

#[test]
fn every_mistake_is_found_at_once() {
    let found = findings(json!({
        "form": "streamed",
        "dialects": [{ "name": "acme", "present": [] }],
        "redaction": { "patterns": [{ "name": "a", "pattern": "(" }] },
        "catalog": [
            { "name": "a", "when": { "dialects": ["acmee"] }, "then": { "type": "a", "status": 500 } },
            { "name": "a", "then": {} }
        ],
        "defaults": { "formats": [], "internalHeaders": ["server", "Server"] },
        "rules": [{ "name": "all", "service": "orders" }, { "name": "all" }, { "name": "b" }]
    }));
    let places: Vec<&str> = found
        .iter()
        .map(|found| found.split_once(": ").unwrap().0)
        .collect();
    assert_eq!(
        places,
        [
            "/dialects/0/present",
            "/dialects/0",
            "/catalog/0/when/dialects/0",
            "/catalog/0/then/status",
            "/catalog/0/then/type",
            "/catalog/1/name",
            "/catalog/1/then",
            "/redaction/patterns/0/pattern",
            "/defaults/formats",
            "/defaults/internalHeaders/1",
            "/rules/1/name",
            "/rules/1",
            "/rules/2",
        ]
    );
}

/// Every place of a policy where a text may stand, and a policy that has them all.
fn all_texts() -> (Value, Vec<String>) {
    let document = json!({
        "problemBase": "https://errors.example.com",
        "services": [{ "name": "orders" }],
        "dialects": [{
            "name": "acme", "present": ["/fault"], "code": "/fault/code",
            "violations": { "list": "/fault/list", "field": "/name" },
            "extensions": { "ticket": "/fault/ref" }
        }],
        "redaction": { "off": ["path"], "patterns": [{ "name": "a", "pattern": "K[0-9]", "do": "mask" }] },
        "catalog": [
            {
                "name": "a",
                "when": {
                    "sources": ["upstream"], "statuses": ["404"], "grpc": ["ABORTED"],
                    "codes": ["a"], "dialects": ["acme"], "services": ["orders"], "routes": ["a"]
                },
                "then": {
                    "type": "a", "title": "A", "grpc": "ABORTED", "reason": "ABC", "domain": "a",
                    "detail": "{code}", "extensions": { "hint": "{code}" }, "retryAfter": "1s",
                    "links": [{ "rel": "help", "href": "/a/{code}" }]
                }
            },
            { "name": "b", "when": { "failures": ["no-route"], "flags": ["NR"] },
              "answer": { "status": 200, "contentType": "text/plain", "body": "b" } }
        ],
        "defaults": {
            "maxBody": "1KiB", "overCap": "leave", "formats": ["jsonApi"],
            "internalHeaders": ["server"], "acceptEncoding": "keep", "keepDetail": "never",
            "instance": "none", "logOriginal": "1KiB"
        }
    });
    let mut places = Vec::new();
    collect_texts(&document, "", &mut places);
    (document, places)
}

fn collect_texts(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::String(_) => places.push(at.to_owned()),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect_texts(value, &format!("{at}/{index}"), places);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                collect_texts(value, &format!("{at}/{name}"), places);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn any_text_anywhere_is_taken_or_found_fault_with(
        place in any::<prop::sample::Index>(),
        text in "\\PC{0,12}|[a-z{}/:*0-9x-]{0,12}",
    ) {
        let (mut document, places) = all_texts();
        prop_assert_eq!(findings(document.clone()), [""; 0]);
        *document.pointer_mut(&places[place.index(places.len())]).unwrap() = text.into();
        let found = findings(document);
        prop_assert!(found.iter().all(|found| found.starts_with('/')), "{found:#?}");
    }
}
