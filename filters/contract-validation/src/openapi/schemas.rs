//! Looks at the schemas of a document as it is read, for what no engine would say as well.

use kit::policy::child;

use super::document::Nullable;
use super::json::Node;
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
    pub(super) fn schema(&mut self, at: String, value: Node<'d>) -> SchemaRef {
        let schema = SchemaRef {
            pointer: self.source.entry(&at),
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
        let schemas = self.root.pointer("/components/schemas");
        for (name, schema) in schemas.map(Node::members).into_iter().flatten() {
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
    fn walk(&mut self, at: &str, schema: Node<'d>, embedded: bool) {
        if !self.walked.insert(schema.index()) {
            return;
        }
        if schema.as_bool().is_some()
            && (self.source.version > Version::V3_0 || at.ends_with("/additionalProperties"))
        {
            return;
        }
        if !schema.is_object() {
            return self.findings.add(at, "expected a schema");
        }
        // Names below an identifier are names of the document too.
        let identifies = self.identify(schema);
        let embedded = embedded || identifies;
        if let Some(reference) = schema.get("$ref") {
            self.reference(&child(at, "$ref"), reference, embedded);
            if self.source.version == Version::V3_0 {
                return;
            }
        }
        if let Some(reference) = schema.get("$dynamicRef").and_then(Node::as_str) {
            // A pointer leads where it leads; what is by name has to be somewhere.
            if !reference.starts_with("#/") && reference != "#" {
                self.named.push((child(at, "$dynamicRef"), reference));
            }
        }
        self.check(at, schema);
        for (keyword, value) in schema.members() {
            let kind = holds(keyword, self.source.version);
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
    fn identify(&mut self, schema: Node<'d>) -> bool {
        if self.source.version == Version::V3_0 {
            return false;
        }
        for keyword in ["$id", "$anchor", "$dynamicAnchor"] {
            if let Some(name) = schema.get(keyword).and_then(Node::as_str) {
                self.names.insert(name.trim_end_matches('#').to_owned());
            }
        }
        schema.has("$id")
    }

    fn reference(&mut self, at: &str, reference: Node<'d>, embedded: bool) {
        let Some(reference) = reference.as_str() else {
            return self.findings.add(at, "expected a reference, as a string");
        };
        // References inside a schema with an identifier count from there: its engine follows them.
        if embedded && is_relative(reference) {
            return;
        }
        match resolve(self.root, reference) {
            Ok((target, value)) => self.pending.push((target, value)),
            Err(Dangling::Remote | Dangling::Named) if self.source.version > Version::V3_0 => {
                self.named.push((at.to_owned(), reference));
            }
            Err(dangling) => self.findings.add(at, dangling.message()),
        }
    }

    fn check(&mut self, at: &str, schema: Node<'d>) {
        self.check_type(at, schema);
        // OAS 3.0.4 section 4.7.24.2: a property "must not be marked as both".
        if schema.is_set("readOnly") && schema.is_set("writeOnly") {
            self.findings
                .add(at, "is both `readOnly` and `writeOnly`; keep one of them");
        }
        let is_3_0 = self.source.version == Version::V3_0;
        if schema.is_set("nullable") {
            let is_lenient = self.source.reading.nullable == Nullable::Lenient;
            let message = match (is_3_0, schema.has("type") || is_lenient) {
                (true, true) => None,
                (true, false) => Some("has no effect without `type` beside it (OpenAPI 3.0)"),
                (false, _) => Some("means nothing from OpenAPI 3.1 on; add `null` to `type`"),
            };
            if let Some(message) = message {
                self.notes.add(child(at, "nullable"), message);
            }
        }
        let booleans = is_3_0 || self.source.dialect == Dialect::Draft4 || schema.has("$schema");
        for keyword in ["exclusiveMinimum", "exclusiveMaximum"] {
            match schema.get(keyword).map(Node::type_name) {
                Some("number" | "integer") if is_3_0 => {
                    let message = "expected true or false beside the bound (OpenAPI 3.0)";
                    self.findings.add(child(at, keyword), message);
                }
                Some("boolean") if !booleans => {
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

    fn check_type(&mut self, at: &str, schema: Node<'d>) {
        let Some(value) = schema.get("type") else {
            return;
        };
        let is_type = |value: Node<'_>| value.as_str().is_some_and(|name| TYPES.contains(&name));
        let are_types =
            |value: Node<'_>| value.items().next().is_some() && value.items().all(is_type);
        let is_3_0 = self.source.version == Version::V3_0;
        let fault = if is_3_0 && value.as_str() == Some("null") {
            "`null` is no type of OpenAPI 3.0; use `nullable: true` beside another one".to_owned()
        } else if is_3_0 && value.is_array() {
            "a list of types is not read in OpenAPI 3.0; use `nullable: true` or `oneOf`".to_owned()
        } else if is_type(value) || are_types(value) {
            return;
        } else {
            format!("expected {}", kit::policy::list(&TYPES))
        };
        self.findings.add(child(at, "type"), fault);
    }
}

/// Whether a reference has no scheme (RFC 3986 section 4.2).
fn is_relative(reference: &str) -> bool {
    let first = reference.split(['/', '?', '#']).next();
    !first.is_some_and(|first| first.contains(':'))
}
