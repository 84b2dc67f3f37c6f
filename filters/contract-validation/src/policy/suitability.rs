//! Settings that not every kind of contract has.

use std::collections::BTreeMap;

use kit::policy::Findings;

use super::contract::Kind;

/// Which settings that are not for every kind of contract are of use.
///
/// Such a setting may stand in a layer that rules with other kinds of contracts share. One that is
/// of use to no rule is a mistake.
#[derive(Default)]
pub(super) struct Suitability(BTreeMap<String, Outcome>);

enum Outcome {
    /// There is a rule that it is of use to.
    Suits,
    /// There is none so far, and it is for these kinds.
    IsFor(&'static [Kind]),
}

impl Suitability {
    /// Notes that a rule with a contract of this kind has the setting at a place, which is for these
    /// kinds. Where the kind is not known, that is a mistake of its own.
    pub(super) fn note(&mut self, at: &str, kind: Option<Kind>, kinds: &'static [Kind]) {
        if kind.is_none_or(|kind| kinds.contains(&kind)) {
            self.0.insert(at.to_owned(), Outcome::Suits);
        } else {
            let outcome = self.0.entry(at.to_owned());
            outcome.or_insert(Outcome::IsFor(kinds));
        }
    }

    /// Finds fault with the settings that are of no use.
    pub(super) fn check(self, findings: &mut Findings) {
        for (at, outcome) in self.0 {
            if let Outcome::IsFor(kinds) = outcome {
                let names = kinds.iter().map(|kind| format!("`{}`", kind.as_str()));
                let names: Vec<String> = names.collect();
                let message = format!(
                    "has no meaning for the contract; it is for {}",
                    names.join(" and ")
                );
                findings.add(at, message);
            }
        }
    }
}
