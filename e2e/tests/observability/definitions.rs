//! Which metrics the filters define, read from their code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::expressions::Asked;
use super::{document, items, text};

/// Labels that come from elsewhere: Prometheus's own, and those that Envoy gives to its metrics.
const OTHER_LABELS: &[&str] = &[
    "job",
    "instance",
    "le",
    "envoy_cluster_name",
    "envoy_http_conn_manager_prefix",
    "wasm_plugin",
    "extension_config",
];

/// The labels of every metric of Treaty's, as the filters call them.
pub(crate) fn labels() -> BTreeMap<String, Vec<String>> {
    let defined = defined().into_iter();
    defined.map(|metric| (metric.name, metric.labels)).collect()
}

/// Every name that Prometheus has for a metric of Treaty's, with its labels there.
pub(crate) fn series() -> BTreeMap<String, Vec<String>> {
    let histograms: Vec<String> = defined()
        .into_iter()
        .filter(|metric| metric.is_histogram)
        .map(|metric| metric.name)
        .collect();
    let mut series = BTreeMap::new();
    for (name, labels) in labels() {
        let mut labels: Vec<String> = labels
            .iter()
            .map(|label| format!("treaty_{label}"))
            .collect();
        if histograms.contains(&name) {
            for part in ["sum", "count"] {
                series.insert(format!("{name}_{part}"), labels.clone());
            }
            labels.push("le".to_owned());
            series.insert(format!("{name}_bucket"), labels);
        } else {
            series.insert(name, labels);
        }
    }
    series
}

/// What an expression asks for and nobody defines. Envoy's own metrics are held against a real
/// Envoy, in `scrape`.
pub(crate) fn undefined(expression: &str) -> Vec<String> {
    let series = series();
    let recorded = recorded();
    let asked = Asked::by(expression);
    let is_label = |label: &String| {
        OTHER_LABELS.contains(&label.as_str()) || series.values().flatten().any(|own| own == label)
    };
    let is_metric = |name: &String| {
        name.starts_with("envoy_") || recorded.contains(name) || series.contains_key(name)
    };
    let is_selected = |metric: &String, label: &String| {
        OTHER_LABELS.contains(&label.as_str())
            || series
                .get(metric)
                .map_or_else(|| is_label(label), |labels| labels.contains(label))
    };
    let metrics = asked.metrics.iter().filter(|name| !is_metric(name));
    let grouped = asked.grouped.iter().filter(|label| !is_label(label));
    let selected = asked
        .selected
        .iter()
        .filter(|(metric, label)| !is_selected(metric, label));
    metrics
        .chain(grouped)
        .cloned()
        .chain(selected.map(|(metric, label)| format!("{metric}{{{label}}}")))
        .collect()
}

/// The names of the recording rules.
fn recorded() -> Vec<String> {
    let alerts = document("alerts.yaml");
    items(&alerts["groups"])
        .flat_map(|group| items(&group["rules"]))
        .filter(|rule| !rule["record"].is_null())
        .map(|rule| text(&rule["record"]).to_owned())
        .collect()
}

/// One metric, as the code defines it.
#[derive(Debug)]
struct Defined {
    name: String,
    labels: Vec<String>,
    is_histogram: bool,
}

/// Every `Metric::new("name", MetricKind::…, labels)` of the filters, outside tests.
fn defined() -> Vec<Defined> {
    let filters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../filters");
    let mut files = Vec::new();
    sources(&filters, &mut files);
    let mut defined = Vec::new();
    for file in files {
        let code = fs::read_to_string(&file).unwrap();
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for definition in code.split("Metric::new(").skip(1) {
            defined.push(definition_in(definition, code, &file));
        }
    }
    assert!(!defined.is_empty(), "no metrics in {}", filters.display());
    defined
}

/// Reads the arguments of `Metric::new`. The labels stand there, or have a name in the same file.
fn definition_in(arguments: &str, code: &str, file: &Path) -> Defined {
    let end = arguments.find(");").expect("a definition ends");
    let mut arguments = arguments[..end].splitn(3, ',');
    let mut next = || arguments.next().expect("three arguments").trim();
    let (name, kind, labels) = (next(), next(), next().trim_end_matches(','));
    let labels = if labels.starts_with('&') {
        labels
    } else {
        let constant = format!("const {labels}: &[&str] =");
        let (_, after) = code
            .split_once(&constant)
            .unwrap_or_else(|| panic!("no `{constant}` in {}", file.display()));
        after.split(';').next().unwrap_or_default()
    };
    let quoted = |text: &str| -> Vec<String> {
        let quoted = text.split('"').skip(1).step_by(2);
        quoted.map(str::to_owned).collect()
    };
    Defined {
        name: quoted(name).pop().expect("a name"),
        labels: quoted(labels),
        is_histogram: kind == "MetricKind::Histogram",
    }
}

/// The code files of the filters; tests and fuzz targets define none that is shipped.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match &*name {
            "fuzz" | "tests" | "target" | "tests.rs" => {}
            _ if path.is_dir() => sources(&path, files),
            name if Path::new(name)
                .extension()
                .is_some_and(|ending| ending == "rs") =>
            {
                files.push(path);
            }
            _ => {}
        }
    }
}

#[test]
fn every_metric_is_called_after_treaty_and_has_sound_labels() {
    for metric in defined() {
        let sound = |name: &String| name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
        assert!(metric.name.starts_with("treaty_"), "{}", metric.name);
        assert!(sound(&metric.name), "{}", metric.name);
        assert!(metric.labels.iter().all(sound), "{:?}", metric.labels);
    }
}
