//! Looks at the schemas of a document as it is read, for what no engine would say as well.

use kit::policy::child;
use serde_json::{Map, Value};

use super::keywords::{Holds, held, holds};
use super::reader::{Dangling, Reader, UNKNOWN_DIALECT, resolve};
use super::version::Version;
use super::view::SchemaRef;
use crate::schema::Dialect;

const TYPES: [&str; 7] = [
    "null", "boolean", "object", "array", "number", "string", "integer",
];

impl<'d> Reader<'d> {
    /// Notes a schema that is used.
    pub(super) fn schema(&mut self, at: String, value: &'d Value) -> SchemaRef {
        let schema = SchemaRef {
            pointer: at.clone(),
        };
        self.pending.push((at, value));
        schema
    }

    /// Looks at all schemas that are used, and at all that those refer to.
    pub(super) fn finish_schemas(&mut self) {
        self.walk_pending();
        if self.named.is_empty() {
            return;
        }
        // A name may be that of a schema that nothing else leads to.
        let schemas = self.document.pointer("/components/schemas");
        for (name, schema) in schemas.and_then(Value::as_object).into_iter().flatten() {
            self.pending
                .push((child("/components/schemas", name), schema));
        }
        self.walk_pending();
        for (at, reference) in std::mem::take(&mut self.named) {
            let name = reference.split_once('#').map_or(reference, |(uri, name)| {
                if name.is_empty() || name.starts_with('/') || !uri.is_empty() {
                    uri
                } else {
                    name
                }
            });
            if !self.names.contains(name) {
                let dangling = if reference.starts_with('#') {
                    Dangling::Missing
                } else {
                    Dangling::Remote
                };
                self.findings.add(at, dangling.message());
            }
        }
    }

    fn walk_pending(&mut self) {
        while let Some((at, value)) = self.pending.pop() {
            self.walk(&at, value, false);
        }
    }

    /// Looks at a schema and those in it. `embedded` says that an identifier stands around it, from
    /// which its references count.
    fn walk(&mut self, at: &str, value: &'d Value, embedded: bool) {
        if !self.walked.insert(at.to_owned()) {
            return;
        }
        let schema = match value {
            Value::Object(schema) => schema,
            Value::Bool(_)
                if self.version > Version::V3_0 || at.ends_with("/additionalProperties") =>
            {
                return;
            }
            _ => return self.findings.add(at, "expected a schema"),
        };
        let embedded = embedded || self.identify(schema);
        if let Some(reference) = schema.get("$ref") {
            self.reference(&child(at, "$ref"), reference, embedded);
            if self.version == Version::V3_0 {
                return;
            }
        }
        if let Some(reference) = schema.get("$dynamicRef").and_then(Value::as_str) {
            // A pointer leads where it leads; what is by name has to be somewhere.
            if !reference.starts_with("#/") && reference != "#" {
                self.named.push((child(at, "$dynamicRef"), reference));
            }
        }
        self.check(at, schema);
        for (keyword, value) in schema {
            let kind = holds(keyword, self.version);
            if kind == Holds::Nothing {
                continue;
            }
            let at = child(at, keyword);
            for (rest, schema) in held(kind, value) {
                self.walk(&format!("{at}{rest}"), schema, embedded);
            }
        }
    }

    /// Notes the names of a schema; whether it has an identifier of its own.
    fn identify(&mut self, schema: &Map<String, Value>) -> bool {
        if self.version == Version::V3_0 {
            return false;
        }
        for keyword in ["$id", "$anchor", "$dynamicAnchor"] {
            if let Some(name) = schema.get(keyword).and_then(Value::as_str) {
                self.names.insert(name.trim_end_matches('#').to_owned());
            }
        }
        schema.contains_key("$id")
    }

    fn reference(&mut self, at: &str, reference: &'d Value, embedded: bool) {
        let Some(reference) = reference.as_str() else {
            return self.findings.add(at, "expected a reference, as a string");
        };
        // References inside a schema with an identifier count from there: its engine follows them.
        if embedded && reference.starts_with('#') {
            return;
        }
        match resolve(self.document, reference) {
            Ok((target, value)) => self.pending.push((target, value)),
            Err(Dangling::Remote | Dangling::Named) if self.version > Version::V3_0 => {
                self.named.push((at.to_owned(), reference));
            }
            Err(dangling) => self.findings.add(at, dangling.message()),
        }
    }

    fn check(&mut self, at: &str, schema: &Map<String, Value>) {
        self.check_type(at, schema);
        let is_set = |keyword: &str| schema.get(keyword) == Some(&Value::Bool(true));
        // OAS 3.0.4 section 4.7.24.2: a property "must not be marked as both".
        if is_set("readOnly") && is_set("writeOnly") {
            self.findings
                .add(at, "is both `readOnly` and `writeOnly`; keep one of them");
        }
        let is_3_0 = self.version == Version::V3_0;
        if is_set("nullable") {
            let message = match (is_3_0, schema.contains_key("type")) {
                (true, true) => None,
                (true, false) => Some("has no effect without `type` beside it (OpenAPI 3.0)"),
                (false, _) => Some("means nothing from OpenAPI 3.1 on; add `null` to `type`"),
            };
            if let Some(message) = message {
                self.notes.add(child(at, "nullable"), message);
            }
        }
        let booleans = is_3_0 || self.dialect == Dialect::Draft4 || schema.contains_key("$schema");
        for keyword in ["exclusiveMinimum", "exclusiveMaximum"] {
            match schema.get(keyword) {
                Some(Value::Number(_)) if is_3_0 => {
                    let message = "expected true or false beside the bound (OpenAPI 3.0)";
                    self.findings.add(child(at, keyword), message);
                }
                Some(Value::Bool(_)) if !booleans => {
                    let message = "expected the bound itself, as a number (OpenAPI 3.1)";
                    self.findings.add(child(at, keyword), message);
                }
                _ => {}
            }
        }
        let dialect = schema.get("$schema").filter(|_| !is_3_0);
        if dialect.is_some_and(|uri| uri.as_str().and_then(Dialect::identified).is_none()) {
            self.findings.add(child(at, "$schema"), UNKNOWN_DIALECT);
        }
    }

    fn check_type(&mut self, at: &str, schema: &Map<String, Value>) {
        let is_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
        let is_3_0 = self.version == Version::V3_0;
        let fault = match schema.get("type") {
            None => None,
            Some(Value::String(name)) if is_3_0 && name == "null" => Some(
                "`null` is no type of OpenAPI 3.0; use `nullable: true` beside another one"
                    .to_owned(),
            ),
            Some(Value::Array(_)) if is_3_0 => Some(
                "a list of types is not read in OpenAPI 3.0; use `nullable: true` or `oneOf`"
                    .to_owned(),
            ),
            Some(Value::Array(names)) if !names.is_empty() && names.iter().all(is_type) => None,
            Some(value) if is_type(value) => None,
            Some(_) => Some(format!("expected {}", kit::policy::list(&TYPES))),
        };
        if let Some(message) = fault {
            self.findings.add(child(at, "type"), message);
        }
    }
}
