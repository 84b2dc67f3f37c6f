//! The life of one keyed request: when it is let go, what its duplicates are told, and how its key
//! ends.
//!
//! ```text
//!             ┌──── in flight, and the policy waits ◄──┐
//!             ▼                                        │
//! keyed ─► claiming ─── somebody else's record ────────┴─► replay or refuse
//!             │  │
//!             │  └───── the store is in trouble ─────────► refuse, or go without a guard
//!             ▼ mine
//!          owning: the request goes
//!             │ the answer is over, or there will be none
//!             ▼
//!          settling: kept, not kept, unknown, or free again; the last part of the answer is held
//! ```
//!
//! Five rules make the promise, and `model` shows that it breaks without any of them:
//! 1. A request goes only under a claim that one step of the store has made, and that has been
//!    confirmed.
//! 2. A key is freed only if the request has surely not been carried out, or the policy says so of
//!    its status. Whatever else comes between ends in unknown.
//! 3. Every write in place of a claim is fenced: an owner whose claim has gone changes nothing.
//! 4. An owner ends its key in one way. A command may be late and come after its own repetition,
//!    but never against it.
//! 5. The last part of an answer waits for the store, so that who has it whole finds it kept.
//!
//! A claim that may stand in the store for a request that never went is taken back in the
//! background ([`claiming`]); without that, one lost answer of the store would bar the key for as
//! long as answers are kept.
//!
//! In report mode the machine claims and settles in the background and holds nothing.

mod answer;
mod claiming;
mod event;
mod settling;
mod step;
mod terms;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

pub(crate) use event::{Attempt, Content, Event, Origin, ResponseHead, StoreAnswer};
pub(crate) use step::{Ask, Effect, Occurrence, Refusal, Step, Verdict};
pub(crate) use terms::{
    Ending, Endings, OnClaimExpired, Status, StoreTrouble, Terms, Tries, WaitForFirst,
};

use crate::fingerprint::Fingerprint;
use crate::store::Token;
use answer::Answer;
use claiming::Claiming;
use settling::Settling;

/// The state of one keyed request. It reads no clock and calls nobody: time and answers are told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Machine {
    keyed: Keyed,
    created: SystemTime,
    dialogue: Dialogue,
    answer: Answer,
    passage: Passage,
    /// Whether the upstream may have seen the request.
    went: bool,
    attempt: Attempt,
    call: Call,
}

/// What is known of a request when its key is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Keyed {
    /// Tells this request apart from every other one.
    pub(crate) token: Token,
    /// Tells what is asked. Its duplicates have the same one.
    pub(crate) fingerprint: Fingerprint,
    /// What a duplicate of a finished request gets.
    pub(crate) finished: Finished,
}

/// What a duplicate of a finished request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Finished {
    /// The answer that is kept.
    Replay,
    /// [`Refusal::AlreadyDone`]: the proxy cannot make an answer with a message and trailers, as
    /// gRPC has them.
    Refuse,
}

/// What goes on between the machine and the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Dialogue {
    /// Nothing: not yet, or not any more.
    Silent,
    /// A claim is out, or rests before it is repeated.
    Claiming(Claiming),
    /// The machine waits for another request's answer, between two looks.
    Waiting { until: SystemTime },
    /// The claim is this request's own.
    Owning { fence: crate::store::Fence },
    /// The end of the key is being written, or rests before it is repeated.
    Settling(Settling),
}

/// Where the exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Passage {
    /// The request is held.
    RequestHeld,
    /// Nothing is held.
    Open,
    /// The last part of the response is held.
    ResponseHeld,
    /// The exchange is over, or answered.
    Over,
}

/// Whether a command is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Call {
    None,
    /// It ends with the exchange.
    Bound,
    Outliving,
}

impl Machine {
    /// A machine for a request with a key.
    pub(crate) fn new(keyed: Keyed) -> Self {
        Self {
            keyed,
            created: SystemTime::UNIX_EPOCH,
            dialogue: Dialogue::Silent,
            answer: Answer::Awaited,
            passage: Passage::RequestHeld,
            went: false,
            attempt: Attempt::default(),
            call: Call::None,
        }
    }

    /// Takes in what has happened, at this time.
    pub(crate) fn on(&mut self, event: Event, terms: &Terms, now: SystemTime) -> Step {
        match event {
            Event::Keyed => self.begin(terms, now),
            Event::Store { attempt, answer } => self.store(attempt, answer, terms, now),
            Event::ResponseHead(head) => {
                self.answer.head(head, terms);
                self.response(head.content != Content::Endless, terms, now)
            }
            Event::ResponseBody { octets, is_last } => {
                self.answer.body(octets, is_last);
                self.response(true, terms, now)
            }
            Event::ResponseTrailers { grpc_status } => {
                self.answer.trailers(grpc_status, terms);
                self.response(true, terms, now)
            }
            Event::NotCaptured(why) => {
                self.answer.not_captured(why);
                self.nothing()
            }
            Event::Timer => self.woken(terms, now),
            Event::End => self.end(terms, now),
        }
    }

    /// Whether the content of the response that has passed so far, the part of the last event
    /// included, has to be kept for the record. Once it need not, it never has to again.
    pub(crate) fn is_capturing(&self) -> bool {
        let may_settle = match self.dialogue {
            Dialogue::Claiming(_) => self.went,
            Dialogue::Owning { .. } => true,
            Dialogue::Settling(settling) => settling.ending == Ending::Kept,
            Dialogue::Silent | Dialogue::Waiting { .. } => false,
        };
        may_settle && self.answer.is_captured()
    }

    /// What happens to the exchange as long as nothing else does: what is held stays held.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.passage {
            Passage::RequestHeld | Passage::ResponseHeld => Verdict::Hold,
            Passage::Open | Passage::Over => Verdict::Go,
        }
    }

    /// Whether nothing more is wanted of the store: no answer and no timer is awaited.
    pub(crate) fn is_silent(&self) -> bool {
        self.dialogue == Dialogue::Silent
    }

    fn store(
        &mut self,
        attempt: Attempt,
        answer: StoreAnswer,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        if attempt != self.attempt || self.call == Call::None {
            return self.nothing();
        }
        self.call = Call::None;
        match self.dialogue {
            Dialogue::Claiming(claiming) => self.claim_answered(claiming, answer, terms, now),
            Dialogue::Settling(settling) => self.end_answered(settling, answer, terms, now),
            Dialogue::Silent | Dialogue::Waiting { .. } | Dialogue::Owning { .. } => self.nothing(),
        }
    }

    fn woken(&mut self, terms: &Terms, now: SystemTime) -> Step {
        if self.call != Call::None {
            return self.nothing();
        }
        match self.dialogue {
            Dialogue::Waiting { until } => self.look_again(until, terms, now),
            Dialogue::Claiming(_) | Dialogue::Settling(_) => self.repeat(terms, now),
            Dialogue::Silent | Dialogue::Owning { .. } => self.nothing(),
        }
    }

    /// The exchange is over. What nobody awaits any more goes on in the background.
    fn end(&mut self, terms: &Terms, now: SystemTime) -> Step {
        if self.went {
            self.answer.cut_off();
        }
        self.passage = Passage::Over;
        match (self.dialogue, self.call) {
            (Dialogue::Silent, _) | (_, Call::Outliving) => self.nothing(),
            (Dialogue::Waiting { .. }, _) => self.fall_silent(),
            (Dialogue::Claiming(claiming), Call::Bound) => self.take_back(claiming, terms, now),
            (Dialogue::Settling(settling), Call::Bound) => {
                self.dialogue = Dialogue::Settling(settling.without_answer());
                self.repeat(terms, now)
            }
            // The proxy forgets timers with the exchange.
            (
                Dialogue::Claiming(Claiming { tries, .. })
                | Dialogue::Settling(Settling { tries, .. }),
                Call::None,
            ) => {
                let rest = terms.tries.rest_before(tries);
                self.nothing().and(Effect::WakeAfter(rest))
            }
            (Dialogue::Owning { fence }, _) => {
                let ending = self.answer.ending().unwrap_or(Ending::Unknown);
                self.settle(fence, ending, false, terms, now)
            }
        }
    }

    /// Sends the current command, in whichever state it is.
    fn repeat(&mut self, terms: &Terms, now: SystemTime) -> Step {
        let ask = match self.dialogue {
            Dialogue::Claiming(_) => self.claim(terms, now),
            Dialogue::Settling(settling) => self.write_end(settling, terms),
            Dialogue::Silent | Dialogue::Waiting { .. } | Dialogue::Owning { .. } => {
                return self.nothing();
            }
        };
        let ask = self.send(ask);
        self.nothing().and(ask)
    }

    /// Gives a command its number. It outlives the exchange unless the exchange waits for it.
    fn send(&mut self, ask: Ask) -> Effect {
        let outlives = matches!(self.passage, Passage::Open | Passage::Over);
        self.attempt = Attempt(self.attempt.0.wrapping_add(1));
        self.call = if outlives {
            Call::Outliving
        } else {
            Call::Bound
        };
        Effect::Ask {
            attempt: self.attempt,
            ask,
            outlives,
        }
    }

    /// Everything stays as it is.
    fn nothing(&self) -> Step {
        Step::just(self.verdict())
    }

    /// Nothing more is wanted of the store.
    fn fall_silent(&mut self) -> Step {
        self.dialogue = Dialogue::Silent;
        self.nothing()
    }
}

/// A time in the future. One that the clock cannot tell is no later than now.
fn later(now: SystemTime, by: std::time::Duration) -> SystemTime {
    now.checked_add(by).unwrap_or(now)
}
