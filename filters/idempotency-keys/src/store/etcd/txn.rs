//! Commands as transactions of etcd, and what their answers mean.

use prost::Message;

use super::messages::{
    Compare, DeleteRangeRequest, KeyValue, PutRequest, RangeRequest, Request, RequestOp, Response,
    TxnRequest, TxnResponse,
};
use crate::store::{Answer, Failure, Fence, Token};

/// A command on one key. Values are a token and the record after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// `create_revision == 0 ? put : range`.
    Claim { key: Vec<u8>, value: Vec<u8> },
    /// `mod_revision < r + 1 ? put : range`, which is true for a key that is gone, too. The value
    /// stands in the transaction once, because it may be as long as etcd allows.
    Replace {
        key: Vec<u8>,
        value: Vec<u8>,
        revision: i64,
    },
    /// `mod_revision == r ? delete : range`.
    Release { key: Vec<u8>, revision: i64 },
}

impl Work {
    /// The serialised transaction; what it writes ends with a lease.
    pub(super) fn message(&self, lease: i64) -> Vec<u8> {
        self.transaction(lease).encode_to_vec()
    }

    /// What an answer to the transaction says.
    pub(super) fn answer(&self, message: &[u8]) -> Answer {
        let answer = TxnResponse::decode(message).ok();
        answer
            .and_then(|answer| self.read(answer))
            .unwrap_or(Answer::Failed(Failure::Malformed))
    }

    fn transaction(&self, lease: i64) -> TxnRequest {
        let (compare, success) = match self {
            Self::Claim { key, value } => (Compare::absent(key), put(key, value, lease)),
            Self::Replace {
                key,
                value,
                revision,
            } => (
                Compare::not_written_after(key, *revision),
                put(key, value, lease),
            ),
            Self::Release { key, revision } => (Compare::written_in(key, *revision), delete(key)),
        };
        TxnRequest {
            compare: vec![compare],
            success: vec![success],
            failure: vec![range(self.key())],
        }
    }

    fn key(&self) -> &[u8] {
        match self {
            Self::Claim { key, .. } | Self::Replace { key, .. } | Self::Release { key, .. } => key,
        }
    }

    /// `None` for an answer that is none to this transaction.
    fn read(&self, answer: TxnResponse) -> Option<Answer> {
        // Revisions count from 1.
        let revision = answer.header?.revision;
        let written = (revision > 0).then_some(Fence::Revision(revision))?;
        if answer.succeeded {
            return Some(match self {
                Self::Claim { .. } => Answer::Claimed(written),
                Self::Replace { .. } => Answer::Replaced(written),
                Self::Release { .. } => Answer::Released,
            });
        }
        let Response::Range(range) = answer.responses.into_iter().next()?.response?;
        let stands = range.kvs.first();
        match self {
            Self::Claim { value, .. } => exists(value, stands?),
            Self::Replace { value, .. } => Some(lost(value, stands?)),
            Self::Release { .. } if stands.is_none() => Some(Answer::Released),
            Self::Release { .. } => Some(Answer::Lost),
        }
    }
}

/// What a claim found; `None` for a value that no claim has written.
fn exists(ours: &[u8], stands: &KeyValue) -> Option<Answer> {
    let fence = Fence::Revision(stands.mod_revision);
    let (token, record) = Token::split(&stands.value)?;
    let (own, _) = Token::split(ours)?;
    if token == own {
        // Tokens are random: this is what the same claim wrote when its answer was lost.
        return Some(Answer::Claimed(fence));
    }
    Some(Answer::Exists {
        record: record.to_vec(),
        fence,
    })
}

/// What a write found that came too late, or that was carried out before and is sent again.
fn lost(ours: &[u8], stands: &KeyValue) -> Answer {
    if stands.value == ours {
        Answer::Replaced(Fence::Revision(stands.mod_revision))
    } else {
        Answer::Lost
    }
}

fn put(key: &[u8], value: &[u8], lease: i64) -> RequestOp {
    let (key, value) = (key.to_vec(), value.to_vec());
    Request::Put(PutRequest { key, value, lease }).into()
}

fn delete(key: &[u8]) -> RequestOp {
    Request::DeleteRange(DeleteRangeRequest { key: key.to_vec() }).into()
}

fn range(key: &[u8]) -> RequestOp {
    Request::Range(RangeRequest { key: key.to_vec() }).into()
}
