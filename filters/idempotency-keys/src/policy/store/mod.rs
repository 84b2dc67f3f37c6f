//! The stores of a policy.

mod address;
mod etcd;
mod local;
mod password;
mod redis;

use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use kit::policy::value::{Name, Span};
use kit::policy::{Environment, Findings, child, did_you_mean, list};
use kit::{string_value, tagged_value};

use super::settings::Layers;
use crate::plan::{NamedStore, Rule};
use etcd::EtcdEntry;
use local::LocalEntry;
use password::Passwords;
use redis::RedisEntry;

/// A store.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Store", tag = "type", rename_all = "camelCase")
)]
pub(super) enum StoreEntry {
    /// Memory that the workers of one proxy share: right within one process, and gone with it.
    Local(LocalEntry),
    /// An etcd cluster, by gRPC: consistent across a fleet.
    Etcd(EtcdEntry),
    /// Redis or Valkey. A failover may lose a claim, and with it the promise for that key.
    Redis(RedisEntry),
}

tagged_value!(StoreEntry, "type", {
    "local" => Local,
    "etcd" => Etcd,
    "redis" => Redis,
});

/// How long a call of a store may take.
#[derive(Debug)]
struct Timeout(Duration);

impl Default for Timeout {
    fn default() -> Self {
        Self(Duration::from_millis(250))
    }
}

impl FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Span(span) = text.parse()?;
        if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&span) {
            return Err("expected a duration from 1 millisecond to 10 seconds".into());
        }
        Ok(Self(span))
    }
}

string_value!(Timeout, {
    "type": "string",
    "description": "A duration with its unit from 1 millisecond to 10 seconds, such as \"250ms\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// The checked stores, and what an operator has to be told of them.
pub(super) struct Stores {
    stores: Vec<Rc<NamedStore>>,
    warnings: Vec<String>,
}

/// Checks the stores; without any there is a local one.
pub(super) fn check(
    entries: Option<&[StoreEntry]>,
    environment: &Environment,
    findings: &mut Findings,
) -> Stores {
    let mut passwords = Passwords::new(environment);
    let Some(entries) = entries else {
        let local = StoreEntry::Local(LocalEntry::default());
        let store = local.check("/stores/0", &mut passwords, findings);
        return Stores {
            stores: vec![Rc::new(store)],
            warnings: Vec::new(),
        };
    };
    if entries.is_empty() {
        findings.add(
            "/stores",
            "expected at least one store; without `stores` there is a `local` one",
        );
    }
    let mut stores: Vec<Rc<NamedStore>> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let at = child("/stores", index);
        let store = entry.check(&at, &mut passwords, findings);
        if stores.iter().any(|earlier| earlier.name == store.name) {
            let message = "is the name of an earlier store; names must differ";
            findings.add(child(&at, "name"), message);
        }
        stores.push(Rc::new(store));
    }
    Stores {
        stores,
        warnings: passwords.warnings(),
    }
}

impl StoreEntry {
    fn check(
        &self,
        at: &str,
        passwords: &mut Passwords<'_>,
        findings: &mut Findings,
    ) -> NamedStore {
        match self {
            Self::Local(own) => own.check(at, findings),
            Self::Etcd(own) => own.check(at, passwords, findings),
            Self::Redis(own) => own.check(at, passwords, findings),
        }
    }
}

impl Stores {
    /// What an operator has to be told.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.warnings.iter().cloned()
    }

    /// The store of the rule at `rule_at`.
    pub(super) fn of_rule(
        &self,
        rule_at: &str,
        layers: &Layers<'_>,
        findings: &mut Findings,
    ) -> Option<Rc<NamedStore>> {
        match layers.pick("store", |own| own.store.as_ref()) {
            Some(placed) => self.find(placed.value, placed.at, findings),
            None => self.only(rule_at, findings),
        }
    }

    /// Those that are used.
    pub(super) fn used_by(&self, rules: &[Rule]) -> Vec<Rc<NamedStore>> {
        let is_used =
            |store: &&Rc<NamedStore>| rules.iter().any(|rule| Rc::ptr_eq(&rule.plan.store, store));
        self.stores.iter().filter(is_used).cloned().collect()
    }

    fn find(&self, name: &Name, at: String, findings: &mut Findings) -> Option<Rc<NamedStore>> {
        let found = self.stores.iter().find(|store| store.name == name.0);
        if found.is_none() {
            let names = self.names();
            let hint = did_you_mean(name.as_str(), names.iter().copied());
            findings.add(
                at,
                format!(
                    "is not the name of a store; expected {}{hint}",
                    list(&names)
                ),
            );
        }
        found.cloned()
    }

    fn only(&self, rule_at: &str, findings: &mut Findings) -> Option<Rc<NamedStore>> {
        match self.stores.as_slice() {
            [only] => Some(Rc::clone(only)),
            // That there is none was found fault with.
            [] => None,
            _ => {
                findings.add(
                    rule_at,
                    format!(
                        "does not say in which store its records are kept; expected `store` with {}",
                        list(&self.names())
                    ),
                );
                None
            }
        }
    }

    fn names(&self) -> Vec<&str> {
        self.stores
            .iter()
            .map(|store| store.name.as_str())
            .collect()
    }
}
