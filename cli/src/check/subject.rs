//! Which filter a policy is for: the document itself does not say it.

use std::fs;
use std::path::{Component, Path};

use kit::bundle::Bundle;
use kit::filter::Registration;
use kit::policy::{Document, Findings, did_you_mean};

use crate::contract;
use crate::registry::{self, ALL_FILTERS};

/// What reads a policy.
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    One(Registration),
    /// The module that holds every filter.
    All,
}

impl Subject {
    /// The filter of this name, or the module that holds all of them.
    pub(crate) fn named(name: &str, filters: &[Registration]) -> Result<Self, String> {
        if name == ALL_FILTERS {
            return Ok(Self::All);
        }
        registry::find(filters, name).map(Self::One)
    }

    /// The filter whose folder or `$schema` a policy file is under.
    pub(crate) fn of_file(
        path: &Path,
        document: &serde_json::Value,
        filters: &[Registration],
    ) -> Option<Self> {
        let schema = document.get("$schema").and_then(serde_json::Value::as_str);
        let by_schema = || schema?.strip_suffix("/schema.json")?.rsplit('/').next();
        by_schema()
            .and_then(|name| Self::named(name, filters).ok())
            .or_else(|| Self::of_folder(path, filters))
    }

    /// The filter whose module a manifest names. A name that is only nearly that of a filter is an
    /// error, because otherwise a policy would go unchecked for a slip of the pen.
    pub(crate) fn of_plugin(
        names: &[&str],
        filters: &[Registration],
    ) -> Result<Option<Self>, String> {
        let known: Vec<&str> = filters
            .iter()
            .map(|filter| filter.name)
            .chain([ALL_FILTERS])
            .collect();
        for name in names {
            let module = module_name(name);
            let versioned = |known: &str| {
                let rest = module
                    .strip_prefix(known)
                    .and_then(|rest| rest.strip_prefix('-'));
                rest.is_some_and(|rest| rest.starts_with(|c: char| c == 'v' || c.is_ascii_digit()))
            };
            let meant = known
                .iter()
                .find(|known| module == **known || versioned(known));
            if let Some(meant) = meant {
                return Self::named(meant, filters).map(Some);
            }
        }
        for name in names {
            let module = module_name(name);
            let hint = did_you_mean(module, known.iter().copied());
            if !hint.is_empty() {
                return Err(format!("`{module}` is not a filter of this build{hint}"));
            }
        }
        Ok(None)
    }

    /// Checks a policy.
    pub(crate) fn load(
        self,
        document: Document,
        filters: &[Registration],
    ) -> Result<Bundle, Findings> {
        match self {
            Self::One(filter) => Bundle::of_one(document, filter),
            Self::All => Bundle::of_many(&document, filters),
        }
    }

    /// Where in its configuration the policy stands that has contracts, if there is one.
    pub(crate) fn policy_with_contracts(self) -> Option<&'static str> {
        match self {
            Self::One(filter) => (filter.name == contract::FILTER).then_some(""),
            Self::All => Some(contract::IN_BUNDLE),
        }
    }

    fn of_folder(path: &Path, filters: &[Registration]) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        let folders: Vec<&str> = path
            .parent()?
            .components()
            .filter_map(|component| match component {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        folders.windows(2).rev().find_map(|pair| match pair {
            ["policies", name] => Self::named(name, filters).ok(),
            _ => None,
        })
    }
}

/// `version-negotiation` of `oci://registry/treaty/version-negotiation.wasm:1.2@sha256:…`.
fn module_name(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    let file = file.split(['@', ':', '?']).next().unwrap_or(file);
    file.strip_suffix(".wasm").unwrap_or(file)
}
