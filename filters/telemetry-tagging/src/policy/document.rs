//! The shape of the whole document.

use kit::object_value;
use kit::policy::key::KeyEntry;
use kit::policy::value::Name;
use kit::policy::{Mode, RuleEntry, Rules, Runtimes, Service, ServiceSettings};

use super::personal::PersonalDataEntry;
use super::settings::Settings;
use super::tag::TagEntry;

/// What traces, access logs and metrics say about exchanges, and what goes on to others.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename_all = "camelCase",
        deny_unknown_fields,
        title = "telemetry-tagging policy"
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
    #[expect(dead_code, reason = "The document itself is asked for it.")]
    revision: Option<String>,
    /// How far the policy is in force. In `report` everything is told and counted, and no request
    /// or response is changed.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) mode: Mode,
    /// The services behind the mesh.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) services: Vec<Service>,
    /// The names of services, or of rules without one, whose exchanges the filter leaves alone,
    /// whatever the rules say: `treaty off` and `treaty on` write them.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) off: Vec<Name>,
    /// The keys of pseudonyms and probes, whose octets come from the environment of the VM.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) keys: Vec<KeyEntry>,
    /// What must not stand in any log, span, metric or header that the filter writes.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) personal_data: PersonalDataEntry,
    /// The tags, of which rules take all or those that their settings name.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) tags: Vec<TagEntry>,
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
    services: list "services",
    off: list "off",
    keys: list "keys",
    personal_data: defaulted "personalData",
    tags: list "tags",
    defaults: defaulted "defaults",
    runtimes: defaulted "runtimes",
    service_settings: defaulted "serviceSettings",
    rules: required_list "rules",
});

impl PolicyDocument {
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
