//! What a machine asks for.

use std::time::Duration;

use super::event::Attempt;
use super::terms::Ending;
use crate::record::Head;
use crate::store::{Failure, Fence};

/// What follows from one event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(crate) struct Step {
    /// What happens to the exchange.
    pub(crate) verdict: Verdict,
    /// What else is to be done, in order.
    pub(crate) effects: Vec<Effect>,
}

/// What happens to the exchange. It stands in every step: what is held stays held until a step says
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    /// It goes on.
    Go,
    /// It is held: the request, or what has last come of the response.
    Hold,
    /// The client is answered as a duplicate or as one that cannot be served.
    Refuse(Refusal),
    /// The client gets the answer that came with the record which the store has just shown.
    Replay,
}

/// Why a request is not let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    /// The key was used for another request.
    Mismatch,
    /// The first request is still on its way.
    InFlight,
    /// The first request is done; in its protocol its answer cannot be given again.
    AlreadyDone,
    /// The first request is done; its answer was not kept.
    NotKept,
    /// Nobody knows whether the first request was carried out.
    OutcomeUnknown,
    /// The store is in trouble.
    StoreUnavailable,
}

/// Something to be done beside the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Effect {
    /// A command for the store.
    Ask {
        /// Its number; the answer comes with it. Answers to earlier numbers are ignored.
        attempt: Attempt,
        /// The command.
        ask: Ask,
        /// Whether it has to be carried on when the exchange ends.
        outlives: bool,
    },
    /// The machine wants [`Event::Timer`](super::event::Event::Timer) after this time, in place of
    /// any that it wanted before.
    WakeAfter(Duration),
    /// Something worth counting.
    Count(Occurrence),
}

/// A command for the store, about the one key that the machine is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    /// Write this record if there is none, or show the one that is there, in one step.
    Claim {
        /// The record.
        head: Head,
        /// How long it is kept.
        ttl: Duration,
    },
    /// Write this record in place of the claim, if the fence still holds.
    Replace {
        /// What has to hold.
        fence: Fence,
        /// The record; the answer goes with it where it is done. A repeated one is the same, and its
        /// octets have to be, too.
        head: Head,
        /// How long it is kept.
        ttl: Duration,
    },
    /// Delete the claim, if the fence still holds.
    Release {
        /// What has to hold.
        fence: Fence,
    },
}

/// Something worth counting. In report mode it is what would have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Occurrence {
    /// The request is the first one.
    Claimed,
    /// A duplicate is replayed.
    Replayed,
    /// The request is refused.
    Refused(Refusal),
    /// The request passes without a guard, because the store is in trouble.
    Unguarded,
    /// The key has ended.
    Ended(Ending),
    /// Somebody else owns the key or has freed it: the request may have run twice.
    ClaimLost,
    /// The store took none of the attempts to end the key: it stays claimed until the claim ends.
    EndLost(Ending),
    /// A claim that may stand in the store for a request that never went could not be taken back.
    ClaimLeft,
    /// A command failed.
    StoreFailed(Failure),
}

impl Step {
    /// A step with nothing beside its verdict.
    pub(super) fn just(verdict: Verdict) -> Self {
        Self {
            verdict,
            effects: Vec::new(),
        }
    }

    /// The step with something more to do, after the rest.
    pub(super) fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// The step with what else follows from the same event; its own verdict stands.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.effects.extend(other.effects);
        self
    }

    /// The step with something more to count.
    pub(super) fn and_count(self, occurrence: Occurrence) -> Self {
        self.and(Effect::Count(occurrence))
    }

    /// The step with something to count before the rest.
    pub(super) fn counting_first(mut self, occurrence: Occurrence) -> Self {
        self.effects.insert(0, Effect::Count(occurrence));
        self
    }
}
