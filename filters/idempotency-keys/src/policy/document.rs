//! The shape of the whole document.

use kit::filter::Form;
use kit::object_value;
use kit::policy::key::KeyEntry;
use kit::policy::value::{Name, ProblemBase};
use kit::policy::{Mode, RuleEntry, Rules, Runtimes, Service, ServiceSettings};

use super::settings::Settings;
use super::store::StoreEntry;

/// Which requests run once, and what their duplicates get.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename_all = "camelCase",
        deny_unknown_fields,
        title = "idempotency-keys policy"
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
    /// How far the policy is in force. In `report` keys are claimed and answers kept beside the
    /// exchange, what would have been replayed or refused is counted, and everything passes.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) mode: Mode,
    /// Whether a request waits for its content before its key is claimed (`held`), or the key is
    /// claimed from the head and the content follows as it comes (`streamed`); `held` without it.
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
    /// The keys that kept answers are sealed under, whose octets come from the environment of the
    /// VM.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub(super) sealing_keys: Vec<KeyEntry>,
    /// Where records are kept; without it in one `local` store.
    pub(super) stores: Option<Vec<StoreEntry>>,
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
    sealing_keys: list "sealingKeys",
    stores: optional_list "stores",
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
