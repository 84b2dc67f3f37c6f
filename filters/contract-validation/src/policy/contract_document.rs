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

/// Places what was found in a contract that stands at `at`.
pub(super) fn in_place(at: &str, mut found: Findings) -> Findings {
    for finding in &mut found.0 {
        finding.pointer.insert_str(0, at);
    }
    found
}

/// Places what was found in a contract that is packed at `at`: a pointer into it leads nowhere in
/// the policy, so it goes into the message.
pub(super) fn in_packed(at: &str, mut found: Findings) -> Findings {
    for Finding { pointer, message } in &mut found.0 {
        if !pointer.is_empty() {
            *message = format!("{message} (in the document at `{pointer}`)");
        }
        at.clone_into(pointer);
    }
    found
}
