//! Where the policies of a file stand, as `treaty check` finds them.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use kit::bundle::Bundle;
use kit::filter::Registration;
use kit::policy::{Document, Findings, child};
use serde_json::Value;

use crate::check::FileFinding;
use crate::check::Subject;
use crate::check::manifest::{Configuration, plugins};
use crate::{contract, yaml};

/// Why there is nothing to do in a file.
pub(crate) const NO_POLICY: &str =
    "no policy here of the filter, or none that says whose it is; --filter says it";

/// One filter's policy in one of the documents of a file.
#[derive(Clone)]
pub(crate) struct Place {
    document: usize,
    /// The configuration that holds the policy.
    configuration: String,
    /// The policy in that configuration; not empty where one module runs several filters.
    below: String,
    /// Whether the configuration is the file's own document.
    is_file: bool,
    subject: Subject,
    pub(crate) filter: &'static str,
}

/// The text of a file; `-` is the standard input.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

/// The documents of a file with this text.
pub(crate) fn documents(file: &Path, text: &str) -> Result<Vec<Value>, String> {
    if file.extension().is_some_and(|ending| ending == "json") {
        let read = serde_json::from_str(text).map(|document| vec![document]);
        return read.map_err(|error| format!("is not JSON: line {}", error.line()));
    }
    yaml::documents(text).map_err(|error| format!("is not YAML: {error}"))
}

/// Every policy in these documents. `named` is the filter of one that does not say it.
pub(crate) fn places(
    path: &Path,
    documents: &[Value],
    named: Option<Subject>,
    filters: &[Registration],
) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let plugins = plugins(document);
        for plugin in &plugins {
            let is_read = matches!(
                plugin.configuration,
                Configuration::Text(_) | Configuration::Structure(_)
            );
            if let (true, Ok(Some(subject))) = (is_read, Subject::of_plugin(&plugin.names, filters))
            {
                let whole = Place::of_document(index, subject);
                let below = Place {
                    configuration: plugin.configuration_pointer.clone(),
                    is_file: false,
                    ..whole
                };
                places.extend(below.each(document, filters));
            }
        }
        let subject = Subject::of_file(path, document, filters).or(named);
        if let (true, Some(subject)) = (plugins.is_empty() && document.is_object(), subject) {
            places.extend(Place::of_document(index, subject).each(document, filters));
        }
    }
    places
}

impl Place {
    /// The whole document, which is the configuration of one filter or of several.
    fn of_document(document: usize, subject: Subject) -> Self {
        Self {
            document,
            configuration: String::new(),
            below: String::new(),
            is_file: true,
            subject,
            filter: "",
        }
    }

    /// The place of each filter that has a policy in this configuration.
    fn each(&self, document: &Value, filters: &[Registration]) -> Vec<Self> {
        let configuration = self.configuration_in(document).unwrap_or_default();
        let place = |filter: &Registration| {
            let below = match self.subject {
                Subject::One(one) if one.name != filter.name => return None,
                Subject::One(_) => String::new(),
                Subject::All => child("/filters", filter.name),
            };
            configuration.pointer(&below)?;
            Some(Self {
                below,
                filter: filter.name,
                ..self.clone()
            })
        };
        filters.iter().filter_map(place).collect()
    }

    /// Where in its file the policy stands, as a JSON Pointer; empty where it is the file.
    pub(crate) fn pointer(&self) -> String {
        format!("{}{}", self.configuration, self.below)
    }

    /// Whether one module runs both policies.
    pub(crate) fn runs_with(&self, other: &Self) -> bool {
        self.document == other.document && self.configuration == other.configuration
    }

    /// The policy; `None` where there is none any more.
    pub(crate) fn policy(&self, documents: &[Value]) -> Option<Value> {
        let configuration = self.configuration_in(documents.get(self.document)?)?;
        configuration.pointer(&self.below).cloned()
    }

    /// Whether these documents are those, but for a policy here that is this one.
    pub(crate) fn is_all_that_differs(
        &self,
        before: &[Value],
        after: &[Value],
        policy: &Value,
    ) -> bool {
        let without = |documents: &[Value]| {
            let mut documents = documents.to_vec();
            let document = documents.get_mut(self.document);
            let held = document.and_then(|document| document.pointer_mut(&self.configuration));
            if let Some(held) = held {
                *held = Value::Null;
            }
            documents
        };
        let expected = || {
            let mut configuration = self.configuration_in(before.get(self.document)?)?;
            *configuration.pointer_mut(&self.below)? = policy.clone();
            Some(configuration)
        };
        let found = || self.configuration_in(after.get(self.document)?);
        without(before) == without(after) && expected().is_some() && expected() == found()
    }

    /// Holds the configuration to the rules of its filters.
    pub(crate) fn check(
        &self,
        path: &Path,
        documents: &[Value],
        filters: &[Registration],
    ) -> Result<Bundle, Vec<FileFinding>> {
        let configuration = self.configuration(path, documents)?;
        self.load(path, Document::from_value(configuration), filters)
    }

    /// The configuration, with the files in place that it names.
    pub(crate) fn configuration(
        &self,
        path: &Path,
        documents: &[Value],
    ) -> Result<Value, Vec<FileFinding>> {
        let held = documents.get(self.document);
        let held = held.and_then(|document| self.configuration_in(document));
        let mut configuration = held.ok_or_else(|| {
            let missing = Findings::one("", "expected a policy");
            FileFinding::all(path, &self.configuration, missing)
        })?;
        if self.is_file
            && let Some(at) = self.subject.policy_with_contracts()
        {
            contract::put_in_place(&mut configuration, at, path, "")?;
        }
        Ok(configuration)
    }

    /// Holds a configuration that stands here to the rules of its filters.
    pub(crate) fn load(
        &self,
        path: &Path,
        configuration: Document,
        filters: &[Registration],
    ) -> Result<Bundle, Vec<FileFinding>> {
        let loaded = self.subject.load(configuration, filters);
        loaded.map_err(|findings| FileFinding::all(path, &self.configuration, findings))
    }

    /// Where in its configuration the policy stands, as a JSON Pointer; not empty where one module
    /// runs several filters.
    pub(crate) fn below(&self) -> &str {
        &self.below
    }

    /// The configuration as the filter reads it.
    fn configuration_in(&self, document: &Value) -> Option<Value> {
        let held = document.pointer(&self.configuration)?;
        let text = match held {
            Value::String(text) => text.clone(),
            structure => structure.to_string(),
        };
        let document = Document::parse(text.as_bytes()).ok()?;
        Some(document.value().clone())
    }
}
