//! Runs a case in this process: the same cores and the same pipeline as in a proxy, behind an
//! in-memory host that does what Envoy would do.
//!
//! Beside what the case expects, every case is held to two properties: it has the same outcome
//! twice, and the way in which bodies are cut into parts changes nothing.

mod breaking;
mod exchange;
mod local_reply;
mod memory;
mod parts;
mod passed;
#[cfg(test)]
mod tests;
mod world;

use std::time::SystemTime;

use kit::bundle::Bundle;
use kit::filter::Registration;
use kit::policy::Findings;

use crate::case::{Case, Mismatch, Observed, Step, Subject};
use crate::registry;
use exchange::Exchange;
use parts::Cut;
use world::World;

/// Runs a case and judges it; no mismatch where all is as expected.
pub fn check(case: &Case, filters: &[Registration]) -> Vec<Mismatch> {
    let observed = match observe(case, filters) {
        Ok(observed) => observed,
        Err(mismatch) => return vec![mismatch],
    };
    let mut mismatches = case.judge(&observed);
    for (what, cut) in [
        ("run a second time", Cut::AsWritten),
        ("bodies cut into single octets", Cut::Octets),
    ] {
        match run(case, filters, cut) {
            Ok(other) => mismatches.extend(differences(case, what, &observed, &other)),
            Err(mismatch) => mismatches.push(mismatch.within(what)),
        }
    }
    mismatches
}

/// Runs a case once: what was seen of each of [`Case::exchanges`], in their order.
///
/// # Errors
/// What keeps the case from having an outcome: a filter that this build does not have, a policy
/// that it refuses, a wait without an end, a call that nothing answers.
pub fn observe(case: &Case, filters: &[Registration]) -> Result<Vec<Observed>, Mismatch> {
    run(case, filters, Cut::AsWritten)
}

fn run(case: &Case, filters: &[Registration], cut: Cut) -> Result<Vec<Observed>, Mismatch> {
    let bundle = match &case.subject {
        Subject::Filter { name, policy } => {
            let filter = registry::find(filters, name)
                .map_err(|message| Mismatch::new("run", "an outcome", message))?;
            Bundle::of_one(policy.clone(), filter)
        }
        Subject::Bundle(document) => Bundle::of_many(document, filters),
    };
    let bundle = bundle.map_err(|findings| refused(&findings))?;
    let world = World::of(case);
    let mut observed = Vec::new();
    for (name, step) in case.numbered_steps() {
        let seen = play(step, &bundle, &world, cut).map_err(|mismatch| mismatch.within(&name))?;
        observed.extend(seen);
    }
    Ok(observed)
}

/// Lets one exchange pass filters that were loaded before, at this time, in a world of its own.
///
/// # Errors
/// A wait without an end, and a call that nothing answers.
pub(crate) fn pass(bundle: &Bundle, step: &Step, now: SystemTime) -> Result<Observed, Mismatch> {
    let world = World::at(now, 0);
    Exchange::new(step, bundle, &world, Cut::AsWritten).run(|| Ok(()))
}

/// Plays a step, with what happens while its upstream has the request.
fn play(step: &Step, bundle: &Bundle, world: &World, cut: Cut) -> Result<Vec<Observed>, Mismatch> {
    if let Some(time) = step.after {
        world.pass(time);
    }
    let mut inner = Vec::new();
    let own = Exchange::new(step, bundle, world, cut).run(|| {
        for (name, step) in step.meanwhile() {
            let seen = play(step, bundle, world, cut).map_err(|mismatch| mismatch.within(&name))?;
            inner.extend(seen);
        }
        Ok(())
    })?;
    inner.insert(0, own);
    Ok(inner)
}

fn refused(findings: &Findings) -> Mismatch {
    Mismatch::new("policy", "a policy that loads", findings.to_string())
}

/// The exchanges whose outcome was another one.
fn differences(case: &Case, what: &str, first: &[Observed], other: &[Observed]) -> Vec<Mismatch> {
    let exchanges = case.exchanges().zip(first.iter().zip(other));
    let different = exchanges.filter(|(_, (first, other))| first != other);
    let mismatch = |((name, _), (first, other)): ((String, &Step), (&Observed, &Observed))| {
        Mismatch::new("the outcome", format!("{first:#?}"), format!("{other:#?}"))
            .within(&name)
            .within(what)
    };
    different.map(mismatch).collect()
}
