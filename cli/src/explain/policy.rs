//! One policy with its rules.

use kit::policy::value::Name;
use kit::policy::{Findings, Mode, RuleEntry, Rules, Runtimes, Service, ServiceSettings};
use serde_json::Value;

use super::rule::{RuleExplained, Settings};
use super::taken::Taken;
use crate::case::Step;
use crate::place::Place;

/// A policy, as its filter has it.
pub(super) struct Explained {
    pub(super) filter: &'static str,
    /// Where in its file it stands, as a JSON Pointer; empty where it is the file.
    pub(super) at: String,
    pub(super) revision: Option<String>,
    pub(super) rules: Vec<RuleExplained>,
    /// Which rule takes the request that was asked about, if one was.
    pub(super) taken: Option<Taken>,
}

/// The parts of a policy that are alike in every filter.
pub(super) struct Parts {
    document: Value,
    pub(super) services: Vec<Service>,
    pub(super) off: Vec<Name>,
    pub(super) mode: Option<Mode>,
    defaults: Settings,
    runtimes: Runtimes<Settings>,
    service_settings: ServiceSettings<Settings>,
    entries: Vec<RuleEntry<Settings>>,
}

impl Explained {
    /// Explains a policy that its filter has taken, and which of its rules takes a request.
    ///
    /// # Errors
    /// None for a policy that its filter has taken.
    pub(super) fn of(
        place: &Place,
        policy: Value,
        request: Option<&Step>,
    ) -> Result<Self, Findings> {
        let revision = policy.get("revision").and_then(Value::as_str);
        let revision = revision.map(str::to_owned);
        let parts = Parts::read(policy)?;
        let rules = parts.entries.iter().enumerate();
        let explain = |(index, rule)| RuleExplained::of(place.filter, &parts, index, rule);
        Ok(Self {
            filter: place.filter,
            at: place.pointer(),
            revision,
            rules: rules.map(explain).collect(),
            taken: request.map(|step| {
                let rules = parts.rules();
                Taken::of(
                    parts
                        .entries
                        .iter()
                        .map(|rule| rules.match_of(rule))
                        .collect(),
                    step,
                )
            }),
        })
    }
}

impl Parts {
    fn read(policy: Value) -> Result<Self, Findings> {
        Ok(Self {
            services: part(&policy, "services")?,
            off: part(&policy, "off")?,
            mode: part(&policy, "mode")?,
            defaults: part(&policy, "defaults")?,
            runtimes: part(&policy, "runtimes")?,
            service_settings: part(&policy, "serviceSettings")?,
            entries: part(&policy, "rules")?,
            document: policy,
        })
    }

    /// What stands in the policy at a JSON Pointer; null where nothing does.
    pub(super) fn said_at(&self, pointer: &str) -> Value {
        self.document.pointer(pointer).cloned().unwrap_or_default()
    }

    pub(super) fn rules(&self) -> Rules<'_, Settings> {
        Rules {
            services: &self.services,
            off: &self.off,
            defaults: &self.defaults,
            runtimes: &self.runtimes,
            service_settings: &self.service_settings,
            rules: &self.entries,
        }
    }
}

/// A member of a policy; its default where it is not there.
fn part<T: deserr::Deserr<Findings> + Default>(policy: &Value, name: &str) -> Result<T, Findings> {
    match policy.get(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => deserr::deserialize(value.clone()),
    }
}
