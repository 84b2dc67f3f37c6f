//! What is counted.

use deserr::Deserr;
use kit::metric::{LABEL_SETS, Metric};
use kit::policy::{Findings, child};

use super::settings::Layers;
use crate::metrics;
use crate::plan::Metrics;
use crate::tag::Tag;

/// A metric, or two that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "MetricName", rename_all = "camelCase")
)]
pub(super) enum MetricName {
    /// `treaty_requests`, which has the labels of tags too.
    Requests,
    /// `treaty_request_errors`.
    Errors,
    /// `treaty_request_duration_ms`.
    Duration,
    /// `treaty_request_size_bytes` and `treaty_response_size_bytes`.
    Sizes,
    /// `treaty_requests_active`.
    Active,
    /// `treaty_route_fidelity`.
    Fidelity,
}

/// The most label sets that a policy can ask for. Each is memory of the proxy that is never freed.
const MOST_LABEL_SETS: u16 = 5000;

/// Checks what is counted, with the tags that are labels.
pub(super) fn check(layers: &Layers<'_>, tags: &[Tag], findings: &mut Findings) -> Metrics {
    let most_sets = check_label_sets(layers, findings);
    let Some(placed) = layers.pick("metrics", |own| own.metrics.as_ref()) else {
        return Metrics::default();
    };
    for (index, name) in placed.value.iter().enumerate() {
        if placed
            .value
            .iter()
            .take(index)
            .any(|earlier| earlier == name)
        {
            findings.add(child(&placed.at, index), "is there twice");
        }
    }
    let has = |name| placed.value.contains(&name);
    let fidelity = placed
        .value
        .iter()
        .position(|own| *own == MetricName::Fidelity);
    let answered_by = layers.pick("answeredBy", |own| own.answered_by.as_ref());
    if let (Some(index), None) = (fidelity, answered_by) {
        findings.add(
            child(&placed.at, index),
            "is never counted without `answeredBy`, which says who answered",
        );
    }
    let capped = |name, metric: Metric| has(name).then(|| metric.with_most_sets(most_sets));
    let label = |(place, tag): (usize, &Tag)| Some((place, tag.sinks.metric.clone()?));
    let (labels, names): (Vec<usize>, Vec<String>) =
        tags.iter().enumerate().filter_map(label).unzip();
    Metrics {
        requests: capped(MetricName::Requests, metrics::REQUESTS.with_labels(names)),
        errors: capped(MetricName::Errors, metrics::ERRORS),
        duration: capped(MetricName::Duration, metrics::DURATION),
        sizes: capped(MetricName::Sizes, metrics::REQUEST_SIZE)
            .zip(capped(MetricName::Sizes, metrics::RESPONSE_SIZE)),
        active: has(MetricName::Active),
        fidelity: has(MetricName::Fidelity),
        labels,
    }
}

fn check_label_sets(layers: &Layers<'_>, findings: &mut Findings) -> usize {
    let Some(placed) = layers.pick("labelSets", |own| own.label_sets.as_ref()) else {
        return LABEL_SETS;
    };
    if !(1..=MOST_LABEL_SETS).contains(placed.value) {
        findings.add(placed.at, "expected 1 to 5000 label sets");
    }
    usize::from(*placed.value)
}
