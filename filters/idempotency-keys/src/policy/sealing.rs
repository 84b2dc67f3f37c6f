//! The keys that answers are sealed under.

use std::rc::Rc;

use kit::policy::key::{KeyEntry, check_keys, find_key, warning};
use kit::policy::{Environment, Findings, child};

use super::capture;
use super::settings::Layers;
use crate::plan::NamedStore;
use crate::seal::SealingKeys;
use crate::store::Store;

/// What a rule says that seals nothing.
const NONE: &str = "none";

/// The keys of a policy, by name.
pub(super) struct Rings<'a>(Vec<(&'a str, Rc<SealingKeys>)>);

/// Checks the keys, and reads those that are set.
pub(super) fn check<'a>(
    entries: &'a [KeyEntry],
    environment: &Environment,
    findings: &mut Findings,
) -> Rings<'a> {
    let at = "/sealingKeys";
    check_keys(entries, at, findings);
    for (index, entry) in entries.iter().enumerate() {
        if entry.name.as_str() == NONE {
            findings.add(
                child(&child(at, index), "name"),
                "is what a rule says that seals nothing; expected another name",
            );
        }
    }
    let ring = |entry: &'a KeyEntry| {
        let (current, previous) = entry.live(environment);
        let keys = SealingKeys::new(current, previous);
        (entry.name.as_str(), Rc::new(keys))
    };
    Rings(entries.iter().map(ring).collect())
}

impl Rings<'_> {
    /// What an operator has to be told about keys that cannot be used.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|(name, keys)| {
            let unusable = keys.unusable();
            unusable.map(|(id, why)| warning(crate::NAME, name, id, why))
        })
    }

    /// The keys that the answers to the rule at `rule_at` are sealed under.
    pub(super) fn of_rule(
        &self,
        rule_at: &str,
        layers: &Layers<'_>,
        store: Option<&NamedStore>,
        findings: &mut Findings,
    ) -> Option<Rc<SealingKeys>> {
        let Some(placed) = layers.pick("sealing", |own| own.sealing.as_ref()) else {
            let leaves = store.is_some_and(|own| !matches!(own.store, Store::Local(_)));
            if leaves && capture::stores_body(layers) {
                findings.add(
                    rule_at,
                    "keeps the contents of answers outside the proxy and does not say under which \
                     key; expected `sealing` with the name of a key of `sealingKeys`, or with \
                     `none`, or `\"storeBody\": false`",
                );
            }
            return None;
        };
        if placed.value.as_str() == NONE {
            return None;
        }
        let names: Vec<&str> = self.0.iter().map(|(name, _)| *name).collect();
        let place = find_key(placed.value, &names, placed.at, findings)?;
        self.0.get(place).map(|(_, keys)| Rc::clone(keys))
    }
}
