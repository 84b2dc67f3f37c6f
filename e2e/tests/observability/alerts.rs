//! Rules, their tests and their runbooks.

use serde_json::Value;

use e2e::promtool;

use super::{definitions, document, folder, items, shipped, text};

/// Where the runbooks are read.
const RUNBOOKS: &str = "https://github.com/treaty-mesh/treaty/blob/main/observability/runbooks.md#";

/// What each runbook says, in this order.
const PARTS: [&str; 4] = [
    "**Meaning.**",
    "**Impact.**",
    "**Diagnosis.**",
    "**Mitigation.**",
];

fn rules() -> Vec<Value> {
    let alerts = document("alerts.yaml");
    items(&alerts["groups"])
        .flat_map(|group| items(&group["rules"]).cloned())
        .collect()
}

fn alerts() -> Vec<Value> {
    let mut rules = rules();
    rules.retain(|rule| !rule["alert"].is_null());
    rules
}

#[test]
fn promtool_accepts_the_rules_and_the_config() {
    for arguments in [
        &["check", "rules", "--lint-fatal", "alerts.yaml"][..],
        &["check", "config", "--lint-fatal", "prometheus.yaml"],
    ] {
        if let Err(faults) = promtool(&folder(), arguments, "") {
            panic!("{faults}");
        }
    }
}

#[test]
fn each_alert_fires_when_its_test_says_so() {
    if let Err(faults) = promtool(&folder(), &["test", "rules", "alerts_test.yaml"], "") {
        panic!("{faults}");
    }
}

#[test]
fn the_rules_ask_for_what_is_defined() {
    for rule in rules() {
        let missing = definitions::undefined(text(&rule["expr"]));
        assert!(missing.is_empty(), "{rule}: {missing:?}");
    }
}

#[test]
fn every_alert_says_how_urgent_it_is_what_it_is_and_where_to_read_on() {
    for alert in alerts() {
        let severity = text(&alert["labels"]["severity"]);
        assert!(["critical", "warning"].contains(&severity), "{alert}");
        let annotations = &alert["annotations"];
        for annotation in ["summary", "description"] {
            assert!(!text(&annotations[annotation]).is_empty(), "{alert}");
        }
        let anchor = text(&alert["alert"]).to_lowercase();
        assert_eq!(
            text(&annotations["runbook_url"]),
            format!("{RUNBOOKS}{anchor}")
        );
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let runbooks = shipped("runbooks.md");
    let mut sections: Vec<&str> = runbooks
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let mut names: Vec<String> = alerts()
        .iter()
        .map(|alert| text(&alert["alert"]).to_owned())
        .collect();
    sections.sort_unstable();
    names.sort_unstable();
    names.dedup();
    assert_eq!(sections, names);
}

#[test]
fn every_runbook_has_a_meaning_an_impact_a_diagnosis_and_a_mitigation() {
    let runbooks = shipped("runbooks.md");
    for section in runbooks.split("\n## ").skip(1) {
        let places: Vec<_> = PARTS.iter().map(|part| section.find(part)).collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{section}"
        );
        assert!(section.contains("```"), "no command in {section}");
    }
}

#[test]
fn every_alert_is_tested_both_ways() {
    let tests = document("alerts_test.yaml");
    for alert in alerts() {
        let name = text(&alert["alert"]);
        let mut fires = false;
        let mut rests = false;
        for test in items(&tests["tests"]) {
            let expressions = test["promql_expr_test"].as_array().into_iter().flatten();
            for asked in expressions.filter(|asked| text(&asked["expr"]).contains(name)) {
                let is_empty = items(&asked["exp_samples"]).next().is_none();
                fires |= !is_empty;
                rests |= is_empty;
            }
            let alerts = test["alert_rule_test"].as_array().into_iter().flatten();
            for asked in alerts.filter(|asked| asked["alertname"] == name) {
                let is_empty = items(&asked["exp_alerts"]).next().is_none();
                fires |= !is_empty;
                rests |= is_empty;
            }
        }
        assert!(fires, "{name} never fires");
        assert!(rests, "{name} never rests");
    }
}
