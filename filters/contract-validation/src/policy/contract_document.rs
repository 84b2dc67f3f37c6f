//! Contracts that are JSON documents: put into the policy as they are, or packed.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use kit::policy::{Finding, Findings, pointer};
use serde_json::Value;

use super::packed::Packed;

/// A contract that is a JSON document.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ContractDocument", untagged)
)]
pub(super) enum ContractDocument {
    /// The document.
    Plain(#[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, Value>"))] Value),
    /// Its JSON text, packed.
    Packed(Packed),
}

impl Deserr<Findings> for ContractDocument {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        match value {
            deserr::Value::Map(_) => {
                Deserr::deserialize_from_value(value, location).map(Self::Plain)
            }
            deserr::Value::String(_) => {
                Deserr::deserialize_from_value(value, location).map(Self::Packed)
            }
            _ => Err(Findings::one(
                pointer(location),
                "expected an object, or a string that holds one in base64",
            )),
        }
    }
}

/// Places what was found in a document that stands at `at`. A pointer into one that is packed leads
/// nowhere in the policy, so it goes into the message.
pub(super) fn placed(at: &str, is_packed: bool, found: Findings) -> Findings {
    let place = |Finding { pointer, message }: Finding| {
        if !is_packed {
            let pointer = format!("{at}{pointer}");
            return Finding { pointer, message };
        }
        let inside = if pointer.is_empty() {
            String::new()
        } else {
            format!(" (in the document at `{pointer}`)")
        };
        Finding {
            pointer: at.to_owned(),
            message: format!("{message}{inside}"),
        }
    };
    Findings(found.0.into_iter().map(place).collect())
}
