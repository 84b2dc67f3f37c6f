//! The shape of the whole document.

use kit::filter::Form;
use kit::object_value;
use kit::policy::value::{Name, ProblemBase};
use kit::policy::{Mode, RuleEntry, Rules, Runtimes, Service, ServiceSettings};

use super::contract::ContractEntry;
use super::settings::Settings;

/// Which requests and responses are held to which contract.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename_all = "camelCase",
        deny_unknown_fields,
        title = "contract-validation policy"
    )
)]
pub(super) struct PolicyDocument {
    /// The schema that an editor completes by.
    #[cfg_attr(feature = "schema", schemars(rename = "$schema"))]
    #[expect(dead_code, reason = "Editors read it.")]
    schema: Option<String>,
    /// The format of the document: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    #[expect(dead_code, reason = "It is checked before the document is read.")]
    version: u8,
    /// The revision of the policy, by which the audit tells it from others.
    #[expect(dead_code, reason = "The audit reads it.")]
    revision: Option<String>,
    /// How far the policy is in force. In `report` messages are checked, what would have been
    /// refused or repaired is counted, and everything passes as it is.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) mode: Mode,
    /// Whether a message waits until its content is checked (`held`), or its head goes on at once
    /// and the content waits alone (`streamed`); `held` without it.
    form: Option<Form>,
    /// The services behind the mesh.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) services: Vec<Service>,
    /// The names of services, or of rules without one, whose exchanges the filter leaves alone,
    /// whatever the rules say: `treaty off` and `treaty on` write them.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) off: Vec<Name>,
    /// Where the type URIs of problems begin.
    pub(super) problem_base: Option<ProblemBase>,
    /// What services published. Every one must be used by a rule.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(super) contracts: Vec<ContractEntry>,
    /// Settings of every rule.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) defaults: Settings,
    /// Settings by the runtime of a rule's service; they override `defaults` field by field.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) runtimes: Runtimes<Settings>,
    /// Settings by the name of a rule's service; they override `runtimes` field by field.
    #[cfg_attr(feature = "schema", schemars(default))]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Settings>")
    )]
    pub(super) service_settings: ServiceSettings<Settings>,
    /// The rules, of which the first that matches counts.
    pub(super) rules: Vec<RuleEntry<Settings>>,
}

object_value!(PolicyDocument {
    schema: optional "$schema",
    version: required "version",
    revision: optional "revision",
    mode: defaulted "mode",
    form: optional "form",
    services: list "services",
    off: list "off",
    problem_base: optional "problemBase",
    contracts: required_list "contracts",
    defaults: defaulted "defaults",
    runtimes: defaulted "runtimes",
    service_settings: defaulted "serviceSettings",
    rules: required_list "rules",
});

impl PolicyDocument {
    /// How contents are waited for.
    pub(super) fn form(&self) -> Form {
        self.form.unwrap_or(Form::Held)
    }

    /// The rules with their layers.
    pub(super) fn scope(&self) -> Rules<'_, Settings> {
        Rules {
            services: &self.services,
            off: &self.off,
            defaults: &self.defaults,
            runtimes: &self.runtimes,
            service_settings: &self.service_settings,
            rules: &self.rules,
        }
    }
}
