//! What goes on of the baggage.

use std::str::FromStr;

use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use crate::baggage::{Allow, Limits};
use crate::plan::{Baggage, BaggageTerms};

/// The most members that a policy can let through.
const MOST_MEMBERS: usize = 180;

/// The most octets that a policy can let through.
const MOST_OCTETS: usize = 65_536;

/// What goes on of the baggage, by direction. Of a direction that is left out all goes on.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Baggage", deny_unknown_fields)
)]
pub(super) struct BaggageEntry {
    /// Requests to the services that the proxy stands before.
    inbound: Option<TermsEntry>,
    /// Requests that go out from them; what may not leave the mesh is left out here.
    outbound: Option<TermsEntry>,
}

object_value!(BaggageEntry {
    inbound: optional "inbound",
    outbound: optional "outbound",
});

/// What goes on of the baggage in one direction.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "BaggageTerms", rename_all = "camelCase", deny_unknown_fields)
)]
struct TermsEntry {
    /// Keys, or the beginning of keys and a star; `*` alone is every key. An empty list strips the
    /// baggage.
    allow: Vec<Key>,
    /// The most members; 180 without it. Below 64 is less than the standard demands.
    #[cfg_attr(feature = "schema", schemars(range(min = 64, max = 180)))]
    max_members: Option<u16>,
    /// The most octets; 8192 without it. Below that is less than the standard demands.
    #[cfg_attr(feature = "schema", schemars(range(min = 8192, max = 65536)))]
    max_octets: Option<u32>,
}

object_value!(TermsEntry {
    allow: required_list "allow",
    max_members: optional "maxMembers",
    max_octets: optional "maxOctets",
});

/// A key of members, or the beginning of keys and a star.
#[derive(Debug, PartialEq, Eq)]
struct Key(String);

impl FromStr for Key {
    type Err = String;

    /// A token (W3C Baggage section 3.3.1.2), to which the star belongs as well.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if text.is_empty() || text.len() > 256 || !text.chars().all(is_token) {
            return Err(
                "expected a key of baggage of 1 to 256 characters, such as \"tenant\" or \"app.*\""
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Key, {
    "type": "string",
    "description": "A key of baggage, or the beginning of keys and a star, such as \"app.*\".",
    "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$"
});

/// Checks what stands at `at`.
pub(super) fn check(own: &BaggageEntry, at: &str, findings: &mut Findings) -> Baggage {
    if own.inbound.is_none() && own.outbound.is_none() {
        findings.add(at, "expected `inbound` or `outbound`");
    }
    let mut terms = |own: &Option<TermsEntry>, name: &str| {
        own.as_ref()
            .map(|own| check_terms(own, &child(at, name), findings))
    };
    Baggage {
        inbound: terms(&own.inbound, "inbound"),
        outbound: terms(&own.outbound, "outbound"),
    }
}

fn check_terms(own: &TermsEntry, at: &str, findings: &mut Findings) -> BaggageTerms {
    for (index, key) in own.allow.iter().enumerate() {
        if own.allow.iter().take(index).any(|earlier| earlier == key) {
            findings.add(child(&child(at, "allow"), index), "is there twice");
        }
    }
    let members = own.max_members.map_or(MOST_MEMBERS, usize::from);
    let octets = own
        .max_octets
        .and_then(|octets| usize::try_from(octets).ok());
    let octets = octets.unwrap_or(Limits::LEAST.octets);
    if !(Limits::LEAST.members..=MOST_MEMBERS).contains(&members) {
        let message = "expected 64 to 180 members: W3C Baggage wants at least 64 passed on";
        findings.add(child(at, "maxMembers"), message);
    }
    if !(Limits::LEAST.octets..=MOST_OCTETS).contains(&octets) {
        let message = "expected 8192 to 65536 octets: W3C Baggage wants at least 8192 passed on";
        findings.add(child(at, "maxOctets"), message);
    }
    BaggageTerms {
        allow: Allow::new(own.allow.iter().map(|key| key.0.as_str())),
        limits: Limits { members, octets },
    }
}
