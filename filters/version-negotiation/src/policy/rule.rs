//! One rule: its layers are merged, and the outcome is checked as a whole.

use std::rc::Rc;

use kit::matching::Match;
use kit::policy::{Findings, child, did_you_mean, list};

use super::document::{PolicyDocument, RuleDocument};
use super::layers::Layers;
use super::{path, refusals, sources, traffic, vary, versions};
use crate::catalog::Resolution;
use crate::fields;
use crate::plan::{Plan, Rule};
use crate::version::Scheme;

/// How often a request may come by unless a policy says otherwise.
const MAX_HOPS: u8 = 10;

/// Checks a rule with all that it gets from the layers above it.
pub(super) fn check(
    document: &PolicyDocument,
    index: usize,
    findings: &mut Findings,
) -> Option<Rule> {
    let rule = document.rules.get(index)?;
    let at = child("/rules", index);
    check_names(document, rule, index, findings);
    let layers = Layers::of(document, index);
    let plan = check_plan(rule, &layers, &at, findings)?;
    Some(Rule {
        matches: match_of(document, rule),
        mode: document.mode.of_rule(rule.mode),
        plan: Rc::new(plan),
    })
}

/// Finds fault with rules that an earlier one takes everything from.
pub(super) fn check_order(document: &PolicyDocument, findings: &mut Findings) {
    let matches: Vec<Match> = document
        .rules
        .iter()
        .map(|rule| match_of(document, rule))
        .collect();
    for (index, own) in matches.iter().enumerate() {
        let earlier = matches
            .iter()
            .take(index)
            .position(|before| before.covers(own));
        if let Some(earlier) = earlier {
            findings.add(
                child("/rules", index),
                format!("can never match: `/rules/{earlier}` takes every such request before"),
            );
        }
    }
}

/// Finds fault with settings for services that there are not.
pub(super) fn check_service_settings(document: &PolicyDocument, findings: &mut Findings) {
    let known = service_names(document);
    for (name, _) in &document.service_settings.0 {
        if !known.contains(&name.as_str()) {
            let at = child("/serviceSettings", name);
            findings.add(at, unknown_service(name, &known));
        }
    }
}

fn service_names(document: &PolicyDocument) -> Vec<&str> {
    if document.services.is_empty() {
        let named = document
            .rules
            .iter()
            .filter_map(|rule| rule.service.as_ref());
        return named.map(kit::policy::value::Name::as_str).collect();
    }
    let services = document.services.iter();
    services.map(|service| service.name.as_str()).collect()
}

fn unknown_service(name: &str, known: &[&str]) -> String {
    let hint = did_you_mean(name, known.iter().copied());
    format!(
        "is not the name of a service; expected {}{hint}",
        list(known)
    )
}

fn check_names(
    document: &PolicyDocument,
    rule: &RuleDocument,
    index: usize,
    findings: &mut Findings,
) {
    let at = child("/rules", index);
    let mut earlier = document.rules.iter().take(index);
    if earlier.any(|other| other.name == rule.name) {
        let message = "is the name of an earlier rule; names must differ";
        findings.add(child(&at, "name"), message);
    }
    let known = service_names(document);
    if let Some(service) = &rule.service
        && !known.contains(&service.as_str())
    {
        let message = unknown_service(service.as_str(), &known);
        findings.add(child(&at, "service"), message);
    }
}

/// Without a match of its own a rule is for the hosts of its service.
fn match_of(document: &PolicyDocument, rule: &RuleDocument) -> Match {
    if let Some(matches) = &rule.matches {
        return matches.clone();
    }
    let own = |service: &&kit::policy::Service| Some(&service.name) == rule.service.as_ref();
    let hosts = document
        .services
        .iter()
        .find(own)
        .map(|service| service.hosts.clone());
    Match {
        hosts: hosts.unwrap_or_default(),
        ..Match::default()
    }
}

fn check_plan(
    rule: &RuleDocument,
    layers: &Layers<'_>,
    at: &str,
    findings: &mut Findings,
) -> Option<Plan> {
    let scheme = layers.pick("scheme", |settings| settings.scheme.as_ref());
    let versions = layers.pick("versions", |settings| settings.versions.as_ref());
    let sources = layers.pick("sources", |settings| settings.sources.as_ref());
    for (name, is_there) in [
        ("scheme", scheme.is_some()),
        ("versions", versions.is_some()),
        ("sources", sources.is_some()),
    ] {
        if !is_there {
            let message = format!(
                "`{name}` is missing in the settings of the rule and of all layers above it"
            );
            findings.add(at, message);
        }
    }
    let sources = sources.map(|sources| sources::check(&sources, findings));
    let scheme = *scheme?.value;
    let resolution = check_resolution(layers, scheme, findings);
    let catalog = versions::check(&versions?, scheme, resolution, findings);
    let sources = sources?;
    let fallback = versions::check_default(layers, &catalog, scheme, at, findings);
    let traffic = traffic::check(layers, &catalog, scheme, findings);
    let upstream_path = path::check(layers, &sources, &catalog, findings);
    let max_hops = check_max_hops(layers, findings);
    let service = rule.service.as_ref().map(|name| name.0.clone());
    let on_conflict = layers.pick("onConflict", |settings| settings.on_conflict.as_ref());
    Some(Plan {
        label: service.clone().unwrap_or_else(|| rule.name.0.clone()),
        service,
        scheme,
        on_conflict: on_conflict.map(|placed| *placed.value).unwrap_or_default(),
        fallback: fallback?,
        vary: vary::names(&sources, &traffic, &catalog),
        sources,
        consumer: traffic.consumer,
        pins: traffic.pins,
        keys: traffic.keys,
        canaries: traffic.canaries,
        flags: traffic.flags,
        upstream_path,
        max_hops,
        statuses: refusals::check(layers),
        catalog,
    })
}

fn check_resolution(layers: &Layers<'_>, scheme: Scheme, findings: &mut Findings) -> Resolution {
    let Some(placed) = layers.pick("resolution", |settings| settings.resolution.as_ref()) else {
        return Resolution::default();
    };
    if *placed.value == Resolution::Compatible && scheme != Scheme::Semver {
        let message = "`compatible` needs the scheme `semver`; expected `exact` or `waterfall`";
        findings.add(placed.at, message);
    }
    *placed.value
}

fn check_max_hops(layers: &Layers<'_>, findings: &mut Findings) -> u32 {
    let placed = layers.pick("maxHops", |settings| settings.max_hops.as_ref());
    if let Some(placed) = &placed
        && *placed.value == 0
    {
        findings.add(placed.at.clone(), "expected a number from 1 to 255");
    }
    placed.map_or(MAX_HOPS, |placed| *placed.value).into()
}

/// Whether a field name is one that Treaty's filters set themselves.
pub(super) fn is_owned(name: &str) -> bool {
    fields::OWNED.contains(&name) || name.starts_with("x-treaty-")
}
