//! One rule: its layers are merged, and the outcome is checked as a whole.

use std::rc::Rc;

use kit::policy::{Findings, Placed, RuleEntry, child};

use super::document::PolicyDocument;
use super::link::LinkEntry;
use super::settings::{AcceptEncoding, Instance, Layers, Settings};
use crate::plan::{Plan, Rule};
use crate::representation::Format;
use crate::sanitation::{InternalHeader, InternalHeaders};
use crate::template::Template;

/// How many octets of an error are read unless a policy says otherwise.
const CAP: usize = 64 * 1024;

/// What identifies an occurrence unless a policy says otherwise.
const INSTANCE: &str = "urn:uuid:{requestId}";

/// Checks a rule with all that it gets from the layers above it.
pub(super) fn check(
    document: &PolicyDocument,
    rule: &RuleEntry<Settings>,
    index: usize,
    findings: &mut Findings,
) -> Rule {
    let scope = document.scope();
    Rule {
        matches: scope.match_of(rule),
        mode: document.mode.of_rule(rule.mode),
        plan: Rc::new(check_plan(rule, &scope.layers(index), findings)),
    }
}

fn check_plan(rule: &RuleEntry<Settings>, layers: &Layers<'_>, findings: &mut Findings) -> Plan {
    let max_body = layers.pick("maxBody", |own| own.max_body.as_ref());
    let log_original = layers.pick("logOriginal", |own| own.log_original.as_ref());
    let accept_encoding = layers.pick("acceptEncoding", |own| own.accept_encoding.as_ref());
    let links = layers.pick("links", |own| own.links.as_ref());
    Plan {
        service: rule.service.as_ref().map(|name| name.0.clone()),
        label: rule.label(),
        cap: value(max_body).map_or(CAP, |own| own.0),
        over_cap: value(layers.pick("overCap", |own| own.over_cap.as_ref())).unwrap_or_default(),
        formats: check_formats(layers, findings),
        graphql: value(layers.pick("graphQl", |own| own.graph_ql.as_ref())).unwrap_or_default(),
        internal_headers: check_headers(layers, findings),
        withholds_accept_encoding: value(accept_encoding) == Some(AcceptEncoding::Withhold),
        keep_detail: value(layers.pick("keepDetail", |own| own.keep_detail.as_ref()))
            .unwrap_or_default(),
        instance: instance(layers),
        links: links.map_or(Vec::new(), |own| {
            own.value.iter().map(LinkEntry::template).collect()
        }),
        log_original: value(log_original).map_or(0, |own| own.0),
    }
}

fn value<T: Copy>(placed: Option<Placed<'_, T>>) -> Option<T> {
    placed.map(|placed| *placed.value)
}

fn check_formats(layers: &Layers<'_>, findings: &mut Findings) -> Vec<Format> {
    let Some(placed) = layers.pick("formats", |own| own.formats.as_ref()) else {
        return vec![Format::ProblemJson];
    };
    if placed.value.is_empty() {
        findings.add(&placed.at, "expected at least one format");
    }
    for (index, format) in placed.value.iter().enumerate() {
        if placed.value.iter().take(index).any(|own| own == format) {
            findings.add(
                child(&placed.at, index),
                "is there twice; keep the one that comes first",
            );
        }
    }
    placed.value.clone()
}

fn check_headers(layers: &Layers<'_>, findings: &mut Findings) -> InternalHeaders {
    let Some(placed) = layers.pick("internalHeaders", |own| own.internal_headers.as_ref()) else {
        return InternalHeaders::default();
    };
    for (index, header) in placed.value.iter().enumerate() {
        // Of two that are the same, the later one is found fault with.
        let is_covered = |(place, other): &(usize, &InternalHeader)| {
            other.covers(header) && (*place < index || *other != header)
        };
        if let Some((place, _)) = placed.value.iter().enumerate().find(is_covered) {
            let message = format!("is taken away by `{}` already", child(&placed.at, place));
            findings.add(child(&placed.at, index), message);
        }
    }
    placed.value.iter().cloned().collect()
}

fn instance(layers: &Layers<'_>) -> Option<Template> {
    match layers.pick("instance", |own| own.instance.as_ref()) {
        Some(Placed {
            value: Instance(own),
            ..
        }) => own.clone(),
        None => INSTANCE.parse().ok(),
    }
}
