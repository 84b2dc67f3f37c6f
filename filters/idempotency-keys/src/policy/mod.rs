//! How a document becomes a checked policy.
//!
//! Each concept has a file with its shape in the document and the check that makes it ready to use.
//! Every mistake is noted with its place, and checking goes on as far as it makes sense.

mod capture;
mod document;
mod documentation;
mod fingerprint;
mod identity;
mod in_flight;
mod keep;
mod key;
mod life;
mod method;
mod rpc;
mod rule;
mod scope;
mod sealing;
mod settings;
mod store;

use kit::filter::Form;
use kit::policy::{Document, Findings, Mode};

use crate::plan::{Policy, Rule};
use document::PolicyDocument;
use sealing::Rings;
use store::Stores;

/// Checks a document. Keys and passwords come from its environment; one that is not set there is no
/// mistake of the policy, because a policy that does not load on a fresh proxy takes its traffic
/// down: answers are not kept without their key, and a store refuses without its password.
pub(crate) fn load(source: &Document) -> Result<Policy, Findings> {
    let document: PolicyDocument = source.read()?;
    let mut findings = Findings::new();
    let rings = sealing::check(&document.sealing_keys, source.environment(), &mut findings);
    let stores = store::check(
        document.stores.as_deref(),
        source.environment(),
        &mut findings,
    );
    let surroundings = Surroundings {
        document: &document,
        revision: revision(source),
        rings: &rings,
        stores: &stores,
    };
    let rules: Vec<Rule> = document
        .scope()
        .check(&mut findings, |rule, index, findings| {
            rule::check(&surroundings, rule, index, findings)
        });
    let rules = if document.mode == Mode::Off {
        Vec::new()
    } else {
        rules
    };
    let warnings: Vec<String> = rings.warnings().chain(stores.warnings()).collect();
    let used = stores.used_by(&rules);
    let form = form(document.form(), &rules);
    findings.or(Policy::new(rules, used, form, warnings))
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(PolicyDocument)
}

/// What a rule is held to.
struct Surroundings<'a> {
    document: &'a PolicyDocument,
    revision: u64,
    rings: &'a Rings<'a>,
    stores: &'a Stores,
}

/// The document as a number, by which a record says under what policy it was made.
fn revision(source: &Document) -> u64 {
    // The digest is 16 hexadecimal digits.
    u64::from_str_radix(&source.digest(), 16).unwrap_or_default()
}

/// How contents are waited for, where a rule needs one.
fn form(form: Form, rules: &[Rule]) -> Option<Form> {
    let needs_content = |rule: &Rule| rule.mode != Mode::Off && rule.plan.needs_content();
    rules.iter().any(needs_content).then_some(form)
}

#[cfg(test)]
mod tests;
