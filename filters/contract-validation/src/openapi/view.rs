//! Schemas as an engine takes them: whole, and as they are in one direction.

use std::collections::{BTreeMap, BTreeSet};

use kit::policy::child;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::document::Contract;
use super::keywords::{Holds, constrains_in_3_0, holds, is_annotation};
use super::reader::resolve;
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
        let entry = self.entry(&schema.pointer);
        let own = self.document.pointer(&entry);
        let dialect = own
            .and_then(|schema| Dialect::identified(schema.get("$schema")?.as_str()?))
            .filter(|_| self.version > Version::V3_0)
            .unwrap_or(self.dialect);
        let mut builder = Builder {
            contract: self,
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
        let placed = placed.into_iter().collect();
        view.insert(definitions.to_owned(), Value::Object(placed));
        SchemaView {
            schema: Value::Object(view),
            dialect,
        }
    }

    /// Where a schema that is nothing but a reference leads in the end.
    fn entry(&self, pointer: &str) -> String {
        let mut pointer = pointer.to_owned();
        for _ in 0..MAX_DEPTH {
            let schema = self.document.pointer(&pointer);
            let schema = schema.and_then(Value::as_object);
            let alone = schema.filter(|own| self.version == Version::V3_0 || own.len() == 1);
            let reference = alone.and_then(|schema| schema.get("$ref")?.as_str());
            match reference.and_then(|reference| resolve(&self.document, reference).ok()) {
                Some((target, _)) => pointer = target,
                None => return pointer,
            }
        }
        pointer
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
    contract: &'d Contract,
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
        self.contract.version == Version::V3_0
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
            if let Some(schema) = self.contract.document.pointer(&placement.from) {
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
        let schemas = self.contract.document.pointer(SCHEMAS);
        for (name, schema) in schemas.and_then(Value::as_object).into_iter().flatten() {
            if has_name(schema) {
                self.place(&child(SCHEMAS, name));
            }
        }
        self.place_pending();
    }

    /// A schema as it is in this direction. `inherited` are the properties of the same value that
    /// are declared around it and are not for this direction; `embedded` says that an identifier
    /// stands around it, from which its references count.
    fn schema(&mut self, value: &'d Value, inherited: &Names<'d>, embedded: bool) -> Value {
        let Some(schema) = value.as_object() else {
            return value.clone();
        };
        let embedded = embedded || (!self.is_3_0() && schema.contains_key("$id"));
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let (true, Some(reference)) = (self.is_3_0(), reference) {
            // OAS 3.0.4 section 4.7.23: what stands beside a reference "shall be ignored".
            return json!({ "$ref": self.reference(reference, inherited, embedded) });
        }
        let mut names = inherited.clone();
        self.collect(value, &mut names, MAX_DEPTH);
        let mut out = Map::new();
        for (keyword, value) in schema {
            let known = if self.is_3_0() {
                constrains_in_3_0(keyword)
            } else {
                !is_annotation(keyword)
            };
            if !known {
                continue;
            }
            let value = match (keyword.as_str(), holds(keyword, self.contract.version)) {
                ("$ref", _) => match value.as_str() {
                    Some(reference) => self.reference(reference, &names, embedded).into(),
                    None => continue,
                },
                ("$dynamicRef" | "$recursiveRef", _) => {
                    self.by_name = true;
                    value.clone()
                }
                ("required", _) => match required(value, &names) {
                    Some(required) => required,
                    None => continue,
                },
                ("properties", _) => self.properties(value, embedded),
                (_, Holds::Nothing) => value.clone(),
                (_, kind @ (Holds::Same | Holds::AllSame | Holds::NamedSame)) => {
                    self.each(kind, value, &names, embedded)
                }
                (_, kind @ (Holds::Part | Holds::Parts | Holds::Named)) => {
                    self.each(kind, value, &Names::new(), embedded)
                }
            };
            out.insert(keyword.clone(), value);
        }
        if self.is_3_0() {
            translate_3_0(schema, &mut out);
        }
        Value::Object(out)
    }

    /// The schemas that a keyword holds: one, a list, or several by name.
    fn each(&mut self, kind: Holds, value: &'d Value, names: &Names<'d>, embedded: bool) -> Value {
        match (kind, value) {
            (Holds::AllSame | Holds::Parts, Value::Array(schemas)) => schemas
                .iter()
                .map(|schema| self.schema(schema, names, embedded))
                .collect(),
            (Holds::Named | Holds::NamedSame, Value::Object(schemas)) => {
                let schemas = schemas.iter();
                let schemas = schemas
                    .map(|(name, schema)| (name.clone(), self.schema(schema, names, embedded)));
                Value::Object(schemas.collect())
            }
            _ => self.schema(value, names, embedded),
        }
    }

    fn properties(&mut self, value: &'d Value, embedded: bool) -> Value {
        let Some(properties) = value.as_object() else {
            return value.clone();
        };
        let properties = properties.iter().map(|(name, schema)| {
            let is_refused = self.hidden == Hidden::Refused && self.is_hidden(schema, MAX_DEPTH);
            let schema = if is_refused {
                Value::Bool(false)
            } else {
                self.schema(schema, &Names::new(), embedded)
            };
            (name.clone(), schema)
        });
        Value::Object(properties.collect())
    }

    /// A reference as it stands in the view; what it leads to comes along.
    fn reference(&mut self, reference: &'d str, names: &Names<'d>, embedded: bool) -> String {
        if embedded && reference.starts_with('#') {
            return reference.to_owned();
        }
        let Ok((target, schema)) = resolve(&self.contract.document, reference) else {
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
    fn collect(&self, value: &'d Value, names: &mut Names<'d>, depth: usize) {
        self.beside(value, &["allOf"], depth, &mut |schema| {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if self.is_hidden(property, MAX_DEPTH) {
                    names.insert(name);
                }
            }
        });
    }

    /// Adds the properties that a schema may require.
    fn collect_required(&self, value: &'d Value, names: &mut Names<'d>, depth: usize) {
        let keywords = ["allOf", "anyOf", "oneOf", "then", "else"];
        self.beside(value, &keywords, depth, &mut |schema| {
            let required = schema.get("required").and_then(Value::as_array);
            names.extend(required.into_iter().flatten().filter_map(Value::as_str));
        });
    }

    /// Whether a property is not for this direction.
    fn is_hidden(&self, value: &'d Value, depth: usize) -> bool {
        let keyword = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        };
        let mut is_hidden = false;
        self.beside(value, &["allOf"], depth, &mut |schema| {
            is_hidden = is_hidden || schema.get(keyword) == Some(&Value::Bool(true));
        });
        is_hidden
    }

    /// Gives a schema to `each`, and those to which the same value is held: what it refers to, and
    /// what stands under the keywords. Each is given once, however many ways lead to it.
    fn beside(
        &self,
        value: &'d Value,
        keywords: &[&str],
        depth: usize,
        each: &mut dyn FnMut(&'d Map<String, Value>),
    ) {
        let mut seen: Vec<&'d Map<String, Value>> = Vec::new();
        let mut pending = vec![(value, depth)];
        while let Some((value, depth)) = pending.pop() {
            let (Some(schema), Some(depth)) = (value.as_object(), depth.checked_sub(1)) else {
                continue;
            };
            if seen.iter().any(|own| std::ptr::eq(*own, schema)) {
                continue;
            }
            seen.push(schema);
            let reference = schema.get("$ref").and_then(Value::as_str);
            if let Some(reference) = reference {
                let target = resolve(&self.contract.document, reference);
                pending.extend(target.ok().map(|(_, target)| (target, depth)));
                // In 3.0 nothing beside a reference counts.
                if self.is_3_0() {
                    continue;
                }
            }
            each(schema);
            for keyword in keywords {
                match schema.get(*keyword) {
                    Some(Value::Array(schemas)) => {
                        pending.extend(schemas.iter().map(|schema| (schema, depth)));
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
fn required(value: &Value, names: &Names<'_>) -> Option<Value> {
    let Some(required) = value.as_array() else {
        return Some(value.clone());
    };
    let stays = |name: &&Value| !name.as_str().is_some_and(|name| names.contains(name));
    let left: Vec<Value> = required.iter().filter(stays).cloned().collect();
    (!left.is_empty()).then_some(Value::Array(left))
}

/// What 3.0 says in its own way, in the words of 2020-12.
fn translate_3_0(schema: &Map<String, Value>, out: &mut Map<String, Value>) {
    let is_set = |keyword: &str| schema.get(keyword) == Some(&Value::Bool(true));
    // OAS 3.0.4 section 4.7.24.1: `nullable` adds null to `type`, and overrides nothing else.
    if is_set("nullable")
        && let Some(Value::String(name)) = schema.get("type")
    {
        out.insert("type".to_owned(), json!([name, "null"]));
    }
    for (bound, exclusive) in [
        ("minimum", "exclusiveMinimum"),
        ("maximum", "exclusiveMaximum"),
    ] {
        if is_set(exclusive)
            && let Some(value) = out.remove(bound)
        {
            out.insert(exclusive.to_owned(), value);
        }
    }
}

fn has_name(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            let names = ["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"];
            names.iter().any(|name| members.contains_key(*name)) || members.values().any(has_name)
        }
        Value::Array(items) => items.iter().any(has_name),
        _ => false,
    }
}
