//! What a case runs: one filter with its policy, or several as a bundle.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use kit::policy::{Document, Environment, FORMAT, Findings};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Value, json};

use crate::{contract, yaml};

/// What a case runs. Policies are parsed but not yet held to their filters' rules.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// One filter.
    Filter {
        /// Its name.
        name: String,
        /// Its policy.
        policy: Document,
    },
    /// Several filters: the configuration of the module that holds all of them.
    Bundle(Document),
}

impl Subject {
    /// The configuration that the module gets.
    pub fn configuration(&self) -> &Document {
        match self {
            Self::Filter { policy, .. } | Self::Bundle(policy) => policy,
        }
    }

    /// The same, with secrets from this environment.
    pub(super) fn in_environment(self, environment: Environment) -> Self {
        match self {
            Self::Filter { name, policy } => Self::Filter {
                name,
                policy: policy.with_environment(environment),
            },
            Self::Bundle(policies) => Self::Bundle(policies.with_environment(environment)),
        }
    }

    /// The same with its policy in another form; `None` for a bundle, whose policies each say it.
    pub(super) fn in_form(&self, form: &str) -> Option<Self> {
        let Self::Filter { name, policy } = self else {
            return None;
        };
        let mut policy = policy.value().clone();
        policy
            .as_object_mut()?
            .insert("form".to_owned(), form.into());
        Some(Self::Filter {
            name: name.clone(),
            policy: Document::from_value(policy)
                .with_environment(self.configuration().environment().clone()),
        })
    }

    /// Whether any policy says that heads are held.
    pub fn holds_heads(&self) -> bool {
        let is_held = |policy: &Value| policy.get("form") == Some(&json!("held"));
        let configuration = self.configuration().value();
        let members = configuration.get("filters").and_then(Value::as_object);
        is_held(configuration)
            || members
                .into_iter()
                .flatten()
                .any(|(_, policy)| is_held(policy))
    }

    pub(super) fn bundle(policies: &BTreeMap<String, Document>) -> Self {
        let filters: serde_json::Map<String, Value> = policies
            .iter()
            .map(|(name, policy)| (name.clone(), policy.value().clone()))
            .collect();
        Self::Bundle(Document::from_value(
            json!({"version": FORMAT, "filters": filters}),
        ))
    }
}

/// A policy as a case file gives it.
pub(super) enum Source {
    /// A path relative to the case file.
    File(PathBuf),
    Inline(Value),
}

impl Source {
    /// Reads the policy of a filter, for a case file. Its numbers go the way of a policy in a file,
    /// so that `1.0` is 1. Contracts in files of their own are put in place.
    pub(super) fn read(&self, filter: &str, case_file: &Path) -> Result<Document, String> {
        let (file, document) = match self {
            Self::Inline(value) => (case_file.to_owned(), inline("policy", value)?),
            Self::File(path) => {
                let path = case_file.parent().unwrap_or(Path::new("")).join(path);
                let document = Self::read_file(&path)?;
                (path, document)
            }
        };
        if filter != contract::FILTER {
            return Ok(document);
        }
        let mut value = document.value().clone();
        contract::put_in_place(&mut value, "", &file, "").map_err(|findings| {
            let sentences: Vec<String> = findings.iter().map(ToString::to_string).collect();
            sentences.join("; ")
        })?;
        Ok(Document::from_value(value))
    }

    fn read_file(path: &Path) -> Result<Document, String> {
        let name = format!("policy {}", path.display());
        let text = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        if path.extension().is_some_and(|ending| ending == "json") {
            return Document::parse(&text).map_err(|findings| worded(&name, &findings));
        }
        let text = String::from_utf8_lossy(&text);
        let value: Value =
            yaml::read(&text).map_err(|error| format!("{name}: is not YAML: {error}"))?;
        inline(&name, &value)
    }
}

fn inline(name: &str, policy: &Value) -> Result<Document, String> {
    Document::parse(policy.to_string().as_bytes()).map_err(|findings| worded(name, &findings))
}

fn worded(what: &str, findings: &Findings) -> String {
    let sentences: Vec<String> = findings.0.iter().map(ToString::to_string).collect();
    format!("{what}: {}", sentences.join("; "))
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of a policy, or a policy")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Source, E> {
        Ok(Source::File(path.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Source::Inline)
    }
}
