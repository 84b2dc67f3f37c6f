//! What is asked of a store, and what it answers.

use std::time::Duration;

use super::{Failure, StoreKey, Token};

/// One atomic change of one record. Records are opaque to stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Writes a record if there is none.
    Claim {
        /// The record.
        key: StoreKey,
        /// The new owner, unlike every other.
        token: Token,
        /// Who else's records count against the same share of a bounded store.
        tenant: Option<Tenant>,
        /// What to write.
        record: Vec<u8>,
        /// How long it is kept at least, where nobody replaces it.
        ttl: Duration,
    },
    /// Writes a record in place of the one that the fence is of, or of none: where nothing stands,
    /// there is nobody to be fenced out by, and an outcome that is kept late spares a second run.
    Replace {
        /// The record.
        key: StoreKey,
        /// What must still hold.
        fence: Fence,
        /// Who owns the new record: the same owner who goes on, or a new one who takes over what
        /// has expired. A new one has a token of its own, or two could take over at once.
        token: Token,
        /// What to write.
        record: Vec<u8>,
        /// How long it is kept at least.
        ttl: Duration,
        /// Whether the request has ended with an outcome that is known. A full store may be told to
        /// give up such records, and no others.
        finished: bool,
    },
    /// Removes the record that the fence is of.
    Release {
        /// The record.
        key: StoreKey,
        /// What must still hold.
        fence: Fence,
    },
}

impl Command {
    /// The record that it is about.
    pub(crate) const fn key(&self) -> &StoreKey {
        match self {
            Self::Claim { key, .. } | Self::Replace { key, .. } | Self::Release { key, .. } => key,
        }
    }
}

/// What still has to hold for a write to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fence {
    /// The record is as it was in this revision of etcd (its `mod_revision`).
    Revision(i64),
    /// The record is still this owner's.
    Token(Token),
}

/// A tenant, as a hash of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tenant(pub(crate) u32);

/// What a store answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There was no record, and now there is this owner's.
    Claimed(Fence),
    /// There is a record already. Whether it still counts is for its reader to say: stores keep
    /// records somewhat longer than asked.
    Exists {
        /// What was written.
        record: Vec<u8>,
        /// What must hold for a write in its place.
        fence: Fence,
    },
    /// The record was written.
    Replaced(Fence),
    /// The record is gone.
    Released,
    /// The fence does not hold: the record is another owner's. Nothing was changed.
    Lost,
    /// There is no answer.
    Failed(Failure),
}
