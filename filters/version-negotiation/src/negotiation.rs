//! The core: decides about a request, carries the decision out, and tells the client with the
//! response.

use std::rc::Rc;

use kit::exchange::Exchange;
use kit::fact::{REFUSAL, SERVICE};
use kit::filter::{Core, Flow};
use kit::headers::Headers;
use kit::policy::Mode;
use kit::protocol::Client;
use kit::vary;

use crate::catalog::Listed;
use crate::decision::Decision;
use crate::life::State;
use crate::plan::{Plan, Policy};
use crate::refusal::Reason;
use crate::upstream::{Hops, proxy_id};
use crate::{facts, fields, metrics};

/// One exchange.
pub(crate) struct Negotiation {
    policy: Rc<Policy>,
    served: Option<Served>,
}

/// What the response needs of the request.
struct Served {
    plan: Rc<Plan>,
    version: Rc<Listed>,
}

impl Negotiation {
    pub(crate) fn new(policy: &Rc<Policy>) -> Self {
        Self {
            policy: Rc::clone(policy),
            served: None,
        }
    }
}

impl Core for Negotiation {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let policy = Rc::clone(&self.policy);
        let Some(rule) = policy.rule_for(x).filter(|rule| rule.mode != Mode::Off) else {
            return Flow::Continue;
        };
        let plan = &rule.plan;
        let decision = Decision::of(&policy, plan, x);
        tell(&decision, plan, rule.mode, x);
        count(&decision, plan, rule.mode, x);
        match (rule.mode, decision.refusal) {
            (Mode::Enforce, Some(reason)) => refuse(reason, &decision, plan, &policy, x),
            (Mode::Enforce, None) => {
                if let Some(version) = decision.version {
                    edit_request(&decision, version, plan, policy.trust_previous_hop, x);
                    self.served = Some(Served {
                        plan: Rc::clone(plan),
                        version: Rc::clone(version),
                    });
                }
                Flow::Continue
            }
            _ => Flow::Continue,
        }
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        if let Some(served) = &self.served
            && let Some(headers) = x.headers_mut()
        {
            headers.set(fields::VERSION, served.version.label.as_bytes());
            served.version.advice.apply(headers);
            vary::merge(headers, served.plan.vary.iter().map(AsRef::as_ref));
        }
        Flow::Continue
    }
}

fn outcome(decision: &Decision<'_>, mode: Mode) -> &'static str {
    match (mode, decision.refusal) {
        (Mode::Enforce, None) => "served",
        (Mode::Enforce, Some(reason)) => reason.kind().reason,
        (_, None) => "would_serve",
        (_, Some(reason)) => reason.in_report(),
    }
}

fn tell(decision: &Decision<'_>, plan: &Plan, mode: Mode, x: &mut Exchange<'_>) {
    let requested = decision.requested.as_ref().map(ToString::to_string);
    let values = [
        (&SERVICE, plan.service.as_deref()),
        (&facts::REQUESTED, requested.as_deref()),
        (
            &facts::VERSION,
            decision.version.map(|version| version.label.as_str()),
        ),
        (&facts::SOURCE, decision.source),
        (&facts::STATE, decision.state().map(State::name)),
        (
            &facts::VARIANT,
            decision.variant.map(|variant| variant.name.as_str()),
        ),
        (&facts::CONSUMER, decision.consumer.as_deref()),
        (&facts::OUTCOME, Some(outcome(decision, mode))),
    ];
    for (fact, value) in values {
        if let Some(value) = value {
            x.tell(fact, value);
        }
    }
    // An enforced refusal is told by the pipeline.
    if mode == Mode::Report
        && let Some(reason) = decision.refusal
    {
        let details = reason.kind().details();
        x.tell(&REFUSAL, details.trim_start_matches("treaty."));
    }
}

fn count(decision: &Decision<'_>, plan: &Plan, mode: Mode, x: &mut Exchange<'_>) {
    let version = decision
        .version
        .map_or(metrics::NONE, |version| &version.label);
    let state = decision.state();
    let outcome = outcome(decision, mode);
    let service = plan.label.as_str();
    let labels = [
        service,
        version,
        state.map_or(metrics::NONE, State::name),
        outcome,
    ];
    x.count(&metrics::REQUESTS, &labels);
    if matches!(state, Some(State::Deprecated | State::Retired)) {
        let consumer = decision.consumer.as_deref().unwrap_or(metrics::NONE);
        let end = consumer.floor_char_boundary(facts::CONSUMER.limit);
        let consumer = consumer.get(..end).unwrap_or_default();
        x.count(&metrics::DEPRECATED_USE, &[service, version, consumer]);
    }
}

fn refuse(
    reason: Reason,
    decision: &Decision<'_>,
    plan: &Plan,
    policy: &Policy,
    x: &Exchange<'_>,
) -> Flow {
    let version = decision.version.map(Rc::as_ref);
    let problem = reason
        .problem(&plan.statuses, &plan.catalog, version, decision.now)
        .type_uri(reason.kind().uri(policy.problem_base.as_deref()));
    Flow::Reply(Box::new(problem.reply(&Client::of(x.headers()))))
}

fn edit_request(
    decision: &Decision<'_>,
    version: &Listed,
    plan: &Plan,
    trusted: bool,
    x: &mut Exchange<'_>,
) {
    let target = x
        .headers()
        .text(fields::PATH)
        .and_then(|target| plan.upstream_path.apply(target, &version.label));
    let hops = target.as_ref().map(|_| one_more_hop(x));
    let Some(headers) = x.headers_mut() else {
        return;
    };
    headers.set(fields::VERSION, version.label.as_bytes());
    let variant = decision.variant.map(|variant| variant.name.as_str());
    own(
        headers,
        fields::VARIANT,
        variant,
        trusted && version.variants.is_empty(),
    );
    let flags = (!decision.flags.is_empty()).then_some(decision.flags.as_str());
    own(
        headers,
        fields::FLAGS,
        flags,
        trusted && plan.flags.is_empty(),
    );
    if let (Some(target), Some(hops)) = (target, hops) {
        headers.set(fields::PATH, target);
        headers.set(fields::HOPS, hops);
    }
}

/// Gives a field that the filter owns its value. Without one, what the client sent goes, unless it
/// comes from a trusted hop that decided what this rule does not.
fn own(headers: &mut Headers, name: &'static str, value: Option<&str>, keep: bool) {
    match value {
        Some(value) => headers.set(name, value.as_bytes()),
        None if !keep => headers.remove(name),
        None => {}
    }
}

fn one_more_hop(x: &Exchange<'_>) -> String {
    let before = x.headers().combined(fields::HOPS);
    let hops = before.map(|value| Hops::parse(&value)).unwrap_or_default();
    hops.with_one_more(&proxy_id(x))
}
