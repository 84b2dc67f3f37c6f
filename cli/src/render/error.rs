//! Why nothing is rendered.

use std::fmt;

use crate::check::FileFinding;

/// Why nothing is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenderError {
    /// Options that contradict each other, as a sentence.
    Options(String),
    /// Mistakes in the policies.
    Policies(Vec<FileFinding>),
}

impl RenderError {
    pub(super) fn options(message: impl Into<String>) -> Self {
        Self::Options(message.into())
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(message) => f.write_str(message),
            Self::Policies(findings) => {
                let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

impl std::error::Error for RenderError {}
