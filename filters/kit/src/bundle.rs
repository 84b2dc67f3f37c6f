//! Several filters in one module: `{"version": 1, "filters": {"<name>": {policy}}}`.
//!
//! The order of the chain is that of the registrations, not of the document: JSON objects have
//! none. A placement runs only what it names.

use serde_json::Value;

use crate::filter::{Form, Loaded, Registration};
use crate::policy::{Document, Finding, Findings, child, did_you_mean, list};

/// One filter of a module with its checked policy.
pub struct Member {
    /// The filter.
    pub name: &'static str,
    /// The document that its policy came from.
    pub document: Document,
    /// The policy.
    pub policy: Box<dyn Loaded>,
}

/// What a module runs: one filter, or a bundle of several.
pub struct Bundle {
    /// The filters, outermost first.
    pub members: Vec<Member>,
    /// How bodies can be refused.
    pub form: Form,
}

impl Bundle {
    /// The configuration of a module that holds one filter: the policy itself.
    ///
    /// # Errors
    /// Every finding in the policy.
    pub fn of_one(document: Document, filter: Registration) -> Result<Self, Findings> {
        let policy = (filter.load)(&document)?;
        Self::of(vec![Member {
            name: filter.name,
            document,
            policy,
        }])
    }

    /// The configuration of a module that holds several filters.
    ///
    /// # Errors
    /// Every finding in every policy, a name that no filter has, an unknown format version, and
    /// filters that disagree about how bodies can be refused.
    pub fn of_many(document: &Document, filters: &[Registration]) -> Result<Self, Findings> {
        document.check_version()?;
        let mut findings = Findings::new();
        let known: Vec<&str> = filters.iter().map(|filter| filter.name).collect();
        for name in document
            .value()
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
        {
            let names = ["$schema", "version", "revision", "filters"];
            if !names.contains(&name.as_str()) {
                findings.add(
                    child("", name),
                    format!(
                        "is not a known name here; expected {}{}",
                        list(&names),
                        did_you_mean(name, names)
                    ),
                );
            }
        }
        let Some(policies) = document.value().get("filters").and_then(Value::as_object) else {
            findings.add(
                "/filters",
                "expected an object with a policy for each filter",
            );
            return Err(findings);
        };
        for name in policies
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            let hint = did_you_mean(name, known.iter().copied());
            findings.add(
                child("/filters", name),
                format!(
                    "is not a filter of this module; expected {}{hint}",
                    list(&known)
                ),
            );
        }
        let mut members = Vec::new();
        for filter in filters {
            let Some(value) = policies.get(filter.name) else {
                continue;
            };
            let document = Document::from_value(value.clone())
                .with_environment(document.environment().clone());
            match (filter.load)(&document) {
                Ok(policy) => members.push(Member {
                    name: filter.name,
                    document,
                    policy,
                }),
                Err(found) => {
                    let below = child("/filters", filter.name);
                    findings
                        .0
                        .extend(found.0.into_iter().map(|finding| Finding {
                            pointer: format!("{below}{}", finding.pointer),
                            message: finding.message,
                        }));
                }
            }
        }
        findings.or(())?;
        Self::of(members)
    }

    fn of(members: Vec<Member>) -> Result<Self, Findings> {
        let mut forms = members.iter().filter_map(|member| member.policy.form());
        let form = forms.next().unwrap_or(Form::Streamed);
        if forms.any(|other| other != form) {
            return Err(Findings::one(
                "/filters",
                "the filters disagree on `form`; one module has one, \"held\" or \"streamed\"",
            ));
        }
        Ok(Self { members, form })
    }
}
