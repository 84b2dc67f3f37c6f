//! How a document becomes a checked policy.
//!
//! Each concept has a file with its shape in the document and the check that makes it ready to use.
//! Every mistake is noted with its place, and checking goes on as far as it makes sense.

mod document;
mod path;
mod refusals;
mod rule;
mod settings;
mod sources;
mod traffic;
mod vary;
mod versions;

use kit::policy::{Document, Findings, Mode, child};

use crate::plan::{Policy, Rule};
use document::PolicyDocument;

/// Checks a document.
pub(crate) fn load(document: &Document) -> Result<Policy, Findings> {
    let document: PolicyDocument = document.read()?;
    let mut findings = Findings::new();
    let rules: Vec<Rule> = document
        .scope()
        .check(&mut findings, |rule, index, findings| {
            rule::check(&document, rule, index, findings)
        });
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
