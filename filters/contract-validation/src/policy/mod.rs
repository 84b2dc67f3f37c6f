//! How a document becomes a checked policy.
//!
//! Each concept has a file with its shape in the document and the check that makes it ready to use.
//! Every mistake is noted with its place, and checking goes on as far as it makes sense.

mod base_path;
mod bounded;
mod contract;
mod contract_document;
mod contracts;
mod direction;
mod document;
mod hidden;
mod operation;
pub(crate) mod packed;
mod portability;
mod rule;
mod sample;
mod settings;
mod suitability;
mod terms;
mod unread;
mod verdict;

use std::mem;

use kit::filter::Form;
use kit::policy::{Document, Findings, Mode};

use crate::plan::{Policy, Rule};
use contracts::Contracts;
use document::PolicyDocument;
use suitability::Suitability;

/// Checks a document, and reads its contracts.
pub(crate) fn load(source: &Document) -> Result<Policy, Findings> {
    let mut document: PolicyDocument = source.read()?;
    let mut findings = Findings::new();
    // A contract is the largest part of a policy by far, so it is handed over, not copied.
    let contracts = Contracts::read(mem::take(&mut document.contracts), &mut findings);
    let surroundings = Surroundings {
        document: &document,
        contracts: &contracts,
    };
    let mut suitability = Suitability::default();
    let rules: Vec<Rule> = document
        .scope()
        .check(&mut findings, |rule, index, findings| {
            rule::check(&surroundings, rule, index, &mut suitability, findings)
        });
    suitability.check(&mut findings);
    contracts.check_used(&document.scope(), &mut findings);
    let rules = if document.mode == Mode::Off {
        Vec::new()
    } else {
        rules
    };
    let form = form(document.form(), &rules);
    findings.or(Policy::new(rules, form))
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(PolicyDocument)
}

/// What a rule is held to.
struct Surroundings<'a> {
    document: &'a PolicyDocument,
    contracts: &'a Contracts,
}

/// How contents are waited for, where a rule reads one.
fn form(form: Form, rules: &[Rule]) -> Option<Form> {
    let mut plans = rules.iter().map(|rule| &rule.plan);
    let reads = plans.any(|plan| {
        let own = plan.operations.values().map(AsRef::as_ref);
        let mut all = own.chain([&plan.terms]);
        all.any(|terms| terms.request.mode != Mode::Off || terms.response.mode != Mode::Off)
    });
    reads.then_some(form)
}

#[cfg(test)]
mod tests;
