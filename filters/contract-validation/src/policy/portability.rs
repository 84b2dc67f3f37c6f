//! What becomes of what readers read differently.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::policy::value::Members;
use kit::policy::{Findings, child, did_you_mean, list, pointer};

use super::bounded::Bounded;
use crate::plan::{PortabilityTerms, Treatment};
use crate::portability::Kind;

/// The kinds that can be repaired without changing what is meant: a nil slice and a nil map of Go.
const REPAIRABLE: [Kind; 2] = [Kind::NullForArray, Kind::NullForObject];

/// The name for all kinds that are not named themselves.
const ALL: &str = "all";

/// The digits of a second that are kept, unless a policy says otherwise: nanoseconds, as in Go and
/// in Rust.
const SECOND_DIGITS: usize = 9;

/// What becomes of each kind of difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PortabilityEntry(pub(super) PortabilityTerms);

/// What becomes of a kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Treatment", rename_all = "camelCase")
)]
enum TreatmentEntry {
    /// It is not looked for.
    Off,
    /// It is told, and passes.
    Report,
    /// It is a violation like any other.
    Reject,
    /// It is repaired where that does not change what is meant, which is told.
    Repair,
}

impl TreatmentEntry {
    fn treatment(self) -> Option<Treatment> {
        match self {
            Self::Off => None,
            Self::Report => Some(Treatment::Report),
            Self::Reject => Some(Treatment::Reject),
            Self::Repair => Some(Treatment::Repair),
        }
    }
}

impl Deserr<Findings> for PortabilityEntry {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let mut members = Members::open(value, location)?;
        let second_digits = members.optional::<Bounded<0, 9>>("secondDigits");
        let named: Vec<(String, TreatmentEntry)> = members.all()?;
        let mut findings = Findings::new();
        let at = pointer(location);
        for (name, entry) in &named {
            check_name(&at, name, *entry, &mut findings);
        }
        let said = |name: &str| named.iter().find(|(own, _)| own == name);
        let treatments = Kind::ALL.into_iter().filter_map(|kind| {
            let (_, entry) = said(kind.as_str()).or_else(|| said(ALL))?;
            Some((kind, entry.treatment()?))
        });
        findings.or(Self(PortabilityTerms {
            treatments: treatments.collect(),
            second_digits: second_digits.map_or(SECOND_DIGITS, Bounded::get),
        }))
    }
}

/// Finds fault with a name that there is not, and with a repair that there is not.
fn check_name(at: &str, name: &str, entry: TreatmentEntry, findings: &mut Findings) {
    let kinds = Kind::ALL.map(Kind::as_str);
    let names: Vec<&str> = [ALL, "secondDigits"].into_iter().chain(kinds).collect();
    if !names.contains(&name) {
        let hint = did_you_mean(name, names.iter().copied());
        let message = format!("is not a known name here; expected {}{hint}", list(&names));
        findings.add(child(at, name), message);
    } else if entry == TreatmentEntry::Repair && !REPAIRABLE.map(Kind::as_str).contains(&name) {
        let [one, other] = REPAIRABLE.map(Kind::as_str);
        let message = format!(
            "cannot be repaired, which is for `{one}` and `{other}`; expected `off`, `report` or \
             `reject`"
        );
        findings.add(child(at, name), message);
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PortabilityEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Portability".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let any = generator.subschema_for::<TreatmentEntry>();
        let unrepaired = schemars::json_schema!({ "enum": ["off", "report", "reject"] });
        let mut properties = serde_json::Map::new();
        for kind in Kind::ALL {
            let schema = if REPAIRABLE.contains(&kind) {
                &any
            } else {
                &unrepaired
            };
            let mut schema = schema.clone();
            schema.insert("description".to_owned(), described(kind).into());
            properties.insert(kind.as_str().to_owned(), schema.to_value());
        }
        let mut all = unrepaired;
        let description = "What becomes of the kinds that are not named; `off` without it.";
        all.insert("description".to_owned(), description.into());
        properties.insert(ALL.to_owned(), all.to_value());
        let mut digits = generator.subschema_for::<Bounded<0, 9>>();
        let description = "The digits of a second that are kept, for `timestampPrecision`; 9 \
                           without it.";
        digits.insert("description".to_owned(), description.into());
        properties.insert("secondDigits".to_owned(), digits.to_value());
        schemars::json_schema!({
            "type": "object",
            "description": "What becomes of what the encoder of one language writes and the \
                            decoder of another reads differently.",
            "properties": properties,
            "additionalProperties": false
        })
    }
}

/// A kind, for an editor.
#[cfg(feature = "schema")]
fn described(kind: Kind) -> String {
    format!("What {}.", kind.detail())
}
