//! The keys of a policy: their names, and where their octets come from.

use std::rc::Rc;
use std::str::FromStr;

use kit::policy::value::Name;
use kit::policy::{Environment, Findings, child, did_you_mean, list};
use kit::{object_value, string_value};

use crate::key::KeyRing;

/// A key, and the one before it while keys rotate.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Key", deny_unknown_fields)
)]
pub(super) struct KeyEntry {
    /// The name, by which steps and probes refer to it.
    name: Name,
    /// The key that is used.
    current: KeySource,
    /// The key that was used before: probes under it are still taken, and pseudonyms under it stand
    /// beside the current ones, so that both can be joined.
    previous: Option<KeySource>,
}

object_value!(KeyEntry {
    name: required "name",
    current: required "current",
    previous: optional "previous",
});

/// One key: base64 of at least 32 octets in an environment variable of the VM.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "KeySource", deny_unknown_fields)
)]
struct KeySource {
    /// The id of the key, which stands before its pseudonyms.
    id: Name,
    /// The name of the environment variable.
    env: Variable,
}

object_value!(KeySource {
    id: required "id",
    env: required "env",
});

/// The name of an environment variable.
#[derive(Debug)]
struct Variable(String);

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty() || text.len() > 128 || !text.chars().all(fits) {
            return Err(
                "expected the name of an environment variable, such as \"TREATY_KEY\"".into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Variable, {
    "type": "string",
    "description": "The name of an environment variable of the VM, such as \"TREATY_KEY\".",
    "pattern": "^[A-Za-z0-9_]{1,128}$"
});

/// Checks the keys, and reads those that are set.
pub(super) fn check(
    entries: &[KeyEntry],
    environment: &Environment,
    findings: &mut Findings,
) -> Vec<Rc<KeyRing>> {
    for (index, entry) in entries.iter().enumerate() {
        let at = child("/keys", index);
        let mut earlier = entries.iter().take(index);
        if earlier.any(|other| other.name == entry.name) {
            let message = "is the name of an earlier key; names must differ";
            findings.add(child(&at, "name"), message);
        }
        if let Some(previous) = entry.previous.as_ref()
            && previous.id == entry.current.id
        {
            let message = "is the id of the current key too; ids tell whose pseudonym it is";
            findings.add(child(&child(&at, "previous"), "id"), message);
        }
    }
    let key = |source: &KeySource| (source.id.0.clone(), environment.get(&source.env.0));
    let ring = |entry: &KeyEntry| {
        let (id, value) = key(&entry.current);
        let previous = entry.previous.as_ref().map(key);
        let previous = previous.as_ref().map(|(id, value)| (id.as_str(), *value));
        Rc::new(KeyRing::new(entry.name.as_str(), (&id, value), previous))
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
    let name = name.as_str();
    if let Some(ring) = rings.iter().find(|ring| ring.name() == name) {
        return Some(Rc::clone(ring));
    }
    let names: Vec<&str> = rings.iter().map(|ring| ring.name()).collect();
    let message = if names.is_empty() {
        "is not the name of a key: the policy has none".to_owned()
    } else {
        let hint = did_you_mean(name, names.iter().copied());
        format!("is not the name of a key; expected {}{hint}", list(&names))
    };
    findings.add(at, message);
    None
}

/// What an operator has to be told about keys that cannot be used.
pub(super) fn warnings(rings: &[Rc<KeyRing>]) -> Vec<String> {
    let of_ring = |ring: &Rc<KeyRing>| {
        let name = ring.name().to_owned();
        let unusable = ring.unusable();
        let warning = |(id, why)| format!("treaty: {}: key `{id}` of `{name}` {why}", crate::NAME);
        unusable.map(warning).collect::<Vec<_>>()
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
