//! The steps that a tag's value takes.

use std::rc::Rc;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::policy::value::{Line, Members, Name};
use kit::policy::{Findings, child, did_you_mean, list};
use kit::{object_value, string_value, tagged_value};

use super::key;
use crate::key::KeyRing;
use crate::personal::{Keep, Kind, Kinds};
use crate::step::{self, Bucket, Capture, Map, Pseudonymise, Step, Steps};

/// The most steps of one tag.
const MAX_STEPS: usize = 16;
/// The most entries of a table.
const MAX_TABLE: usize = 1024;
/// The most characters that a value can be cut to; longer ones are not told at all.
const MAX_LENGTH: usize = 4096;
/// The most bounds of ranges.
const MAX_BOUNDS: usize = 32;

/// A step that a tag's value takes.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Step", tag = "step", rename_all = "camelCase")
)]
pub(super) enum StepEntry {
    /// A part of the value; a value without it is lost.
    Capture(CaptureEntry),
    /// Another text for each of some.
    Map(MapEntry),
    /// The value in lower case.
    Lower(LowerEntry),
    /// The beginning of the value.
    Truncate(TruncateEntry),
    /// The label of the range that a number is in; what is no number is lost.
    Bucket(BucketEntry),
    /// A text where there is no value, or an earlier step lost it.
    Default(DefaultEntry),
    /// The value without the personal data in it.
    Mask(MaskEntry),
    /// A keyed pseudonym in place of the value; `default` alone may follow it.
    Pseudonymise(PseudonymiseEntry),
}

tagged_value!(StepEntry, "step", {
    "capture" => Capture,
    "map" => Map,
    "lower" => Lower,
    "truncate" => Truncate,
    "bucket" => Bucket,
    "default" => Default,
    "mask" => Mask,
    "pseudonymise" => Pseudonymise,
});

/// A part of the value.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CaptureStep", deny_unknown_fields)
)]
pub(super) struct CaptureEntry {
    /// A regular expression, without look-around and back-references, which is found anywhere in the
    /// value. What is taken is the group named `value`, else the first group, else all that it
    /// matches.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pattern: String,
}

object_value!(CaptureEntry {
    pattern: required "pattern",
});

/// Another text for each of some.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "MapStep", deny_unknown_fields)
)]
pub(super) struct MapEntry {
    /// The texts by the values that they stand for. Case counts.
    table: Table,
    /// The text for every other value; without it other values are lost.
    other: Option<Line>,
}

object_value!(MapEntry {
    table: required "table",
    other: optional "other",
});

/// The value in lower case.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "LowerStep", deny_unknown_fields)
)]
pub(super) struct LowerEntry {}

object_value!(LowerEntry {});

/// The beginning of the value.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "TruncateStep", deny_unknown_fields)
)]
pub(super) struct TruncateEntry {
    /// The most characters that stay.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4096)))]
    length: usize,
}

object_value!(TruncateEntry {
    length: required "length",
});

/// The label of the range that a number is in.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "BucketStep", deny_unknown_fields)
)]
pub(super) struct BucketEntry {
    /// The upper bounds of the ranges, ascending. A bound belongs to the range above it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 32)))]
    bounds: Vec<f64>,
    /// The labels of the ranges, one more than bounds. Without them they are such as `<10`, `<100`
    /// and `>=100`.
    #[cfg_attr(feature = "schema", schemars(length(min = 2, max = 33)))]
    labels: Option<Vec<Line>>,
}

object_value!(BucketEntry {
    bounds: required_list "bounds",
    labels: optional_list "labels",
});

/// A text where there is no value.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "DefaultStep", deny_unknown_fields)
)]
pub(super) struct DefaultEntry {
    /// The text.
    text: Line,
}

object_value!(DefaultEntry {
    text: required "text",
});

/// The value without the personal data in it.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "MaskStep", deny_unknown_fields)
)]
pub(super) struct MaskEntry {
    /// What is looked for; every kind without it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    kinds: Option<Vec<KindName>>,
    /// What stays of it; `nothing` without it.
    #[cfg_attr(feature = "schema", schemars(default))]
    keep: KeepName,
}

object_value!(MaskEntry {
    kinds: optional_list "kinds",
    keep: defaulted "keep",
});

/// A keyed pseudonym in place of the value.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PseudonymiseStep", deny_unknown_fields)
)]
pub(super) struct PseudonymiseEntry {
    /// The name of one of the policy's keys. While its variable is not set, there is no value.
    key: Name,
    /// What keeps one person's pseudonyms apart, such as by tenant; nothing without it.
    salt: Option<SaltEntry>,
}

object_value!(PseudonymiseEntry {
    key: required "key",
    salt: optional "salt",
});

/// What keeps one person's pseudonyms apart.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Salt", deny_unknown_fields)
)]
pub(super) struct SaltEntry {
    /// The name of another tag, whose value is the salt. Where that has none, neither has this one.
    tag: Name,
}

object_value!(SaltEntry {
    tag: required "tag",
});

impl StepEntry {
    /// Whether the value becomes a pseudonym.
    pub(super) fn is_pseudonymise(&self) -> bool {
        matches!(self, Self::Pseudonymise(_))
    }
}

/// Checks the steps of a tag, which stand at `at`, against the keys of the policy.
pub(super) fn check_all(
    entries: &[StepEntry],
    at: &str,
    rings: &[Rc<KeyRing>],
    findings: &mut Findings,
) -> Steps {
    if entries.len() > MAX_STEPS {
        findings.add(at, format!("expected at most {MAX_STEPS} steps"));
    }
    let mut steps = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let at = child(at, index);
        let (before, _) = entries.split_at_checked(index).unwrap_or_default();
        if before.iter().any(StepEntry::is_pseudonymise) && !matches!(entry, StepEntry::Default(_))
        {
            let message = "comes after `pseudonymise`, which `default` alone may follow";
            findings.add(&at, message);
        }
        if let (Some(before), StepEntry::Map(map)) = (before.last(), entry) {
            check_reachable(map, before, &at, findings);
        }
        steps.extend(check(entry, &at, rings, findings));
    }
    Steps::new(steps)
}

/// Finds fault with values of a table that the step before it never hands on.
fn check_reachable(map: &MapEntry, before: &StepEntry, at: &str, findings: &mut Findings) {
    for (from, _) in &map.table.0 {
        let message = match before {
            StepEntry::Lower(_) if step::lower(from.into()) != *from => {
                "can never fit: the `lower` before it leaves no capitals"
            }
            StepEntry::Truncate(truncate) if from.chars().count() > truncate.length => {
                "can never fit: it is longer than the `truncate` before it allows"
            }
            _ => continue,
        };
        findings.add(child(&child(at, "table"), from), message);
    }
}

/// Checks one step, which stands at `at`.
pub(super) fn check(
    entry: &StepEntry,
    at: &str,
    rings: &[Rc<KeyRing>],
    findings: &mut Findings,
) -> Option<Step> {
    match entry {
        StepEntry::Capture(own) => check_capture(own, at, findings),
        StepEntry::Map(own) => Some(check_map(own, at, findings)),
        StepEntry::Lower(LowerEntry {}) => Some(Step::Lower),
        StepEntry::Truncate(own) => Some(check_truncate(own, at, findings)),
        StepEntry::Bucket(own) => check_bucket(own, at, findings),
        StepEntry::Default(own) => Some(Step::Default(own.text.0.clone())),
        StepEntry::Mask(own) => Some(Step::Mask {
            kinds: check_kinds(own.kinds.as_deref(), &child(at, "kinds"), findings),
            keep: own.keep.keep(),
        }),
        StepEntry::Pseudonymise(own) => check_pseudonymise(own, at, rings, findings),
    }
}

fn check_capture(own: &CaptureEntry, at: &str, findings: &mut Findings) -> Option<Step> {
    match Capture::compile(&own.pattern) {
        Ok(capture) => Some(Step::Capture(capture)),
        Err(message) => {
            findings.add(child(at, "pattern"), message);
            None
        }
    }
}

fn check_map(own: &MapEntry, at: &str, findings: &mut Findings) -> Step {
    let Table(table) = &own.table;
    let at = child(at, "table");
    if table.is_empty() || table.len() > MAX_TABLE {
        findings.add(&at, format!("expected 1 to {MAX_TABLE} values"));
    }
    if table.iter().any(|(from, _)| from.is_empty()) {
        findings.add(child(&at, ""), "can never fit: an empty text is no value");
    }
    let table = table.iter();
    let table = table.map(|(from, to)| (from.clone(), to.0.clone()));
    Step::Map(Map::new(
        table,
        own.other.as_ref().map(|text| text.0.clone()),
    ))
}

fn check_truncate(own: &TruncateEntry, at: &str, findings: &mut Findings) -> Step {
    if !(1..=MAX_LENGTH).contains(&own.length) {
        let message = format!("expected 1 to {MAX_LENGTH} characters");
        findings.add(child(at, "length"), message);
    }
    Step::Truncate(own.length)
}

fn check_bucket(own: &BucketEntry, at: &str, findings: &mut Findings) -> Option<Step> {
    let bounds = &own.bounds;
    let ranges = child(at, "bounds");
    if !(1..=MAX_BOUNDS).contains(&bounds.len()) {
        findings.add(&ranges, format!("expected 1 to {MAX_BOUNDS} bounds"));
    }
    for (index, (bound, next)) in bounds.iter().zip(bounds.iter().skip(1)).enumerate() {
        if bound >= next {
            let message = "is not above the bound before it; bounds must ascend";
            findings.add(child(&ranges, index.saturating_add(1)), message);
        }
    }
    let mut labels = match &own.labels {
        Some(labels) => check_labels(labels, bounds.len(), &child(at, "labels"), findings),
        None => labels_of(bounds),
    };
    let rest = labels.pop()?;
    let below = bounds.iter().copied().zip(labels);
    Some(Step::Bucket(Bucket::new(below.collect(), rest)))
}

fn check_labels(labels: &[Line], bounds: usize, at: &str, findings: &mut Findings) -> Vec<String> {
    let expected = bounds.saturating_add(1);
    if labels.len() != expected {
        let message = format!("expected {expected} labels, one more than bounds");
        findings.add(at, message);
    }
    for (index, label) in labels.iter().enumerate() {
        if labels.iter().take(index).any(|earlier| earlier == label) {
            findings.add(child(at, index), "is there twice; labels must differ");
        }
    }
    labels.iter().map(|label| label.0.clone()).collect()
}

/// The labels of ranges that have none of their own: the one of each bound, and that of the rest.
fn labels_of(bounds: &[f64]) -> Vec<String> {
    let below = bounds
        .iter()
        .map(|bound| format!("<{}", step::label(*bound)));
    let rest = bounds
        .last()
        .map(|bound| format!(">={}", step::label(*bound)));
    below.chain(rest).collect()
}

/// Checks kinds of personal data, which stand at `at`; every kind where nothing is given.
pub(super) fn check_kinds(own: Option<&[KindName]>, at: &str, findings: &mut Findings) -> Kinds {
    let Some(own) = own else {
        return Kinds::all();
    };
    if own.is_empty() {
        findings.add(at, "expected at least one value");
    }
    let mut kinds = Kinds::default();
    for (index, KindName(kind)) in own.iter().enumerate() {
        if kinds.contains(*kind) {
            findings.add(child(at, index), "is there twice");
        }
        kinds.insert(*kind);
    }
    kinds
}

fn check_pseudonymise(
    own: &PseudonymiseEntry,
    at: &str,
    rings: &[Rc<KeyRing>],
    findings: &mut Findings,
) -> Option<Step> {
    let ring = key::find(&own.key, rings, child(at, "key"), findings)?;
    let salt = own.salt.as_ref().map(|salt| salt.tag.0.clone());
    Some(Step::Pseudonymise(Pseudonymise::new(ring, salt)))
}

/// Texts by the values that they stand for.
#[derive(Debug)]
pub(super) struct Table(Vec<(String, Line)>);

impl Deserr<Findings> for Table {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        Members::open(value, location)?.all().map(Self)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Table {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Table".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "propertyNames": { "minLength": 1 },
            "additionalProperties": generator.subschema_for::<Line>(),
            "minProperties": 1,
            "maxProperties": MAX_TABLE
        })
    }
}

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KindName(pub(super) Kind);

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
    "description": "A kind of personal data.",
    "enum": Kind::ALL.map(Kind::name)
});

/// What stays of personal data.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Keep", rename_all = "camelCase")
)]
pub(super) enum KeepName {
    /// Nothing.
    #[default]
    Nothing,
    /// What tells no person: the domain of an e-mail address, the last four digits of a card, the
    /// country of an IBAN, the network of an IP address.
    Part,
}

impl KeepName {
    /// The same, as masks know it.
    pub(super) fn keep(self) -> Keep {
        match self {
            Self::Nothing => Keep::Nothing,
            Self::Part => Keep::Part,
        }
    }
}

#[cfg(test)]
mod tests;
