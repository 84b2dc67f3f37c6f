//! The contracts of a policy, and which of them a rule has.

use kit::policy::{Findings, Rules, child, did_you_mean, list};

use super::contract::{ContractEntry, ReadContract};
use super::settings::{Layers, Settings};

/// The contracts of a policy, as far as they could be read.
pub(super) struct Contracts(Vec<ReadContract>);

impl Contracts {
    /// Reads contracts.
    pub(super) fn read(entries: Vec<ContractEntry>, findings: &mut Findings) -> Self {
        if entries.is_empty() {
            findings.add("/contracts", "expected at least one contract");
        }
        let mut all: Vec<ReadContract> = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let at = child("/contracts", index);
            if all.iter().any(|earlier| earlier.name == entry.name) {
                let message = "is the name of an earlier contract; names must differ";
                findings.add(child(&at, "name"), message);
            }
            all.push(entry.read(&at, findings));
        }
        Self(all)
    }

    /// The contract of the rule at `rule_at`.
    pub(super) fn of_rule(
        &self,
        rule_at: &str,
        layers: &Layers<'_>,
        findings: &mut Findings,
    ) -> Option<&ReadContract> {
        let found = self.find(layers);
        // Where there are none at all, that is found fault with.
        if found.is_some() || self.0.is_empty() {
            return found;
        }
        let names: Vec<&str> = self.0.iter().map(|own| own.name.as_str()).collect();
        let expected = list(&names);
        match layers.pick("contract", |own| own.contract.as_ref()) {
            Some(said) => {
                let hint = did_you_mean(said.value.as_str(), names);
                let message = format!("is not the name of a contract; expected {expected}{hint}");
                findings.add(said.at, message);
            }
            None => findings.add(rule_at, format!("expected a `contract`: {expected}")),
        }
        None
    }

    /// Finds fault with contracts that no rule uses. Where a rule has none, the mistake is there.
    pub(super) fn check_used(&self, scope: &Rules<'_, Settings>, findings: &mut Findings) {
        let rules = 0..scope.rules.len();
        let used: Option<Vec<&ReadContract>> =
            rules.map(|index| self.find(&scope.layers(index))).collect();
        let Some(used) = used.filter(|used| !used.is_empty()) else {
            return;
        };
        for (index, own) in self.0.iter().enumerate() {
            if !used.iter().any(|used| used.name == own.name) {
                findings.add(
                    child("/contracts", index),
                    "is used by no rule; name it in a `contract`, or take it out",
                );
            }
        }
    }

    /// The contract that layers name, else the only one.
    fn find(&self, layers: &Layers<'_>) -> Option<&ReadContract> {
        match layers.pick("contract", |own| own.contract.as_ref()) {
            Some(said) => self.0.iter().find(|own| own.name == *said.value),
            None => match self.0.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        }
    }
}
