//! The core: follows one exchange, edits what its upstream and its client are told, and tags it.
//!
//! Nothing here waits, refuses or holds anything back: where a value cannot be had, the exchange goes
//! on without it, and that is counted.

mod content;
mod ending;
mod request;
mod seen;
mod values;

use std::rc::Rc;

use kit::body::Body;
use kit::exchange::Exchange;
use kit::filter::{Core, End, Flow};
use kit::policy::Mode;

use crate::plan::Policy;
use crate::source::Phase;
use content::Content;
use seen::Seen;

/// One exchange.
pub(crate) struct Tagging {
    policy: Rc<Policy>,
    /// What is known of the exchange, where a rule is for it.
    seen: Option<Box<Seen>>,
}

impl Tagging {
    pub(crate) fn new(policy: &Rc<Policy>) -> Self {
        Self {
            policy: Rc::clone(policy),
            seen: None,
        }
    }
}

impl Core for Tagging {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let policy = Rc::clone(&self.policy);
        let Some(rule) = policy.rule_for(x) else {
            return Flow::Continue;
        };
        let plan = Rc::clone(&rule.plan);
        for warning in policy.warnings.take() {
            x.log(&warning);
        }
        let mut seen = Box::new(Seen::new(&policy, plan, rule.mode == Mode::Enforce));
        seen.begin(x);
        seen.trace(x);
        seen.correlate(x);
        seen.judge_probe(x);
        seen.name_operation(x);
        seen.evaluate(Phase::Request, x);
        seen.write_request_headers(x);
        seen.write_baggage(x);
        if x.head_is_all() {
            seen.evaluate(Phase::RequestEnd, x);
        } else if seen.plan.needs.request_body {
            seen.request_content = Content::begin(seen.plan.max_body, x);
        }
        self.seen = Some(seen);
        Flow::Continue
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        if let Some(seen) = &mut self.seen
            && seen.request_content.take_in(body)
        {
            seen.evaluate(Phase::RequestEnd, x);
        }
        Flow::Continue
    }

    fn request_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        if let Some(seen) = &mut self.seen {
            seen.request_content.end();
            seen.evaluate(Phase::RequestEnd, x);
        }
        Flow::Continue
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let Some(seen) = &mut self.seen else {
            return Flow::Continue;
        };
        seen.see_response(x);
        seen.evaluate(Phase::Response, x);
        if seen.has_ended_with_its_head(x) {
            seen.evaluate(Phase::Outcome, x);
        }
        seen.write_response_headers(x);
        if x.head_is_all() {
            seen.evaluate(Phase::ResponseEnd, x);
        } else if seen.plan.needs.response_body {
            seen.response_content = Content::begin(seen.plan.max_body, x);
        }
        Flow::Continue
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        if let Some(seen) = &mut self.seen
            && seen.response_content.take_in(body)
        {
            seen.evaluate(Phase::ResponseEnd, x);
        }
        Flow::Continue
    }

    fn response_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        if let Some(seen) = &mut self.seen {
            seen.see_trailers(x);
            seen.evaluate(Phase::Outcome, x);
            seen.response_content.end();
            seen.evaluate(Phase::ResponseEnd, x);
        }
        Flow::Continue
    }

    fn end(&mut self, end: End, x: &mut Exchange<'_>) {
        if let Some(mut seen) = self.seen.take() {
            seen.see_end(end, x);
            seen.evaluate_all(x);
            seen.count(x);
            seen.audit(x);
        }
    }
}
