//! The end of a key: what is written when the answer is over, and how often it is tried.

use std::time::SystemTime;

use super::step::{Ask, Effect, Occurrence, Step};
use super::terms::{Ending, Terms};
use super::{Dialogue, Machine, Passage, StoreAnswer};
use crate::record::{NotKept, State};
use crate::store::{Failure, Fence};

/// The end of a key that is being written, or rests before it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Settling {
    fence: Fence,
    pub(super) ending: Ending,
    /// When the key ended. A repeated write is the same one, octet by octet, or a store could not
    /// know it again.
    at: SystemTime,
    /// How often it may still be repeated.
    pub(super) tries: u8,
    /// Whether it may have been written already.
    unsure: bool,
}

impl Settling {
    /// Nobody will hear the answer to the command that is out.
    pub(super) fn without_answer(self) -> Self {
        Self {
            unsure: true,
            ..self
        }
    }
}

impl Machine {
    /// A part of the response has come. `may_hold` tells whether it may wait for the store.
    pub(super) fn response(&mut self, may_hold: bool, terms: &Terms, now: SystemTime) -> Step {
        if self.passage == Passage::RequestHeld {
            // The proxy or another filter has answered a request that never went.
            self.passage = Passage::Open;
            self.dialogue = match self.dialogue {
                Dialogue::Waiting { .. } => Dialogue::Silent,
                Dialogue::Claiming(claiming) => Dialogue::Claiming(claiming.in_background(terms)),
                other => other,
            };
        }
        match (self.dialogue, self.answer.ending()) {
            (Dialogue::Owning { fence }, Some(ending)) => {
                self.settle(fence, ending, may_hold && terms.is_enforced(), terms, now)
            }
            _ => self.nothing(),
        }
    }

    /// Ends the key in this way. There is no other way for it from here on.
    pub(super) fn settle(
        &mut self,
        fence: Fence,
        ending: Ending,
        hold: bool,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        if hold && self.passage == Passage::Open {
            self.passage = Passage::ResponseHeld;
        }
        self.dialogue = Dialogue::Settling(Settling {
            fence,
            ending,
            at: now,
            tries: terms.tries.background,
            unsure: false,
        });
        self.repeat(terms, now)
    }

    pub(super) fn write_end(&self, settling: Settling, terms: &Terms) -> Ask {
        let fence = settling.fence;
        let state = match settling.ending {
            Ending::Kept => State::Done,
            Ending::NotKept(why) => State::NotKept(why),
            Ending::Unknown => State::Unknown,
            Ending::Released => return Ask::Release { fence },
        };
        Ask::Replace {
            fence,
            head: self.head(state, terms, settling.at),
            ttl: terms.kept_for(state),
        }
    }

    pub(super) fn end_answered(
        &mut self,
        settling: Settling,
        answer: StoreAnswer,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        let is_release = settling.ending == Ending::Released;
        match answer {
            StoreAnswer::Replaced if !is_release => self.ended(settling),
            StoreAnswer::Released if is_release => self.ended(settling),
            // An earlier try has freed the key, and another request has claimed it since.
            StoreAnswer::Lost if settling.unsure && is_release => self.ended(settling),
            StoreAnswer::Lost => self.let_go().and_count(Occurrence::ClaimLost),
            StoreAnswer::Failed(failure) => self.end_failed(settling, failure, terms, now),
            _ => self.end_failed(settling, Failure::Malformed, terms, now),
        }
    }

    fn ended(&mut self, settling: Settling) -> Step {
        self.let_go().and_count(Occurrence::Ended(settling.ending))
    }

    fn end_failed(
        &mut self,
        mut settling: Settling,
        failure: Failure,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        settling.unsure = settling.unsure || failure.leaves_open();
        let no_room = matches!(failure, Failure::TooLarge | Failure::Full);
        let step = if no_room && settling.ending == Ending::Kept {
            settling.ending = Ending::NotKept(NotKept::TooLarge);
            self.dialogue = Dialogue::Settling(settling);
            self.repeat(terms, now)
        } else {
            self.rest_before_ending(settling, terms)
        };
        step.counting_first(Occurrence::StoreFailed(failure))
    }

    /// The client has waited long enough: the rest happens in the background.
    fn rest_before_ending(&mut self, settling: Settling, terms: &Terms) -> Step {
        let step = self.let_go();
        match settling.tries.checked_sub(1) {
            Some(tries) => {
                self.dialogue = Dialogue::Settling(Settling { tries, ..settling });
                step.and(Effect::WakeAfter(terms.tries.rest_before(tries)))
            }
            None => step.and_count(Occurrence::EndLost(settling.ending)),
        }
    }

    /// Lets the response go on, with nothing more to say to the store.
    fn let_go(&mut self) -> Step {
        if self.passage == Passage::ResponseHeld {
            self.passage = Passage::Open;
        }
        self.fall_silent()
    }
}
