//! YAML 1.2 text, read without the surprises of YAML 1.1. JSON is a subset of it.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Options;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Counted from 1; 0 where the parser cannot tell.
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) message: String,
}

/// Reads the one document of a text.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, SyntaxError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| SyntaxError::of(&error))
}

/// Reads the one document of a text that may be large, such as a contract.
pub(crate) fn read_large(text: &str) -> Result<Value, SyntaxError> {
    let mut options = options();
    // The limits are for texts of strangers: published contracts have a million nodes. Those on
    // aliases stay.
    options.budget = None;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| SyntaxError::of(&error))
}

/// Reads every document of a text; empty ones are left out.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, SyntaxError> {
    serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| SyntaxError::of(&error))
}

fn options() -> Options {
    serde_saphyr::options! {
        // `no` and `on` are text, as in YAML 1.2 and in the parsers of Envoy and Kubernetes' JSON.
        strict_booleans: true,
        with_snippet: false,
    }
}

impl SyntaxError {
    fn of(error: &serde_saphyr::Error) -> Self {
        let (line, column) = error
            .location()
            .map_or((0, 0), |at| (at.line(), at.column()));
        let text = error.to_string();
        // The place is told apart, in the form that editors understand.
        let place = format!(" at line {line}, column {column}");
        let message = text.split(&place).next().unwrap_or(&text).to_owned();
        Self {
            line,
            column,
            message,
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            message,
        } = self;
        write!(f, "{message} at line {line} column {column}")
    }
}
