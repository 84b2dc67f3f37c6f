//! A document without what is not checked, so that a policy that holds it stays small.

use serde_json::Value;

use super::keywords::{Holds, holds, is_annotation};
use super::version::Version;

/// What is told to people or to other tools, outside schemas.
const TOLD: [&str; 12] = [
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "tags",
    "callbacks",
    "links",
    "webhooks",
    "security",
    "securitySchemes",
    "info",
];

/// Members whose own members have names that somebody chose.
const NAMED: [&str; 11] = [
    "paths",
    "responses",
    "headers",
    "content",
    "encoding",
    "schemas",
    "requestBodies",
    "pathItems",
    "mediaTypes",
    "additionalOperations",
    "variables",
];

/// Takes out of a document what neither [`Contract::read`](super::Contract::read) nor a view looks
/// at. What is left stands where it stood, so that references and pointers stay right.
pub fn prune(document: &mut Value) {
    let declared = document.get("openapi").and_then(Value::as_str);
    if let Some(version) = declared.and_then(Version::declared) {
        object(document, version);
    }
}

/// Prunes what is no schema.
fn object(value: &mut Value, version: Version) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !TOLD.contains(&name.as_str()) && !name.starts_with("x-"));
            for (name, value) in members.iter_mut() {
                // In components, parameters have names too; elsewhere they are a list.
                let is_named = NAMED.contains(&name.as_str()) || name == "parameters";
                match value {
                    Value::Object(named) if is_named => {
                        for value in named.values_mut() {
                            if name == "schemas" {
                                schema(value, version);
                            } else {
                                object(value, version);
                            }
                        }
                    }
                    value if matches!(name.as_str(), "schema" | "itemSchema") => {
                        schema(value, version);
                    }
                    value => object(value, version),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                object(item, version);
            }
        }
        _ => {}
    }
}

fn schema(value: &mut Value, version: Version) {
    let Value::Object(members) = value else {
        return;
    };
    let counts = |name: &str| matches!(name, "readOnly" | "writeOnly") || !is_annotation(name);
    members.retain(|name, _| counts(name));
    for (name, value) in members.iter_mut() {
        match (holds(name, version), value) {
            (Holds::Nothing, _) => {}
            (Holds::AllSame | Holds::Parts, Value::Array(schemas)) => {
                for own in schemas {
                    schema(own, version);
                }
            }
            (Holds::Named | Holds::NamedSame, Value::Object(schemas)) => {
                for own in schemas.values_mut() {
                    schema(own, version);
                }
            }
            (_, value) => schema(value, version),
        }
    }
}
