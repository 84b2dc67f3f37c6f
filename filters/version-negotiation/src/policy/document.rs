//! The shape of the whole document.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kit::matching::Match;
use kit::object_value;
use kit::policy::value::{Members, Name, Uri};
use kit::policy::{Findings, Mode, Runtime, Service};

use super::settings::Settings;

/// Which versions of which APIs exist, where requests name them, and who gets which.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename_all = "camelCase",
        deny_unknown_fields,
        title = "version-negotiation policy"
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
    /// How far the policy is in force.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) mode: Mode,
    /// The services behind the mesh.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) services: Vec<Service>,
    /// Whether the hop before is a Treaty filter whose `x-treaty-version`, `x-treaty-variant` and
    /// `x-treaty-flags` count. Without it they are removed from what a client sends.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) trust_previous_hop: bool,
    /// Where the type URIs of problems begin.
    pub(super) problem_base: Option<Uri>,
    /// Settings of every rule.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) defaults: Settings,
    /// Settings by the runtime of a rule's service; they override `defaults` field by field.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) runtimes: Runtimes,
    /// Settings by the name of a rule's service; they override `runtimes` field by field.
    #[cfg_attr(feature = "schema", schemars(default))]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "std::collections::BTreeMap<String, Settings>")
    )]
    pub(super) service_settings: ServiceSettings,
    /// The rules, of which the first that matches counts.
    pub(super) rules: Vec<RuleDocument>,
}

object_value!(PolicyDocument {
    schema: optional "$schema",
    version: required "version",
    revision: optional "revision",
    mode: defaulted "mode",
    services: list "services",
    trust_previous_hop: defaulted "trustPreviousHop",
    problem_base: optional "problemBase",
    defaults: defaulted "defaults",
    runtimes: defaulted "runtimes",
    service_settings: defaulted "serviceSettings",
    rules: required_list "rules",
});

/// Settings by runtime.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct Runtimes {
    /// Services in Go.
    go: Option<Settings>,
    /// Services in Rust.
    rust: Option<Settings>,
    /// Services in anything else.
    other: Option<Settings>,
}

object_value!(Runtimes {
    go: optional "go",
    rust: optional "rust",
    other: optional "other",
});

/// Which requests are held to which settings.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(super) struct RuleDocument {
    /// The name of the rule.
    pub(super) name: Name,
    /// How far the rule is in force; without it, as far as the policy.
    pub(super) mode: Option<Mode>,
    /// The name of the service that it is for.
    pub(super) service: Option<Name>,
    /// Which requests it is for; without it, those for the hosts of the service.
    #[cfg_attr(feature = "schema", schemars(rename = "match"))]
    pub(super) matches: Option<Match>,
    /// Settings of this rule; they override all others field by field.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) settings: Settings,
}

object_value!(RuleDocument {
    name: required "name",
    mode: optional "mode",
    service: optional "service",
    matches: optional "match",
    settings: defaulted "settings",
});

/// Settings by the name of a service.
#[derive(Debug, Default)]
pub(super) struct ServiceSettings(pub(super) Vec<(String, Settings)>);

impl Deserr<Findings> for ServiceSettings {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let members = Members::open(value, location)?;
        members.all().map(Self)
    }
}

impl ServiceSettings {
    /// The settings of a service.
    pub(super) fn of(&self, service: &str) -> Option<&Settings> {
        let mut all = self.0.iter();
        all.find(|(name, _)| name == service)
            .map(|(_, settings)| settings)
    }
}

impl Runtimes {
    /// The settings of a runtime, with the name under which they stand.
    pub(super) fn of(&self, runtime: Runtime) -> Option<(&'static str, &Settings)> {
        let (name, settings) = match runtime {
            Runtime::Go => ("go", &self.go),
            Runtime::Rust => ("rust", &self.rust),
            Runtime::Other => ("other", &self.other),
        };
        settings.as_ref().map(|settings| (name, settings))
    }
}
