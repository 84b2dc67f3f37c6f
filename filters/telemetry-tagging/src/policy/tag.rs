//! The tags of a policy.

use std::str::FromStr;

use kit::policy::value::FieldName;
use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use super::Surroundings;
use super::source::SourceEntry;
use super::step::{self, StepEntry};
use super::writable;
use crate::facts;
use crate::personal::Keep;
use crate::semconv;
use crate::source::{Phase, Source};
use crate::step::Steps;
use crate::tag::{Sinks, Tag};

/// A tag: a name, where its value comes from, what is done with it, and where it goes.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Tag", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct TagEntry {
    /// The name: access logs and spans read it as filter state `wasm.treaty.tag.<name>`.
    name: TagName,
    /// Where its value comes from.
    source: SourceEntry,
    /// What is done with the value, in order.
    #[cfg_attr(feature = "schema", schemars(default))]
    steps: Vec<StepEntry>,
    /// Where it goes; to access logs and spans without it.
    to: Option<SinksEntry>,
    /// The most octets of the value, which is cut there; 256 without it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 256)))]
    max_length: Option<u16>,
}

object_value!(TagEntry {
    name: required "name",
    source: required "source",
    steps: list "steps",
    to: optional "to",
    max_length: optional "maxLength",
});

/// Where the value of a tag goes.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Sinks", rename_all = "camelCase", deny_unknown_fields)
)]
struct SinksEntry {
    /// Whether it is told to access logs; `false` without it.
    log: Option<bool>,
    /// Whether it is told to spans; `false` without it. What is known only when all is over comes
    /// too late for them.
    span: Option<bool>,
    /// The header field in which the upstream gets it.
    request_header: Option<FieldName>,
    /// The header field in which the client gets it.
    response_header: Option<FieldName>,
    /// The label that it is of `treaty_requests`.
    metric: Option<Label>,
    /// The member of the baggage in which the upstream gets it.
    baggage: Option<Member>,
}

object_value!(SinksEntry {
    log: optional "log",
    span: optional "span",
    request_header: optional "requestHeader",
    response_header: optional "responseHeader",
    metric: optional "metric",
    baggage: optional "baggage",
});

/// The name of a tag.
#[derive(Debug, PartialEq, Eq)]
struct TagName(String);

impl FromStr for TagName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
            return Err("expected a name of 1 to 64 letters, digits, `-`, `_` or `.`".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(TagName, {
    "type": "string",
    "description": "A name of 1 to 64 letters, digits, `-`, `_` or `.`, such as \"enduser.id\".",
    "pattern": "^[A-Za-z0-9_.-]{1,64}$"
});

/// The name of a label.
#[derive(Debug)]
struct Label(String);

impl FromStr for Label {
    type Err = String;

    /// As Prometheus has them, in lower case.
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts || text.len() > 32 || !text.chars().all(fits) {
            return Err("expected the name of a label in lower case, such as \"plan\"".into());
        }
        if crate::metrics::REQUESTS.labels.contains(&text) {
            return Err("is a label that every metric has; expected another name".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Label, {
    "type": "string",
    "description": "The name of a label in lower case, such as \"plan\".",
    "pattern": "^[a-z][a-z0-9_]{0,31}$"
});

/// The key of a member of the baggage.
#[derive(Debug)]
struct Member(String);

impl FromStr for Member {
    type Err = String;

    /// A token (W3C Baggage section 3.3.1.2).
    fn from_str(text: &str) -> Result<Self, String> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if text.is_empty() || text.len() > 128 || !text.chars().all(is_token) {
            return Err("expected a key of baggage, such as \"tenant\"".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Member, {
    "type": "string",
    "description": "A key of baggage, such as \"tenant\".",
    "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$"
});

/// Finds fault with the names of the tags, and gives them in order.
pub(super) fn check_names<'a>(tags: &'a [TagEntry], findings: &mut Findings) -> Vec<&'a str> {
    for (index, tag) in tags.iter().enumerate() {
        let at = child(&child("/tags", index), "name");
        if tags.iter().take(index).any(|other| other.name == tag.name) {
            findings.add(&at, "is the name of an earlier tag; names must differ");
        }
        if semconv::Semconv::Dup.names().contains(&tag.name.0.as_str()) {
            findings.add(
                at,
                "is the name of an attribute that `semconv` tells; expected another name",
            );
        }
    }
    tags.iter().map(|tag| tag.name.0.as_str()).collect()
}

/// Checks the tag in this place of `tags`.
pub(super) fn check(
    place: usize,
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Tag> {
    let own = surroundings.document.tags.get(place)?;
    let at = child("/tags", place);
    let (source, when) = own.source.check(&child(&at, "source"), findings);
    let steps = step::check_all(
        &own.steps,
        &child(&at, "steps"),
        surroundings.rings,
        findings,
    );
    let sinks = own.sinks(&child(&at, "to"), findings);
    let phase = phase_of(&source, when, &sinks);
    own.check_sinks(phase, &at, findings);
    own.check_credentials(&steps, &at, findings);
    check_salt(&steps, place, &at, surroundings, findings);
    let limit = own.max_length.map_or(facts::TAG_LIMIT, usize::from);
    if !(1..=facts::TAG_LIMIT).contains(&limit) {
        findings.add(child(&at, "maxLength"), "expected 1 to 256 octets");
    }
    let is_looked_through = source.is_closed() || source.is_target();
    let steps = if is_looked_through && steps.is_empty() {
        steps
    } else {
        steps.guarded(surroundings.personal, Keep::Nothing)
    };
    Some(Tag {
        name: own.name.0.clone(),
        fact: facts::of_tag(&own.name.0),
        previous: steps
            .may_have_previous()
            .then(|| facts::of_tag(&format!("{}.previous", own.name.0))),
        source,
        steps,
        phase,
        sinks,
        limit,
    })
}

/// When the value is taken: when it is there, or where it is there at any time, in time for those
/// who get it.
fn phase_of(source: &Source, when: Option<Phase>, sinks: &Sinks) -> Phase {
    let is_for_upstream = sinks.request_header.is_some() || sinks.baggage.is_some();
    source.phase().or(when).unwrap_or(if is_for_upstream {
        Phase::Request
    } else {
        Phase::Response
    })
}

/// A salt is taken before the pseudonym is made.
fn check_salt(
    steps: &Steps,
    place: usize,
    at: &str,
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) {
    let Some(salt) = steps.salt() else {
        return;
    };
    let at = child(at, "steps");
    let mut earlier = surroundings.document.tags.iter().take(place);
    match earlier.find(|tag| tag.name.0 == salt) {
        None => findings.add(at, "has a salt that is not the name of an earlier tag"),
        Some(salt) if salt.steps.iter().any(StepEntry::is_pseudonymise) => findings.add(
            at,
            "has a salt that is a pseudonym itself, which changes when its key does",
        ),
        Some(_) => {}
    }
}

impl TagEntry {
    fn sinks(&self, at: &str, findings: &mut Findings) -> Sinks {
        let Some(own) = &self.to else {
            return Sinks {
                log: true,
                span: true,
                ..Sinks::default()
            };
        };
        for (member, name) in [
            ("requestHeader", &own.request_header),
            ("responseHeader", &own.response_header),
        ] {
            if let Some(name) = name {
                writable::check(name.as_str(), child(at, member), findings);
            }
        }
        let field = |name: &Option<FieldName>| name.as_ref().map(|name| name.0.clone());
        Sinks {
            log: own.log.unwrap_or_default(),
            span: own.span.unwrap_or_default(),
            request_header: field(&own.request_header),
            response_header: field(&own.response_header),
            metric: own.metric.as_ref().map(|label| label.0.clone()),
            baggage: own.baggage.as_ref().map(|member| member.0.clone()),
        }
    }

    /// Finds fault with those who are to get a value before it is there.
    fn check_sinks(&self, phase: Phase, at: &str, findings: &mut Findings) {
        let Some(own) = &self.to else {
            return;
        };
        let to = child(at, "to");
        let is_any = own.log == Some(true)
            || own.span == Some(true)
            || own.request_header.is_some()
            || own.response_header.is_some()
            || own.metric.is_some()
            || own.baggage.is_some();
        if !is_any {
            findings.add(
                &to,
                "goes nowhere; expected a sink, such as `\"log\": true`",
            );
        }
        let early = [
            (
                "requestHeader",
                own.request_header.is_some(),
                Phase::Request,
            ),
            ("baggage", own.baggage.is_some(), Phase::Request),
            (
                "responseHeader",
                own.response_header.is_some(),
                Phase::Response,
            ),
            ("span", own.span == Some(true), Phase::ResponseEnd),
        ];
        for (member, _, _) in early
            .into_iter()
            .filter(|(_, is_asked, latest)| *is_asked && phase > *latest)
        {
            findings.add(
                child(&to, member),
                "is written before the value is there; expected a later sink or an earlier source",
            );
        }
    }

    /// Credentials go on only as something else.
    fn check_credentials(&self, steps: &Steps, at: &str, findings: &mut Findings) {
        if let Some(name) = self.source.credentials()
            && !steps.is_closed()
        {
            findings.add(
                child(at, "source"),
                format!(
                    "`{name}` carries credentials; expected a step that leaves nothing of them, \
                     such as `pseudonymise` or `map`"
                ),
            );
        }
    }
}
