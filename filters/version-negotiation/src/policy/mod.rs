//! How a document becomes a checked policy.
//!
//! Each concept has a file with its shape in the document and the check that makes it ready to use.
//! Every mistake is noted with its place, and checking goes on as far as it makes sense.

mod document;
mod layers;
mod path;
mod refusals;
mod rule;
mod settings;
mod sources;
mod traffic;
mod vary;
mod versions;

use kit::policy::{Document, Findings, Mode, check_services, child};

use crate::plan::{Policy, Rule};
use document::PolicyDocument;

/// Checks a document.
pub(crate) fn load(document: &Document) -> Result<Policy, Findings> {
    let document: PolicyDocument = document.read()?;
    let mut findings = Findings::new();
    check_services(&document.services, &mut findings);
    rule::check_service_settings(&document, &mut findings);
    let rules: Vec<Rule> = (0..document.rules.len())
        .filter_map(|index| rule::check(&document, index, &mut findings))
        .collect();
    rule::check_order(&document, &mut findings);
    if document.rules.is_empty() {
        findings.add(
            "/rules",
            "expected at least one rule; `\"mode\": \"off\"` switches a policy off",
        );
    }
    once(&mut findings);
    findings.or(Policy {
        rules: if document.mode == Mode::Off {
            Vec::new()
        } else {
            rules
        },
        trust_previous_hop: document.trust_previous_hop,
        problem_base: document.problem_base.map(|base| base.0),
    })
}

/// A layer that several rules share is found fault with once.
fn once(findings: &mut Findings) {
    let mut seen = Vec::new();
    findings.0.retain(|finding| {
        let is_new = !seen.contains(finding);
        if is_new {
            seen.push(finding.clone());
        }
        is_new
    });
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(PolicyDocument)
}

/// The place of an entry of a list.
fn entry(list: &str, index: usize) -> String {
    child(list, index)
}

#[cfg(test)]
mod tests;
