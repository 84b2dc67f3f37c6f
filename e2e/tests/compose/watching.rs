//! What Prometheus and Grafana have of it.

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Client, Request, root};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::composed::Composed;

/// A scrape, the merge of histograms in Envoy, and a few evaluations of the rules.
const SOON: Duration = Duration::from_mins(1);

/// A metric of each filter that has counted something by now.
const COUNTED: [&str; 6] = [
    r#"treaty_requests{treaty_service="orders"}"#,
    r#"treaty_errors{treaty_service="orders"}"#,
    r#"treaty_version_requests{treaty_service="orders",treaty_version="1"}"#,
    r#"treaty_contract_messages{treaty_outcome="refused"}"#,
    r#"treaty_idempotency_requests{treaty_outcome="replayed"}"#,
    r#"treaty_policy_info{treaty_filter="idempotency-keys"}"#,
];

pub(crate) fn every_filter_is_counted(composed: &Composed) {
    for expression in COUNTED {
        let found = eventually(|| query(composed.prometheus, "", expression));
        assert!(!found.is_empty(), "{expression}");
    }
}

pub(crate) fn rules_are_evaluated(composed: &Composed) {
    let rules = || -> Vec<Value> {
        let answer = get(composed.prometheus, "/api/v1/rules");
        let groups = items(&answer["data"]["groups"]).iter();
        groups
            .flat_map(|group| items(&group["rules"]).clone())
            .collect()
    };
    let is_evaluated = |rule: &Value| rule["health"] == "ok";
    let begun = Instant::now();
    while !rules().iter().all(is_evaluated) && begun.elapsed() < SOON {
        thread::sleep(Duration::from_millis(500));
    }
    let rules = rules();
    assert!(!rules.is_empty());
    for rule in &rules {
        assert!(is_evaluated(rule), "{rule}");
    }
    let recorded = eventually(|| query(composed.prometheus, "", "service:treaty_requests:rate5m"));
    assert!(!recorded.is_empty(), "no rule has recorded anything");
}

pub(crate) fn the_dashboard_is_answered(composed: &Composed) {
    let answered: Vec<String> = expressions(&checked_in())
        .into_iter()
        .filter(|expression| !query(composed.prometheus, "", expression).is_empty())
        .collect();
    // Each kind of what was asked has its panels; what did not happen, such as alerts, has nothing.
    for metric in [
        "treaty_requests",
        "treaty_errors",
        "treaty_version",
        "treaty_contract",
        "treaty_idempotency",
    ] {
        let is_shown = answered
            .iter()
            .any(|expression| expression.contains(metric));
        assert!(
            is_shown,
            "{metric} is in no panel that has something: {answered:#?}"
        );
    }
}

pub(crate) fn grafana_shows_the_dashboard(composed: &Composed) {
    let grafana = composed.grafana.expect("there is a Grafana");
    let checked_in = checked_in();
    let path = format!("/api/dashboards/uid/{}", text(&checked_in["uid"]));
    let shown = &get(grafana, &path)["dashboard"];
    assert_eq!(expressions(shown), expressions(&checked_in));
    for expression in expressions(shown) {
        query(
            grafana,
            "/api/datasources/proxy/uid/prometheus",
            &expression,
        );
    }
}

fn checked_in() -> Value {
    let file = root().join("observability/dashboard.json");
    let text = fs::read_to_string(file).expect("the dashboard");
    serde_json::from_str(&text).expect("the dashboard is JSON")
}

/// The expressions of all panels, with what Grafana puts in for its variables.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = items(&dashboard["panels"]).iter();
    panels
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
        .map(|target| {
            text(&target["expr"])
                .replace("$__rate_interval", "1m")
                .replace("$__range", "1h")
                .replace("$service", ".*")
                .replace("$route", ".*")
        })
        .collect()
}

/// The series of an expression; what is no valid expression fails the check.
fn query(server: SocketAddr, below: &str, expression: &str) -> Vec<Value> {
    let encoded = utf8_percent_encode(expression, NON_ALPHANUMERIC);
    let answer = get(server, &format!("{below}/api/v1/query?query={encoded}"));
    assert_eq!(answer["status"], "success", "{expression}: {answer}");
    items(&answer["data"]["result"]).clone()
}

/// Asks again while there is nothing, because scrapes and rules take their time.
fn eventually(ask: impl Fn() -> Vec<Value>) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let found = ask();
        if !found.is_empty() || begun.elapsed() > SOON {
            return found;
        }
        thread::sleep(Duration::from_millis(500));
    }
}

fn get(server: SocketAddr, path: &str) -> Value {
    Client::http1(server).send(Request::get(path)).json()
}

fn items(value: &Value) -> &Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
