//! The catalogue: its entries, and which of them can never fit.

use kit::filter::Form;
use kit::object_value;
use kit::policy::value::Name;
use kit::policy::{Findings, child};

use super::Surroundings;
use super::answer::{self, AnswerEntry};
use super::then::{self, ThenEntry};
use super::when::{self, WhenEntry};
use crate::catalog::{Catalog, Entry, Then, When};

/// Which failures become which problem.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Entry", deny_unknown_fields)
)]
pub(super) struct CatalogEntry {
    /// The name, by which metrics and the access log know the problem.
    name: Name,
    /// Which failures the entry is for; without it, all that no earlier entry is for.
    #[cfg_attr(feature = "schema", schemars(default))]
    when: WhenEntry,
    /// What becomes of the problem.
    then: Option<ThenEntry>,
    /// A fixed answer in place of the error, where `then` is not given. Clients of RPC protocols get
    /// what a later entry says.
    answer: Option<AnswerEntry>,
}

object_value!(CatalogEntry {
    name: required "name",
    when: defaulted "when",
    then: optional "then",
    answer: optional "answer",
});

/// Checks the entries.
pub(super) fn check(
    own: &[CatalogEntry],
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) -> Catalog {
    let mut entries: Vec<Entry> = Vec::new();
    for (index, own) in own.iter().enumerate() {
        let at = child("/catalog", index);
        if entries.iter().any(|earlier| earlier.name == own.name.0) {
            let message = "is the name of an earlier entry; names must differ";
            findings.add(child(&at, "name"), message);
        }
        let when = when::check(&own.when, &child(&at, "when"), surroundings, findings);
        check_form(own, &when, &at, surroundings.form, findings);
        entries.push(Entry {
            name: own.name.0.clone(),
            when,
            then: check_outcome(own, &at, surroundings, findings),
        });
    }
    check_order(&entries, findings);
    Catalog { entries }
}

fn check_outcome(
    own: &CatalogEntry,
    at: &str,
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) -> Then {
    match (&own.then, &own.answer) {
        (Some(own), None) => {
            let template = then::check(own, &child(at, "then"), surroundings, findings);
            Then::Problem(Box::new(template))
        }
        (None, Some(own)) => Then::Answer(answer::check(own, &child(at, "answer"), findings)),
        _ => {
            findings.add(at, "expected exactly one of `then` and `answer`");
            Then::Problem(Box::default())
        }
    }
}

/// In the streamed form the head has gone before the content is seen.
fn check_form(own: &CatalogEntry, when: &When, at: &str, form: Form, findings: &mut Findings) {
    if form == Form::Held || !when.asks_for_content() {
        return;
    }
    let message = "the status is decided before the content is seen in the streamed form, and \
                   `when` asks for content; use \"held\", or leave this to what the head tells";
    if own.then.as_ref().is_some_and(|then| then.status.is_some()) {
        findings.add(child(&child(at, "then"), "status"), message);
    }
    if own.answer.is_some() {
        findings.add(child(at, "answer"), message);
    }
}

/// Finds fault with entries that an earlier one takes everything from.
fn check_order(entries: &[Entry], findings: &mut Findings) {
    for (index, own) in entries.iter().enumerate() {
        let mut earlier = entries.iter().take(index);
        if let Some(earlier) = earlier.position(|before| takes_all_of(before, own)) {
            findings.add(
                child("/catalog", index),
                format!("can never fit: `/catalog/{earlier}` takes every such failure before"),
            );
        }
    }
}

/// A fixed answer leaves clients of RPC protocols to what follows.
fn takes_all_of(earlier: &Entry, own: &Entry) -> bool {
    let is_for_all =
        matches!(earlier.then, Then::Problem(_)) || matches!(own.then, Then::Answer(_));
    is_for_all && earlier.when.covers(&own.when)
}
