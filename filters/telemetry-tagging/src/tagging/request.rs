//! What the upstream is told: the trace context, the correlation id, the baggage and the mark of
//! probes.

use std::rc::Rc;

use kit::exchange::Exchange;
use kit::headers::Headers;

use super::seen::{Seen, is_outbound};
use crate::baggage::{BAGGAGE, Baggage, Dropped, Limits};
use crate::edit::Edit;
use crate::probe::{self, Probe};
use crate::trace_context::{
    Decision, Format, Outcome, Owner, Received, TRACEPARENT, TRACESTATE, TraceId, decide, extract,
};
use crate::{correlation, facts, fields, metrics};

impl Seen {
    /// Decides which trace the request belongs to, and tells the upstream.
    pub(super) fn trace(&mut self, x: &mut Exchange<'_>) {
        let plan = Rc::clone(&self.plan);
        let Some(trace_context) = &plan.trace_context else {
            return;
        };
        let decision = {
            let headers = x.headers();
            let traceparent: Vec<&[u8]> = headers.get_all(TRACEPARENT).collect();
            let tracestate: Vec<&[u8]> = headers.get_all(TRACESTATE).collect();
            let received = Received {
                traceparent: &traceparent,
                tracestate: &tracestate,
                foreign: &|| extract(&trace_context.reads, &|name| headers.get(name)),
                random_trace: &|| TraceId::parse(&x.fact(&facts::TRACE_RANDOM)?),
            };
            decide(&received, &trace_context.terms, &mut || x.random())
        };
        self.trace_outcome = outcome_name(decision.outcome, self.enforced);
        let goes_on = matches!(decision.outcome, Outcome::Unchanged | Outcome::Absent);
        // An empty line, as Envoy's tracer adds it, has nothing to be dropped.
        let is_list = |line: &[u8]| line.iter().any(|octet| !b", \t".contains(octet));
        let drops =
            decision.tracestate != Edit::Keep && x.headers().get_all(TRACESTATE).any(is_list);
        if goes_on && drops {
            self.trace_outcome = if self.enforced {
                "tracestate_dropped"
            } else {
                "would_drop_tracestate"
            };
        }
        if !goes_on || drops {
            x.count(&metrics::TRACE_CONTEXT, &[&plan.label, self.trace_outcome]);
            x.tell(&facts::TRACE, self.trace_outcome);
        }
        if let Some(defect) = decision.defect {
            x.tell(&facts::TRACE_DEFECT, defect.name());
        }
        if let Some(context) = decision.context
            && context.random
            && trace_context.terms.owner == Owner::Envoy
        {
            x.tell(&facts::TRACE_RANDOM, &context.trace_id.to_string());
        }
        // In report mode the trace that would begin is nowhere.
        let context = decision.context.filter(|_| self.enforced);
        self.trace_id = context.map_or(decision.came, |context| Some(context.trace_id));
        if self.enforced {
            let untrusted = trace_context.terms.untrusted;
            write_trace(decision, untrusted, &trace_context.writes, x);
        }
    }

    /// Takes the id that a person quotes, or makes one.
    pub(super) fn correlate(&mut self, x: &mut Exchange<'_>) {
        let plan = Rc::clone(&self.plan);
        let Some(rule) = &plan.correlation else {
            return;
        };
        let take = |x: &Exchange<'_>| {
            let lines = x.headers().get_all(&rule.header);
            correlation::taken(lines, rule.max_octets).map(str::to_owned)
        };
        // In report mode nobody else would ever see one that is made.
        let way = rule.made.filter(|_| self.enforced);
        let make = |x: &Exchange<'_>| Some(way?.id(&mut || x.random(), &mut || x.now()));
        let taken = if rule.accepts { take(x) } else { None };
        // What looks like somebody's number is no better than what is malformed.
        let taken = taken.filter(|id| {
            let found = self.policy.personal_data_in(id);
            for kind in found.iter() {
                x.count(&metrics::PERSONAL_DATA, &["correlation_id", kind.name()]);
            }
            found.is_empty()
        });
        self.correlation_id = taken.or_else(|| make(x));
        if let Some(id) = &self.correlation_id {
            x.tell(&facts::CORRELATION_ID, id);
        }
        if self.enforced {
            set_or_remove(x, &rule.header, self.correlation_id.as_deref());
        }
    }

    /// Tells probes from traffic.
    pub(super) fn judge_probe(&mut self, x: &mut Exchange<'_>) {
        let plan = Rc::clone(&self.plan);
        let Some(rule) = &plan.probe else {
            return;
        };
        let probe = {
            let headers = x.headers();
            let field = |name| headers.get(name).unwrap_or_default();
            let lines: Vec<&[u8]> = headers.get_all(&rule.header).collect();
            let request = probe::Request {
                method: field(fields::METHOD),
                authority: field(fields::AUTHORITY),
                target: field(fields::PATH),
            };
            if lines.is_empty() {
                Probe::Absent
            } else {
                probe::judge(&lines, &request, x.now(), rule.max_age, &rule.ring)
            }
        };
        let refused = match probe {
            Probe::Absent | Probe::Authentic => None,
            Probe::Forged => Some("forged"),
            Probe::Stale => Some("stale"),
            Probe::NoKey => Some("key_missing"),
        };
        if let Some(reason) = refused {
            x.count(&metrics::PROBES_REFUSED, &[&plan.label, reason]);
        }
        self.is_synthetic = probe == Probe::Authentic;
        if self.is_synthetic {
            x.tell(&facts::SYNTHETIC, "true");
        }
        if self.enforced {
            set_or_remove(x, fields::SYNTHETIC, self.is_synthetic.then_some("true"));
        }
    }

    /// Lets go on what may of the baggage, and adds the tags that belong into it. A member of a tag
    /// is the filter's: without a value, what the client sent under its key goes.
    pub(super) fn write_baggage(&mut self, x: &mut Exchange<'_>) {
        let plan = Rc::clone(&self.plan);
        let owned: Vec<(&str, Option<&str>)> = plan
            .tags
            .iter()
            .zip(&self.values)
            .filter_map(|(tag, value)| Some((tag.sinks.baggage.as_deref()?, value.as_deref())))
            .collect();
        let is_set = owned.iter().any(|(_, value)| value.is_some());
        if !is_set && !x.headers().contains(BAGGAGE) {
            return;
        }
        let terms = plan.baggage.as_ref().and_then(|rule| {
            if is_outbound(&mut self.is_outbound, plan.direction, x) {
                rule.outbound.as_ref()
            } else {
                rule.inbound.as_ref()
            }
        });
        if terms.is_none() && owned.is_empty() {
            return;
        }
        let goes_on = |key: &str| {
            let is_taken = owned.contains(&(key, None));
            !is_taken && terms.is_none_or(|terms| terms.allow.allows(key))
        };
        let limits = terms.map_or(Limits::NONE, |terms| terms.limits);
        let (edit, dropped) = {
            let lines = x.headers().get_all(BAGGAGE);
            let (mut baggage, mut dropped) = Baggage::read(lines, limits, &goes_on);
            for (key, value) in &owned {
                // A key of the policy is a token.
                let set = value.map(|value| baggage.set(key, value));
                dropped.over_limit += usize::from(set.is_some_and(|set| set.is_err()));
            }
            (baggage.edit(), dropped)
        };
        count_dropped(&dropped, &plan.label, x);
        if self.enforced {
            apply(x, BAGGAGE, edit);
        }
    }
}

/// The members that tags need, with their values, whether they may go on or not.
pub(super) fn members(keys: &[&str], headers: &Headers) -> Vec<(String, String)> {
    if !headers.contains(BAGGAGE) {
        return Vec::new();
    }
    let lines = headers.get_all(BAGGAGE);
    let (baggage, _) = Baggage::read(lines, Limits::LEAST, &|key| keys.contains(&key));
    let value = |key: &&str| Some(((*key).to_owned(), baggage.value(key)?.into_owned()));
    keys.iter().filter_map(value).collect()
}

fn count_dropped(dropped: &Dropped, service: &str, x: &mut Exchange<'_>) {
    let counts = [
        ("malformed", dropped.malformed),
        ("not_allowed", dropped.not_selected),
        ("over_limit", dropped.over_limit),
    ];
    for (reason, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        x.record(&metrics::BAGGAGE_DROPPED, &[service, reason], count);
    }
}

fn write_trace(decision: Decision, untrusted: bool, writes: &[Format], x: &mut Exchange<'_>) {
    apply(x, TRACEPARENT, decision.traceparent);
    apply(x, TRACESTATE, decision.tracestate);
    if untrusted {
        for name in Format::ALL.iter().flat_map(|format| format.fields()) {
            set_or_remove(x, name, None);
        }
    }
    let Some(context) = decision.context else {
        return;
    };
    let Some(headers) = x.headers_mut().filter(|_| !writes.is_empty()) else {
        return;
    };
    for (name, value) in writes.iter().flat_map(|format| format.inject(&context)) {
        match value {
            Some(value) => headers.set(name, value),
            None => headers.remove(name),
        }
    }
}

fn apply(x: &mut Exchange<'_>, name: &'static str, edit: Edit) {
    let Some(headers) = x.headers_mut() else {
        return;
    };
    match edit {
        Edit::Keep => {}
        Edit::Set(value) => headers.set(name, value),
        Edit::Remove => headers.remove(name),
    }
}

/// Gives a field that the filter owns this value alone, or takes it away.
pub(super) fn set_or_remove(x: &mut Exchange<'_>, name: &str, value: Option<&str>) {
    if !has_other(x.headers(), name, value) {
        return;
    }
    let Some(headers) = x.headers_mut() else {
        return;
    };
    match value {
        Some(value) => headers.set(name.to_owned(), value.as_bytes()),
        None => headers.remove(name.to_owned()),
    }
}

/// Whether a field says anything but this value in one line.
fn has_other(headers: &Headers, name: &str, value: Option<&str>) -> bool {
    !headers.get_all(name).eq(value.map(str::as_bytes))
}

fn outcome_name(outcome: Outcome, enforced: bool) -> &'static str {
    match (outcome, enforced) {
        (Outcome::Unchanged, _) => "unchanged",
        (Outcome::Absent, _) => "absent",
        (Outcome::Repaired, true) => "repaired",
        (Outcome::Repaired, false) => "would_repair",
        (Outcome::Translated, true) => "translated",
        (Outcome::Translated, false) => "would_translate",
        (Outcome::Restarted, true) => "restarted",
        (Outcome::Restarted, false) => "would_restart",
        (Outcome::Created, true) => "created",
        (Outcome::Created, false) => "would_create",
        (Outcome::Dropped, true) => "dropped",
        (Outcome::Dropped, false) => "would_drop",
    }
}
