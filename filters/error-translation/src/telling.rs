//! Telling operators what became of an error: facts, metrics and the proxy's log.

use kit::exchange::Exchange;

use crate::asked::Asked;
use crate::catalog::SourceKind;
use crate::facts;
use crate::metrics::{ERRORS, REDACTIONS};
use crate::plan::Policy;
use crate::redaction::Found;
use crate::untouched::Untouched;
use crate::verdict::{Outcome, Verdict};

/// What is told beside the verdict.
pub(crate) struct Told<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) asked: &'a Asked,
    /// The name of the shape in which the error came.
    pub(crate) dialect: &'a str,
    /// The HTTP status that it came with, or the one that stands for its code.
    pub(crate) status: u16,
    /// The error as it came, for operators.
    pub(crate) original: &'a [u8],
}

impl Told<'_> {
    /// Tells what was done with an error, or in report mode would have been.
    pub(crate) fn verdict(&self, verdict: &Verdict<'_>, x: &mut Exchange<'_>) {
        let enforced = self.asked.is_enforced();
        let outcome = match (&verdict.outcome, enforced) {
            (Outcome::Problem(_), true) => "translated",
            (Outcome::Problem(_), false) => "would_translate",
            (Outcome::Answer(_), true) => "degraded",
            (Outcome::Answer(_), false) => "would_degrade",
        };
        let source = match verdict.source {
            SourceKind::Upstream => "upstream",
            SourceKind::Proxy => "proxy",
        };
        self.outcome(verdict.label, source, outcome, x);
        x.tell(&facts::DIALECT, self.dialect);
        if verdict.status() != self.status {
            x.tell(&facts::STATUS, &self.status.to_string());
        }
        let kinds = self.found(&verdict.found, x);
        if verdict.withholds || !kinds.is_empty() {
            self.log(&verdict.request_id, &kinds, x);
        }
    }

    /// Tells that the errors of a GraphQL answer were cleaned, or in report mode would have been.
    pub(crate) fn graphql(&self, request_id: &str, found: &Found, x: &mut Exchange<'_>) {
        let outcome = if self.asked.is_enforced() {
            "cleaned"
        } else {
            "would_clean"
        };
        self.outcome("upstream", "upstream", outcome, x);
        x.tell(&facts::DIALECT, self.dialect);
        let kinds = self.found(found, x);
        if !kinds.is_empty() {
            self.log(request_id, &kinds, x);
        }
    }

    /// Tells that an answer is left alone.
    pub(crate) fn left_alone(&self, why: Untouched, x: &mut Exchange<'_>) {
        let (label, source) = match why {
            Untouched::Refusal => ("refusal", "treaty"),
            _ => ("unread", "unread"),
        };
        self.outcome(label, source, why.outcome(), x);
    }

    fn outcome(&self, label: &str, source: &str, outcome: &str, x: &mut Exchange<'_>) {
        for (fact, value) in [
            (&facts::TYPE, label),
            (&facts::SOURCE, source),
            (&facts::OUTCOME, outcome),
        ] {
            x.tell(fact, value);
        }
        let class = match self.status {
            500.. => "5xx",
            400..=499 => "4xx",
            _ => "2xx",
        };
        let service = self.asked.plan.label.as_str();
        x.count(&ERRORS, &[service, label, source, class, outcome]);
    }

    /// Tells what was taken out, and gives it as a list.
    fn found(&self, found: &Found, x: &mut Exchange<'_>) -> String {
        let mut kinds = String::new();
        if found.is_empty() {
            return kinds;
        }
        for kind in found.names() {
            if !kinds.is_empty() {
                kinds.push(',');
            }
            kinds.push_str(kind);
            x.count(&REDACTIONS, &[&self.asked.plan.label, kind]);
        }
        x.tell(&facts::REDACTED, &kinds);
        kinds
    }

    fn log(&self, request_id: &str, kinds: &str, x: &mut Exchange<'_>) {
        let max = self.asked.plan.log_original;
        if max == 0 {
            return;
        }
        let original = String::from_utf8_lossy(self.original);
        let original = self.policy.redactor.for_log(&original, max);
        let service = &self.asked.plan.label;
        x.log(&format!(
            "treaty error-translation: service={service} request={request_id} redacted={kinds} \
             original={original}"
        ));
    }
}
