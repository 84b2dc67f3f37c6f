//! A checked policy: for each rule, all that a request needs, ready to use.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::SystemTime;

use deserr::Deserr;
use kit::exchange::Exchange;
use kit::matching::Match;
use kit::policy::Mode;

use crate::catalog::{Catalog, Listed};
use crate::refusal::Statuses;
use crate::source::Source;
use crate::traffic::{Canary, ConsumerSource, Flag, KeySource};
use crate::upstream::UpstreamPath;
use crate::version::Scheme;

/// A policy that loaded. What it holds cannot fail later.
#[derive(Debug)]
pub struct Policy {
    /// The rules, of which the first that matches counts. There are none where the policy is off.
    pub(crate) rules: Vec<Rule>,
    pub(crate) trust_previous_hop: bool,
    pub(crate) problem_base: Option<String>,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) matches: Match,
    pub(crate) mode: Mode,
    pub(crate) plan: Rc<Plan>,
}

/// What a rule does with its requests.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The name of the service, if the rule has one.
    pub(crate) service: Option<String>,
    /// What stands for the service in shares and metrics: its name, else that of the rule.
    pub(crate) label: String,
    pub(crate) scheme: Scheme,
    pub(crate) catalog: Catalog,
    pub(crate) sources: Vec<Source>,
    pub(crate) on_conflict: OnConflict,
    pub(crate) fallback: Fallback,
    pub(crate) consumer: Option<ConsumerSource>,
    /// Sorted by consumer.
    pub(crate) pins: Vec<(String, Rc<Listed>)>,
    pub(crate) keys: Vec<KeySource>,
    pub(crate) canaries: Vec<Canary>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) upstream_path: UpstreamPath,
    pub(crate) max_hops: u32,
    pub(crate) statuses: Statuses,
    /// The request fields that the answer depends on (RFC 9110 section 12.5.5).
    pub(crate) vary: Vec<Cow<'static, str>>,
}

/// What happens when a request names two different versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum OnConflict {
    /// The source that stands first in `sources` wins, and what comes after it is not read.
    First,
    /// The request is refused.
    #[default]
    Refuse,
}

/// The version of a request that names none.
#[derive(Debug)]
pub(crate) enum Fallback {
    Newest,
    Oldest,
    Refuse,
    Version(Rc<Listed>),
}

impl Policy {
    /// The rule for a request.
    pub(crate) fn rule_for(&self, x: &Exchange<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.matches.matches(x))
    }
}

impl Plan {
    /// The time, read only where something depends on it.
    pub(crate) fn now(&self, x: &Exchange<'_>) -> SystemTime {
        if self.catalog.is_dated() {
            x.now()
        } else {
            SystemTime::UNIX_EPOCH
        }
    }

    /// The version that a consumer gets who names none.
    pub(crate) fn pin(&self, consumer: &str) -> Option<&Rc<Listed>> {
        let place = self
            .pins
            .binary_search_by(|(own, _)| own.as_str().cmp(consumer))
            .ok()?;
        self.pins.get(place).map(|(_, version)| version)
    }

    /// The version of a request that names none and has no pin.
    pub(crate) fn fallback(&self, now: SystemTime) -> Option<&Rc<Listed>> {
        match &self.fallback {
            Fallback::Newest => self.catalog.newest(now),
            Fallback::Oldest => self.catalog.oldest(now),
            Fallback::Refuse => None,
            Fallback::Version(version) => Some(version),
        }
    }

    pub(crate) fn has_path_source(&self) -> bool {
        let is_path = |source: &Source| matches!(source, Source::Path(_));
        self.sources.iter().any(is_path)
    }
}
