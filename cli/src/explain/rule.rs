//! One rule with all that holds for it, and where each part was said.

use std::collections::BTreeSet;

use deserr::{Deserr, IntoValue, Value as Read, ValuePointerRef};
use kit::policy::{Findings, Layers, Mode, Placed, RuleEntry, Runtime, child};
use serde_json::{Map, Value, json};

use super::policy::Parts;
use crate::contract;

/// The settings of contract-validation whose members are settings of their own: each of them comes
/// from the strongest layer that says it.
const DEEPER: [&str; 2] = ["request", "response"];

/// A rule, as the filter has it.
pub(super) struct RuleExplained {
    pub(super) name: String,
    /// Where the rule stands in the policy, as a JSON Pointer.
    pub(super) at: String,
    pub(super) mode: Said,
    /// What metrics call the service.
    pub(super) service: String,
    pub(super) runtime: Option<Runtime>,
    /// Which requests it is for.
    pub(super) matches: Said,
    /// What any layer says, by name.
    pub(super) settings: Vec<Said>,
}

/// Something that a policy says.
pub(super) struct Said {
    pub(super) name: String,
    pub(super) value: Value,
    /// Where, as a JSON Pointer; empty where it is what holds unless something is said.
    pub(super) at: String,
    /// Where else something is said of it that this is stronger than, the strongest first.
    pub(super) over: Vec<String>,
}

/// The settings of one layer. What is null is not said.
#[derive(Debug, Default)]
pub(super) struct Settings(Map<String, Value>);

impl Deserr<Findings> for Settings {
    fn deserialize_from_value<V: IntoValue>(
        value: Read<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let value: Value = Deserr::<Findings>::deserialize_from_value(value, location)?;
        Ok(match value {
            Value::Object(members) => Self(members),
            _ => Self::default(),
        })
    }
}

impl RuleExplained {
    /// The rule at this place among the rules of a policy of this filter.
    pub(super) fn of(
        filter: &str,
        policy: &Parts,
        index: usize,
        rule: &RuleEntry<Settings>,
    ) -> Self {
        let at = child("/rules", index);
        let described = rule.service.as_ref().and_then(|name| {
            let mut services = policy.services.iter();
            services.position(|service| service.name == *name)
        });
        let service = described.and_then(|place| policy.services.get(place));
        Self {
            name: rule.name.as_str().to_owned(),
            mode: mode_of(policy, rule, &at),
            service: rule.label(),
            runtime: service.and_then(|service| service.runtime),
            matches: matches_of(policy, rule, &at, described),
            settings: settings_of(filter, &policy.rules().layers(index)),
            at,
        }
    }
}

/// How far a rule is in force, as [`Mode::of_rule`] has it; what is for a service that is switched off
/// is left alone.
fn mode_of(policy: &Parts, rule: &RuleEntry<Settings>, at: &str) -> Said {
    let label = rule.label();
    let off = policy.off.iter().position(|name| name.as_str() == label);
    let off = off.map(|index| child("/off", index));
    let of_policy = if policy.is_enforced {
        "--enforce"
    } else {
        "/mode"
    };
    let of_policy = policy.mode.map(|_| of_policy.to_owned());
    let own = rule.mode.map(|_| child(at, "mode"));
    let said = match policy.mode {
        Some(Mode::Off) => [off.clone(), of_policy, own],
        _ => [off.clone(), own, of_policy],
    };
    let mode = match off {
        Some(_) => Mode::Off,
        None => policy.mode.unwrap_or_default().of_rule(rule.mode),
    };
    let mut said = said.into_iter().flatten();
    Said {
        name: "mode".to_owned(),
        value: json!(mode.name()),
        at: said.next().unwrap_or_default(),
        over: said.collect(),
    }
}

/// Which requests a rule is for, as [`Rules::match_of`](kit::policy::Rules::match_of) has it.
fn matches_of(
    policy: &Parts,
    rule: &RuleEntry<Settings>,
    at: &str,
    service: Option<usize>,
) -> Said {
    let own = rule.matches.as_ref().map(|_| child(at, "match"));
    let hosts = service.map(|index| child(&child("/services", index), "hosts"));
    let (value, at) = if let Some(at) = own {
        (policy.said_at(&at), at)
    } else if let Some(at) = hosts.filter(|at| !policy.said_at(at).is_null()) {
        (json!({"hosts": policy.said_at(&at)}), at)
    } else {
        (json!({}), String::new())
    };
    Said {
        name: "match".to_owned(),
        value,
        at,
        over: Vec::new(),
    }
}

/// What the layers of a rule say.
fn settings_of<'a>(filter: &str, layers: &Layers<'a, Settings>) -> Vec<Said> {
    let is_deeper = |name: &str| filter == contract::FILTER && DEEPER.contains(&name);
    let mut settings = Vec::new();
    for name in names(layers, |layer| Some(&layer.0)) {
        if !is_deeper(&name) {
            let all = layers.all(&name, |layer| member(&layer.0, &name));
            settings.extend(said(&name, all));
            continue;
        }
        let object = |layer: &'a Settings| layer.0.get(&name)?.as_object();
        for own in names(layers, object) {
            let below = layers.all(&name, |layer| member(object(layer)?, &own));
            let below = below.map(|placed| Placed {
                at: child(&placed.at, &own),
                ..placed
            });
            settings.extend(said(&format!("{name}.{own}"), below));
        }
    }
    settings
}

/// The names that any layer has, each once.
fn names<'a>(
    layers: &Layers<'a, Settings>,
    of: impl Fn(&'a Settings) -> Option<&'a Map<String, Value>>,
) -> BTreeSet<String> {
    let layers = layers.settings().filter_map(of);
    layers.flat_map(|members| members.keys().cloned()).collect()
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn said<'a>(name: &str, mut layers: impl Iterator<Item = Placed<'a, Value>>) -> Option<Said> {
    let strongest = layers.next()?;
    Some(Said {
        name: name.to_owned(),
        value: strongest.value.clone(),
        at: strongest.at,
        over: layers.map(|placed| placed.at).collect(),
    })
}
