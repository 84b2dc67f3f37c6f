//! What `treaty check` found, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use kit::policy::Findings;
use serde_json::{Value, json};

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFinding {
    /// The file, as it was named or found.
    pub file: PathBuf,
    /// Where the policy stands in its file, as a JSON Pointer (with the number of the document
    /// where the file holds several); empty where the policy is the file.
    pub within: String,
    /// Where in the policy, or in a manifest that is itself at fault, as a JSON Pointer.
    pub pointer: String,
    /// What is wrong and what was expected, as a sentence without a full stop.
    pub message: String,
}

impl FileFinding {
    /// A mistake.
    pub fn new(
        file: &Path,
        within: impl Into<String>,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: file.to_owned(),
            within: within.into(),
            pointer: pointer.into(),
            message: message.into(),
        }
    }

    /// The mistakes of a policy that stands in a file.
    pub(crate) fn all(file: &Path, within: &str, found: Findings) -> Vec<Self> {
        let placed = |finding: kit::policy::Finding| {
            Self::new(file, within, finding.pointer, finding.message)
        };
        found.0.into_iter().map(placed).collect()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "file": self.file,
            "within": self.within,
            "pointer": self.pointer,
            "message": self.message,
        })
    }
}

/// `file:pointer: message (in …)`.
impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if !self.pointer.is_empty() {
            write!(f, "{}:", self.pointer)?;
        }
        write!(f, " {}", self.message)?;
        if !self.within.is_empty() {
            write!(f, " (in {})", self.within)?;
        }
        Ok(())
    }
}
