//! What stands in a store under a key: how far the first request has come, and its answer.
//!
//! - `answer`: the answer and how it is replayed; `capture`: how it is taken down as it passes.
//! - `fields`: which of its header fields are kept, and how they are written.
//! - `wire`: the octets of a record.

mod answer;
mod capture;
mod fields;
#[cfg(test)]
mod tests;
mod wire;

use std::time::SystemTime;

use crate::fingerprint::Fingerprint;
use crate::seal::{NONCE, SealingKeys, Unopened};
use crate::store::{StoreKey, Token};

pub(crate) use answer::Answer;
#[cfg(test)]
use answer::{EXPIRES, REPLAYED};
pub(crate) use capture::{Capture, CaptureTerms};

/// The most octets of a record that is read. A content has at most 1 MiB, and Envoy takes header
/// fields of 60 KiB unless told otherwise.
pub(crate) const MAX_OCTETS: usize = 1_048_576 + 262_144;

/// What is known of the first request of a key, apart from its answer. It is written in the clear,
/// for it decides what to do before an answer is needed.
///
/// Times have a precision of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Head {
    /// How far the request has come.
    pub(crate) state: State,
    /// Who owns or owned the claim.
    pub(crate) token: Token,
    /// What the request asked for.
    pub(crate) fingerprint: Fingerprint,
    /// When the claim was made.
    pub(crate) created: SystemTime,
    /// When the request is no longer taken to be on its way.
    pub(crate) claim_ends: SystemTime,
    /// When the request had ended, in one way or another; `None` while it is on its way.
    pub(crate) finished: Option<SystemTime>,
    /// When the record no longer counts.
    pub(crate) expires: SystemTime,
    /// The revision of the policy under which the claim was made.
    pub(crate) revision: u64,
}

/// How far the first request of a key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// It is on its way.
    InFlight,
    /// It was carried out, and its answer is kept.
    Done,
    /// It was carried out, and its answer is not kept.
    NotKept(NotKept),
    /// Nobody knows whether it was carried out.
    Unknown,
}

/// Why an answer is not kept. The numbers stand in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NotKept {
    /// It has more octets than the policy keeps.
    TooLarge = 1,
    /// It has no end to wait for: an event stream, an upgraded connection.
    Endless = 2,
    /// The policy does not keep answers of its status, or nobody knows what it means.
    Status = 3,
    /// It should be sealed, and there is no key to seal it under.
    NoKey = 4,
}

impl NotKept {
    /// What metrics call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Endless => "endless",
            Self::Status => "not_kept",
            Self::NoKey => "no_key",
        }
    }
}

/// A record, as it is read from a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// What is known of the request.
    pub(crate) head: Head,
    /// The octets of the head, to which a sealed answer is bound.
    head_octets: Vec<u8>,
    answer: wire::Content,
}

/// A record cannot be used. That is trouble of the store: nothing of the record may be told to a
/// client, and nothing else may be told in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no record: it was cut, or written by something else.
    Malformed,
    /// It was written by a later release.
    Format,
    /// The policy demands that answers are sealed, and this one is not.
    NotSealed,
    /// It does not open.
    Unopened(Unopened),
}

impl Unreadable {
    /// What metrics call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Format => "format",
            Self::NotSealed => "not_sealed",
            Self::Unopened(Unopened::UnknownKey) => "unknown_key",
            Self::Unopened(Unopened::NotAuthentic) => "not_authentic",
        }
    }
}

/// Writes the record of a request that has no answer, or none that is kept.
pub(crate) fn encode(head: &Head) -> Vec<u8> {
    wire::encode(&wire::head(head), wire::Content::None)
}

/// Writes the record of a request that is done, with its answer in the clear.
pub(crate) fn encode_done(head: &Head, answer: &Answer) -> Vec<u8> {
    let answer = wire::Content::Plain(wire::answer(answer));
    wire::encode(&wire::head(head), answer)
}

/// Writes the record of a request that is done, with its answer sealed under the store's key;
/// `None` where no key can be used, so that the answer cannot be kept ([`NotKept::NoKey`]).
pub(crate) fn encode_sealed(
    head: &Head,
    answer: &Answer,
    key: &StoreKey,
    keys: &SealingKeys,
    nonce: [u8; NONCE],
) -> Option<Vec<u8>> {
    let head = wire::head(head);
    let sealed = keys.seal(key, &head, nonce, wire::answer(answer))?;
    Some(wire::encode(&head, wire::Content::Sealed(sealed)))
}

impl Record {
    /// Reads a record. What it answers with is read by [`Record::answer`] when it is needed.
    pub(crate) fn decode(octets: &[u8]) -> Result<Self, Unreadable> {
        if octets.len() > MAX_OCTETS {
            return Err(Unreadable::Malformed);
        }
        let (head_octets, answer) = wire::decode(octets)?;
        let head = wire::read_head(&head_octets)?;
        let has_answer = answer != wire::Content::None;
        if has_answer != (head.state == State::Done) {
            return Err(Unreadable::Malformed);
        }
        Ok(Self {
            head,
            head_octets,
            answer,
        })
    }

    /// The answer of a record that stands under `key`. With keys it has to be sealed, and without
    /// it must not be.
    pub(crate) fn answer(
        self,
        key: &StoreKey,
        keys: Option<&SealingKeys>,
    ) -> Result<Answer, Unreadable> {
        let octets = match (self.answer, keys) {
            (wire::Content::None, _) => return Err(Unreadable::Malformed),
            (wire::Content::Plain(octets), None) => octets,
            (wire::Content::Plain(_), Some(_)) => return Err(Unreadable::NotSealed),
            (wire::Content::Sealed(_), None) => {
                return Err(Unreadable::Unopened(Unopened::UnknownKey));
            }
            (wire::Content::Sealed(sealed), Some(keys)) => keys
                .open(key, &self.head_octets, sealed)
                .map_err(Unreadable::Unopened)?,
        };
        wire::read_answer(&octets)
    }
}
