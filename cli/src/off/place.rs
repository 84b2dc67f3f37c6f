//! Where the policies of a file stand, as `treaty check` finds them.

use std::path::Path;

use kit::bundle::Bundle;
use kit::filter::Registration;
use kit::policy::{Document, Findings, child};
use serde_json::Value;

use crate::check::FileFinding;
use crate::check::Subject;
use crate::check::manifest::{Configuration, plugins};
use crate::contract;

/// One filter's policy in one of the documents of a file.
#[derive(Clone)]
pub(super) struct Place {
    document: usize,
    /// The configuration that holds the policy.
    configuration: String,
    /// The policy in that configuration; not empty where one module runs several filters.
    below: String,
    /// Whether the configuration is the file's own document.
    is_file: bool,
    subject: Subject,
    pub(super) filter: &'static str,
}

/// Every policy in these documents. `named` is the filter of one that does not say it.
pub(super) fn places(
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

    /// The policy; `None` where there is none any more.
    pub(super) fn policy(&self, documents: &[Value]) -> Option<Value> {
        let configuration = self.configuration_in(documents.get(self.document)?)?;
        configuration.pointer(&self.below).cloned()
    }

    /// Whether these documents are those, but for a policy here that is this one.
    pub(super) fn is_all_that_differs(
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
    pub(super) fn check(
        &self,
        path: &Path,
        documents: &[Value],
        filters: &[Registration],
    ) -> Result<Bundle, Vec<FileFinding>> {
        let fault = |findings| FileFinding::all(path, &self.configuration, findings);
        let missing = || fault(Findings::one("", "expected a policy"));
        let document = documents.get(self.document).ok_or_else(missing)?;
        let mut configuration = self.configuration_in(document).ok_or_else(missing)?;
        if self.is_file
            && let Some(at) = self.subject.policy_with_contracts()
        {
            contract::put_in_place(&mut configuration, at, path, "")?;
        }
        let loaded = self
            .subject
            .load(Document::from_value(configuration), filters);
        loaded.map_err(fault)
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
