//! The keys of a policy, as rings that make pseudonyms and proofs.

use std::rc::Rc;

use kit::policy::key::{KeyEntry, check_keys, find_key, warning};
use kit::policy::value::Name;
use kit::policy::{Environment, Findings};

use crate::key::KeyRing;

/// Checks the keys, and reads those that are set.
pub(super) fn check(
    entries: &[KeyEntry],
    environment: &Environment,
    findings: &mut Findings,
) -> Vec<Rc<KeyRing>> {
    check_keys(entries, "/keys", findings);
    let ring = |entry: &KeyEntry| {
        let (current, previous) = entry.live(environment);
        Rc::new(KeyRing::new(entry.name.as_str(), current, previous))
    };
    entries.iter().map(ring).collect()
}

/// The key of this name, to which what stands at `at` refers.
pub(super) fn find(
    name: &Name,
    rings: &[Rc<KeyRing>],
    at: String,
    findings: &mut Findings,
) -> Option<Rc<KeyRing>> {
    let names: Vec<&str> = rings.iter().map(|ring| ring.name()).collect();
    let place = find_key(name, &names, at, findings)?;
    rings.get(place).map(Rc::clone)
}

/// What an operator has to be told about keys that cannot be used.
pub(super) fn warnings(rings: &[Rc<KeyRing>]) -> Vec<String> {
    let of_ring = |ring: &Rc<KeyRing>| {
        let unusable = ring.unusable();
        let warnings = unusable.map(|(id, why)| warning(crate::NAME, ring.name(), id, why));
        warnings.collect::<Vec<_>>()
    };
    rings.iter().flat_map(of_ring).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_told_which_keys_are_unusable_and_not_what_is_in_them() {
        let ring = KeyRing::new("people", ("k2", None), Some(("k1", Some("c2hvcnQ="))));
        let warnings = warnings(&[Rc::new(ring)]);
        let [current, previous] = warnings.as_slice() else {
            panic!("{warnings:?}");
        };
        assert!(current.starts_with("treaty: telemetry-tagging: key `k2` of `people` "));
        assert!(previous.starts_with("treaty: telemetry-tagging: key `k1` of `people` "));
        assert!(!previous.contains("c2hvcnQ") && !previous.contains("short="));
    }
}
