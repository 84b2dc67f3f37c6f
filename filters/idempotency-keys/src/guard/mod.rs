//! The core: guards one keyed request from its head to the end of its answer.
//!
//! - `request`: which key a request has, whose it is, and what it asks for.
//! - `guarding`: carries out what the machine decides; `dialogue`: speaks to the store for it.
//! - `response`: what the machine has to know of the answer, and whether it is one at all.

mod dialogue;
mod guarding;
mod request;
mod response;

use std::rc::Rc;

use kit::body::{Body, Size};
use kit::call::{CallId, CallResult};
use kit::exchange::Exchange;
use kit::fact::REFUSAL;
use kit::filter::{Core, End, Flow};
use kit::protocol::Client;

use crate::machine::Event;
use crate::plan::{Plan, Policy};
use crate::refusal::Reason;
use crate::{facts, idempotency_key, metrics};
use guarding::Guarding;
use request::{Asked, Reading};

/// One exchange.
pub(crate) struct Guard {
    policy: Rc<Policy>,
    stage: Stage,
}

/// How far a request has come.
enum Stage {
    /// There is nothing to guard: no rule is for the request, or it has no key, or it was refused
    /// before its key was looked up.
    Unguarded,
    /// The content is awaited, because the key or the fingerprint is made of it.
    Reading(Box<Reading>),
    /// The key is looked up, claimed, and ended.
    Guarded(Box<Guarding>),
}

impl Guard {
    pub(crate) fn new(policy: &Rc<Policy>) -> Self {
        Self {
            policy: Rc::clone(policy),
            stage: Stage::Unguarded,
        }
    }

    /// All that makes up the key has come.
    fn guard(&mut self, reading: Reading, x: &mut Exchange<'_>) -> Flow {
        let (asked, keyed) = reading.finish();
        match keyed {
            Ok(keyed) => {
                let mut guarding = Box::new(Guarding::new(asked, keyed, x));
                let flow = guarding.on([Event::Keyed], x);
                self.stage = Stage::Guarded(guarding);
                flow
            }
            Err(reason) => refuse(reason, &asked, x),
        }
    }

    fn guarding(&mut self) -> Option<&mut Guarding> {
        match &mut self.stage {
            Stage::Guarded(guarding) => Some(guarding),
            Stage::Unguarded | Stage::Reading(_) => None,
        }
    }
}

impl Core for Guard {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let policy = Rc::clone(&self.policy);
        if policy.passes_without_key && x.peek(idempotency_key::IDEMPOTENCY_KEY).is_none() {
            return Flow::Continue;
        }
        let Some(plan) = policy.plan_for(x) else {
            return Flow::Continue;
        };
        for warning in policy.warnings.take() {
            x.log(&warning);
        }
        let asked = Asked::of(plan, x);
        let reading = match Reading::begin(&asked, x) {
            Ok(Some(reading)) => reading,
            Ok(None) => return Flow::Continue,
            Err(reason) => return refuse(reason, &asked, x),
        };
        if !plan.needs_content() || x.head_is_all() {
            return self.guard(reading, x);
        }
        x.need_body(reading.body_need());
        self.stage = Stage::Reading(Box::new(reading));
        Flow::Continue
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        let stage = std::mem::replace(&mut self.stage, Stage::Unguarded);
        let Stage::Reading(mut reading) = stage else {
            self.stage = stage;
            return Flow::Continue;
        };
        if body.size() == Size::NotHeld {
            return refuse(Reason::ContentTooLarge, reading.asked(), x);
        }
        reading.part(body.bytes());
        if reading.is_too_large() {
            return refuse(Reason::ContentTooLarge, reading.asked(), x);
        }
        if body.size() == Size::Last {
            return self.guard(*reading, x);
        }
        self.stage = Stage::Reading(reading);
        Flow::Continue
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        match &mut self.stage {
            Stage::Guarded(guarding) => guarding.response_head(x),
            // In report mode an answer may come before the request is whole, which then has no
            // outcome that could be kept.
            Stage::Reading(_) | Stage::Unguarded => {
                self.stage = Stage::Unguarded;
                Flow::Continue
            }
        }
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        match self.guarding() {
            Some(guarding) => guarding.response_body(body, x),
            None => Flow::Continue,
        }
    }

    fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        match self.guarding() {
            Some(guarding) => guarding.response_trailers(x),
            None => Flow::Continue,
        }
    }

    fn call_result(&mut self, id: CallId, result: CallResult, x: &mut Exchange<'_>) -> Flow {
        match self.guarding() {
            Some(guarding) => guarding.store_called(id, result, x),
            None => Flow::Continue,
        }
    }

    fn timer(&mut self, x: &mut Exchange<'_>) -> Flow {
        match self.guarding() {
            Some(guarding) => guarding.on([Event::Timer], x),
            None => Flow::Continue,
        }
    }

    fn end(&mut self, _: End, x: &mut Exchange<'_>) {
        if let Some(guarding) = self.guarding() {
            // Nothing goes on any more, so the flow means nothing.
            let _ = guarding.on([Event::End], x);
        }
    }
}

/// Refuses a request before its key is looked up; in report mode it only says so.
fn refuse(reason: Reason, asked: &Asked, x: &mut Exchange<'_>) -> Flow {
    let plan = &asked.plan;
    if reason == Reason::Key(idempotency_key::Refusal::Missing) && !plan.key_required {
        return Flow::Continue;
    }
    tell_refusal(reason, plan, x);
    if plan.terms.is_enforced() {
        reply(reason, plan, &asked.client)
    } else {
        Flow::Continue
    }
}

/// The answer to a request that is refused.
fn reply(reason: Reason, plan: &Plan, client: &Client) -> Flow {
    Flow::Reply(Box::new(reason.problem(plan).reply(client)))
}

/// Counts a refusal, or in report mode what would have been one.
fn tell_refusal(reason: Reason, plan: &Plan, x: &mut Exchange<'_>) {
    if plan.terms.is_enforced() {
        // That it is a refusal is told by the pipeline.
        return tell_outcome(reason.kind().reason, plan, x);
    }
    let details = reason.kind().details();
    x.tell(&REFUSAL, details.trim_start_matches("treaty."));
    tell_outcome(&reason.in_report(), plan, x);
}

/// Counts what became of a request.
fn tell_outcome(outcome: &str, plan: &Plan, x: &mut Exchange<'_>) {
    x.tell(&facts::OUTCOME, outcome);
    x.count(&metrics::REQUESTS, &[&plan.label, outcome]);
}
