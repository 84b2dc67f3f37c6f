//! `treaty test`: runs cases natively and tells which failed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kit::filter::Registration;
use serde_json::json;

use crate::case::{CaseErrors, CaseFile, Mismatch};
use crate::format::Format;
use crate::{native, walk};

/// What became of the cases.
#[derive(Debug, Default)]
pub struct Results {
    /// How many cases are as expected.
    pub passed: usize,
    /// Those that are not.
    pub failures: Vec<Failure>,
    /// Files that hold no cases that could be run. Each counts as one failure.
    pub broken: Vec<CaseErrors>,
}

/// A case that is not as expected.
#[derive(Debug)]
pub struct Failure {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line in which the case begins.
    pub line: u64,
    /// The name of the case.
    pub case: String,
    /// What differs; never nothing.
    pub mismatches: Vec<Mismatch>,
}

/// Runs every case at or below the paths.
///
/// # Errors
/// A path that cannot be read or below which there is no case.
pub fn test(paths: &[PathBuf], filters: &[Registration]) -> Result<Results, String> {
    let mut results = Results::default();
    for path in paths {
        let files = walk::files(path, &|_| false)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if files.is_empty() {
            return Err(format!("{}: no case here", path.display()));
        }
        for file in files {
            results.run(&file, filters);
        }
    }
    Ok(results)
}

impl Results {
    /// Whether everything is as expected.
    pub fn is_fine(&self) -> bool {
        self.failures.is_empty() && self.broken.is_empty()
    }

    /// Tells the results.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Human => self.write_for_humans(out),
            Format::Json => writeln!(out, "{}", self.to_json()),
        }
    }

    fn run(&mut self, file: &Path, filters: &[Registration]) {
        let cases = match CaseFile::load(file) {
            Ok(file) => file.cases,
            Err(errors) => return self.broken.push(errors),
        };
        for case in cases {
            let mismatches = native::check(&case, filters);
            if mismatches.is_empty() {
                self.passed += 1;
            } else {
                self.failures.push(Failure {
                    file: case.file,
                    line: case.line,
                    case: case.name,
                    mismatches,
                });
            }
        }
    }

    fn failed(&self) -> usize {
        self.failures.len() + self.broken.len()
    }

    fn write_for_humans(&self, out: &mut dyn Write) -> io::Result<()> {
        for errors in &self.broken {
            writeln!(out, "{errors}")?;
        }
        for failure in &self.failures {
            for mismatch in &failure.mismatches {
                let (file, line) = (failure.file.display(), failure.line);
                writeln!(out, "{file}:{line} · {} · {mismatch}", failure.case)?;
            }
        }
        writeln!(out, "{} passed, {} failed", self.passed, self.failed())
    }

    fn to_json(&self) -> serde_json::Value {
        let broken =
            self.broken.iter().flat_map(|errors| &errors.0).map(
                |error| json!({"file": error.file, "line": error.line, "message": error.message}),
            );
        let failures = self.failures.iter().map(|failure| {
            let mismatches = failure.mismatches.iter().map(|mismatch| {
                json!({
                    "what": mismatch.what,
                    "expected": mismatch.expected,
                    "got": mismatch.got,
                })
            });
            json!({
                "file": failure.file,
                "line": failure.line,
                "case": failure.case,
                "mismatches": mismatches.collect::<Vec<_>>(),
            })
        });
        json!({
            "passed": self.passed,
            "failed": self.failed(),
            "failures": failures.collect::<Vec<_>>(),
            "errors": broken.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::FILTERS;

    fn results(name: &str) -> Results {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .join(name);
        test(&[path], FILTERS).unwrap()
    }

    fn written(results: &Results, format: Format) -> String {
        let mut out = Vec::new();
        results.write(format, &mut out).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let text = String::from_utf8(out).unwrap();
        text.replace(&format!("{}/", folder.display()), "")
    }

    #[test]
    fn cases_that_pass_are_counted() {
        let results = results("policies/sample/cases");
        assert!(results.is_fine());
        assert_eq!(written(&results, Format::Human), "1 passed, 0 failed\n");
    }

    #[test]
    fn every_failure_is_told_in_either_format() {
        let results = results("failing.yaml");
        assert!(!results.is_fine());
        assert_eq!(
            written(&results, Format::Human),
            "failing.yaml:4 · two things are wrong · upstream path: expected \"/b\", got \"/a\"\n\
             failing.yaml:4 · two things are wrong · response status: expected 404, got 200\n\
             0 passed, 1 failed\n"
        );
        let json: serde_json::Value =
            serde_json::from_str(&written(&results, Format::Json)).unwrap();
        assert_eq!(json["failed"], 1);
        assert_eq!(json["failures"][0]["mismatches"][1]["got"], "200");
    }
}
