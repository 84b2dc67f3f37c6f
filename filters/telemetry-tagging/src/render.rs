//! What a policy tells, for those who write the formats of access logs, spans and metrics: filter
//! state and labels are of no use to anybody who does not name them.
//!
//! A policy that is off tells nothing.

use std::collections::{BTreeMap, BTreeSet};

use kit::fact::Fact;

use crate::method::{MethodName, STANDARD};
use crate::plan::{Plan, Policy};
pub use crate::source::Known;
use crate::source::{Phase, Source};
use crate::tag::Tag;
use crate::{facts, semconv};

/// A tag of the policy, or an attribute of `OpenTelemetry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is told as: filter state `wasm.<name of the fact>`.
    pub fact: Fact,
    /// What the filter itself knows of the exchange, where the value is that.
    pub known: Option<Known>,
    /// Whether access logs are to have it.
    pub is_logged: bool,
    /// Whether spans are to have it. What comes only when all is over is too late for them.
    pub is_in_spans: bool,
}

/// All that rules of the policy tell, by the names that access logs and spans are to have.
pub fn told(policy: &Policy) -> BTreeMap<String, Told> {
    let mut told = BTreeMap::new();
    for plan in plans(policy) {
        for tag in &plan.tags {
            told.insert(tag.name.clone(), Told::of_tag(tag, &tag.fact));
            if let Some(previous) = &tag.previous {
                let name = previous.name.strip_prefix(facts::TAG);
                let name = name.unwrap_or(&previous.name).to_owned();
                told.insert(name, Told::of_tag(tag, previous).of_unknown());
            }
        }
        let attributes = plan.attributes.iter();
        for name in attributes.flat_map(|own| own.semconv.names()) {
            told.insert((*name).to_owned(), Told::of_attribute(name));
        }
    }
    told.retain(|_, told| told.is_logged || told.is_in_spans);
    told
}

/// The request methods that are told as they are: those of standards, and those of the policy's
/// operations.
pub fn methods(policy: &Policy) -> BTreeSet<&str> {
    let operations = plans(policy).flat_map(|plan| plan.operations.iter());
    let own = operations.flat_map(|operation| &operation.methods);
    own.map(MethodName::as_str).chain(STANDARD).collect()
}

/// The labels that metrics have by the policy alone.
pub fn labels(policy: &Policy) -> BTreeSet<&str> {
    let tags = plans(policy).flat_map(|plan| &plan.tags);
    tags.filter_map(|tag| tag.sinks.metric.as_deref()).collect()
}

fn plans(policy: &Policy) -> impl Iterator<Item = &Plan> {
    policy.rules.iter().map(|rule| rule.plan.as_ref())
}

impl Told {
    fn of_tag(tag: &Tag, fact: &Fact) -> Self {
        let known = match &tag.source {
            Source::Exchange(known) => Some(*known),
            _ => None,
        };
        Self {
            fact: fact.clone(),
            known,
            is_logged: tag.sinks.log,
            is_in_spans: tag.sinks.span && tag.phase < Phase::End,
        }
    }

    fn of_attribute(name: &str) -> Self {
        Self {
            fact: facts::of_tag(name),
            known: semconv::known(name),
            is_logged: true,
            is_in_spans: true,
        }
    }

    /// A pseudonym under the previous key stands beside that under the current one.
    fn of_unknown(self) -> Self {
        Self {
            known: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::policy::Document;
    use serde_json::{Value, json};

    fn policy(members: &Value) -> Policy {
        let mut document = json!({"version": 1, "rules": [{"name": "all"}]});
        for (name, value) in members.as_object().unwrap() {
            document[name] = value.clone();
        }
        crate::policy::load(&Document::from_value(document)).unwrap()
    }

    fn tag(name: &str, to: &Value) -> Value {
        json!({"name": name, "source": {"from": "header", "name": "x-a"}, "to": to})
    }

    #[test]
    fn a_tag_is_for_those_whom_the_policy_names() {
        let policy = policy(&json!({"tags": [
            tag("logged", &json!({"log": true})),
            tag("traced", &json!({"span": true})),
            tag("counted", &json!({"metric": "plan"})),
            {"name": "both", "source": {"from": "exchange", "value": "target"}},
        ]}));
        let told = told(&policy);
        let sinks = |name: &str| told.get(name).map(|own| (own.is_logged, own.is_in_spans));
        assert_eq!(sinks("logged"), Some((true, false)));
        assert_eq!(sinks("traced"), Some((false, true)));
        assert_eq!(sinks("counted"), None);
        assert_eq!(sinks("both"), Some((true, true)));
        assert_eq!(told["both"].known, Some(Known::Target));
        assert_eq!(told["both"].fact.name, "treaty.tag.both");
        assert_eq!(labels(&policy), BTreeSet::from(["plan"]));
    }

    #[test]
    fn what_comes_when_all_is_over_is_not_for_spans() {
        let late = json!({"name": "late", "source":
            {"from": "property", "path": ["response", "flags"], "when": "end"}});
        let policy = policy(&json!({"tags": [late]}));
        let own = &told(&policy)["late"];
        assert!(own.is_logged && !own.is_in_spans);
    }

    #[test]
    fn attributes_of_every_rule_are_told() {
        let policy = policy(&json!({"rules": [
            {"name": "new", "match": {"paths": ["/new"]}, "settings": {"semconv": "stable"}},
            {"name": "old", "settings": {"semconv": "old"}},
        ]}));
        let told = told(&policy);
        assert_eq!(told["http.route"].known, Some(Known::Route));
        assert!(told.contains_key("http.request.method") && told.contains_key("http.method"));
    }

    #[test]
    fn a_pseudonym_may_have_one_before_it() {
        let policy = policy(&json!({
            "keys": [{"name": "people", "current": {"id": "k2", "env": "K2"},
                      "previous": {"id": "k1", "env": "K1"}}],
            "tags": [{"name": "user", "source": {"from": "header", "name": "x-user"},
                      "steps": [{"step": "pseudonymise", "key": "people"}]}],
        }));
        let told = told(&policy);
        assert_eq!(told["user.previous"].fact.name, "treaty.tag.user.previous");
    }

    #[test]
    fn methods_of_operations_are_told_beside_those_of_standards() {
        let policy = policy(&json!({"defaults": {"operations": [
            {"path": "/cache", "methods": ["PURGE", "GET"]},
        ]}}));
        let methods = methods(&policy);
        assert!(methods.contains("PURGE") && methods.contains("QUERY"));
        assert_eq!(methods.len(), STANDARD.len() + 1);
    }

    #[test]
    fn a_policy_that_is_off_tells_nothing() {
        let policy = policy(&json!({"mode": "off", "tags": [tag("a", &json!({"log": true}))]}));
        assert!(told(&policy).is_empty() && labels(&policy).is_empty());
    }
}
