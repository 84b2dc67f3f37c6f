//! The way to a claim: who owns the key, what its duplicates get, and how a claim is taken back
//! that no request stands behind.

use std::time::SystemTime;

use super::step::{Ask, Effect, Occurrence, Refusal, Step, Verdict};
use super::terms::{Ending, OnClaimExpired, StoreTrouble, Terms, WaitForFirst};
use super::{Dialogue, Finished, Machine, Passage, StoreAnswer, later};
use crate::fingerprint::Comparison;
use crate::record::{Head, State};
use crate::store::{Failure, Fence};

/// A claim that is out, or rests before it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Claiming {
    /// How often it may still be repeated, once nobody waits for it.
    pub(super) tries: u8,
    /// Whether a claim of this request may stand in the store.
    unsure: bool,
    /// Until when this request waits for the one that it is known to duplicate.
    waits_until: Option<SystemTime>,
}

/// What a duplicate gets.
enum Treatment {
    Replay,
    Refuse(Refusal),
    /// The first request is on its way.
    InFlight,
}

impl Claiming {
    /// The claim, when nobody waits for it any more.
    pub(super) fn in_background(self, terms: &Terms) -> Self {
        Self {
            tries: terms.tries.background,
            ..self
        }
    }
}

impl Machine {
    /// The key is known. In report mode the request goes on without a wait.
    pub(super) fn begin(&mut self, terms: &Terms, now: SystemTime) -> Step {
        if self.dialogue != Dialogue::Silent || self.passage != Passage::RequestHeld {
            return self.nothing();
        }
        if !terms.is_enforced() {
            self.went = true;
            self.passage = Passage::Open;
        }
        self.begin_claim(None, terms, now)
    }

    fn begin_claim(
        &mut self,
        waits_until: Option<SystemTime>,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        self.dialogue = Dialogue::Claiming(Claiming {
            tries: 0,
            unsure: false,
            waits_until,
        });
        self.repeat(terms, now)
    }

    /// The claim, always with the token of this request: a store that has it already knows it again.
    pub(super) fn claim(&mut self, terms: &Terms, now: SystemTime) -> Ask {
        self.created = now;
        Ask::Claim {
            head: self.head(State::InFlight, terms, now),
            ttl: terms.claim_kept_for(),
        }
    }

    /// This request's record in a state that it came to at this time.
    pub(super) fn head(&self, state: State, terms: &Terms, at: SystemTime) -> Head {
        Head {
            state,
            token: self.keyed.token,
            fingerprint: self.keyed.fingerprint,
            created: self.created,
            claim_ends: later(self.created, terms.claim_ttl),
            finished: (state != State::InFlight).then_some(at),
            expires: later(at, terms.kept_for(state)),
            revision: terms.revision,
        }
    }

    pub(super) fn claim_answered(
        &mut self,
        claiming: Claiming,
        answer: StoreAnswer,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        match answer {
            StoreAnswer::Claimed(fence) => self.own(fence, terms, now),
            StoreAnswer::Exists(head) => self.duplicate(claiming, &head, terms, now),
            StoreAnswer::Unreadable => self.unreadable(),
            StoreAnswer::Failed(failure) => self.claim_failed(claiming, failure, terms),
            StoreAnswer::Replaced | StoreAnswer::Released | StoreAnswer::Lost => {
                self.claim_failed(claiming, Failure::Malformed, terms)
            }
        }
    }

    fn own(&mut self, fence: Fence, terms: &Terms, now: SystemTime) -> Step {
        if self.passage == Passage::RequestHeld {
            self.went = true;
            self.passage = Passage::Open;
        }
        if !self.went {
            // The client has gone or was refused meanwhile. Nothing was carried out.
            return self.settle(fence, Ending::Released, false, terms, now);
        }
        self.dialogue = Dialogue::Owning { fence };
        let step = match self.answer.ending() {
            // Only report mode lets a request go before its claim is answered.
            Some(ending) => self.settle(fence, ending, false, terms, now),
            None => self.nothing(),
        };
        step.counting_first(Occurrence::Claimed)
    }

    fn duplicate(
        &mut self,
        claiming: Claiming,
        head: &Head,
        terms: &Terms,
        now: SystemTime,
    ) -> Step {
        self.dialogue = Dialogue::Silent;
        match (self.treatment(head, terms, now), self.passage) {
            // Nobody is there to be told.
            _ if self.passage != Passage::RequestHeld && !self.went => self.nothing(),
            (Treatment::Replay, Passage::RequestHeld) => {
                self.passage = Passage::Over;
                Step::just(Verdict::Replay).and_count(Occurrence::Replayed)
            }
            (Treatment::Replay, _) => self.nothing().and_count(Occurrence::Replayed),
            (Treatment::Refuse(refusal), _) => self.refuse(refusal),
            (Treatment::InFlight, Passage::RequestHeld) => {
                self.wait_or_refuse(claiming, terms.wait_for_first, now)
            }
            (Treatment::InFlight, _) => self.refuse(Refusal::InFlight),
        }
    }

    /// Another request under the same key is refused whatever became of the first one: its outcome
    /// is nobody else's.
    fn treatment(&self, head: &Head, terms: &Terms, now: SystemTime) -> Treatment {
        let in_time = now < head.claim_ends;
        match (head.state, terms.on_claim_expired, self.keyed.finished) {
            _ if self.is_another_request(head) => Treatment::Refuse(Refusal::Mismatch),
            (State::Done, _, Finished::Replay) => Treatment::Replay,
            (State::Done, _, Finished::Refuse) => Treatment::Refuse(Refusal::AlreadyDone),
            (State::NotKept(_), ..) => Treatment::Refuse(Refusal::NotKept),
            (State::InFlight, OnClaimExpired::Unknown, _) if !in_time => {
                Treatment::Refuse(Refusal::OutcomeUnknown)
            }
            // Where expiry frees the key, the store alone says when: its clock is everybody's.
            (State::InFlight, ..) => Treatment::InFlight,
            (State::Unknown, ..) => Treatment::Refuse(Refusal::OutcomeUnknown),
        }
    }

    /// What cannot be compared, because the policy has changed in between, is taken as the same
    /// request: it does not run twice, and its client is not accused.
    fn is_another_request(&self, first: &Head) -> bool {
        first.fingerprint.compare(&self.keyed.fingerprint) == Comparison::Other
    }

    fn wait_or_refuse(
        &mut self,
        claiming: Claiming,
        wait: Option<WaitForFirst>,
        now: SystemTime,
    ) -> Step {
        let Some(wait) = wait else {
            return self.refuse(Refusal::InFlight);
        };
        let until = claiming.waits_until.unwrap_or(later(now, wait.limit));
        match until.duration_since(now) {
            Ok(left) if !left.is_zero() => {
                self.dialogue = Dialogue::Waiting { until };
                self.nothing().and(Effect::WakeAfter(wait.every.min(left)))
            }
            _ => self.refuse(Refusal::InFlight),
        }
    }

    /// Looks whether the first request is done by claiming: if its key was freed, it is this
    /// request's turn.
    pub(super) fn look_again(&mut self, until: SystemTime, terms: &Terms, now: SystemTime) -> Step {
        self.begin_claim(Some(until), terms, now)
    }

    /// Somebody has used the key, and nobody can say what for. That is trouble of the store, but an
    /// open policy must not make a second run of it.
    fn unreadable(&mut self) -> Step {
        if self.went || self.passage == Passage::RequestHeld {
            self.refuse(Refusal::StoreUnavailable)
        } else {
            self.fall_silent()
        }
    }

    fn claim_failed(&mut self, mut claiming: Claiming, failure: Failure, terms: &Terms) -> Step {
        claiming.unsure = claiming.unsure || failure.leaves_open();
        let step = if self.went || self.passage == Passage::RequestHeld {
            self.without_claim(claiming, terms)
        } else {
            self.rest_before_taking_back(claiming, terms)
        };
        step.counting_first(Occurrence::StoreFailed(failure))
    }

    /// The store is in trouble. A request that is known to duplicate one on its way never goes.
    fn without_claim(&mut self, claiming: Claiming, terms: &Terms) -> Step {
        let refusal = match (claiming.waits_until, terms.store_trouble) {
            (Some(_), _) => Some(Refusal::InFlight),
            (None, StoreTrouble::Closed) => Some(Refusal::StoreUnavailable),
            (None, StoreTrouble::Open) => None,
        };
        self.dialogue = Dialogue::Silent;
        let Some(refusal) = refusal else {
            // If a claim stands in the store after all, it stays: this request may be carried out,
            // and nobody will tell its outcome.
            self.went = true;
            if self.passage == Passage::RequestHeld {
                self.passage = Passage::Open;
            }
            return self.nothing().and_count(Occurrence::Unguarded);
        };
        let step = self.refuse(refusal);
        if self.went || !claiming.unsure {
            return step;
        }
        let background = self.rest_before_taking_back(claiming.in_background(terms), terms);
        step.then(background)
    }

    fn refuse(&mut self, refusal: Refusal) -> Step {
        let counted = Occurrence::Refused(refusal);
        self.dialogue = Dialogue::Silent;
        if self.passage != Passage::RequestHeld {
            return self.nothing().and_count(counted);
        }
        self.passage = Passage::Over;
        Step::just(Verdict::Refuse(refusal)).and_count(counted)
    }

    /// The exchange ended while its claim was out, so nobody heard the answer. Claiming again tells
    /// whether it is there, and what a release needs.
    pub(super) fn take_back(&mut self, claiming: Claiming, terms: &Terms, now: SystemTime) -> Step {
        self.dialogue = Dialogue::Claiming(Claiming {
            unsure: true,
            ..claiming.in_background(terms)
        });
        self.repeat(terms, now)
    }

    fn rest_before_taking_back(&mut self, claiming: Claiming, terms: &Terms) -> Step {
        match claiming.tries.checked_sub(1) {
            Some(tries) if claiming.unsure => {
                self.dialogue = Dialogue::Claiming(Claiming { tries, ..claiming });
                let rest = terms.tries.rest_before(tries);
                self.nothing().and(Effect::WakeAfter(rest))
            }
            _ if claiming.unsure => self.fall_silent().and_count(Occurrence::ClaimLeft),
            _ => self.fall_silent(),
        }
    }
}
