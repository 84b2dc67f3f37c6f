//! Extension members (RFC 9457 section 3.2): their names and their values.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::object_value;
use kit::policy::value::{Members, Pointer};
use kit::policy::{Findings, child};

use crate::catalog::Extension;

/// The members that Treaty sets itself, beside those of RFC 9457.
const TAKEN: [&str; 11] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "apiVersion",
    "errors",
    "requestId",
    "retryable",
    "service",
    "traceId",
];

/// Members by their names.
#[derive(Debug)]
pub(super) struct Extensions<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Extensions<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Deserr<Findings>> Deserr<Findings> for Extensions<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        Members::open(value, location)?.all().map(Self)
    }
}

impl<T> Extensions<T> {
    /// Finds fault with names that no extension may have.
    pub(super) fn check(&self, at: &str, findings: &mut Findings) {
        for (name, _) in &self.0 {
            let at = || child(at, name);
            if TAKEN.contains(&name.as_str()) {
                let message = "is a member that Treaty sets itself; expected another name";
                findings.add(at(), message);
            } else if !is_name(name) {
                let message = "expected the name of an extension: 3 to 64 letters, digits and `_`, \
                               a letter first (RFC 9457 section 4)";
                findings.add(at(), message);
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (3..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(fits)
}

/// The value of a member: a text with values of the occurrence, a number, true or false, a list, or
/// an object that says where the value is from.
#[derive(Debug)]
pub(super) struct ExtensionValue(Extension);

impl ExtensionValue {
    /// The value, ready to use.
    pub(super) fn extension(&self) -> Extension {
        self.0.clone()
    }
}

impl Deserr<Findings> for ExtensionValue {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let extension = match value {
            Value::String(_) => {
                Deserr::deserialize_from_value(value, location).map(Extension::Text)
            }
            Value::Map(_) => {
                ExtensionObject::deserialize_from_value(value, location)?.extension(location)
            }
            Value::Null => Err(found(location, EXPECTED)),
            other => Ok(Extension::Fixed(other.into())),
        };
        extension.map(Self)
    }
}

const EXPECTED: &str = "expected a text, a number, true or false, a list, or an object with \
                        `pointer` or `value`";

/// Where the value of a member is from.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ExtensionSource", deny_unknown_fields)
)]
struct ExtensionObject {
    /// A place in the upstream's document, from which the value is copied.
    pointer: Option<Pointer>,
    /// The value as it is, texts without values in braces.
    value: Option<serde_json::Value>,
}

object_value!(ExtensionObject {
    pointer: optional "pointer",
    value: optional "value",
});

impl ExtensionObject {
    fn extension(self, location: ValuePointerRef<'_>) -> Result<Extension, Findings> {
        match (self.pointer, self.value) {
            (Some(pointer), None) => Ok(Extension::Copy(pointer)),
            (None, Some(value)) => Ok(Extension::Fixed(value)),
            _ => Err(found(
                location,
                "expected exactly one of `pointer` and `value`",
            )),
        }
    }
}

fn found(location: ValuePointerRef<'_>, message: &str) -> Findings {
    Findings::one(kit::policy::pointer(location), message)
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Extensions<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Extensions".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({
            "type": "object",
            "propertyNames": {
                "pattern": "^[A-Za-z][A-Za-z0-9_]{2,63}$",
                "not": { "enum": TAKEN }
            },
            "additionalProperties": value
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ExtensionValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ExtensionValue".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let text = generator.subschema_for::<crate::template::Template>();
        let source = generator.subschema_for::<ExtensionObject>();
        schemars::json_schema!({
            "description": "A text with values of the occurrence in braces, a number, true or false, a list, or an object that says where the value is from.",
            "anyOf": [text, { "type": ["number", "boolean", "array"] }, source]
        })
    }
}
