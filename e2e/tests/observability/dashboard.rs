//! The dashboard as a document. Whether Grafana's own types take it is not tested here: that needs
//! its compiler, and Grafana itself is forgiving.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use e2e::promtool;

use super::expressions::Asked;
use super::{definitions, document, items, text};

/// Grafana's grid is this wide.
const COLUMNS: u64 = 24;

fn dashboard() -> Value {
    document("dashboard.json")
}

/// Every expression of the dashboard, with what Grafana would put in for its own variables.
pub(super) fn expressions() -> Vec<String> {
    let dashboard = dashboard();
    let panels = items(&dashboard["panels"])
        .filter(|panel| panel["type"] != "row")
        .flat_map(|panel| items(&panel["targets"]));
    let annotations =
        items(&dashboard["annotations"]["list"]).map(|annotation| &annotation["target"]);
    panels
        .chain(annotations)
        .map(|target| {
            text(&target["expr"])
                .replace("$__rate_interval", "5m")
                .replace("$__range", "6h")
        })
        .collect()
}

#[test]
fn every_expression_is_valid() {
    let rules: Vec<Value> = expressions()
        .into_iter()
        .enumerate()
        .map(|(number, expr)| json!({"record": format!("dashboard:expression_{number}"), "expr": expr}))
        .collect();
    let rules = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.yaml"), rules.to_string()).unwrap();
    if let Err(faults) = promtool(folder.path(), &["check", "rules", "rules.yaml"], "") {
        panic!("{faults}");
    }
}

#[test]
fn every_expression_asks_for_what_is_defined() {
    for expression in expressions() {
        let missing = definitions::undefined(&expression);
        assert!(missing.is_empty(), "{expression}: {missing:?}");
    }
}

#[test]
fn the_panels_show_every_metric_of_treaty() {
    let shown: BTreeSet<String> = expressions()
        .iter()
        .flat_map(|expression| Asked::by(expression).metrics)
        .collect();
    for metric in definitions::labels().into_keys() {
        let of_a_histogram = format!("{metric}_bucket");
        assert!(
            shown.contains(&metric) || shown.contains(&of_a_histogram),
            "{metric} is in no panel"
        );
    }
}

#[test]
fn every_query_goes_to_the_data_source_that_is_chosen() {
    let dashboard = dashboard();
    let chosen = json!({"type": "prometheus", "uid": "${datasource}"});
    for panel in items(&dashboard["panels"]).filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"], chosen, "{}", panel["title"]);
        for target in items(&panel["targets"]) {
            assert_eq!(target["datasource"], chosen, "{}", panel["title"]);
        }
    }
    let variables: Vec<&str> = items(&dashboard["templating"]["list"])
        .map(|variable| text(&variable["name"]))
        .collect();
    assert_eq!(variables, ["datasource", "service", "route"]);
}

#[test]
fn the_panels_lie_side_by_side() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in items(&dashboard["panels"]) {
        let title = text(&panel["title"]);
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert!(side("x") + side("w") <= COLUMNS, "{title}");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "{title} covers another panel");
            }
        }
    }
}
