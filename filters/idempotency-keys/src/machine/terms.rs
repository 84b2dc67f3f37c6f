//! What a policy says about the life of a key.

use std::time::Duration;

use kit::policy::Mode;

use crate::record::{NotKept, State};

/// The terms under which one keyed request runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Whether duplicates are answered, or only counted. [`Mode::Off`] is taken as report; no
    /// machine is started for it.
    pub(crate) mode: Mode,
    /// The revision of the policy, for records.
    pub(crate) revision: u64,
    /// How long the first request is taken to be on its way. It has to be longer than the route's
    /// time-out and two time-outs of the store together.
    pub(crate) claim_ttl: Duration,
    /// How long an answer is kept; not shorter than `claim_ttl`.
    pub(crate) retention: Duration,
    /// How long a key whose outcome is not known stays barred; usually `retention`.
    pub(crate) unknown_for: Duration,
    /// What a claim is worth that nobody has ended in time.
    pub(crate) on_claim_expired: OnClaimExpired,
    /// What happens to a request while the store is in trouble.
    pub(crate) store_trouble: StoreTrouble,
    /// Whether duplicates wait for the first request's answer, and how; `None` refuses them at once.
    pub(crate) wait_for_first: Option<WaitForFirst>,
    /// How an answer from the upstream ends a key.
    pub(crate) endings: Endings,
    /// How often a command is tried that nobody waits for.
    pub(crate) tries: Tries,
}

/// What a claim is worth that nobody has ended in time: its proxy died, or the store was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnClaimExpired {
    /// The outcome is unknown and duplicates are told so, for as long as answers are kept.
    Unknown,
    /// The key is free: a duplicate runs, maybe for the second time.
    Reexecute,
}

/// What happens to a request whose key could not be claimed because the store is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreTrouble {
    /// It is refused.
    Closed,
    /// It passes without a guard, unless it is known to be a duplicate.
    Open,
}

/// How a duplicate waits for the answer of the request that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitForFirst {
    /// The longest wait, without the time of the last look.
    pub(crate) limit: Duration,
    /// The time between two looks.
    pub(crate) every: Duration,
}

/// How often a command is tried that nobody waits for. (What an exchange waits for is tried as often
/// as the store does by itself.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tries {
    /// How often, beside the first time, for which an exchange may have waited.
    pub(crate) background: u8,
    /// The rest before the first of those; each further one is twice as long.
    pub(crate) rest: Duration,
}

/// How an answer from the upstream ends a key, by the status that it told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endings {
    /// 1xx and 2xx, and gRPC's OK.
    pub(crate) success: Ending,
    /// 3xx.
    pub(crate) redirection: Ending,
    /// 4xx, and the codes of gRPC that blame the request.
    pub(crate) client_error: Ending,
    /// 5xx and what is no status at all, and the other codes of gRPC.
    pub(crate) server_error: Ending,
    /// Single HTTP statuses that differ from their class.
    pub(crate) statuses: Vec<(u16, Ending)>,
}

/// How a key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ending {
    /// The answer is kept, and duplicates get it.
    Kept,
    /// The request is done, but its answer is not kept. A policy's reason is [`NotKept::Status`].
    NotKept(NotKept),
    /// Nobody knows whether the request was carried out.
    Unknown,
    /// The key is free again, because the request was surely not carried out or the policy says so.
    Released,
}

/// The status that an answer from the upstream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    /// An HTTP status.
    Http(u16),
    /// A `grpc-status`.
    Grpc(u32),
    /// A `grpc-status` that comes with the trailers.
    GrpcInTrailers,
}

impl Terms {
    /// Whether the policy is in force.
    pub(crate) fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce
    }

    /// How long the store keeps a claim. Where an expired claim is an unknown outcome, the record
    /// has to be there to say so; where it frees the key, the store does that by forgetting it.
    pub(super) fn claim_kept_for(&self) -> Duration {
        match self.on_claim_expired {
            OnClaimExpired::Unknown => self.retention.max(self.claim_ttl),
            OnClaimExpired::Reexecute => self.claim_ttl,
        }
    }

    /// How long the store keeps a record in this state.
    pub(super) fn kept_for(&self, state: State) -> Duration {
        match state {
            State::InFlight => self.claim_kept_for(),
            State::Unknown => self.unknown_for,
            State::Done | State::NotKept(_) => self.retention,
        }
    }
}

impl Tries {
    /// The rest before the next command that nobody waits for, when `left` may follow it.
    pub(super) fn rest_before(self, left: u8) -> Duration {
        let past = self.background.saturating_sub(left).saturating_sub(1);
        self.rest
            .saturating_mul(2_u32.saturating_pow(u32::from(past)))
    }
}

impl Endings {
    /// How an answer with this status ends its key; `None` where the status has not come yet.
    pub(super) fn of(&self, status: Status) -> Option<Ending> {
        match status {
            Status::Http(status) => Some(self.of_http(status)),
            Status::Grpc(code) => Some(self.of_grpc(code)),
            Status::GrpcInTrailers => None,
        }
    }

    fn of_http(&self, status: u16) -> Ending {
        let own = self.statuses.iter().find(|(own, _)| *own == status);
        match (own, status) {
            (Some((_, ending)), _) => *ending,
            (None, 100..=299) => self.success,
            (None, 300..=399) => self.redirection,
            (None, 400..=499) => self.client_error,
            (None, _) => self.server_error,
        }
    }

    /// The codes that blame the request are those that gRPC's documentation of its status codes
    /// gives to the caller's own mistakes, rights and quotas. `ABORTED` is not among them: it also
    /// tells of a transaction that broke off half-way.
    fn of_grpc(&self, code: u32) -> Ending {
        match code {
            0 => self.success,
            // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
            // FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED.
            3 | 5..=9 | 11 | 12 | 16 => self.client_error,
            _ => self.server_error,
        }
    }
}
