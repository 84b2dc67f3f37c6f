//! Which keywords hold schemas, and which say nothing of validity.

use super::json::Node;

use super::version::Version;

/// How a keyword holds schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// One that is for the same value.
    Same,
    /// Several that are for the same value.
    AllSame,
    /// Several that are for the same value, by name.
    NamedSame,
    /// One that is for a part of the value.
    Part,
    /// One or several that are for parts (`items`).
    Parts,
    /// Several for parts, or for nothing until they are referred to, by name.
    Named,
    /// What is no schema.
    Nothing,
}

/// What a keyword holds. What 3.0 does not know is nothing there.
pub(super) fn holds(keyword: &str, version: Version) -> Holds {
    match keyword {
        "not" => Holds::Same,
        "allOf" | "anyOf" | "oneOf" => Holds::AllSame,
        "additionalProperties" => Holds::Part,
        "items" => Holds::Parts,
        "properties" => Holds::Named,
        _ if version == Version::V3_0 => Holds::Nothing,
        "if" | "then" | "else" => Holds::Same,
        "dependentSchemas" | "dependencies" => Holds::NamedSame,
        "contains"
        | "propertyNames"
        | "additionalItems"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Holds::Part,
        "prefixItems" => Holds::Parts,
        "patternProperties" | "$defs" | "definitions" => Holds::Named,
        _ => Holds::Nothing,
    }
}

/// Whether a keyword has no say in the outcome, so that a view does without it. The discriminator is
/// one of these (OAS 3.2.0 section 4.25: it "MUST NOT change the validation outcome").
pub(super) fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "title"
            | "description"
            | "default"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "example"
            | "examples"
            | "externalDocs"
            | "xml"
            | "discriminator"
            | "$comment"
            | "contentMediaType"
            | "contentSchema"
    ) || keyword.starts_with("x-")
}

/// The keywords of 3.0 that constrain (OAS 3.0.4 section 4.7.24). Others mean nothing there, even if
/// JSON Schema knows them.
pub(super) fn constrains_in_3_0(keyword: &str) -> bool {
    matches!(
        keyword,
        "multipleOf"
            | "maximum"
            | "minimum"
            | "maxLength"
            | "minLength"
            | "pattern"
            | "maxItems"
            | "minItems"
            | "uniqueItems"
            | "maxProperties"
            | "minProperties"
            | "required"
            | "enum"
            | "type"
            | "format"
    ) || holds(keyword, Version::V3_0) != Holds::Nothing
}

/// The schemas that a keyword holds, each with the rest of its pointer behind the keyword.
pub(super) fn held(holds: Holds, value: Node<'_>) -> Vec<(String, Node<'_>)> {
    match holds {
        Holds::Nothing => Vec::new(),
        Holds::AllSame | Holds::Parts if value.is_array() => value
            .items()
            .enumerate()
            .map(|(index, schema)| (format!("/{index}"), schema))
            .collect(),
        Holds::Named | Holds::NamedSame if value.is_object() => value
            .members()
            // `dependencies` holds lists of names as well.
            .filter(|(_, schema)| holds == Holds::Named || !schema.is_array())
            .map(|(name, schema)| (kit::policy::child("", name), schema))
            .collect(),
        _ => vec![(String::new(), value)],
    }
}
