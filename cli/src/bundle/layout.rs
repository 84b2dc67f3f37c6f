//! A policy as text for people, in which a contract is one line: nobody reads it there, and it is to
//! be small.

use kit::policy::child;
use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::contract::KINDS;

/// A policy as JSON text, with a newline at its end. Its contracts are in the list at `contracts`.
pub(super) fn lay_out(policy: &Value, contracts: &str) -> String {
    let policy = Part {
        value: policy,
        at: String::new(),
        contracts,
    };
    // What was read as JSON can be written as JSON.
    let mut text = serde_json::to_string_pretty(&policy).unwrap_or_default();
    text.push('\n');
    text
}

/// A part of the policy, with its place.
struct Part<'a> {
    value: &'a Value,
    at: String,
    contracts: &'a str,
}

impl Part<'_> {
    fn child<'a>(&'a self, name: &str, value: &'a Value) -> Part<'a> {
        Part {
            value,
            at: child(&self.at, name),
            contracts: self.contracts,
        }
    }

    fn is_contract(&self) -> bool {
        let below = self.at.strip_prefix(self.contracts);
        let mut below = below.unwrap_or_default().split('/').skip(2);
        below.next().is_some_and(|kind| KINDS.contains(&kind)) && below.next().is_none()
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_contract() {
            let line = RawValue::from_string(self.value.to_string());
            return line.map_err(S::Error::custom)?.serialize(serializer);
        }
        match self.value {
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &self.child(name, value))?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for (index, value) in items.iter().enumerate() {
                    list.serialize_element(&self.child(&index.to_string(), value))?;
                }
                list.end()
            }
            value => value.serialize(serializer),
        }
    }
}
