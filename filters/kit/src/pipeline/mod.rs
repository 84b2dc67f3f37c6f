//! Runs one or more cores over one exchange.
//!
//! On requests the cores are called outer to inner, on responses inner to outer, and each sees the
//! edits of those before it. The pipeline alone pauses, buffers (once, at the largest cap asked),
//! orders, corrects lengths and flushes, so that a bundle of filters in one module answers as the
//! chain of their modules does.
//!
//! Rules of composition:
//! - While one core waits, the later ones are not called and every part of the message stays paused.
//! - A core that holds a head until it has seen the body (the held form) keeps it from the later
//!   ones, too, until then.
//! - A reply passes only the cores outside the one that made it.
//! - A replay ([`REPLAY`](crate::reply::REPLAY)) is told as a reply, and not as a refusal.
//! - A core sees the response only if it saw the request head.
//! - Streams stay streams: an upgraded connection and an event stream are never held.

mod host;
mod message;

pub use host::{Direction, HeaderMap, Host, Part};

use crate::call::{Call, CallId, CallResult};
use crate::exchange::{Asks, Exchange};
use crate::fact::{Fact, Facts, REFUSAL, REPLY};
use crate::filter::{Core, End, Flow, Form};
use crate::headers::Edit;
use crate::reply::Reply;
use message::{Passage, Step, Turn};

/// What the proxy is to do with the part of a message that it has just shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Action {
    /// Pass it on.
    Continue,
    /// Keep it, and what follows it, until [`Host::resume`] or a later part says otherwise.
    Pause,
}

/// The cores of one exchange and how far each message has come.
pub struct Pipeline {
    slots: Vec<Slot>,
    form: Form,
    request: Passage,
    response: Passage,
    facts: Facts,
    replied: Option<usize>,
    /// The media type of a reply without content, which a proxy takes off it.
    withheld_type: Option<Vec<u8>>,
    ended: bool,
}

struct Slot {
    core: Box<dyn Core>,
    entered: bool,
    /// Calls without a result.
    calls: Vec<CallId>,
    timer: bool,
}

impl Pipeline {
    /// A pipeline for one exchange; `cores` stand in the order of the chain, outermost first.
    pub fn new(cores: impl IntoIterator<Item = Box<dyn Core>>, form: Form) -> Self {
        let slot = |core| Slot {
            core,
            entered: false,
            calls: Vec::new(),
            timer: false,
        };
        Self {
            slots: cores.into_iter().map(slot).collect(),
            form,
            request: Passage::new(Direction::Request),
            response: Passage::new(Direction::Response),
            facts: Facts::default(),
            replied: None,
            withheld_type: None,
            ended: false,
        }
    }

    /// The head of a message has come; `is_all` when nothing follows it.
    pub fn head(&mut self, direction: Direction, is_all: bool, host: &mut dyn Host) -> Action {
        self.passage(direction).head_arrived(is_all);
        if direction == Direction::Response {
            self.restore_type(host);
        }
        self.advance(direction, host)
    }

    /// A part of a body has come, and the proxy now has `len` octets of it buffered or passing;
    /// `last` when nothing follows it.
    pub fn body(
        &mut self,
        direction: Direction,
        len: usize,
        last: bool,
        host: &mut dyn Host,
    ) -> Action {
        self.passage(direction).body_arrived(len, last);
        self.advance(direction, host)
    }

    /// The trailers of a message have come.
    pub fn trailers(&mut self, direction: Direction, host: &mut dyn Host) -> Action {
        self.passage(direction).trailers_arrived();
        if self.passage(direction).is_stranded() {
            return Self::break_off(host);
        }
        self.advance(direction, host)
    }

    /// A call that the core in `slot` asked for has ended.
    pub fn call_result(
        &mut self,
        slot: usize,
        id: CallId,
        result: CallResult,
        host: &mut dyn Host,
    ) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.calls.retain(|pending| *pending != id);
        }
        self.wake(slot, host, |core, x| core.call_result(id, result, x));
    }

    /// The time that the core in `slot` asked to be woken after has passed.
    pub fn timer(&mut self, slot: usize, host: &mut dyn Host) {
        let asked = |slot: &mut Slot| std::mem::take(&mut slot.timer);
        if self.slots.get_mut(slot).is_some_and(asked) {
            self.wake(slot, host, |core, x| core.timer(x));
        }
    }

    /// The exchange is over.
    pub fn end(&mut self, host: &mut dyn Host) {
        let end = if self.response.step == Step::Done {
            End::Complete
        } else {
            End::Aborted
        };
        self.ended = true;
        for slot in &mut self.slots {
            slot.timer = false;
        }
        for index in 0..self.slots.len() {
            if self.slots.get(index).is_some_and(|slot| slot.entered) {
                // Nothing goes on any more, so the flow means nothing.
                let _ = self.event(index, Direction::Response, host, |core, x| {
                    core.end(end, x);
                    Flow::Continue
                });
            }
        }
    }

    /// What the filters have told about this exchange.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Runs a message through the cores as far as it has arrived and nobody waits.
    fn advance(&mut self, direction: Direction, host: &mut dyn Host) -> Action {
        let (cores, form) = (self.slots.len(), self.form);
        loop {
            if self.passage(direction).waiting.is_some() {
                return Action::Pause;
            }
            let (step, position) = match self.passage(direction).turn(cores, form, host) {
                Turn::Core(step, position) => (step, position),
                Turn::Stop(action) => return action,
            };
            let index = self.index(direction, position);
            if !self.takes_part(direction, index) {
                continue;
            }
            match self.step(step, index, direction, host) {
                Flow::Continue => {}
                Flow::Wait => self.passage(direction).waiting = Some(index),
                Flow::Reply(reply) => {
                    if let Some(action) = self.reply(index, direction, &reply, host) {
                        return action;
                    }
                }
            }
        }
    }

    /// Ends a message whose head has gone and whose content cannot follow, so that it does not look
    /// whole: after a head, a reply breaks the stream off.
    fn break_off(host: &mut dyn Host) -> Action {
        host.reply(&Reply {
            status: 502,
            headers: Vec::new(),
            body: Vec::new(),
            grpc: None,
            details: "treaty_trailers_unannounced".to_owned(),
        });
        Action::Pause
    }

    /// The core at a position, which is also the position of a core: responses pass the other way.
    fn index(&self, direction: Direction, position: usize) -> usize {
        match direction {
            Direction::Request => position,
            Direction::Response => self.slots.len().saturating_sub(position + 1),
        }
    }

    /// Whether a core sees this message. It sees a response if it saw the request and did not make
    /// the response itself.
    fn takes_part(&mut self, direction: Direction, index: usize) -> bool {
        let Some(slot) = self.slots.get_mut(index) else {
            return false;
        };
        match direction {
            Direction::Request => slot.entered = true,
            Direction::Response => return slot.entered && self.replied != Some(index),
        }
        true
    }

    /// Gives one core the event of a step.
    fn step(
        &mut self,
        step: Step,
        index: usize,
        direction: Direction,
        host: &mut dyn Host,
    ) -> Flow {
        use Direction::{Request, Response};
        match (direction, step) {
            (Request, Step::Head) => {
                self.event(index, direction, host, |core, x| core.request_head(x))
            }
            (Response, Step::Head) => {
                self.event(index, direction, host, |core, x| core.response_head(x))
            }
            (Request, Step::Trailers) => {
                self.event(index, direction, host, |core, x| core.request_trailers(x))
            }
            (Response, Step::Trailers) => {
                self.event(index, direction, host, |core, x| core.response_trailers(x))
            }
            (_, Step::Body) => self.body_step(index, direction, host),
            (_, Step::Done) => Flow::Continue,
        }
    }

    fn body_step(&mut self, index: usize, direction: Direction, host: &mut dyn Host) -> Flow {
        let Some(mut body) = self.passage(direction).lend_body(index) else {
            return Flow::Continue;
        };
        let flow = self.event(index, direction, host, |core, x| match direction {
            Direction::Request => core.request_body(&mut body, x),
            Direction::Response => core.response_body(&mut body, x),
        });
        self.passage(direction).return_body(body);
        flow
    }

    /// Calls one core and carries out what it asked for.
    fn event(
        &mut self,
        index: usize,
        direction: Direction,
        host: &mut dyn Host,
        call: impl FnOnce(&mut dyn Core, &mut Exchange<'_>) -> Flow,
    ) -> Flow {
        let Some(slot) = self.slots.get_mut(index) else {
            return Flow::Continue;
        };
        let (passage, request) = match direction {
            Direction::Request => (&mut self.request, None),
            Direction::Response => (&mut self.response, self.request.message.headers.get()),
        };
        let mut asks = Asks::default();
        let flow = call(
            slot.core.as_mut(),
            &mut Exchange {
                direction,
                message: &mut passage.message,
                request,
                facts: &mut self.facts,
                asks: &mut asks,
                host: &mut *host,
            },
        );
        if let Some(need) = asks.body {
            passage.need(index, need);
        }
        if let Some(after) = asks.wake_after {
            slot.timer = true;
            host.wake_after(index, after);
        }
        let flow = self.send_calls(index, direction, asks.calls, flow, host);
        match self.slots.get(index) {
            // Nothing would ever end this wait.
            Some(slot) if slot.calls.is_empty() && !slot.timer && flow == Flow::Wait => {
                Flow::Continue
            }
            _ => flow,
        }
    }

    /// Sends calls; one that cannot be sent ends at once, and the core may then decide otherwise.
    fn send_calls(
        &mut self,
        index: usize,
        direction: Direction,
        calls: Vec<Call>,
        mut flow: Flow,
        host: &mut dyn Host,
    ) -> Flow {
        for mut call in calls {
            call.outlives = call.outlives || self.ended;
            let id = call.id;
            match host.call(index, call) {
                Ok(()) => {
                    if let Some(slot) = self.slots.get_mut(index) {
                        slot.calls.push(id);
                    }
                }
                Err(failure) => {
                    let result = CallResult::Failed(failure);
                    let then = self.event(index, direction, host, |core, x| {
                        core.call_result(id, result, x)
                    });
                    if flow == Flow::Wait {
                        flow = then;
                    }
                }
            }
        }
        flow
    }

    /// Calls a core for something that it had asked for, and lets the message go on if it waited
    /// for just that.
    fn wake(
        &mut self,
        index: usize,
        host: &mut dyn Host,
        call: impl FnOnce(&mut dyn Core, &mut Exchange<'_>) -> Flow,
    ) {
        let direction = if self.response.waiting == Some(index) {
            Direction::Response
        } else if self.request.waiting == Some(index) || self.response.step == Step::Head {
            Direction::Request
        } else {
            Direction::Response
        };
        let flow = self.event(index, direction, host, call);
        if self.ended || self.passage(direction).waiting != Some(index) {
            return;
        }
        match flow {
            Flow::Wait => return,
            Flow::Continue => self.passage(direction).waiting = None,
            Flow::Reply(reply) => {
                self.passage(direction).waiting = None;
                if self.reply(index, direction, &reply, host).is_some() {
                    return;
                }
            }
        }
        if self.advance(direction, host) == Action::Continue {
            host.resume(direction);
        }
    }

    /// Answers the client. `None` when the answer was put in place of a held response, which then
    /// goes on to the outer cores.
    fn reply(
        &mut self,
        index: usize,
        direction: Direction,
        reply: &Reply,
        host: &mut dyn Host,
    ) -> Option<Action> {
        // What keeps the details of another answer stands for it and is none of ours.
        if let Some(refusal) = reply.details.strip_prefix("treaty.") {
            self.tell(&REPLY, &reply.details, host);
            if !reply.is_replay() {
                self.tell(&REFUSAL, refusal, host);
            }
        }
        self.replied = Some(index);
        let position = self.index(direction, index);
        if direction == Direction::Response && self.response.put_in_place(reply, position, host) {
            return None;
        }
        self.passage(direction).step = Step::Done;
        if reply.body.is_empty() && reply.grpc.is_none() {
            self.withheld_type = reply.header("content-type").map(<[u8]>::to_vec);
        }
        host.reply(reply);
        Some(Action::Pause)
    }

    /// Puts the media type of a reply without content back, when its head passes: an empty message
    /// of Connect has one, too.
    fn restore_type(&mut self, host: &mut dyn Host) {
        let head = HeaderMap {
            direction: Direction::Response,
            part: Part::Head,
        };
        if let Some(media_type) = self.withheld_type.take()
            && host.header(head, "content-type").is_none()
        {
            let name = "content-type".into();
            host.edit(head, vec![Edit::Add(name, media_type)]);
        }
    }

    fn tell(&mut self, fact: &Fact, value: &str, host: &mut dyn Host) {
        let value = fact.cut(value);
        if self.facts.tell(fact, value) {
            host.tell(fact, value);
        }
    }

    fn passage(&mut self, direction: Direction) -> &mut Passage {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }
}
