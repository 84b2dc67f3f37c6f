//! How long a key lives, and what is promised meanwhile.

use std::str::FromStr;
use std::time::Duration;

use deserr::Deserr;
use kit::policy::value::Span;
use kit::policy::{Findings, Service};
use kit::string_value;

use super::settings::Layers;
use crate::machine;

/// How long a request is taken to be on its way, unless a policy says otherwise.
const CLAIM_TTL: Duration = Duration::from_mins(1);

/// How long answers are kept, unless a policy says otherwise.
const RETENTION: Duration = Duration::from_hours(24);

/// How long a request is taken to be on its way.
#[derive(Debug)]
pub(super) struct ClaimTtl(Duration);

impl FromStr for ClaimTtl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Span(span) = text.parse()?;
        if !(Duration::from_secs(1)..=Duration::from_hours(1)).contains(&span) {
            return Err("expected a duration from 1 second to 1 hour".into());
        }
        Ok(Self(span))
    }
}

string_value!(ClaimTtl, {
    "type": "string",
    "description": "A duration with its unit from 1 second to 1 hour, such as \"60s\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// How long answers are kept.
#[derive(Debug)]
pub(super) struct Retention(Duration);

impl FromStr for Retention {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Span(span) = text.parse()?;
        if !(Duration::from_secs(1)..=Duration::from_hours(30 * 24)).contains(&span) {
            return Err("expected a duration from 1 second to 30 days".into());
        }
        Ok(Self(span))
    }
}

string_value!(Retention, {
    "type": "string",
    "description": "A duration with its unit from 1 second to 30 days, such as \"24h\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// How long a route waits for its answer.
#[derive(Debug)]
pub(super) struct RouteTimeout(Duration);

impl FromStr for RouteTimeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Span(span) = text.parse()?;
        if span.is_zero() {
            return Err(
                "expected a duration above 0: no claim outlasts a route without a time-out".into(),
            );
        }
        Ok(Self(span))
    }
}

string_value!(RouteTimeout, {
    "type": "string",
    "description": "A duration above 0 with its unit, such as \"15s\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// What a claim is worth that nobody has ended in time: its proxy died, or the store was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum OnClaimExpired {
    /// The outcome is unknown, and duplicates are told so for as long as answers are kept.
    Unknown,
    /// The key is free, and a duplicate runs, maybe for the second time.
    Reexecute,
}

/// What happens to requests while the store is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(super) enum StoreTrouble {
    /// They are refused.
    Closed,
    /// They pass without a guard, and may run twice.
    Open,
}

/// How long a key lives.
pub(super) struct Life {
    /// How long a request is taken to be on its way.
    pub(super) claim_ttl: Duration,
    /// How long answers are kept.
    pub(super) retention: Duration,
}

/// How long the keys of the rule at `rule_at` live, of which the store answers within
/// `store_timeout`.
pub(super) fn check(
    rule_at: &str,
    layers: &Layers<'_>,
    service: Option<&Service>,
    store_timeout: Option<Duration>,
    findings: &mut Findings,
) -> Life {
    let claim_ttl = layers.pick("claimTtl", |own| own.claim_ttl.as_ref());
    let retention = layers.pick("retention", |own| own.retention.as_ref());
    let life = Life {
        claim_ttl: claim_ttl.as_ref().map_or(CLAIM_TTL, |own| own.value.0),
        retention: retention.as_ref().map_or(RETENTION, |own| own.value.0),
    };
    if life.retention < life.claim_ttl {
        findings.add(
            retention.map_or_else(|| rule_at.to_owned(), |own| own.at),
            "is shorter than `claimTtl`, so that an answer could be gone while its request is \
             still on its way; expected a longer one",
        );
    }
    let route = route_timeout(layers, service);
    if let (Some(route), Some(store)) = (route, store_timeout) {
        let needed = route.saturating_add(store.saturating_mul(STORE_CALLS));
        if life.claim_ttl <= needed {
            let and_store = if store.is_zero() {
                String::new()
            } else {
                format!(
                    ", and the store {store:?} for each of two tries of the claim and for the end"
                )
            };
            findings.add(
                claim_ttl.map_or_else(|| rule_at.to_owned(), |own| own.at),
                format!(
                    "expected a `claimTtl` above {needed:?}: the route may take {route:?}{and_store}"
                ),
            );
        }
    }
    life
}

/// How many calls of the store one request may wait for: two tries of the claim, and the end.
const STORE_CALLS: u32 = 3;

/// How long the answer to a request may take, where it is known.
fn route_timeout(layers: &Layers<'_>, service: Option<&Service>) -> Option<Duration> {
    match layers.pick("routeTimeout", |own| own.route_timeout.as_ref()) {
        Some(placed) => Some(placed.value.0),
        None => service?.deadline.map(|Span(deadline)| deadline),
    }
}

/// What a claim is worth that nobody has ended in time.
pub(super) fn on_claim_expired(layers: &Layers<'_>) -> machine::OnClaimExpired {
    let placed = layers.pick("onClaimExpired", |own| own.on_claim_expired.as_ref());
    match placed.map(|own| *own.value) {
        None | Some(OnClaimExpired::Unknown) => machine::OnClaimExpired::Unknown,
        Some(OnClaimExpired::Reexecute) => machine::OnClaimExpired::Reexecute,
    }
}

/// What happens to requests while the store is in trouble.
pub(super) fn store_trouble(layers: &Layers<'_>) -> machine::StoreTrouble {
    let placed = layers.pick("storeTrouble", |own| own.store_trouble.as_ref());
    match placed.map(|own| *own.value) {
        None | Some(StoreTrouble::Closed) => machine::StoreTrouble::Closed,
        Some(StoreTrouble::Open) => machine::StoreTrouble::Open,
    }
}
