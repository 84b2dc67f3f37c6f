//! What a machine is told.

use super::terms::Status;
use crate::record::{Head, NotKept};
use crate::store::{Failure, Fence};

/// One thing that has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// All of the request that its key and its fingerprint need has come, and nothing of it has
    /// gone on. It comes once, first.
    Keyed,
    /// The store has answered a command, or there will be no answer.
    Store {
        /// The number that the command had.
        attempt: Attempt,
        /// What it answered.
        answer: StoreAnswer,
    },
    /// The head of the response has come.
    ResponseHead(ResponseHead),
    /// A part of the response's content has come.
    ResponseBody {
        /// Its length.
        octets: u64,
        /// Whether nothing of the response follows that is kept or tells a status.
        is_last: bool,
    },
    /// The trailers have come, which ends the response.
    ResponseTrailers {
        /// The `grpc-status` in them.
        grpc_status: Option<u32>,
    },
    /// The answer cannot be taken down. It comes before the part that ends the response.
    NotCaptured(NotKept),
    /// The time that the machine asked to be woken after has passed.
    Timer,
    /// The exchange is over, however it ended. Store commands without an answer that do not outlive
    /// it will have none.
    End,
}

/// The number of a command, by which its answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Attempt(pub(crate) u32);

/// What a store answers, with the record read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StoreAnswer {
    /// The key is claimed by this request: now, or by an earlier try of the same claim.
    Claimed(Fence),
    /// The key has another request's record.
    Exists(Head),
    /// The key has a record that cannot be read or opened.
    Unreadable,
    /// The record is another one now.
    Replaced,
    /// The record is gone.
    Released,
    /// The record is another owner's: nothing was written.
    Lost,
    /// There is no answer, or none that is understood.
    Failed(Failure),
}

/// The head of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ResponseHead {
    /// Who made the response.
    pub(crate) origin: Origin,
    /// How much content follows.
    pub(crate) content: Content,
}

/// Who made a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// The upstream, with this status.
    Upstream(Status),
    /// The proxy or a filter, after the request may have reached the upstream.
    AfterSend,
    /// The proxy or a filter, and the request has surely not reached the upstream.
    NeverSent,
}

/// How much content follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// None: the head is all.
    None,
    /// As many octets as `Content-Length` tells (RFC 9110 section 8.6), and no trailers that count.
    /// Clients take the response as complete with the last of them, before the stream has ended.
    Octets(u64),
    /// Until the stream ends.
    UntilEnd,
    /// An event stream or an upgraded connection: it may never end.
    Endless,
}
