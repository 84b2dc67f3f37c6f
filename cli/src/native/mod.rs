//! Runs a case in this process: the same cores and the same pipeline as in a proxy, behind an
//! in-memory host that does what Envoy would do.
//!
//! Beside what the case expects, every case is held to two properties: it has the same outcome
//! twice, and the way in which bodies are cut into parts changes nothing.

mod exchange;
mod local_reply;
mod memory;
mod parts;
mod passed;
#[cfg(test)]
mod tests;

use kit::bundle::Bundle;
use kit::filter::Registration;
use kit::policy::Findings;

use crate::case::{Case, Mismatch, Observed, Subject, judge};
use crate::registry;
use parts::Cut;

/// Runs a case and judges it; no mismatch where all is as expected.
pub fn check(case: &Case, filters: &[Registration]) -> Vec<Mismatch> {
    let observed = match observe(case, filters) {
        Ok(observed) => observed,
        Err(mismatch) => return vec![mismatch],
    };
    let mut mismatches = judge(&case.expect, &observed);
    for (what, cut) in [
        ("run a second time", Cut::AsWritten),
        ("bodies cut into single octets", Cut::Octets),
    ] {
        match run(case, filters, cut) {
            Ok(other) if other == observed => {}
            Ok(other) => mismatches.push(difference(what, &observed, &other)),
            Err(mismatch) => mismatches.push(Mismatch {
                what: format!("{what}: {}", mismatch.what),
                ..mismatch
            }),
        }
    }
    mismatches
}

/// Runs a case once.
///
/// # Errors
/// What keeps the case from having an outcome: a filter that this build does not have, a policy
/// that it refuses, a wait without an end, a call that nothing answers.
pub fn observe(case: &Case, filters: &[Registration]) -> Result<Observed, Mismatch> {
    run(case, filters, Cut::AsWritten)
}

fn run(case: &Case, filters: &[Registration], cut: Cut) -> Result<Observed, Mismatch> {
    let bundle = match &case.subject {
        Subject::Filter { name, policy } => {
            let filter = registry::find(filters, name)
                .map_err(|message| Mismatch::new("run", "an outcome", message))?;
            Bundle::of_one(policy.clone(), filter)
        }
        Subject::Bundle(document) => Bundle::of_many(document, filters),
    };
    exchange::run(case, &bundle.map_err(|findings| refused(&findings))?, cut)
}

fn refused(findings: &Findings) -> Mismatch {
    Mismatch::new("policy", "a policy that loads", findings.to_string())
}

fn difference(what: &str, first: &Observed, other: &Observed) -> Mismatch {
    let what = format!("{what}: the outcome");
    Mismatch::new(what, format!("{first:#?}"), format!("{other:#?}"))
}
