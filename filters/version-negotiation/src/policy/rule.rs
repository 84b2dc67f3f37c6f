//! One rule: its layers are merged, and the outcome is checked as a whole.

use std::rc::Rc;

use kit::policy::{Findings, RuleEntry, child};

use super::document::PolicyDocument;
use super::settings::{Layers, Settings};
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
    rule: &RuleEntry<Settings>,
    index: usize,
    findings: &mut Findings,
) -> Option<Rule> {
    let scope = document.scope();
    let at = child("/rules", index);
    let plan = check_plan(rule, &scope.layers(index), &at, findings)?;
    Some(Rule {
        matches: scope.match_of(rule),
        mode: document.mode.of_rule(rule.mode),
        plan: Rc::new(plan),
    })
}

fn check_plan(
    rule: &RuleEntry<Settings>,
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
        label: rule.label(),
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
