//! One policy with its rules.

use std::rc::Rc;

use kit::matching::Match;
use kit::off::Off;
use kit::policy::value::Name;
use kit::policy::{Document, Findings, Mode, RuleEntry, Rules, Runtimes, Service, ServiceSettings};
use serde_json::Value;

use super::rule::{RuleExplained, Settings};
use super::taken::Taken;
use crate::place::Place;

/// A policy, as its filter has it.
pub(super) struct Explained {
    pub(super) filter: &'static str,
    /// Where in its file it stands, as a JSON Pointer; empty where it is the file.
    pub(super) at: String,
    pub(super) revision: Option<String>,
    pub(super) rules: Vec<RuleExplained>,
    /// Which requests each rule is for.
    pub(super) matches: Rc<[Match]>,
    /// What is switched off.
    pub(super) off: Option<Rc<Off>>,
    /// Which rule takes the request that was asked about, if one was.
    pub(super) taken: Option<Taken>,
}

/// The parts of a policy that are alike in every filter.
pub(super) struct Parts {
    document: Value,
    pub(super) services: Vec<Service>,
    pub(super) off: Vec<Name>,
    pub(super) mode: Option<Mode>,
    /// Whether that mode was asked for on the command line.
    pub(super) is_enforced: bool,
    defaults: Settings,
    runtimes: Runtimes<Settings>,
    service_settings: ServiceSettings<Settings>,
    entries: Vec<RuleEntry<Settings>>,
}

impl Explained {
    /// Explains a policy that its filter has taken. Whether it `is_enforced` whatever it says was
    /// asked on the command line.
    ///
    /// # Errors
    /// None for a policy that its filter has taken.
    pub(super) fn of(place: &Place, policy: Value, is_enforced: bool) -> Result<Self, Findings> {
        let revision = policy.get("revision").and_then(Value::as_str);
        let revision = revision.map(str::to_owned);
        let off = Off::of(&Document::from_value(policy.clone()));
        let parts = Parts::read(policy, is_enforced)?;
        let rules = parts.entries.iter().enumerate();
        let explain = |(index, rule)| RuleExplained::of(place.filter, &parts, index, rule);
        let rules = rules.map(explain).collect();
        let matches = parts.entries.iter();
        let matches = matches.map(|rule| parts.rules().match_of(rule)).collect();
        Ok(Self {
            filter: place.filter,
            at: place.pointer(),
            revision,
            rules,
            matches,
            off: off.map(Rc::new),
            taken: None,
        })
    }
}

impl Parts {
    fn read(policy: Value, is_enforced: bool) -> Result<Self, Findings> {
        Ok(Self {
            services: part(&policy, "services")?,
            off: part(&policy, "off")?,
            mode: part(&policy, "mode")?,
            is_enforced,
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
