//! Schemas, and the one door to the engine that checks values against them.
//!
//! The engine is the crate `jsonschema` as `engine` cuts it. It walks a [`Tape`], not a
//! `serde_json::Value`, because reading is what costs.
//!
//! - Patterns take linear time, whatever they are; look-around, back-references and `\p{...}` are
//!   refused at load.
//! - Formats are asserted where the dialect defines them, and so are `int32` and `int64` of
//!   `OpenAPI`. Others are annotations, `float` and `double` among them: every number of JSON is
//!   read as one. Without Unicode tables, `idn-hostname` and `idn-email` are annotations too.
//! - `contentEncoding` and `contentMediaType` are asserted in drafts 6 and 7 alone; from 2019-09 on
//!   they are annotations (JSON Schema 2020-12 validation, section 8.2).

mod dialect;
mod violation;

use engine::{Draft, Validator};
use kit::policy::Finding;
use serde_json::Value;
use tape::{At, OnTape};

use crate::violation::Violation;

pub use dialect::Dialect;
pub use tape::{Tape, Unreadable};

/// A schema that was compiled.
#[derive(Debug)]
pub struct Schema(Validator<OnTape>);

impl Schema {
    /// Compiles a schema. What its `$ref`s name must be in it.
    ///
    /// # Errors
    /// The first mistake, with a pointer into the schema.
    pub fn compile(schema: &Value, dialect: Dialect) -> Result<Self, Finding> {
        engine::options_for::<OnTape>()
            .with_draft(dialect.into())
            .should_validate_formats(true)
            .offline()
            .build(schema)
            .map(Self)
            .map_err(|error| violation::finding(&error))
    }

    /// Whether a value meets the schema.
    pub fn is_met(&self, value: &Tape<'_>) -> bool {
        self.0.is_valid(At::root(value))
    }

    /// What of a value does not meet the schema: none where it does, and at most `cap`, or
    /// [`engine::MAX_ERRORS`] and a few where that is less.
    pub fn check(&self, value: &Tape<'_>, cap: usize) -> Vec<Violation> {
        // Most values are valid, and to say so is cheaper than to look for errors.
        if self.is_met(value) {
            return Vec::new();
        }
        self.0
            .iter_errors(At::root(value))
            .take(cap)
            .map(|error| violation::violation(&error))
            .collect()
    }
}

/// A compiled schema, and its text for checks that are no matter of schemas.
#[derive(Debug)]
pub struct Compiled {
    /// The schema.
    pub schema: Schema,
    /// What it was compiled from; it needs nothing around it.
    pub source: Value,
}

impl Compiled {
    /// Compiles a schema whose dialect is what its `$schema` says, and 2020-12 without it.
    ///
    /// # Errors
    /// The first mistake, with a pointer into the schema.
    pub fn of(source: &Value) -> Result<Self, Finding> {
        let declared = source.get("$schema").and_then(Value::as_str);
        let dialect = declared.map_or(Some(Dialect::default()), Dialect::identified);
        let Some(dialect) = dialect else {
            return Err(Finding {
                pointer: "/$schema".to_owned(),
                message:
                    "is no known dialect; expected JSON Schema draft 4, 6, 7, 2019-09 or 2020-12"
                        .to_owned(),
            });
        };
        Ok(Self {
            schema: Schema::compile(source, dialect)?,
            source: source.clone(),
        })
    }
}

impl From<Dialect> for Draft {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Draft4 => Self::Draft4,
            Dialect::Draft6 => Self::Draft6,
            Dialect::Draft7 => Self::Draft7,
            Dialect::Draft2019 => Self::Draft201909,
            Dialect::Draft2020 => Self::Draft202012,
        }
    }
}

#[cfg(test)]
mod tests;
