//! Where references stand in a contract: the objects of `OpenAPI` that can be one, and schemas.
//!
//! What can be a reference is known by where it stands, because an example or a constant may look
//! like one.

use kit::policy::child;
use serde_json::Value;

/// A kind of object that holds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// An `OpenAPI` document (OAS 3.2.0 section 4.1).
    Document,
    /// Its components (section 4.7).
    Components,
    /// Section 4.9.
    PathItem,
    /// Section 4.10.
    Operation,
    /// Section 4.12.
    Parameter,
    /// Section 4.13.
    RequestBody,
    /// Section 4.14.
    MediaType,
    /// Section 4.17.
    Response,
    /// Section 4.21.
    Header,
    /// A JSON Schema.
    Schema,
}

/// How a member holds objects of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// It is one.
    One(Part),
    /// It is a list of them, or one (`items` before 2020-12).
    Some(Part),
    /// It is an object of them, by name.
    Named(Part),
}

impl Part {
    /// What a member holds, if it holds objects that are looked at.
    pub(super) fn member(self, name: &str) -> Option<Holds> {
        use Holds::{Named, One, Some as Several};
        Some(match (self, name) {
            (Self::Document, "components") => One(Self::Components),
            (Self::Document, "paths") | (Self::Components, "pathItems") => Named(Self::PathItem),
            (Self::Components, "schemas") => Named(Self::Schema),
            (Self::Components, "parameters") => Named(Self::Parameter),
            (Self::Components, "requestBodies") => Named(Self::RequestBody),
            (Self::Operation | Self::Components, "responses") => Named(Self::Response),
            (Self::Components | Self::Response, "headers") => Named(Self::Header),
            (Self::Components, "mediaTypes") => Named(Self::MediaType),
            (Self::PathItem | Self::Operation, "parameters") => Several(Self::Parameter),
            (Self::PathItem, "additionalOperations") => Named(Self::Operation),
            (
                Self::PathItem,
                "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace"
                | "query",
            ) => One(Self::Operation),
            (Self::Operation, "requestBody") => One(Self::RequestBody),
            (Self::Parameter | Self::Header | Self::RequestBody | Self::Response, "content") => {
                Named(Self::MediaType)
            }
            (Self::Parameter | Self::Header | Self::MediaType, "schema")
            | (Self::MediaType, "itemSchema") => One(Self::Schema),
            (Self::Schema, keyword) => return schemas_of(keyword),
            _ => return None,
        })
    }

    /// Where a document keeps objects of this kind that are referred to; `None` for those to which
    /// nothing can refer.
    pub(super) fn components(self) -> Option<&'static str> {
        Some(match self {
            Self::PathItem => "pathItems",
            Self::Parameter => "parameters",
            Self::RequestBody => "requestBodies",
            Self::MediaType => "mediaTypes",
            Self::Response => "responses",
            Self::Header => "headers",
            Self::Schema => "schemas",
            Self::Document | Self::Components | Self::Operation => return None,
        })
    }
}

/// The keywords that hold schemas, of any dialect.
fn schemas_of(keyword: &str) -> Option<Holds> {
    Some(match keyword {
        "not"
        | "if"
        | "then"
        | "else"
        | "additionalProperties"
        | "additionalItems"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Holds::One(Part::Schema),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" | "items" => Holds::Some(Part::Schema),
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
        | "dependencies" => Holds::Named(Part::Schema),
        _ => return None,
    })
}

/// The schemas of an `OpenAPI` document that are in no other schema, each with its place.
pub(crate) fn outermost_schemas(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    let mut pending = vec![(Part::Document, String::new(), document)];
    while let Some((part, at, value)) = pending.pop() {
        if part == Part::Schema {
            found.push((at, value));
            continue;
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            let at = child(&at, name);
            match (part.member(name), value) {
                (Some(Holds::Named(part)), Value::Object(named)) => {
                    let named = named.iter();
                    pending.extend(named.map(|(name, value)| (part, child(&at, name), value)));
                }
                (Some(Holds::Some(part)), Value::Array(items)) => {
                    let items = items.iter().enumerate();
                    pending.extend(items.map(|(index, value)| (part, child(&at, index), value)));
                }
                (Some(Holds::One(part)), value) => pending.push((part, at, value)),
                _ => {}
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}
