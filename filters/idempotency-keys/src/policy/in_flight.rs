//! What happens to duplicates of a request that is on its way.

use std::str::FromStr;
use std::time::Duration;

use kit::policy::value::Span;
use kit::policy::{Findings, child};
use kit::{object_value, string_value, tagged_value};

use super::settings::Layers;
use crate::machine::WaitForFirst;

/// How long a duplicate rests between two looks, unless a policy says otherwise.
const EVERY: Duration = Duration::from_millis(100);

/// The shortest rest between two looks, each of which asks the store.
const LEAST_EVERY: Duration = Duration::from_millis(10);

/// After how many seconds a refused duplicate may ask again, unless a policy says otherwise.
const RETRY_AFTER: u32 = 1;

/// What happens to duplicates of a request that is on its way.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "InFlight", tag = "do", rename_all = "camelCase")
)]
pub(super) enum InFlightEntry {
    /// They are refused.
    Refuse(RefuseEntry),
    /// They wait for the first one's answer.
    Wait(WaitEntry),
}

tagged_value!(InFlightEntry, "do", {
    "refuse" => Refuse,
    "wait" => Wait,
});

/// They are refused.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "RefuseDuplicates", deny_unknown_fields)
)]
pub(super) struct RefuseEntry {}

object_value!(RefuseEntry {});

/// They wait for the first one's answer.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "WaitForFirst", deny_unknown_fields)
)]
pub(super) struct WaitEntry {
    /// The longest wait, after which they are refused.
    limit: Span,
    /// The time between two looks into the store; `100ms` without it.
    every: Option<Span>,
}

object_value!(WaitEntry {
    limit: required "limit",
    every: optional "every",
});

/// After how long a refused duplicate may ask again, in whole seconds: `Retry-After` has no others
/// (RFC 9110 section 10.2.3).
#[derive(Debug)]
pub(super) struct RetryAfter(u32);

impl FromStr for RetryAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Span(span) = text.parse()?;
        if span.is_zero() || span > Duration::from_hours(1) {
            return Err("expected a duration above 0 and up to 1 hour".into());
        }
        let started = u64::from(span.subsec_nanos() > 0);
        let seconds = span.as_secs().saturating_add(started);
        Ok(Self(u32::try_from(seconds).unwrap_or(u32::MAX)))
    }
}

string_value!(RetryAfter, {
    "type": "string",
    "description": "A duration with its unit, up to 1 hour; it is rounded up to whole seconds.",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// How duplicates wait, if they do. `claim_ttl` is how long what they wait for may take.
pub(super) fn check(
    claim_ttl: Duration,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> Option<WaitForFirst> {
    let placed = layers.pick("inFlight", |own| own.in_flight.as_ref())?;
    let InFlightEntry::Wait(own) = placed.value else {
        return None;
    };
    let Span(limit) = own.limit;
    let every = own.every.map_or(EVERY, |every| every.0);
    if every < LEAST_EVERY {
        findings.add(
            child(&placed.at, "every"),
            "expected at least 10 milliseconds",
        );
    }
    if every > limit {
        findings.add(
            child(&placed.at, "limit"),
            "is shorter than `every`, so that nobody would ever look; expected a longer one",
        );
    }
    if limit > claim_ttl {
        findings.add(
            child(&placed.at, "limit"),
            "is longer than `claimTtl`, after which there is nothing to wait for; expected a \
             shorter one",
        );
    }
    Some(WaitForFirst { limit, every })
}

/// After how many seconds a refused duplicate may ask again.
pub(super) fn retry_after(layers: &Layers<'_>) -> u32 {
    layers
        .pick("retryAfter", |own| own.retry_after.as_ref())
        .map_or(RETRY_AFTER, |own| own.value.0)
}
