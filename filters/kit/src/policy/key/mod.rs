//! Keys, which policies name and never hold: their octets come from the environment of the VM.
//!
//! - `octets`: what the value of a variable stands for.

mod octets;

use std::fmt::Display;
use std::str::FromStr;

use super::environment::Environment;
use super::finding::{Findings, child, did_you_mean, list};
use super::value::Name;

pub use octets::{MIN_OCTETS, Unusable, octets};

/// A key, and the one before it while keys rotate.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Key", deny_unknown_fields)
)]
pub struct KeyEntry {
    /// The name, by which the rest of the policy refers to it.
    pub name: Name,
    /// The key that is used.
    pub current: KeySource,
    /// The key that was used before: what was made under it is still taken.
    pub previous: Option<KeySource>,
}

crate::object_value!(KeyEntry {
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
pub struct KeySource {
    /// The id of the key, by which what was made under it is known.
    pub id: Name,
    /// The name of the environment variable.
    pub env: Variable,
}

crate::object_value!(KeySource {
    id: required "id",
    env: required "env",
});

/// A key as it is read: its id, and the value of its variable where that is set.
pub type Live<'a> = (&'a str, Option<&'a str>);

impl KeyEntry {
    /// The live keys: the current one, and the one before it where there is one.
    pub fn live<'a>(&'a self, environment: &'a Environment) -> (Live<'a>, Option<Live<'a>>) {
        let read = |source: &'a KeySource| {
            let value = environment.get(&source.env.0);
            (source.id.as_str(), value)
        };
        (read(&self.current), self.previous.as_ref().map(read))
    }
}

/// The name of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable(pub String);

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

crate::string_value!(Variable, {
    "type": "string",
    "description": "The name of an environment variable of the VM, such as \"TREATY_KEY\".",
    "pattern": "^[A-Za-z0-9_]{1,128}$"
});

/// Finds fault with keys that could not be told apart. `at` is the place of their list.
pub fn check_keys(entries: &[KeyEntry], at: &str, findings: &mut Findings) {
    for (index, entry) in entries.iter().enumerate() {
        let at = child(at, index);
        let mut earlier = entries.iter().take(index);
        if earlier.any(|other| other.name == entry.name) {
            let message = "is the name of an earlier key; names must differ";
            findings.add(child(&at, "name"), message);
        }
        if let Some(previous) = entry.previous.as_ref()
            && previous.id == entry.current.id
        {
            let message = "is the id of the current key too; ids tell which key made what";
            findings.add(child(&child(&at, "previous"), "id"), message);
        }
    }
}

/// The place among the names of the keys of the one that stands at `at`.
pub fn find_key(name: &Name, names: &[&str], at: String, findings: &mut Findings) -> Option<usize> {
    let name = name.as_str();
    let place = names.iter().position(|known| *known == name);
    if place.is_none() {
        let message = if names.is_empty() {
            "is not the name of a key: the policy has none".to_owned()
        } else {
            let hint = did_you_mean(name, names.iter().copied());
            format!("is not the name of a key; expected {}{hint}", list(names))
        };
        findings.add(at, message);
    }
    place
}

/// What an operator has to be told about a key that a filter cannot use.
pub fn warning(filter: &str, name: &str, id: &str, why: impl Display) -> String {
    format!("treaty: {filter}: key `{id}` of `{name}` {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &str, known: &[&str]) -> Result<Option<usize>, Findings> {
        let mut findings = Findings::new();
        let name = given.parse().unwrap();
        let place = find_key(&name, known, "/key".to_owned(), &mut findings);
        findings.or(place)
    }

    #[test]
    fn a_key_is_found_by_its_name() {
        assert_eq!(names("people", &["probes", "people"]), Ok(Some(1)));
    }

    #[test]
    fn a_name_that_no_key_has_is_found_fault_with() {
        let none = "is not the name of a key: the policy has none";
        assert_eq!(names("people", &[]), Err(Findings::one("/key", none)));
        let near = "is not the name of a key; expected `people`; did you mean `people`?";
        assert_eq!(
            names("peple", &["people"]),
            Err(Findings::one("/key", near))
        );
    }

    #[test]
    fn a_variable_has_the_characters_that_every_shell_takes() {
        for text in ["", "A-B", "A B", "Ä", "$A", &"A".repeat(129)] {
            assert!(text.parse::<Variable>().is_err(), "{text}");
        }
        assert!("TREATY_KEY_2".parse::<Variable>().is_ok());
    }
}
