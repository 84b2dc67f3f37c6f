//! The core: holds one exchange to its contract.
//!
//! - `subject`: what a request is for, as its contract has it.
//! - `head`: its parameters; `expected`: what is to come after a head.
//! - `content`, `octets`, `messages`: the content as a whole, what only has a length, and the
//!   messages of an RPC.
//! - `side`: what becomes of the messages of one direction.
//! - `tally`, `telling`: what was found, and who gets to know.

mod connect_get;
mod content;
mod expected;
mod head;
mod messages;
mod octets;
mod side;
mod subject;
mod tally;
mod telling;

use std::rc::Rc;

use kit::body::{Body, Size};
use kit::exchange::Exchange;
use kit::filter::{Core, End, Flow};
use kit::policy::Mode;
use kit::protocol::Client;
use kit::reply::REPLAY;

use crate::facts;
use crate::openapi::{Captures, Direction};
use crate::plan::{DirectionTerms, Plan, Policy, Share};
use crate::refusal::{self, Refusal};
use side::{Asked, Side};
use subject::Subject;

/// One exchange.
pub(crate) struct Validation {
    policy: Rc<Policy>,
    checking: Option<Box<Checking>>,
}

/// An exchange that a rule is for.
struct Checking {
    policy: Rc<Policy>,
    plan: Rc<Plan>,
    client: Client,
    is_head: bool,
    subject: Subject,
    /// The request, while it is looked at.
    request: Option<Side>,
    /// The response, while it is looked at. In a stream both are on their way at once.
    response: Option<Side>,
    /// The violations that were told and passed.
    passed: usize,
    /// What the access log is told of them.
    summary: String,
    /// Whether a message would have been refused: what follows it then would not have been.
    would_refuse: bool,
}

impl Validation {
    pub(crate) fn new(policy: &Rc<Policy>) -> Self {
        Self {
            policy: Rc::clone(policy),
            checking: None,
        }
    }
}

impl Core for Validation {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let policy = Rc::clone(&self.policy);
        let Some(rule) = policy.rules.iter().find(|rule| rule.matches.matches(x)) else {
            return Flow::Continue;
        };
        if rule.mode == Mode::Off {
            return Flow::Continue;
        }
        let target = x.headers().text(":path").unwrap_or_default().to_owned();
        let Some(found) = subject::find(&rule.plan, &target, x) else {
            return Flow::Continue;
        };
        let mut checking = Box::new(Checking {
            policy: Rc::clone(&policy),
            plan: Rc::clone(&rule.plan),
            client: Client::of(x.headers()),
            is_head: x.headers().text(":method") == Some("HEAD"),
            subject: found.subject,
            request: None,
            response: None,
            passed: 0,
            summary: String::new(),
            would_refuse: false,
        });
        let flow = checking.request_head(&target, &found.captures, x);
        self.checking = Some(checking);
        flow
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        match &mut self.checking {
            Some(checking) => checking.body(Direction::Request, body, x),
            None => Flow::Continue,
        }
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        match &mut self.checking {
            Some(checking) => checking.response_head(x),
            None => Flow::Continue,
        }
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        match &mut self.checking {
            Some(checking) => checking.body(Direction::Response, body, x),
            None => Flow::Continue,
        }
    }

    fn end(&mut self, _: End, x: &mut Exchange<'_>) {
        if let Some(checking) = &self.checking {
            checking.end(x);
        }
    }
}

impl Checking {
    fn request_head(
        &mut self,
        target: &str,
        captures: &Captures<'_>,
        x: &mut Exchange<'_>,
    ) -> Flow {
        let plan = Rc::clone(&self.plan);
        let terms = &plan.terms(self.subject.name()).request;
        let Some(mut side) = self.begin(Direction::Request, terms, x) else {
            return Flow::Continue;
        };
        let asked = Asked {
            target,
            captures,
            client: &self.client,
        };
        side.request_head(&plan, &self.subject, &asked, x);
        self.after_head(side, x)
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let plan = Rc::clone(&self.plan);
        let terms = &plan.terms(self.subject.name()).response;
        let flow = match self.begin(Direction::Response, terms, x) {
            Some(mut side) => {
                side.response_head(&plan, &self.subject, &self.client, self.is_head, x);
                self.after_head(side, x)
            }
            None => Flow::Continue,
        };
        if flow == Flow::Continue {
            self.tell_client(x);
        }
        flow
    }

    /// A message, if it is to be looked at.
    fn begin(
        &self,
        direction: Direction,
        terms: &DirectionTerms,
        x: &mut Exchange<'_>,
    ) -> Option<Side> {
        let is_response = direction == Direction::Response;
        if terms.mode == Mode::Off || (is_response && !self.has_contract(x)) {
            return None;
        }
        let is_sampled = terms.sample == Share::ALL || terms.sample.takes(x.random());
        if !is_sampled {
            let outcome = tally::Skipped::Sample.as_str();
            self.telling(direction).outcome(outcome, x);
            return None;
        }
        Some(Side::new(direction, terms))
    }

    /// Whether the contract says anything of the response: it is an answer of the service, to
    /// something that the contract knows.
    fn has_contract(&self, x: &Exchange<'_>) -> bool {
        !matches!(self.subject, Subject::Unknown(_)) && is_of_upstream(x)
    }

    /// What the head says is known: the message is refused, done with, or its content awaited.
    fn after_head(&mut self, side: Side, x: &mut Exchange<'_>) -> Flow {
        let plan = Rc::clone(&self.plan);
        let terms = self.terms(&plan, side.direction);
        if let Some(need) = side.expected.need(terms)
            && !side.is_refused()
        {
            x.need_body(need);
            let direction = side.direction;
            *self.side(direction) = Some(side);
            return Flow::Continue;
        }
        self.settle(side, x)
    }

    fn body(&mut self, direction: Direction, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        let Some(mut side) = self.side(direction).take() else {
            return Flow::Continue;
        };
        let plan = Rc::clone(&self.plan);
        let terms = self.terms(&plan, direction);
        side.part(&plan, body, terms, x);
        if side.is_refused() || body.size() != Size::Chunk {
            let flow = self.settle(side, x);
            if direction == Direction::Response && flow == Flow::Continue {
                self.tell_client(x);
            }
            return flow;
        }
        self.tell(&mut side, x);
        *self.side(direction) = Some(side);
        Flow::Continue
    }

    /// Counts the messages that broke off before they were whole.
    fn end(&self, x: &mut Exchange<'_>) {
        for side in [&self.request, &self.response].into_iter().flatten() {
            self.telling(side.direction).outcome("unfinished", x);
        }
    }

    /// Tells all that was found, and refuses the message where the policy says so.
    fn settle(&mut self, mut side: Side, x: &mut Exchange<'_>) -> Flow {
        self.tell(&mut side, x);
        let rejected = side.tally.rejected();
        let telling = self.telling(side.direction);
        if rejected.is_empty() {
            telling.outcome(side.tally.outcome(), x);
            return Flow::Continue;
        }
        let refusal = Refusal {
            violations: &rejected,
            offers: &side.offers,
        };
        let (kind, problem) = match side.direction {
            Direction::Request => (refusal.reason().kind(), refusal.problem(&self.plan)),
            Direction::Response => (refusal::response_kind(), refusal::of_response(&self.plan)),
        };
        if side.is_refused() {
            telling.outcome("refused", x);
            return Flow::Reply(Box::new(problem.reply(&self.client)));
        }
        telling.outcome(side.tally.outcome(), x);
        if !self.would_refuse {
            telling::Subject::would_refuse(kind, x);
        }
        self.would_refuse = true;
        Flow::Continue
    }

    /// Tells what was found since the last time.
    fn tell(&mut self, side: &mut Side, x: &mut Exchange<'_>) {
        let untold: Vec<_> = side.tally.take_untold().cloned().collect();
        if untold.is_empty() {
            return;
        }
        self.passed += untold.len();
        for violation in &untold {
            let brief = telling::brief(side.direction, violation);
            if self.summary.is_empty() {
                self.summary = brief;
            } else if self.summary.len() < facts::VIOLATIONS.limit {
                self.summary.push_str(", ");
                self.summary.push_str(&brief);
            }
        }
        let telling = self.telling(side.direction);
        telling.violations(untold.iter(), x);
        telling.facts(&self.summary, x);
    }

    /// Tells the client how many violations there were and passed, where the policy says so.
    fn tell_client(&self, x: &mut Exchange<'_>) {
        let Some(field) = &self.plan.report_field else {
            return;
        };
        let count = self.passed.to_string();
        let Some(headers) = x.headers_mut() else {
            return;
        };
        if self.passed > 0 {
            headers.set(field.clone(), count);
        } else {
            headers.remove(field.clone());
        }
    }

    fn side(&mut self, direction: Direction) -> &mut Option<Side> {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    fn terms<'p>(&self, plan: &'p Plan, direction: Direction) -> &'p DirectionTerms {
        let terms = plan.terms(self.subject.name());
        match direction {
            Direction::Request => &terms.request,
            Direction::Response => &terms.response,
        }
    }

    fn telling(&self, direction: Direction) -> telling::Subject<'_> {
        telling::Subject {
            policy: &self.policy,
            plan: &self.plan,
            operation: self.subject.name(),
            direction,
        }
    }
}

/// Whether a response is the service's own: neither the proxy's nor a filter's. A replay is.
fn is_of_upstream(x: &Exchange<'_>) -> bool {
    let details = x.property(&["response", "code_details"]);
    let details = details.unwrap_or_default();
    details == b"via_upstream" || details == REPLAY.as_bytes()
}
