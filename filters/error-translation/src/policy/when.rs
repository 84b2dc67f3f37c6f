//! Which failures an entry of the catalogue is for.

use std::str::FromStr;

use kit::policy::value::{Line, Name};
use kit::policy::{Findings, check_service_name, child, did_you_mean, list};
use kit::{object_value, string_value};

use super::Surroundings;
use super::value::GrpcError;
use crate::catalog::{SourceKind, Statuses, When};
use crate::dialect::Dialect;
use crate::local_reply::{self, Flag};

/// Which failures an entry is for. Every part that is given must fit; within a part one value is
/// enough.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "When", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct WhenEntry {
    /// Who answered.
    sources: Option<Vec<SourceKind>>,
    /// HTTP statuses, as they came: `404`, a class such as `5xx`, or a range such as `500-503`.
    statuses: Option<Vec<Statuses>>,
    /// Status codes of gRPC and Connect, as they came.
    grpc: Option<Vec<GrpcError>>,
    /// The service's own codes, in the case in which they come.
    codes: Option<Vec<Line>>,
    /// The shapes of the error: built-in ones, or names of `dialects`.
    dialects: Option<Vec<DialectName>>,
    /// Kinds of failures of the proxy itself.
    failures: Option<Vec<FailureName>>,
    /// Envoy's response flags.
    flags: Option<Vec<FlagName>>,
    /// The names of services.
    services: Option<Vec<Name>>,
    /// The names of Envoy's routes.
    routes: Option<Vec<Line>>,
}

object_value!(WhenEntry {
    sources: optional_list "sources",
    statuses: optional_list "statuses",
    grpc: optional_list "grpc",
    codes: optional_list "codes",
    dialects: optional_list "dialects",
    failures: optional_list "failures",
    flags: optional_list "flags",
    services: optional_list "services",
    routes: optional_list "routes",
});

/// Checks what stands at `at`.
pub(super) fn check(
    own: &WhenEntry,
    at: &str,
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) -> When {
    let mut part = Part { at, findings };
    let when = When {
        sources: part.values("sources", own.sources.as_deref(), |own| *own),
        statuses: part.values("statuses", own.statuses.as_deref(), |own| *own),
        grpc: part.values("grpc", own.grpc.as_deref(), |own| own.0),
        codes: part.values("codes", own.codes.as_deref(), |own| own.0.clone()),
        dialects: part.values("dialects", own.dialects.as_deref(), |own| own.0.clone()),
        failures: part.values("failures", own.failures.as_deref(), |own| own.0),
        flags: part.values("flags", own.flags.as_deref(), |own| own.0),
        services: part.values("services", own.services.as_deref(), |own| own.0.clone()),
        routes: part.values("routes", own.routes.as_deref(), |own| own.0.clone()),
    };
    check_dialects(&when, at, surroundings, findings);
    for (index, name) in when.services.iter().enumerate() {
        let at = child(&child(at, "services"), index);
        check_service_name(name, surroundings.services, at, findings);
    }
    check_sources(&when, at, findings);
    when
}

/// One part of a `when`.
struct Part<'a> {
    at: &'a str,
    findings: &'a mut Findings,
}

impl Part<'_> {
    /// The values of the part; those that are there twice, or a list of none, are found fault with.
    fn values<T, U: PartialEq>(
        &mut self,
        name: &str,
        own: Option<&[T]>,
        value: impl Fn(&T) -> U,
    ) -> Vec<U> {
        let at = child(self.at, name);
        if own.is_some_and(<[T]>::is_empty) {
            self.findings.add(&at, "expected at least one value");
        }
        let mut values = Vec::new();
        for (index, own) in own.unwrap_or_default().iter().enumerate() {
            let value = value(own);
            if values.contains(&value) {
                self.findings.add(child(&at, index), "is there twice");
            }
            values.push(value);
        }
        values
    }
}

/// Whether the policy declares the dialects that are not built in.
fn check_dialects(when: &When, at: &str, surroundings: &Surroundings<'_>, findings: &mut Findings) {
    let own = surroundings.dialects.iter().map(|own| own.name.as_str());
    let known: Vec<&str> = Dialect::NAMES.iter().copied().chain(own).collect();
    for (index, dialect) in when.dialects.iter().enumerate() {
        let name = dialect.name();
        if !known.contains(&name) {
            let hint = did_you_mean(name, known.iter().copied());
            let message = format!(
                "is not the name of a dialect; expected {}{hint}",
                list(&known)
            );
            findings.add(child(&child(at, "dialects"), index), message);
        }
    }
}

/// Failures and flags are the proxy's, and what it writes is in no service's words.
fn check_sources(when: &When, at: &str, findings: &mut Findings) {
    let is_for_proxy = !(when.failures.is_empty() && when.flags.is_empty());
    if is_for_proxy && !when.codes.is_empty() {
        let message = "can never fit: they are the services', and `failures` and `flags` are the \
                       proxy's";
        findings.add(child(at, "codes"), message);
    }
    if when.sources != [SourceKind::Upstream] {
        return;
    }
    for (name, is_there) in [
        ("failures", !when.failures.is_empty()),
        ("flags", !when.flags.is_empty()),
    ] {
        if is_there {
            let message = "can never fit: they are the proxy's, and `sources` allows the upstream \
                           alone";
            findings.add(child(at, name), message);
        }
    }
}

/// The name of a dialect, built in or one of the policy's own.
#[derive(Debug)]
struct DialectName(Dialect);

impl FromStr for DialectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let own = || Dialect::Own(text.to_owned());
        Ok(Self(Dialect::from_name(text).unwrap_or_else(own)))
    }
}

string_value!(DialectName, {
    "description": "The name of a dialect that is built in, or of one of `dialects`.",
    "anyOf": [{ "enum": Dialect::NAMES }, { "type": "string", "pattern": "^[a-z][A-Za-z0-9]{0,63}$" }]
});

/// The name of a kind of failure of the proxy.
#[derive(Debug, Clone, Copy)]
struct FailureName(&'static str);

impl FromStr for FailureName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = local_reply::ALL.iter();
        match all.find(|failure| failure.name == text) {
            Some(failure) => Ok(Self(failure.name)),
            None => Err(expected(text, &failures())),
        }
    }
}

string_value!(FailureName, {
    "description": "A kind of failure of the proxy itself.",
    "enum": failures()
});

fn failures() -> Vec<&'static str> {
    let all = local_reply::ALL.iter();
    all.map(|failure| failure.name).collect()
}

/// The name of one of Envoy's response flags, as access logs have it.
#[derive(Debug, Clone, Copy)]
struct FlagName(Flag);

impl FromStr for FlagName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Flag::from_name(text)
            .map(Self)
            .ok_or_else(|| expected(text, &flags()))
    }
}

string_value!(FlagName, {
    "description": "One of Envoy's response flags.",
    "enum": flags()
});

fn flags() -> Vec<&'static str> {
    local_reply::FLAGS.iter().map(|flag| flag.name()).collect()
}

fn expected(text: &str, names: &[&str]) -> String {
    let hint = did_you_mean(text, names.iter().copied());
    format!("expected {}{hint}", list(names))
}
