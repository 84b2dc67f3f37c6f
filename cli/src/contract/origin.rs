//! Where the parts of a policy that was put together came from.

use std::path::{Path, PathBuf};

use kit::policy::{Finding, Findings};

use crate::check::FileFinding;

/// Where the parts of a configuration came from. What is not named stood in its own file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins(pub(super) Vec<Origin>);

/// One part that stood in another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// Where it is now, as a JSON Pointer.
    pub(super) pointer: String,
    /// The file that it came from, as somebody would name it.
    pub(super) file: PathBuf,
    /// Where it stood there, as a JSON Pointer.
    pub(super) there: String,
}

impl Origins {
    /// Findings in the configuration, each where it can be mended. The configuration itself stands
    /// in `file`, at `within`.
    pub(crate) fn place(&self, file: &Path, within: &str, findings: Findings) -> Vec<FileFinding> {
        let place = |finding: Finding| match self.innermost(&finding.pointer) {
            Some((origin, rest)) => {
                let pointer = format!("{}{rest}", origin.there);
                FileFinding::new(&origin.file, "", pointer, finding.message)
            }
            None => FileFinding::new(file, within, finding.pointer, finding.message),
        };
        findings.0.into_iter().map(place).collect()
    }

    /// The smallest part around a place, and the rest of the way to it.
    fn innermost<'a>(&self, pointer: &'a str) -> Option<(&Origin, &'a str)> {
        let around = self.0.iter().filter_map(|origin| {
            let rest = pointer.strip_prefix(&origin.pointer)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((origin, rest))
        });
        around.min_by_key(|(_, rest)| rest.len())
    }
}
