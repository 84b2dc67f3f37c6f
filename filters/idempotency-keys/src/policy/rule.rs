//! One rule: its layers are merged, and the outcome is checked as a whole.

use std::rc::Rc;
use std::time::Duration;

use kit::matching::Match;
use kit::policy::value::FieldName;
use kit::policy::{Findings, Mode, RuleEntry, Service, child};

use super::settings::{Layers, Settings};
use super::{Surroundings, capture, fingerprint, in_flight, keep, key, life, method, rpc, scope};
use crate::machine::{Terms, Tries};
use crate::plan::{KeySource, NamedStore, Plan, Rule};

/// How many octets of a request content are waited for unless a policy says otherwise.
const MAX_REQUEST_BODY: usize = 256 * 1024;

/// How often commands are tried that nobody waits for. It bridges an outage of the store of some
/// 16 seconds.
const TRIES: Tries = Tries {
    background: 6,
    rest: Duration::from_millis(250),
};

/// Checks a rule with all that it gets from the layers above it.
pub(super) fn check(
    surroundings: &Surroundings<'_>,
    rule: &RuleEntry<Settings>,
    index: usize,
    findings: &mut Findings,
) -> Option<Rule> {
    let scope = surroundings.document.scope();
    let matches = scope.match_of(rule);
    let mode = surroundings.document.mode.of_rule(rule.mode);
    let place = Place {
        at: child("/rules", index),
        layers: scope.layers(index),
        rule,
    };
    let plan = check_plan(surroundings, &place, &matches, mode, findings)?;
    Some(Rule {
        matches,
        mode,
        plan: Rc::new(plan),
    })
}

/// A rule in the document.
struct Place<'a> {
    /// Where it stands.
    at: String,
    layers: Layers<'a>,
    rule: &'a RuleEntry<Settings>,
}

fn check_plan(
    surroundings: &Surroundings<'_>,
    place: &Place<'_>,
    matches: &Match,
    mode: Mode,
    findings: &mut Findings,
) -> Option<Plan> {
    let Place { at, layers, rule } = place;
    let form = surroundings.document.form();
    let store = surroundings.stores.of_rule(at, layers, findings);
    let methods = method::check(rule, at, layers, findings);
    let (source, key) = key::check(form, layers, findings);
    let scope = scope::check(at, layers, findings);
    let fingerprinter = fingerprint::check(form, at, layers, findings);
    let terms = check_terms(surroundings, place, mode, store.as_deref(), findings);
    let capture = capture::check(at, layers, store.as_deref(), findings);
    let sealing = surroundings
        .rings
        .of_rule(at, layers, store.as_deref(), findings);
    let rpc = rpc::check(layers, findings);
    let retries = check_retries(layers, findings);
    let mirror_field = check_mirror_field(layers, &source, findings);
    let problem_base = surroundings.document.problem_base.as_ref();
    Some(Plan {
        label: rule.label(),
        methods,
        templates: matches.paths.clone(),
        source,
        key,
        key_required: layers
            .pick("required", |own| own.required.as_ref())
            .is_some_and(|own| *own.value),
        scope: scope?,
        fingerprinter,
        max_request_body: layers
            .pick("maxRequestBody", |own| own.max_request_body.as_ref())
            .map_or(MAX_REQUEST_BODY, |own| own.value.0),
        terms,
        capture,
        sealing,
        store: store?,
        retry_after: in_flight::retry_after(layers),
        rpc,
        retries,
        mirror_field,
        documentation: layers
            .pick("documentation", |own| own.documentation.as_ref())
            .map(|own| own.value.0.clone()),
        problem_base: problem_base.map(|base| base.0.clone()),
    })
}

/// The life of a rule's keys.
fn check_terms(
    surroundings: &Surroundings<'_>,
    place: &Place<'_>,
    mode: Mode,
    store: Option<&NamedStore>,
    findings: &mut Findings,
) -> Terms {
    let Place { at, layers, rule } = place;
    let timeout = store.map(|store| store.timeout);
    let service = service_of(surroundings, rule);
    let life = life::check(at, layers, service, timeout, findings);
    Terms {
        mode,
        revision: surroundings.revision,
        claim_ttl: life.claim_ttl,
        retention: life.retention,
        // Who may not know an answer may not run the request again for as long as who may.
        unknown_for: life.retention,
        on_claim_expired: life::on_claim_expired(layers),
        store_trouble: life::store_trouble(layers),
        wait_for_first: in_flight::check(life.claim_ttl, layers, findings),
        endings: keep::check(layers, findings),
        tries: TRIES,
    }
}

fn service_of<'a>(
    surroundings: &Surroundings<'a>,
    rule: &RuleEntry<Settings>,
) -> Option<&'a Service> {
    let mut services = surroundings.document.services.iter();
    services.find(|service| rule.service.as_ref() == Some(&service.name))
}

fn check_retries(layers: &Layers<'_>, findings: &mut Findings) -> Option<u32> {
    let placed = layers.pick("retries", |own| own.retries.as_ref())?;
    if !(1..=10).contains(placed.value) {
        findings.add(placed.at, "expected 1 to 10 retries");
    }
    Some(u32::from(*placed.value))
}

/// The field by which a mirrored request is known. No mirrored request is keyed.
fn check_mirror_field(
    layers: &Layers<'_>,
    source: &KeySource,
    findings: &mut Findings,
) -> Option<FieldName> {
    let placed = layers.pick("mirrorHeader", |own| own.mirror_header.as_ref())?;
    if matches!(source, KeySource::Field(key) if key == placed.value) {
        findings.add(
            placed.at,
            "is where the key stands, so that every keyed request would count as mirrored; \
             expected another name",
        );
    }
    Some(placed.value.clone())
}
