//! How probes are told from traffic.

use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use kit::policy::value::{FieldName, Name, Span};
use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use super::{key, writable};
use crate::key::KeyRing;
use crate::plan::ProbePlan;

/// How old the proof of a probe may be, unless a policy says otherwise.
const MAX_AGE: Duration = Duration::from_mins(5);

/// How probes are told from traffic: by a signature in a header field.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Probe", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct ProbeEntry {
    /// The header field with the signature.
    header: FieldName,
    /// The name of the key that signs.
    key: Name,
    /// How far the time in the signature may be away; `5m` without it.
    max_age: Option<MaxAge>,
}

object_value!(ProbeEntry {
    header: required "header",
    key: required "key",
    max_age: optional "maxAge",
});

/// How far the time in a signature may be away.
#[derive(Debug)]
struct MaxAge(Duration);

impl FromStr for MaxAge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Span(span) = text.parse()?;
        if !(Duration::from_secs(1)..=Duration::from_hours(24)).contains(&span) {
            return Err("expected a duration from 1 second to 1 day".into());
        }
        Ok(Self(span))
    }
}

string_value!(MaxAge, {
    "type": "string",
    "description": "A duration with its unit from 1 second to 1 day, such as \"5m\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// Checks what stands at `at`.
pub(super) fn check(
    own: &ProbeEntry,
    at: &str,
    rings: &[Rc<KeyRing>],
    findings: &mut Findings,
) -> Option<ProbePlan> {
    writable::check(own.header.as_str(), child(at, "header"), findings);
    let ring = key::find(&own.key, rings, child(at, "key"), findings)?;
    Some(ProbePlan {
        header: own.header.0.clone(),
        ring,
        max_age: own.max_age.as_ref().map_or(MAX_AGE, |own| own.0),
    })
}
