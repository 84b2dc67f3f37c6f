//! What a schema declares of the value that is read.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::Kind;
use super::text::Alphabet;

/// How many schemas of one value are looked at.
const MAX_SCHEMAS: usize = 64;

/// The schemas to which a value is held.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared<'s> {
    /// In any case.
    sure: Vec<&'s Map<String, Value>>,
    /// As one of several (`anyOf`, `oneOf`, `then`, `else`).
    maybe: Vec<&'s Map<String, Value>>,
}

/// What a string holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// A timestamp (`format: date-time`).
    Timestamp,
    /// Octets: `contentEncoding`, or `format: byte` of `OpenAPI` 3.0.
    Base64(Alphabet),
}

/// What a schema says of null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfNull {
    Allowed,
    Array,
    Object,
    Refused,
}

impl<'s> Declared<'s> {
    /// What a schema declares of the whole value.
    pub(super) fn root(root: &'s Value) -> Self {
        let mut declared = Self::default();
        declared.add(root, root, true);
        declared
    }

    /// What it declares of a member.
    pub(super) fn member(&self, root: &'s Value, name: &str) -> Self {
        self.part(root, |schema| {
            let own = schema.get("properties").and_then(|own| own.get(name));
            // A pattern may match the name, and whether it does is for the engine to say.
            let others = || match schema.get("patternProperties") {
                None => schema.get("additionalProperties"),
                Some(_) => None,
            };
            own.or_else(others)
        })
    }

    /// What it declares of an item.
    pub(super) fn item(&self, root: &'s Value, index: usize) -> Self {
        self.part(root, |schema| {
            let first = match schema.get("items") {
                Some(Value::Array(items)) => Some(items),
                _ => schema.get("prefixItems").and_then(Value::as_array),
            };
            let others = schema.get("items").filter(|items| !items.is_array());
            first.and_then(|items| items.get(index)).or(others)
        })
    }

    /// Whether nothing is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.sure.is_empty() && self.maybe.is_empty()
    }

    /// How a null differs from what is declared, and what may stand in its place: nothing may where
    /// an empty array or object would not do.
    pub(super) fn null(&self) -> Option<(Kind, Option<&'static str>)> {
        let said = |schemas: &[&'s Map<String, Value>]| -> Vec<OfNull> {
            schemas
                .iter()
                .filter_map(|schema| of_null(schema))
                .collect()
        };
        let sure = said(&self.sure);
        let maybe = said(&self.maybe);
        let all = if sure.is_empty() { &maybe } else { &sure };
        let first = *all.first()?;
        if all.iter().any(|own| *own != first) || maybe.contains(&OfNull::Allowed) {
            return None;
        }
        let is_bound = |schema: &&Map<String, Value>| {
            let at_least = |keyword: &str| {
                schema
                    .get(keyword)
                    .and_then(Value::as_f64)
                    .is_some_and(|least| least > 0.0)
            };
            let required = schema.get("required").and_then(Value::as_array);
            at_least("minItems")
                || at_least("minProperties")
                || at_least("minContains")
                || schema.contains_key("contains")
                || schema.contains_key("enum")
                || schema.contains_key("const")
                || required.is_some_and(|names| !names.is_empty())
        };
        let may_be_empty = !self.sure.iter().chain(&self.maybe).any(is_bound);
        match first {
            OfNull::Array => Some((Kind::NullForArray, may_be_empty.then_some("[]"))),
            OfNull::Object => Some((Kind::NullForObject, may_be_empty.then_some("{}"))),
            OfNull::Allowed | OfNull::Refused => None,
        }
    }

    /// Whether an integer is declared, and no other number.
    pub(super) fn is_integer(&self) -> bool {
        self.sure
            .iter()
            .any(|schema| has_type(schema, "integer") && !has_type(schema, "number"))
    }

    /// What a string is declared to hold.
    pub(super) fn text(&self) -> Option<Text> {
        let formats = self.sure.iter().flat_map(|schema| {
            let keywords = ["format", "contentEncoding"];
            keywords.map(|keyword| (keyword, schema.get(keyword).and_then(Value::as_str)))
        });
        let mut texts = formats.filter_map(|(keyword, value)| match (keyword, value?) {
            ("format", "date-time") => Some(Text::Timestamp),
            ("format", "byte") | ("contentEncoding", "base64") => {
                Some(Text::Base64(Alphabet::Standard))
            }
            (_, "base64url") => Some(Text::Base64(Alphabet::Url)),
            _ => None,
        });
        texts.next()
    }

    fn part(
        &self,
        root: &'s Value,
        of: impl Fn(&'s Map<String, Value>) -> Option<&'s Value>,
    ) -> Self {
        let mut part = Self::default();
        for (schemas, sure) in [(&self.sure, true), (&self.maybe, false)] {
            for schema in schemas {
                if let Some(schema) = of(schema) {
                    part.add(root, schema, sure);
                }
            }
        }
        part
    }

    /// Adds a schema and those beside it, each once.
    fn add(&mut self, root: &'s Value, schema: &'s Value, sure: bool) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        let known = if sure {
            &mut self.sure
        } else {
            &mut self.maybe
        };
        if known.len() >= MAX_SCHEMAS || known.iter().any(|own| std::ptr::eq(*own, schema)) {
            return;
        }
        known.push(schema);
        // Schemas are small: one walk is cheaper than a look-up for each keyword. No more than
        // `MAX_SCHEMAS` are added, which bounds the depth.
        for (keyword, value) in schema {
            let (value, sure) = match keyword.as_str() {
                "$ref" => {
                    let target = value.as_str().and_then(|own| follow(root, own));
                    if let Some(target) = target {
                        self.add(root, target, sure);
                    }
                    continue;
                }
                "allOf" => (value, sure),
                "anyOf" | "oneOf" => (value, false),
                "then" | "else" => {
                    self.add(root, value, false);
                    continue;
                }
                _ => continue,
            };
            for schema in value.as_array().into_iter().flatten() {
                self.add(root, schema, sure);
            }
        }
    }
}

/// What a local reference leads to.
fn follow<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let fragment = reference.strip_prefix('#')?;
    let pointer = percent_decode_str(fragment).decode_utf8().ok()?;
    root.pointer(&pointer)
}

/// What a schema says of null; `None` where it says nothing.
fn of_null(schema: &Map<String, Value>) -> Option<OfNull> {
    let has = |name: &str| has_type(schema, name);
    schema.get("type")?;
    Some(if has("null") {
        OfNull::Allowed
    } else {
        match (has("array"), has("object"), types(schema)) {
            (true, false, 1) => OfNull::Array,
            (false, true, 1) => OfNull::Object,
            _ => OfNull::Refused,
        }
    })
}

fn has_type(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(own)) => own == name,
        Some(Value::Array(names)) => names.iter().any(|own| own == name),
        _ => false,
    }
}

fn types(schema: &Map<String, Value>) -> usize {
    match schema.get("type") {
        Some(Value::Array(names)) => names.len(),
        Some(_) => 1,
        None => 0,
    }
}
