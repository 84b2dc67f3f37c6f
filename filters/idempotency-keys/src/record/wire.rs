//! The octets of a record, as protocol buffers.
//!
//! The head is a message within the message, so that its octets can be authenticated as they
//! stand. Fields that are not known are passed over; what a reader has to know gets another
//! [`FORMAT`].

use std::time::{Duration, SystemTime};

use prost::Message;

use super::answer::{Answer, is_final};
use super::{Head, NotKept, State, Unreadable, fields};
use crate::fingerprint::Fingerprint;
use crate::seal::Sealed;
use crate::store::Token;

/// The version of the format. A reader refuses every other, so a new one is written only after all
/// readers know it.
const FORMAT: u32 = 1;

/// The answer within a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    None,
    Plain(Vec<u8>),
    Sealed(Sealed),
}

#[derive(Clone, PartialEq, Message)]
struct WireRecord {
    #[prost(bytes = "vec", tag = "1")]
    head: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "2")]
    plain: Option<Vec<u8>>,
    #[prost(message, optional, tag = "3")]
    sealed: Option<Sealed>,
}

#[derive(Clone, PartialEq, Message)]
struct WireHead {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(uint32, tag = "2")]
    state: u32,
    #[prost(uint32, tag = "3")]
    not_kept: u32,
    #[prost(fixed64, tag = "4")]
    token: u64,
    #[prost(bytes = "vec", tag = "5")]
    fingerprint: Vec<u8>,
    /// Times are milliseconds since 1970-01-01T00:00:00Z.
    #[prost(uint64, tag = "6")]
    created: u64,
    #[prost(uint64, tag = "7")]
    claim_ends: u64,
    #[prost(uint64, optional, tag = "8")]
    finished: Option<u64>,
    #[prost(uint64, tag = "9")]
    expires: u64,
    #[prost(fixed64, tag = "10")]
    revision: u64,
    /// Nothing, in a claim alone: room for what its end adds without an answer. A store that is full
    /// takes a record in place of one that is as long, so that a key can always end.
    #[prost(bytes = "vec", tag = "11")]
    room: Vec<u8>,
}

/// The octets that `finished` and `not_kept` take.
const ROOM: usize = 9;

#[derive(Clone, PartialEq, Message)]
struct WireAnswer {
    #[prost(uint32, tag = "1")]
    status: u32,
    /// Field lines. As messages of their own, a record of empty ones would take many times its
    /// size in memory before it could be refused.
    #[prost(bytes = "vec", tag = "2")]
    headers: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "3")]
    body: Option<Vec<u8>>,
}

pub(super) fn encode(head: &[u8], answer: Content) -> Vec<u8> {
    let (plain, sealed) = match answer {
        Content::None => (None, None),
        Content::Plain(octets) => (Some(octets), None),
        Content::Sealed(sealed) => (None, Some(sealed)),
    };
    let head = head.to_vec();
    let record = WireRecord {
        head,
        plain,
        sealed,
    };
    record.encode_to_vec()
}

/// The octets of the head, and the answer.
pub(super) fn decode(octets: &[u8]) -> Result<(Vec<u8>, Content), Unreadable> {
    let record = WireRecord::decode(octets).map_err(|_| Unreadable::Malformed)?;
    let answer = match (record.plain, record.sealed) {
        (None, None) => Content::None,
        (Some(octets), None) => Content::Plain(octets),
        (None, Some(sealed)) => Content::Sealed(sealed),
        (Some(_), Some(_)) => return Err(Unreadable::Malformed),
    };
    Ok((record.head, answer))
}

pub(super) fn head(head: &Head) -> Vec<u8> {
    let (state, not_kept) = state_numbers(head.state);
    let head = WireHead {
        format: FORMAT,
        state,
        not_kept,
        token: head.token.0,
        fingerprint: head.fingerprint.0.to_vec(),
        created: milliseconds(head.created),
        claim_ends: milliseconds(head.claim_ends),
        finished: head.finished.map(milliseconds),
        expires: milliseconds(head.expires),
        revision: head.revision,
        room: match head.state {
            State::InFlight => vec![0; ROOM],
            State::Done | State::NotKept(_) | State::Unknown => Vec::new(),
        },
    };
    head.encode_to_vec()
}

pub(super) fn read_head(octets: &[u8]) -> Result<Head, Unreadable> {
    let head = WireHead::decode(octets).map_err(|_| Unreadable::Malformed)?;
    match head.format {
        FORMAT => {}
        0 => return Err(Unreadable::Malformed),
        _ => return Err(Unreadable::Format),
    }
    from_wire(&head).ok_or(Unreadable::Malformed)
}

fn from_wire(head: &WireHead) -> Option<Head> {
    let finished = match head.finished {
        Some(finished) => Some(time(finished)?),
        None => None,
    };
    Some(Head {
        state: state(head.state, head.not_kept)?,
        token: Token(head.token),
        fingerprint: Fingerprint(head.fingerprint.as_slice().try_into().ok()?),
        created: time(head.created)?,
        claim_ends: time(head.claim_ends)?,
        finished,
        expires: time(head.expires)?,
        revision: head.revision,
    })
}

pub(super) fn answer(answer: &Answer) -> Vec<u8> {
    let answer = WireAnswer {
        status: answer.status.into(),
        headers: fields::write(&answer.headers),
        body: answer.body.clone(),
    };
    answer.encode_to_vec()
}

pub(super) fn read_answer(octets: &[u8]) -> Result<Answer, Unreadable> {
    let answer = WireAnswer::decode(octets).map_err(|_| Unreadable::Malformed)?;
    let read = || {
        Some(Answer {
            status: u16::try_from(answer.status)
                .ok()
                .filter(|status| is_final(*status))?,
            headers: fields::read(&answer.headers)?,
            body: answer.body,
        })
    };
    read().ok_or(Unreadable::Malformed)
}

fn state_numbers(state: State) -> (u32, u32) {
    match state {
        State::InFlight => (1, 0),
        State::Done => (2, 0),
        State::NotKept(why) => (3, why as u32),
        State::Unknown => (4, 0),
    }
}

fn state(state: u32, not_kept: u32) -> Option<State> {
    let why = [
        NotKept::TooLarge,
        NotKept::Endless,
        NotKept::Status,
        NotKept::NoKey,
    ];
    match (state, not_kept) {
        (1, 0) => Some(State::InFlight),
        (2, 0) => Some(State::Done),
        (3, _) => why
            .into_iter()
            .find(|why| *why as u32 == not_kept)
            .map(State::NotKept),
        (4, 0) => Some(State::Unknown),
        _ => None,
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time(milliseconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}
