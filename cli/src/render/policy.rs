//! A policy on its way into a proxy's configuration or a manifest.

use std::fs;
use std::path::{Path, PathBuf};

use kit::filter::Form;
use kit::policy::{Document, Findings};
use serde_json::Value;

use super::layout::lay_out;
use super::member::with_member;
use crate::bundle::{self, Target};
use crate::check::{FileFinding, Subject};
use crate::registry::{self, FILTERS};
use crate::yaml;

/// A policy with the filter that reads it. It has not been held to the filter's rules yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    filter: &'static str,
    text: String,
    file: Option<PathBuf>,
}

impl Policy {
    /// Reads a policy from a file. Its filter is that of its folder or of its `$schema`, as
    /// `treaty check` finds it. Contracts that stand in files are put in place.
    ///
    /// # Errors
    /// A file that cannot be read, one whose filter nobody says, and every mistake in the contracts
    /// that it names.
    pub fn read(path: &Path) -> Result<Self, Vec<FileFinding>> {
        let fault = |message: String| FileFinding::all(path, "", Findings::one("", message));
        let text = fs::read(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let text = String::from_utf8(text).map_err(|_| fault("is not UTF-8".to_owned()))?;
        let is_json = path.extension().is_none_or(|ending| ending == "json");
        let text = if is_json {
            text
        } else {
            let value = yaml::read_large(&text).map_err(|e| fault(format!("is not YAML: {e}")))?;
            lay_out(&value)
        };
        let document = Document::parse(text.as_bytes())
            .map_err(|findings| FileFinding::all(path, "", findings))?;
        let filter = match Subject::of_file(path, document.value(), FILTERS) {
            Some(Subject::One(filter)) => filter.name,
            Some(Subject::All) => {
                let message = "holds several policies; name each of them, and say --bundle";
                return Err(fault(message.to_owned()));
            }
            None => {
                let message = "is no policy whose filter is known; it stands in \
                               policies/<filter>/ or names its filter's schema.json as `$schema`";
                return Err(fault(message.to_owned()));
            }
        };
        let text = if names_files(document.value()) {
            bundle::bundle(path, false, Target::File)?.text
        } else {
            text
        };
        Ok(Self {
            filter,
            text,
            file: Some(path.to_owned()),
        })
    }

    /// A policy that stands in no file.
    ///
    /// # Errors
    /// A name that no filter has, and text that is not JSON.
    pub fn new(filter: &str, text: &str) -> Result<Self, Vec<FileFinding>> {
        let fault = |findings| FileFinding::all(Path::new(filter), "", findings);
        let filter = registry::find(FILTERS, filter)
            .map_err(|message| fault(Findings::one("", message)))?
            .name;
        Document::parse(text.as_bytes()).map_err(fault)?;
        Ok(Self {
            filter,
            text: text.to_owned(),
            file: None,
        })
    }

    /// The filter that reads it.
    pub fn filter(&self) -> &'static str {
        self.filter
    }

    /// Its text: JSON.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file that it was read from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The same in a form, held to its filter's rules; as it is where the filter has no forms. The
    /// rest of its text stays octet for octet.
    ///
    /// # Errors
    /// Every mistake, and what this form cannot honour.
    pub fn in_form(&self, form: Form) -> Result<Self, Vec<FileFinding>> {
        let found = |findings| FileFinding::all(&self.place(), "", findings);
        // Where a policy need not say its form, it is held without a word.
        let is_so = form == Form::Held && self.value().get("form").is_none();
        if !knows_form(self.filter) || (is_so && self.load().is_ok()) {
            self.load().map_err(found)?;
            return Ok(self.clone());
        }
        let name = match form {
            Form::Held => "held",
            Form::Streamed => "streamed",
        };
        let text = with_member(&self.text, "form", &name.into()).unwrap_or_default();
        let formed = Self {
            text,
            ..self.clone()
        };
        match formed.load() {
            Ok(()) => Ok(formed),
            Err(findings) if self.load().is_err() => Err(found(findings)),
            // The policy is good, but not for what is to carry it.
            Err(mut findings) => {
                for finding in &mut findings.0 {
                    finding.message =
                        format!("{} (rendered in the form \"{name}\")", finding.message);
                }
                Err(found(findings))
            }
        }
    }

    /// What it is called where fault is found with it.
    pub(super) fn place(&self) -> PathBuf {
        self.file
            .clone()
            .unwrap_or_else(|| PathBuf::from(self.filter))
    }

    /// The parsed text.
    pub(super) fn value(&self) -> Value {
        Document::parse(self.text.as_bytes())
            .map(|document| document.value().clone())
            .unwrap_or_default()
    }

    fn load(&self) -> Result<(), Findings> {
        let filter =
            registry::find(FILTERS, self.filter).map_err(|message| Findings::one("", message))?;
        let document = Document::parse(self.text.as_bytes())?;
        (filter.load)(&document).map(|_| ())
    }
}

/// Whether policies of this filter say in which form contents are waited for.
pub(super) fn knows_form(filter: &str) -> bool {
    [
        "error-translation",
        "contract-validation",
        "idempotency-keys",
    ]
    .contains(&filter)
}

fn names_files(policy: &Value) -> bool {
    let contracts = policy.get("contracts").and_then(Value::as_array);
    contracts
        .into_iter()
        .flatten()
        .any(|own| own.get("contractFile").is_some())
}
