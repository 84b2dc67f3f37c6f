//! Tells metrics, the access log and operators what was found.

use kit::exchange::Exchange;
use kit::fact::REFUSAL;
use kit::problem::ProblemType;

use crate::openapi::Direction;
use crate::plan::{Plan, Policy};
use crate::violation::Violation;
use crate::{facts, metrics};

/// The most kinds of violations that one VM logs under one policy.
const MOST_LOGGED: usize = 500;

/// Where a message is that something is told of.
pub(super) struct Subject<'a> {
    pub(super) policy: &'a Policy,
    pub(super) plan: &'a Plan,
    pub(super) operation: &'a str,
    pub(super) direction: Direction,
}

impl Subject<'_> {
    /// Counts what became of a message.
    pub(super) fn outcome(&self, outcome: &str, x: &mut Exchange<'_>) {
        let contract = self.plan.contract.name.as_str();
        let labels = [contract, self.operation, self.direction.as_str(), outcome];
        x.count(&metrics::MESSAGES, &labels);
    }

    /// Counts violations, and logs those of a kind that was not logged before.
    pub(super) fn violations<'v>(
        &self,
        violations: impl Iterator<Item = &'v Violation>,
        x: &mut Exchange<'_>,
    ) {
        for violation in violations {
            let labels = [
                self.plan.contract.name.as_str(),
                self.operation,
                self.direction.as_str(),
                violation.place.as_str(),
                violation.keyword.as_ref(),
            ];
            x.count(&metrics::VIOLATIONS, &labels);
            self.log(violation, x);
        }
    }

    /// Tells that a message would have been refused, had the terms been enforced.
    pub(super) fn would_refuse(kind: &ProblemType, x: &mut Exchange<'_>) {
        let details = kind.details();
        x.tell(&REFUSAL, details.trim_start_matches("treaty."));
    }

    /// Tells the access log which violations there were in both directions.
    pub(super) fn facts(&self, summary: &str, x: &mut Exchange<'_>) {
        x.tell(&facts::OPERATION, self.operation);
        x.tell(&facts::VIOLATIONS, summary);
    }

    /// Logs a violation, once for each kind: a line for every message would drown the others.
    fn log(&self, violation: &Violation, x: &mut Exchange<'_>) {
        if self.policy.logged.borrow().len() >= MOST_LOGGED {
            return;
        }
        let part = violation.name.as_deref().unwrap_or_default();
        let kind = format!(
            "{} of {} breaks contract {}: {} {part}",
            self.direction.as_str(),
            self.operation,
            self.plan.contract.name,
            violation.place.as_str(),
        );
        let contract = &self.plan.contract.contract;
        let pointer = masked(&violation.pointer, |name| contract.declares(name));
        let line = format!(
            "contract-validation: {} {pointer}: {}",
            kind.trim_end(),
            violation.detail
        );
        if !self.policy.logged.borrow().contains(&line) {
            x.log(&line);
            self.policy.logged.borrow_mut().insert(line);
        }
    }
}

/// How a violation stands in [`facts::VIOLATIONS`].
pub(super) fn brief(direction: Direction, violation: &Violation) -> String {
    let place = violation.place.as_str();
    format!("{} {place} {}", direction.as_str(), violation.keyword)
}

/// A pointer in which only names of the contract are left: others may be data, such as the keys of
/// a map.
fn masked(pointer: &str, is_declared: impl Fn(&str) -> bool) -> String {
    let tokens = pointer.split('/').skip(1).map(|token| {
        let name = token.replace("~1", "/").replace("~0", "~");
        let is_known = !name.bytes().all(|byte| byte.is_ascii_digit()) && is_declared(&name);
        if is_known { token } else { "*" }
    });
    let tokens: Vec<&str> = tokens.collect();
    if tokens.is_empty() {
        return "as a whole".to_owned();
    }
    format!("at /{}", tokens.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_that_is_logged_has_names_of_the_contract_alone() {
        let declared = |name: &str| ["lines", "a/b", "7"].contains(&name);
        assert_eq!(
            masked("/lines/0/ann@example.com", declared),
            "at /lines/*/*"
        );
        assert_eq!(masked("/a~1b/7", declared), "at /a~1b/*");
        assert_eq!(masked("", declared), "as a whole");
    }
}
