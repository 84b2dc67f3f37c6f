//! The methods whose requests are keyed.

use std::str::FromStr;

use kit::matching;
use kit::policy::{Findings, RuleEntry, child, list};
use kit::string_value;

use super::settings::{Layers, Settings};

/// A method that may change something. Methods are case-sensitive (RFC 9110 section 9.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyedMethod(String);

impl FromStr for KeyedMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !["POST", "PATCH", "PUT", "DELETE"].contains(&text) {
            return Err(
                "expected one of `POST`, `PATCH`, `PUT` or `DELETE`: others are safe (RFC 9110 \
                 section 9.2.1) or open tunnels"
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(KeyedMethod, {
    "type": "string",
    "description": "A method that may change something.",
    "enum": ["POST", "PATCH", "PUT", "DELETE"]
});

/// The methods whose requests are keyed.
pub(super) fn check(
    rule: &RuleEntry<Settings>,
    rule_at: &str,
    layers: &Layers<'_>,
    findings: &mut Findings,
) -> Vec<String> {
    let methods = match layers.pick("methods", |own| own.methods.as_ref()) {
        None => vec!["POST".to_owned(), "PATCH".to_owned()],
        Some(placed) => {
            check_list(placed.value, &placed.at, findings);
            placed.value.iter().map(|own| own.0.clone()).collect()
        }
    };
    check_match(rule, rule_at, &methods, findings);
    methods
}

fn check_list(methods: &[KeyedMethod], at: &str, findings: &mut Findings) {
    if methods.is_empty() {
        findings.add(
            at,
            "expected at least one method; `\"mode\": \"off\"` switches a rule off",
        );
    }
    for (index, method) in methods.iter().enumerate() {
        if methods.iter().take(index).any(|earlier| earlier == method) {
            findings.add(child(at, index), "is there twice");
        }
    }
}

/// A rule for other methods than those that are keyed does nothing.
fn check_match(
    rule: &RuleEntry<Settings>,
    rule_at: &str,
    methods: &[String],
    findings: &mut Findings,
) {
    let Some(matches) = &rule.matches else {
        return;
    };
    let is_keyed = |own: &matching::Method| methods.iter().any(|name| name == own.as_str());
    if !methods.is_empty() && !matches.methods.is_empty() && !matches.methods.iter().any(is_keyed) {
        let names: Vec<&str> = methods.iter().map(String::as_str).collect();
        findings.add(
            child(&child(rule_at, "match"), "methods"),
            format!(
                "has no method that is keyed, which is {}; expected one of the rule's `methods`",
                list(&names)
            ),
        );
    }
}
