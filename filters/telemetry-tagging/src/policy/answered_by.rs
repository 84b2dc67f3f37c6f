//! Who answered, as the response says.

use kit::object_value;
use kit::policy::value::FieldName;
use kit::policy::{Findings, child};

use super::writable;
use crate::plan::AnsweredBy;

/// The header fields of a response that say who answered.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AnsweredBy", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct AnsweredByEntry {
    /// The one with the name of the service, as `services` has it.
    service: Option<FieldName>,
    /// The one with its version.
    version: Option<FieldName>,
    /// The one with its deployment, such as a region or a colour.
    deployment: Option<FieldName>,
    /// Whether clients do not get them; `false` without it.
    remove: Option<bool>,
}

object_value!(AnsweredByEntry {
    service: optional "service",
    version: optional "version",
    deployment: optional "deployment",
    remove: optional "remove",
});

/// Checks what stands at `at`.
pub(super) fn check(own: &AnsweredByEntry, at: &str, findings: &mut Findings) -> AnsweredBy {
    let fields = [
        ("service", &own.service),
        ("version", &own.version),
        ("deployment", &own.deployment),
    ];
    for (member, field) in fields {
        if let Some(field) = field.as_ref().filter(|_| own.remove == Some(true)) {
            writable::check(field.as_str(), child(at, member), findings);
        }
    }
    let name = |field: &Option<FieldName>| field.as_ref().map(|field| field.0.clone());
    let answered_by = AnsweredBy {
        service: name(&own.service),
        version: name(&own.version),
        deployment: name(&own.deployment),
        removes: own.remove.unwrap_or_default(),
    };
    if answered_by.fields().next().is_none() {
        findings.add(at, "expected `service`, `version` or `deployment`");
    }
    answered_by
}
