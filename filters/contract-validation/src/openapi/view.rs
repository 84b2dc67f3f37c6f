//! Schemas as an engine takes them: whole, and as they are in one direction.

use std::collections::{BTreeMap, BTreeSet};

use kit::policy::child;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::document::{Contract, Nullable};
use super::json::{Node, object};
use super::keywords::{Holds, constrains_in_3_0, holds, is_annotation};
use super::reader::resolve;
use super::source::Source;
use super::version::Version;
use crate::schema::Dialect;

/// How deep references and `allOf` are followed for what they say of a property.
const MAX_DEPTH: usize = 24;

/// What a fragment may hold as it is (RFC 3986 section 3.5).
const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'$')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where a contract keeps the schemas that have a name.
const SCHEMAS: &str = "/components/schemas";

/// Where a schema stands in its document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaRef {
    /// The JSON Pointer.
    pub pointer: String,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the service: `readOnly` properties need not be there.
    Request,
    /// From it: `writeOnly` properties need not be there.
    Response,
}

impl Direction {
    /// The name, for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// What becomes of properties that are not for a direction, if they are there.
///
/// 3.0 says that they "should not" be sent, 3.1 leaves it to the one who receives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Hidden {
    /// They are held to their schemas like others.
    #[default]
    Allowed,
    /// They may not be there.
    Refused,
}

/// A schema that needs nothing of its document any more.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaView {
    /// The schema, with all that it refers to in its definitions.
    pub schema: Value,
    /// Its dialect.
    pub dialect: Dialect,
}

impl Contract {
    /// A schema for one direction, without what does not constrain.
    ///
    /// What is not needed is left behind, so that the value is small and compiles quickly. Where a
    /// schema has a name or an identifier (`$anchor`, `$id`), all of the document's schemas that
    /// have one come along: references by name do not say where they lead.
    pub fn view(&self, schema: &SchemaRef, direction: Direction, hidden: Hidden) -> SchemaView {
        let source = &self.source;
        let entry = source.entry(&schema.pointer);
        let own = source.json.root().pointer(&entry);
        let dialect = own
            .and_then(|schema| Dialect::identified(schema.get("$schema")?.as_str()?))
            .filter(|_| source.version > Version::V3_0)
            .unwrap_or(source.dialect);
        let mut builder = Builder {
            source,
            direction,
            hidden,
            definitions: dialect.definitions(),
            placed: BTreeMap::new(),
            pending: Vec::new(),
            variants: BTreeMap::new(),
            by_name: false,
        };
        let reference = builder.place(&entry);
        builder.place_pending();
        if builder.by_name {
            builder.place_named();
        }
        let Builder {
            definitions,
            placed,
            ..
        } = builder;
        let mut view = Map::new();
        view.insert("$schema".to_owned(), dialect.uri().into());
        if dialect.reads_beside_references() {
            view.insert("$ref".to_owned(), reference.into());
        } else {
            view.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        }
        view.insert(definitions.to_owned(), object(placed.into_iter()));
        SchemaView {
            schema: Value::Object(view),
            dialect,
        }
    }
}

impl SchemaView {
    /// Where in the document stands what stands at a pointer into the view; `None` where it is of
    /// the view alone.
    pub(super) fn origin(&self, pointer: &str) -> Option<String> {
        let definitions = child("", self.dialect.definitions());
        let rest = pointer.strip_prefix(&definitions)?.strip_prefix('/')?;
        let (token, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let name = token.replace("~1", "/").replace("~0", "~");
        Some(match name.rsplit_once('#') {
            _ if !name.starts_with('/') => format!("{SCHEMAS}/{token}{rest}"),
            // A copy, which has a number behind its pointer.
            Some((origin, _)) => format!("{origin}{rest}"),
            None => format!("{name}{rest}"),
        })
    }
}

impl Source {
    /// Where a schema that is nothing but a reference leads in the end.
    pub(super) fn entry(&self, pointer: &str) -> String {
        let mut pointer = pointer.to_owned();
        for _ in 0..MAX_DEPTH {
            let schema = self.json.root().pointer(&pointer);
            let alone = schema.filter(|own| self.is_reference(*own));
            let reference = alone.and_then(|schema| schema.get("$ref")?.as_str());
            match reference.and_then(|reference| resolve(self.json.root(), reference).ok()) {
                Some((target, _)) => pointer = target,
                None => return pointer,
            }
        }
        pointer
    }

    /// Whether nothing beside the `$ref` of a schema counts (OAS 3.0.4 section 4.7.23).
    fn is_reference(&self, schema: Node<'_>) -> bool {
        if self.version == Version::V3_0 {
            !self.admits_null(schema)
        } else {
            schema.members().count() == 1
        }
    }

    /// Whether a schema of 3.0 admits null although the standard says that it does not.
    fn admits_null(&self, schema: Node<'_>) -> bool {
        self.version == Version::V3_0
            && self.reading.nullable == Nullable::Lenient
            && schema.is_set("nullable")
            && (schema.has("$ref") || !schema.has("type"))
    }
}

/// Names of properties that are not for a direction.
type Names<'d> = BTreeSet<&'d str>;

/// A schema that is to stand among the definitions.
struct Placement<'d> {
    from: String,
    name: String,
    inherited: Names<'d>,
}

struct Builder<'d> {
    source: &'d Source,
    direction: Direction,
    hidden: Hidden,
    definitions: &'static str,
    /// The definitions, by name.
    placed: BTreeMap<String, Value>,
    pending: Vec<Placement<'d>>,
    /// Copies of schemas that are needed in a form of their own.
    variants: BTreeMap<(String, Names<'d>), String>,
    by_name: bool,
}

impl<'d> Builder<'d> {
    fn is_3_0(&self) -> bool {
        self.source.version == Version::V3_0
    }

    /// Has what stands at a pointer placed; the reference to it.
    ///
    /// What has a name comes as a whole, even where only a part is asked for, and keeps its name.
    /// Anything else is named after its pointer, which starts with a slash as no name does.
    fn place(&mut self, pointer: &str) -> String {
        let own = pointer
            .strip_prefix(SCHEMAS)
            .and_then(|own| own.strip_prefix('/'));
        let (from, name, rest) = match own {
            Some(own) => {
                let end = own.find('/').unwrap_or(own.len());
                let (token, rest) = own.split_at_checked(end).unwrap_or((own, ""));
                let name = token.replace("~1", "/").replace("~0", "~");
                (format!("{SCHEMAS}/{token}"), name, rest)
            }
            None => (pointer.to_owned(), pointer.to_owned(), ""),
        };
        let reference = self.reference_to(&name, rest);
        self.pending.push(Placement {
            from,
            name,
            inherited: Names::new(),
        });
        reference
    }

    fn reference_to(&self, name: &str, rest: &str) -> String {
        let pointer = child(&child("", self.definitions), name);
        let pointer = utf8_percent_encode(&pointer, FRAGMENT);
        format!("#{pointer}{}", utf8_percent_encode(rest, FRAGMENT))
    }

    fn place_pending(&mut self) {
        while let Some(placement) = self.pending.pop() {
            if self.placed.contains_key(&placement.name) {
                continue;
            }
            if let Some(schema) = self.source.json.root().pointer(&placement.from) {
                // It is there before its own references are followed.
                self.placed
                    .insert(placement.name.clone(), Value::Bool(true));
                let schema = self.schema(schema, &placement.inherited, false);
                self.placed.insert(placement.name, schema);
            }
        }
    }

    /// Places all schemas that have a name of their own or an identifier.
    fn place_named(&mut self) {
        let schemas = self.source.json.root().pointer(SCHEMAS);
        for (name, schema) in schemas.map(Node::members).into_iter().flatten() {
            if has_name(schema) {
                self.place(&child(SCHEMAS, name));
            }
        }
        self.place_pending();
    }

    /// A schema as it is in this direction. `inherited` are the properties of the same value that
    /// are declared around it and are not for this direction; `embedded` says that an identifier
    /// stands around it, from which its references count.
    fn schema(&mut self, schema: Node<'d>, inherited: &Names<'d>, embedded: bool) -> Value {
        if !schema.is_object() {
            return schema.to_value();
        }
        let embedded = embedded || (!self.is_3_0() && schema.has("$id"));
        let reference = schema.get("$ref").and_then(Node::as_str);
        if let (true, Some(reference)) = (self.is_3_0(), reference) {
            // OAS 3.0.4 section 4.7.23: what stands beside a reference "shall be ignored".
            let reference = json!({ "$ref": self.reference(reference, inherited, embedded) });
            return self.or_null(schema, reference);
        }
        let mut names = inherited.clone();
        self.collect(schema, &mut names, MAX_DEPTH);
        let mut out = Map::new();
        for (keyword, value) in schema.members() {
            let known = if self.is_3_0() {
                constrains_in_3_0(keyword)
            } else {
                !is_annotation(keyword)
            };
            if !known {
                continue;
            }
            let value = match (keyword, holds(keyword, self.source.version)) {
                ("$ref", _) => match value.as_str() {
                    Some(reference) => self.reference(reference, &names, embedded).into(),
                    None => continue,
                },
                ("$dynamicRef" | "$recursiveRef", _) => {
                    self.by_name = true;
                    value.to_value()
                }
                ("required", _) => match required(value, &names) {
                    Some(required) => required,
                    None => continue,
                },
                ("properties", _) => self.properties(value, embedded),
                (_, Holds::Nothing) => value.to_value(),
                (_, kind @ (Holds::Same | Holds::AllSame | Holds::NamedSame)) => {
                    self.each(kind, value, &names, embedded)
                }
                (_, kind @ (Holds::Part | Holds::Parts | Holds::Named)) => {
                    self.each(kind, value, &Names::new(), embedded)
                }
            };
            out.insert(keyword.to_owned(), value);
        }
        if self.is_3_0() {
            translate_3_0(schema, &mut out);
        }
        self.or_null(schema, Value::Object(out))
    }

    /// A schema of a view, and null beside it where the contract is read that way.
    fn or_null(&self, schema: Node<'d>, out: Value) -> Value {
        if self.source.admits_null(schema) {
            json!({ "anyOf": [out, { "type": "null" }] })
        } else {
            out
        }
    }

    /// The schemas that a keyword holds: one, a list, or several by name.
    fn each(&mut self, kind: Holds, value: Node<'d>, names: &Names<'d>, embedded: bool) -> Value {
        match kind {
            Holds::AllSame | Holds::Parts if value.is_array() => value
                .items()
                .map(|schema| self.schema(schema, names, embedded))
                .collect(),
            Holds::Named | Holds::NamedSame if value.is_object() => {
                let schemas = value.members();
                let schemas = schemas
                    .map(|(name, schema)| (name.to_owned(), self.schema(schema, names, embedded)));
                object(schemas)
            }
            _ => self.schema(value, names, embedded),
        }
    }

    fn properties(&mut self, value: Node<'d>, embedded: bool) -> Value {
        if !value.is_object() {
            return value.to_value();
        }
        let properties = value.members().map(|(name, schema)| {
            let is_refused = self.hidden == Hidden::Refused && self.is_hidden(schema, MAX_DEPTH);
            let schema = if is_refused {
                Value::Bool(false)
            } else {
                self.schema(schema, &Names::new(), embedded)
            };
            (name.to_owned(), schema)
        });
        object(properties)
    }

    /// A reference as it stands in the view; what it leads to comes along.
    fn reference(&mut self, reference: &'d str, names: &Names<'d>, embedded: bool) -> String {
        if embedded && reference.starts_with('#') {
            return reference.to_owned();
        }
        let Ok((target, schema)) = resolve(self.source.json.root(), reference) else {
            self.by_name = true;
            return reference.to_owned();
        };
        let mut required = Names::new();
        if !names.is_empty() {
            self.collect_required(schema, &mut required, MAX_DEPTH);
        }
        let inherited: Names<'d> = names.intersection(&required).copied().collect();
        if inherited.is_empty() {
            return self.place(&target);
        }
        let next = self.variants.len();
        let variant = self.variants.entry((target.clone(), inherited.clone()));
        let name = variant
            .or_insert_with(|| format!("{target}#{next}"))
            .clone();
        let reference = self.reference_to(&name, "");
        self.pending.push(Placement {
            from: target,
            name,
            inherited,
        });
        reference
    }

    /// Adds the properties that a schema and those beside it declare not to be for this direction.
    fn collect(&self, value: Node<'d>, names: &mut Names<'d>, depth: usize) {
        self.beside(value, &["allOf"], depth, &mut |schema| {
            let properties = schema.get("properties").map(Node::members);
            for (name, property) in properties.into_iter().flatten() {
                if self.is_hidden(property, MAX_DEPTH) {
                    names.insert(name);
                }
            }
        });
    }

    /// Adds the properties that a schema may require.
    fn collect_required(&self, value: Node<'d>, names: &mut Names<'d>, depth: usize) {
        let keywords = ["allOf", "anyOf", "oneOf", "then", "else"];
        self.beside(value, &keywords, depth, &mut |schema| {
            let required = schema.get("required").map(Node::items);
            names.extend(required.into_iter().flatten().filter_map(Node::as_str));
        });
    }

    /// Whether a property is not for this direction.
    fn is_hidden(&self, value: Node<'d>, depth: usize) -> bool {
        let keyword = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let mut is_hidden = false;
        self.beside(value, &["allOf"], depth, &mut |schema| {
            is_hidden = is_hidden || schema.is_set(keyword);
        });
        is_hidden
    }

    /// Gives a schema to `each`, and those to which the same value is held: what it refers to, and
    /// what stands under the keywords. Each is given once, however many ways lead to it.
    fn beside(
        &self,
        value: Node<'d>,
        keywords: &[&str],
        depth: usize,
        each: &mut dyn FnMut(Node<'d>),
    ) {
        let mut seen = Vec::new();
        let mut pending = vec![(value, depth)];
        while let Some((schema, depth)) = pending.pop() {
            let Some(depth) = depth.checked_sub(1) else {
                continue;
            };
            if !schema.is_object() || seen.contains(&schema.index()) {
                continue;
            }
            seen.push(schema.index());
            let reference = schema.get("$ref").and_then(Node::as_str);
            if let Some(reference) = reference {
                let target = resolve(self.source.json.root(), reference);
                pending.extend(target.ok().map(|(_, target)| (target, depth)));
                // In 3.0 nothing beside a reference counts.
                if self.is_3_0() {
                    continue;
                }
            }
            each(schema);
            for keyword in keywords {
                match schema.get(keyword) {
                    Some(schemas) if schemas.is_array() => {
                        pending.extend(schemas.items().map(|schema| (schema, depth)));
                    }
                    Some(schema) => pending.push((schema, depth)),
                    None => {}
                }
            }
        }
    }
}

/// The names that are required in this direction; `None` where none is left, for which draft 4
/// has no list.
fn required(value: Node<'_>, names: &Names<'_>) -> Option<Value> {
    if !value.is_array() {
        return Some(value.to_value());
    }
    let stays = |name: &Node<'_>| !name.as_str().is_some_and(|name| names.contains(name));
    let left: Vec<Value> = value.items().filter(stays).map(Node::to_value).collect();
    (!left.is_empty()).then_some(Value::Array(left))
}

/// What 3.0 says in its own way, in the words of 2020-12.
fn translate_3_0(schema: Node<'_>, out: &mut Map<String, Value>) {
    // OAS 3.0.4 section 4.7.24.1: `nullable` adds null to `type`, and overrides nothing else.
    if schema.is_set("nullable")
        && let Some(name) = schema.get("type").and_then(Node::as_str)
    {
        out.insert("type".to_owned(), json!([name, "null"]));
    }
    for (bound, exclusive) in [
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ] {
        if schema.is_set(exclusive)
            && let Some(value) = out.remove(bound)
        {
            out.insert(exclusive.to_owned(), value);
        }
    }
}

fn has_name(value: Node<'_>) -> bool {
    let names = ["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"];
    let mut members = value.members();
    members.any(|(name, value)| names.contains(&name) || has_name(value))
        || value.items().any(has_name)
}
