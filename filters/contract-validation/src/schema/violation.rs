//! What does not meet a schema, said without a value of the client.

use std::fmt::Display;

use engine::ValidationError;
use engine::error::{TypeKind, ValidationErrorKind};
use kit::policy::{Finding, list};

use crate::violation::Violation;

pub(super) fn violation(error: &ValidationError<'_>) -> Violation {
    // The engine's word for what the schema `false` forbids names no keyword; its place does.
    let declared = error.schema_path().as_str().rsplit('/').next();
    let (keyword, detail) = match (error.kind(), declared) {
        (
            ValidationErrorKind::FalseSchema,
            Some(keyword @ ("additionalProperties" | "unevaluatedProperties")),
        ) => (keyword, UNDECLARED_MEMBER.to_owned()),
        (
            ValidationErrorKind::FalseSchema,
            Some(keyword @ ("additionalItems" | "items" | "unevaluatedItems")),
        ) => (keyword, UNDECLARED_ELEMENT.to_owned()),
        (ValidationErrorKind::FalseSchema, _) => ("false", "must not be there".to_owned()),
        (kind, _) => (kind.keyword(), detail(kind)),
    };
    Violation::in_body(
        error.instance_path().to_string(),
        keyword.to_owned(),
        detail,
    )
}

const UNDECLARED_MEMBER: &str = "has a member that is not declared";
const UNDECLARED_ELEMENT: &str = "has an element that is not declared";

/// Why a schema does not compile.
pub(super) fn finding(error: &ValidationError<'_>) -> Finding {
    let message = match error.kind() {
        ValidationErrorKind::Referencing(_) => {
            "names a schema that is not in this document; bundle it with `treaty bundle`".to_owned()
        }
        ValidationErrorKind::Format { .. } => {
            "is not a regular expression that runs in linear time: look-around and \
             back-references are refused"
                .to_owned()
        }
        // The engine has its word for a wrong name alone, and another for one in an array.
        ValidationErrorKind::Custom { .. } | ValidationErrorKind::Enum { .. }
            if error.instance_path().as_str().ends_with("/type") =>
        {
            format!("is no type of JSON Schema; expected {}", list(&TYPES))
        }
        ValidationErrorKind::Custom { .. } => "is of no kind that this keyword takes".to_owned(),
        kind => format!("is not a schema: {}", detail(kind)),
    };
    Finding {
        pointer: error.instance_path().to_string(),
        message,
    }
}

/// The names of types (JSON Schema 2020-12 validation, section 6.1.1).
const TYPES: [&str; 7] = [
    "null", "boolean", "object", "array", "number", "string", "integer",
];

fn detail(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::AdditionalItems { limit } => {
            format!("must have at most {}", counted(limit, "element"))
        }
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            UNDECLARED_MEMBER.to_owned()
        }
        Kind::UnevaluatedItems { .. } => UNDECLARED_ELEMENT.to_owned(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            "must be as one of the alternatives".to_owned()
        }
        Kind::OneOfMultipleValid { .. } => {
            "must be as one of the alternatives alone, and is as several".to_owned()
        }
        Kind::Constant { .. } => "must be the one value that is declared".to_owned(),
        Kind::Contains => {
            "has too few or too many elements of the kind that is asked for".to_owned()
        }
        Kind::ContentEncoding { content_encoding } => {
            format!("must be encoded as {content_encoding}")
        }
        Kind::ContentMediaType { content_media_type } => format!("must be {content_media_type}"),
        Kind::FromUtf8 { .. } => "must be UTF-8 when decoded".to_owned(),
        Kind::Enum { .. } => "must be one of the values that are declared".to_owned(),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MaxItems { limit } => format!("must have at most {}", counted(limit, "element")),
        Kind::MinItems { limit } => format!("must have at least {}", counted(limit, "element")),
        Kind::MaxLength { limit } => {
            format!("must be at most {} long", counted(limit, "character"))
        }
        Kind::MinLength { limit } => {
            format!("must be at least {} long", counted(limit, "character"))
        }
        Kind::MaxProperties { limit } => format!("must have at most {}", counted(limit, "member")),
        Kind::MinProperties { limit } => format!("must have at least {}", counted(limit, "member")),
        Kind::FalseSchema => "must not be there".to_owned(),
        Kind::Format { format } => format!("must be of the format {format}"),
        Kind::Not { .. } => "must not be as the contract forbids it".to_owned(),
        Kind::Pattern { pattern } => format!("must match {pattern}"),
        Kind::PropertyNames { .. } => "has a member whose name is not allowed".to_owned(),
        Kind::Required { property } => format!("must have the member {property}"),
        Kind::Type {
            kind: TypeKind::Single(kind),
        } => format!("must be of type {kind}"),
        Kind::Type {
            kind: TypeKind::Multiple(kinds),
        } => {
            let names: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
            format!("must be of type {}", names.join(" or "))
        }
        Kind::UniqueItems => "must not have an element twice".to_owned(),
        Kind::BacktrackLimitExceeded { .. }
        | Kind::RegexEngineFailure { .. }
        | Kind::Custom { .. }
        | Kind::Referencing(_) => "does not meet the contract".to_owned(),
    }
}

/// So many of something.
fn counted(number: impl Display, noun: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
