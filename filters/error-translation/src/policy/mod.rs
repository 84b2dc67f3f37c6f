//! How a document becomes a checked policy.
//!
//! Each concept has a file with its shape in the document and the check that makes it ready to use.
//! Every mistake is noted with its place, and checking goes on as far as it makes sense.

mod answer;
mod catalog;
mod dialect;
mod document;
mod extension;
mod link;
mod problem_type;
mod redaction;
mod rule;
mod settings;
mod statuses;
mod then;
mod value;
mod when;

use kit::filter::Form;
use kit::policy::value::ProblemBase;
use kit::policy::{Document, Findings, Mode};

use crate::dialect::OwnDialect;
use crate::plan::{Policy, Rule};
use document::PolicyDocument;

/// Checks a document.
pub(crate) fn load(document: &Document) -> Result<Policy, Findings> {
    let document: PolicyDocument = document.read()?;
    let mut findings = Findings::new();
    let rules = document.scope();
    let dialects = dialect::check(&document.dialects, &mut findings);
    let surroundings = Surroundings {
        form: document.form,
        problem_base: document.problem_base.as_ref(),
        dialects: &dialects,
        services: &rules.service_names(),
    };
    let catalog = catalog::check(&document.catalog, &surroundings, &mut findings);
    let redactor = redaction::check(&document.redaction, &mut findings);
    let rules: Vec<Rule> = rules.check(&mut findings, |rule, index, findings| {
        Some(rule::check(&document, rule, index, findings))
    });
    findings.or(Policy {
        rules: if document.mode == Mode::Off {
            Vec::new()
        } else {
            rules
        },
        form: document.form,
        catalog,
        dialects,
        redactor,
        problem_base: document.problem_base.map(|base| base.0),
    })
}

/// What an entry of the catalogue is held to.
struct Surroundings<'a> {
    form: Form,
    problem_base: Option<&'a ProblemBase>,
    dialects: &'a [OwnDialect],
    services: &'a [&'a str],
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(PolicyDocument)
}

#[cfg(test)]
mod tests;
