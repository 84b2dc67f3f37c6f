//! A bare schema for each direction, for routes that have no more of a contract.

use std::collections::BTreeSet;
use std::rc::Rc;

use kit::policy::{Findings, child, did_you_mean, list};
use serde_json::Value;

use crate::schema::Compiled;

/// What the JSON contents of a route are held to.
#[derive(Debug)]
pub struct JsonSchemas {
    /// The contents of requests.
    pub request: Option<Rc<Compiled>>,
    /// The contents of successful responses.
    pub response: Option<Rc<Compiled>>,
    properties: BTreeSet<String>,
}

/// The names of the directions.
const NAMES: [&str; 2] = ["request", "response"];

impl JsonSchemas {
    /// Compiles the schemas `request` and `response` of an object, of which there has to be one at
    /// least. Their dialect is what their `$schema` says, and 2020-12 without it.
    ///
    /// # Errors
    /// Every finding, with pointers into the object: a value that is no object or has other members,
    /// and the first mistake of each schema.
    pub fn read(source: &Value) -> Result<Self, Findings> {
        let expected = "expected a schema for `request`, for `response`, or for both";
        let Some(members) = source.as_object() else {
            return Err(Findings::one("", expected));
        };
        let mut findings = Findings::new();
        for name in members
            .keys()
            .filter(|name| !NAMES.contains(&name.as_str()))
        {
            let hint = did_you_mean(name, NAMES);
            let message = format!("is not a known name here; expected {}{hint}", list(&NAMES));
            findings.add(child("", name), message);
        }
        if !NAMES.iter().any(|name| members.contains_key(*name)) {
            findings.add("", expected);
        }
        let [request, response] =
            NAMES.map(|name| compile(name, members.get(name)?, &mut findings));
        let mut properties = BTreeSet::new();
        add_properties(source, &mut properties);
        findings.or(Self {
            request,
            response,
            properties,
        })
    }

    /// Whether either schema names a property so.
    pub fn declares(&self, name: &str) -> bool {
        self.properties.contains(name)
    }
}

fn compile(name: &str, schema: &Value, findings: &mut Findings) -> Option<Rc<Compiled>> {
    let at = child("", name);
    if !schema.is_object() && !schema.is_boolean() {
        findings.add(
            at,
            "expected a schema, which is an object, or true or false",
        );
        return None;
    }
    match Compiled::of(schema) {
        Ok(compiled) => Some(Rc::new(compiled)),
        Err(finding) => {
            findings.add(format!("{at}{}", finding.pointer), finding.message);
            None
        }
    }
}

/// Adds the names of all properties that a schema, or anything in it, declares or requires.
fn add_properties(schema: &Value, names: &mut BTreeSet<String>) {
    let members = match schema {
        Value::Object(members) => members,
        Value::Array(items) => return items.iter().for_each(|item| add_properties(item, names)),
        _ => return,
    };
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => names.extend(properties.keys().cloned()),
            ("required", Value::Array(required)) => {
                let required = required.iter().filter_map(Value::as_str);
                names.extend(required.map(str::to_owned));
            }
            _ => {}
        }
        add_properties(value, names);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(source: &Value) -> Vec<String> {
        let findings = JsonSchemas::read(source).unwrap_err().0;
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_direction_is_enough() {
        for (source, request, response) in [
            (json!({"request": true}), true, false),
            (json!({"response": {"type": "object"}}), false, true),
            (json!({"request": {}, "response": false}), true, true),
        ] {
            let schemas = JsonSchemas::read(&source).unwrap();
            let there = (schemas.request.is_some(), schemas.response.is_some());
            assert_eq!(there, (request, response), "{source}");
        }
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        assert_eq!(
            found(&json!({"request": 7, "response": {"minItems": -1}, "respnse": {}})),
            [
                "/respnse: is not a known name here; expected one of `request` or `response`; did \
                 you mean `response`?",
                "/request: expected a schema, which is an object, or true or false",
                "/response/minItems: is not a schema: must be at least 0",
            ]
        );
        for source in [json!({}), json!([]), json!(true)] {
            let expected = "expected a schema for `request`, for `response`, or for both";
            assert_eq!(found(&source), [expected], "{source}");
        }
    }

    #[test]
    fn a_schema_is_of_the_dialect_that_it_names() {
        // In draft 4 it is a boolean beside `minimum`, and from draft 6 on a number.
        let exclusive = |dialect: &str| json!({"request": {"$schema": dialect, "minimum": 1, "exclusiveMinimum": true}});
        assert!(JsonSchemas::read(&exclusive("http://json-schema.org/draft-04/schema#")).is_ok());
        assert!(JsonSchemas::read(&exclusive("http://json-schema.org/draft-07/schema#")).is_err());
        let standard = json!({"request": {"minimum": 1, "exclusiveMinimum": true}});
        assert!(JsonSchemas::read(&standard).is_err());
    }

    #[test]
    fn what_is_declared_or_required_anywhere_is_a_name_of_the_contract() {
        let schemas = JsonSchemas::read(&json!({
            "request": {
                "properties": {"id": {"anyOf": [{"properties": {"deep": true}}]}},
                "required": ["asked"],
                "description": "note"
            },
            "response": {"items": {"properties": {"total": true}}}
        }))
        .unwrap();
        for name in ["id", "deep", "asked", "total"] {
            assert!(schemas.declares(name), "{name}");
        }
        for name in ["note", "properties", "description", "request", "other"] {
            assert!(!schemas.declares(name), "{name}");
        }
    }
}
