//! What must not stand in anything that the filter writes.

use std::str::FromStr;

use kit::policy::{Findings, child};
use kit::{object_value, string_value};

use super::step::{KindName, check_kinds};
use crate::personal::Kinds;

/// What must not stand in anything that the filter writes.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PersonalData", rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct PersonalDataEntry {
    /// The kinds that are looked for in every value and masked; all without it. An empty list looks
    /// for nothing.
    kinds: Option<Vec<KindName>>,
    /// Query parameters whose values are taken out of targets, beside those that everybody takes
    /// for secrets.
    #[cfg_attr(feature = "schema", schemars(default))]
    query_parameters: Vec<ParameterName>,
}

object_value!(PersonalDataEntry {
    kinds: optional_list "kinds",
    query_parameters: list "queryParameters",
});

impl PersonalDataEntry {
    /// The kinds that are looked for.
    pub(super) fn check(&self, findings: &mut Findings) -> Kinds {
        match self.kinds.as_deref() {
            Some([]) => Kinds::default(),
            kinds => check_kinds(kinds, &child("/personalData", "kinds"), findings),
        }
    }

    /// The names of the query parameters.
    pub(super) fn query_parameters(&self) -> impl Iterator<Item = &str> {
        self.query_parameters.iter().map(|name| name.0.as_str())
    }
}

/// The name of a query parameter.
#[derive(Debug)]
struct ParameterName(String);

impl FromStr for ParameterName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 128 {
            return Err("expected the name of a query parameter".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(ParameterName, {
    "type": "string",
    "description": "The name of a query parameter, decoded; case does not count.",
    "minLength": 1,
    "maxLength": 128
});
