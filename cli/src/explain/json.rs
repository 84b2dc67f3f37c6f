//! An explanation for programs: one JSON object.

use kit::policy::Runtime;
use serde_json::{Map, Value, json};

use super::outcome::{Outcome, Seen};
use super::policy::Explained;
use super::rule::{RuleExplained, Said};
use super::taken::Taken;
use super::{Explanation, Module};
use crate::case::Fields;

pub(super) fn of(explanation: &Explanation) -> Value {
    let modules = explanation.modules.iter().map(module);
    json!({"file": explanation.file, "modules": modules.collect::<Vec<_>>()})
}

fn module(module: &Module) -> Value {
    let policies = module.policies.iter().map(policy);
    let outcome = module.outcome.as_ref().map(|outcome| match outcome {
        Outcome::Seen(seen) => self::seen(seen),
        Outcome::Open(call) => json!({"hangsOn": call}),
    });
    json!({"policies": policies.collect::<Vec<_>>(), "outcome": outcome})
}

fn policy(policy: &Explained) -> Value {
    let rules = policy.rules.iter().map(rule);
    let taken = policy.taken.as_ref();
    json!({
        "filter": policy.filter,
        "at": policy.at,
        "revision": policy.revision,
        "rules": rules.collect::<Vec<_>>(),
        "taken": taken.map(self::taken),
    })
}

fn taken(taken: &Taken) -> Value {
    json!({
        "isReached": taken.is_reached,
        "off": taken.off,
        "rule": taken.rule,
        "against": taken.against,
    })
}

fn rule(rule: &RuleExplained) -> Value {
    let settings = rule.settings.iter();
    let settings = settings.map(|setting| (setting.name.clone(), said(setting)));
    json!({
        "name": rule.name,
        "at": rule.at,
        "mode": said(&rule.mode),
        "service": rule.service,
        "runtime": rule.runtime.map(Runtime::name),
        "match": said(&rule.matches),
        "settings": settings.collect::<Map<_, _>>(),
    })
}

fn said(said: &Said) -> Value {
    json!({"value": said.value, "at": said.at, "over": said.over})
}

fn seen(seen: &Seen) -> Value {
    let observed = &seen.observed;
    let upstream = observed.upstream.as_ref().map(|request| {
        json!({
            "method": text(&request.method),
            "authority": text(&request.authority),
            "path": text(&request.path),
            "headers": fields(&request.headers),
            "body": text(&request.body),
        })
    });
    json!({
        "upstream": upstream,
        "response": {
            "status": observed.response.status,
            "headers": fields(&observed.response.headers),
            "body": text(&observed.response.body),
        },
        "details": observed.details,
        "facts": observed.facts,
        "metrics": observed.metrics,
    })
}

fn fields(fields: &Fields) -> Vec<(&str, String)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
