//! What must never leave the mesh in a text.

use std::str::FromStr;

use deserr::Deserr;
use kit::policy::value::Name;
use kit::policy::{Findings, child, did_you_mean, list};
use kit::{object_value, string_value};

use crate::redaction::{Action, Kind, Kinds, MAX_PATTERNS, OwnPattern, Redactor, Settings};

/// What is taken out of every text that leaves the mesh.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Redaction", deny_unknown_fields)
)]
pub(super) struct RedactionEntry {
    /// Kinds that are not looked for.
    #[cfg_attr(feature = "schema", schemars(default))]
    off: Vec<KindName>,
    /// Patterns that are looked for as well.
    #[cfg_attr(feature = "schema", schemars(default, length(max = 32)))]
    patterns: Vec<PatternEntry>,
}

object_value!(RedactionEntry {
    off: list "off",
    patterns: list "patterns",
});

/// A pattern of the policy.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Pattern", deny_unknown_fields)
)]
struct PatternEntry {
    /// The name, by which metrics and the access log know it.
    name: Name,
    /// A regular expression, without look-around and back-references; it is found anywhere in a
    /// text.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pattern: String,
    /// What happens to a text in which it is found; `mask` without it.
    #[cfg_attr(feature = "schema", schemars(rename = "do", default))]
    action: ActionName,
}

object_value!(PatternEntry {
    name: required "name",
    pattern: required "pattern",
    action: defaulted "do",
});

/// What happens to a text in which a pattern is found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
enum ActionName {
    /// The place is masked.
    #[default]
    Mask,
    /// Nothing of the text leaves.
    Withhold,
}

/// A kind of what is looked for.
#[derive(Debug, Clone, Copy)]
struct KindName(Kind);

impl FromStr for KindName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        found.map(Self).ok_or_else(|| {
            let names = Kind::ALL.map(Kind::name);
            let hint = did_you_mean(name, names);
            format!("expected {}{hint}", list(&names))
        })
    }
}

string_value!(KindName, {
    "type": "string",
    "description": "A kind of what is taken out of texts.",
    "enum": Kind::ALL.map(Kind::name)
});

/// Compiles the patterns.
pub(super) fn check(entry: &RedactionEntry, findings: &mut Findings) -> Redactor {
    let mut kinds = Kinds::all();
    for (index, KindName(kind)) in entry.off.iter().enumerate() {
        if !kinds.contains(*kind) {
            findings.add(child("/redaction/off", index), "is there twice");
        }
        kinds.remove(*kind);
    }
    let at = "/redaction/patterns";
    if entry.patterns.len() > MAX_PATTERNS {
        findings.add(at, format!("expected at most {MAX_PATTERNS} patterns"));
    }
    let mut own = Vec::new();
    for (index, pattern) in entry.patterns.iter().enumerate() {
        let at = child(at, index);
        let mut earlier = entry.patterns.iter().take(index);
        if earlier.any(|other| other.name == pattern.name) {
            let message = "is the name of an earlier pattern; names must differ";
            findings.add(child(&at, "name"), message);
        }
        if Kind::ALL
            .iter()
            .any(|kind| kind.name() == pattern.name.as_str())
        {
            let message = "is the name of a kind that is built in; choose another one";
            findings.add(child(&at, "name"), message);
        }
        let action = match pattern.action {
            ActionName::Mask => Action::Mask,
            ActionName::Withhold => Action::Withhold,
        };
        match OwnPattern::compile(pattern.name.as_str(), &pattern.pattern, action) {
            Ok(pattern) => own.push(pattern),
            Err(message) => findings.add(child(&at, "pattern"), message),
        }
    }
    Redactor::new(Settings { kinds, own })
}
