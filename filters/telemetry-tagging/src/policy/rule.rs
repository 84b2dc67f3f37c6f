//! One rule: its layers are merged, and the outcome is checked as a whole.

use std::rc::Rc;

use kit::policy::{Findings, Placed, RuleEntry, child, did_you_mean, list};

use super::settings::{Layers, RpcMethods, SemconvEntry, Settings};
use super::{
    Surroundings, answered_by, baggage, correlation, metrics, operation, probe, tag, trace_context,
};
use crate::operation::Operations;
use crate::plan::{Audit, Needs, Plan, Rule, TraceContext};
use crate::source::Source;
use crate::tag::{Sinks, Tag};

/// How many octets of a content are read unless a policy says otherwise.
const MAX_BODY: usize = 64 * 1024;

/// Checks a rule with all that it gets from the layers above it.
pub(super) fn check(
    surroundings: &Surroundings<'_>,
    rule: &RuleEntry<Settings>,
    index: usize,
    findings: &mut Findings,
) -> Rule {
    let scope = surroundings.document.scope();
    Rule {
        matches: scope.match_of(rule),
        mode: surroundings.document.mode.of_rule(rule.mode),
        plan: Rc::new(check_plan(
            surroundings,
            rule,
            &scope.layers(index),
            findings,
        )),
    }
}

fn check_plan(
    surroundings: &Surroundings<'_>,
    rule: &RuleEntry<Settings>,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> Plan {
    let trace_context = layers.pick("traceContext", |own| own.trace_context.as_ref());
    let correlation = layers.pick("correlation", |own| own.correlation.as_ref());
    let baggage = layers.pick("baggage", |own| own.baggage.as_ref());
    let answered_by = layers.pick("answeredBy", |own| own.answered_by.as_ref());
    let probe = layers.pick("probe", |own| own.probe.as_ref());
    let semconv = value(layers.pick("semconv", |own| own.semconv.as_ref()));
    let rpc_methods = value(layers.pick("rpcMethods", |own| own.rpc_methods.as_ref()));
    let tags = check_tags(surroundings, layers, findings);
    let mut plan = Plan {
        service: rule.service.as_ref().map(|name| name.0.clone()),
        label: rule.label(),
        trace_context: trace_context.map(|own| trace_context::check(own.value, &own.at, findings)),
        correlation: correlation.map(|own| correlation::check(own.value, &own.at, findings)),
        baggage: baggage.map(|own| baggage::check(own.value, &own.at, findings)),
        direction: value(layers.pick("direction", |own| own.direction.as_ref()))
            .unwrap_or_default(),
        operations: check_operations(layers, findings),
        any_rpc_method: rpc_methods == Some(RpcMethods::Any),
        attributes: semconv.and_then(SemconvEntry::names).map(Into::into),
        answered_by: answered_by.map(|own| answered_by::check(own.value, &own.at, findings)),
        max_body: value(layers.pick("maxBody", |own| own.max_body.as_ref()))
            .map_or(MAX_BODY, |own| own.0),
        metrics: metrics::check(layers, &tags, findings),
        probe: probe.and_then(|own| probe::check(own.value, &own.at, surroundings.rings, findings)),
        audit: check_audit(surroundings, layers, &tags, findings),
        tags,
        needs: Needs::default(),
    };
    plan.needs = Needs::of(&plan);
    check_path_parameters(&plan, layers, findings);
    check_placement(&plan, layers, findings);
    check_writers(&plan, surroundings, findings);
    check_correlation(&plan, layers, findings);
    plan
}

fn value<T: Copy>(placed: Option<Placed<'_, T>>) -> Option<T> {
    placed.map(|placed| *placed.value)
}

/// The tags of the rule, in the order of the document.
fn check_tags(
    surroundings: &Surroundings<'_>,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> Vec<Tag> {
    let named = layers.pick("tags", |own| own.tags.as_ref());
    if let Some(named) = &named {
        for (index, name) in named.value.iter().enumerate() {
            if let Some(message) = is_no_tag(name.as_str(), surroundings.tags) {
                findings.add(child(&named.at, index), message);
            }
            if named
                .value
                .iter()
                .take(index)
                .any(|earlier| earlier == name)
            {
                findings.add(child(&named.at, index), "is there twice");
            }
        }
    }
    let is_taken = |tag: &Tag| {
        let Some(named) = &named else {
            return true;
        };
        named.value.iter().any(|name| name.as_str() == tag.name)
    };
    let places = 0..surroundings.tags.len();
    let all = places.filter_map(|place| tag::check(place, surroundings, findings));
    let taken: Vec<Tag> = all
        .collect::<Vec<_>>()
        .into_iter()
        .filter(is_taken)
        .collect();
    if let Some(named) = &named {
        check_salts(&taken, &named.at, findings);
    }
    check_order_of_salts(&taken, surroundings, findings);
    taken
}

/// A rule that leaves out a salt leaves out whom it is for.
fn check_salts(tags: &[Tag], at: &str, findings: &mut Findings) {
    let has = |salt: &str| tags.iter().any(|tag| tag.name == salt);
    for tag in tags {
        if let Some(salt) = tag.steps.salt().filter(|salt| !has(salt)) {
            findings.add(
                at,
                format!("has `{}` without `{salt}`, which salts it", tag.name),
            );
        }
    }
}

/// The id neither goes with what is taken away nor stands in place of a proof.
fn check_correlation(plan: &Plan, layers: &Layers<'_>, findings: &mut Findings) {
    let placed = layers.pick("correlation", |own| own.correlation.as_ref());
    let (Some(own), Some(placed)) = (&plan.correlation, placed) else {
        return;
    };
    let removed = plan
        .answered_by
        .as_ref()
        .filter(|answered_by| answered_by.removes);
    let is_removed =
        removed.is_some_and(|own_fields| own_fields.fields().any(|name| name == own.header));
    let is_proof = plan
        .probe
        .as_ref()
        .is_some_and(|probe| probe.header == own.header);
    let reasons = [
        (
            is_removed && own.responds,
            "is what `answeredBy` takes away already; expected another name",
        ),
        (
            is_proof,
            "is where `probe` has its proof; expected another name",
        ),
    ];
    for (_, reason) in reasons.into_iter().filter(|(is_so, _)| *is_so) {
        findings.add(child(&placed.at, "header"), reason);
    }
}

/// A salt is there when the value comes that it salts.
fn check_order_of_salts(tags: &[Tag], surroundings: &Surroundings<'_>, findings: &mut Findings) {
    for tag in tags {
        let salt = tag.steps.salt();
        let salt = salt.and_then(|name| tags.iter().find(|tag| tag.name == name));
        if salt.is_some_and(|salt| salt.phase > tag.phase) {
            findings.add(
                child(&surroundings.place_of(tag), "steps"),
                "has a salt whose value comes later than this one's; expected a salt of an \
                 earlier source",
            );
        }
    }
}

fn check_operations(layers: &Layers<'_>, findings: &mut Findings) -> Operations {
    match layers.pick("operations", |own| own.operations.as_ref()) {
        Some(placed) => operation::check(placed.value, &placed.at, findings),
        None => Operations::default(),
    }
}

fn check_audit(
    surroundings: &Surroundings<'_>,
    layers: &Layers<'_>,
    tags: &[Tag],
    findings: &mut Findings,
) -> Option<Audit> {
    let placed = layers.pick("audit", |own| own.audit.as_ref())?;
    let name = placed.value.who.as_str();
    let who = tags.iter().position(|tag| tag.name == name);
    if who.is_none() {
        let message = is_no_tag(name, surroundings.tags)
            .unwrap_or_else(|| "is none of the rule's `tags`".to_owned());
        findings.add(child(&placed.at, "who"), message);
    }
    who.map(|who| Audit { who })
}

/// What is wrong with a name that no tag has.
fn is_no_tag(name: &str, tags: &[&str]) -> Option<String> {
    if tags.contains(&name) {
        return None;
    }
    if tags.is_empty() {
        return Some("is not the name of a tag: `tags` has none".to_owned());
    }
    let hint = did_you_mean(name, tags.iter().copied());
    Some(format!(
        "is not the name of a tag; expected {}{hint}",
        list(tags)
    ))
}

/// No upstream filter sees the end of an exchange, and each sees every attempt.
fn check_placement(plan: &Plan, layers: &Layers<'_>, findings: &mut Findings) {
    let is_upstream =
        |own: &TraceContext| own.terms.owner == crate::trace_context::Owner::EnvoyUpstream;
    if !plan.trace_context.as_ref().is_some_and(is_upstream) {
        return;
    }
    let metrics = layers.pick("metrics", |own| own.metrics.as_ref());
    let audit = layers.pick("audit", |own| own.audit.as_ref());
    let places = [metrics.map(|own| own.at), audit.map(|own| own.at)];
    for at in places.into_iter().flatten() {
        findings.add(
            at,
            "is for the instance among the filters of the listener: one with \
             `\"owner\": \"envoyUpstream\"` sees no exchange to its end",
        );
    }
}

/// Of two that write the same, one would be lost.
fn check_writers(plan: &Plan, surroundings: &Surroundings<'_>, findings: &mut Findings) {
    type Sink = fn(&Sinks) -> Option<&str>;
    let sinks: [(&str, Sink); 4] = [
        ("requestHeader", |own| own.request_header.as_deref()),
        ("responseHeader", |own| own.response_header.as_deref()),
        ("metric", |own| own.metric.as_deref()),
        ("baggage", |own| own.baggage.as_deref()),
    ];
    for (sink, written) in sinks {
        let correlation = plan.correlation.as_ref().filter(|own| match sink {
            "requestHeader" => true,
            "responseHeader" => own.responds,
            _ => false,
        });
        for (index, tag) in plan.tags.iter().enumerate() {
            let Some(name) = written(&tag.sinks) else {
                continue;
            };
            let mut earlier = plan.tags.iter().take(index);
            let other = earlier.find(|other| written(&other.sinks) == Some(name));
            let other = match other {
                Some(other) => other.name.as_str(),
                None if correlation.is_some_and(|own| own.header == name) => "correlation",
                None => continue,
            };
            let at = child(&child(&surroundings.place_of(tag), "to"), sink);
            findings.add(
                at,
                format!("is what `{other}` writes already; expected another name"),
            );
        }
    }
}

/// Where a rule names a tag, the path parameter that it comes from stands in one of its templates.
fn check_path_parameters(plan: &Plan, layers: &Layers<'_>, findings: &mut Findings) {
    let named = layers.pick("tags", |own| own.tags.as_ref());
    let Some(placed) = named else {
        return;
    };
    for tag in &plan.tags {
        if let Source::PathParameter(name) = &tag.source
            && !plan
                .operations
                .iter()
                .any(|own| own.route.variables().any(|own| own == name))
        {
            findings.add(
                &placed.at,
                format!(
                    "has `{}`, but no operation has `{{{name}}}` in its path",
                    tag.name
                ),
            );
        }
    }
}
