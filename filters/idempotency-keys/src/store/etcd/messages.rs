//! The messages of etcd's gRPC API that claims need, with the field numbers of `rpc.proto` and
//! `kv.proto` (etcd 3.4 to 3.7 agree on them). Fields that are neither set nor read are left out.

use prost::{Message, Oneof};

/// `etcdserverpb.TxnRequest`: several operations as one, chosen by comparisons.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TxnRequest {
    /// What must hold, all of it.
    #[prost(message, repeated, tag = "1")]
    pub(crate) compare: Vec<Compare>,
    /// What is done if it does.
    #[prost(message, repeated, tag = "2")]
    pub(crate) success: Vec<RequestOp>,
    /// What is done if it does not.
    #[prost(message, repeated, tag = "3")]
    pub(crate) failure: Vec<RequestOp>,
}

/// `etcdserverpb.Compare`. A key that is not there has the revisions 0.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Compare {
    /// How it has to compare: [`Compare::EQUAL`] or [`Compare::LESS`].
    #[prost(int32, tag = "1")]
    pub(crate) result: i32,
    /// What is compared: [`Compare::CREATED`] or [`Compare::MODIFIED`].
    #[prost(int32, tag = "2")]
    pub(crate) target: i32,
    /// Of which key.
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) key: Vec<u8>,
    /// With what.
    #[prost(oneof = "Revision", tags = "5, 6")]
    pub(crate) revision: Option<Revision>,
}

impl Compare {
    /// `CompareResult.EQUAL`.
    const EQUAL: i32 = 0;
    /// `CompareResult.LESS`.
    const LESS: i32 = 2;
    /// `CompareTarget.CREATE`.
    const CREATED: i32 = 1;
    /// `CompareTarget.MOD`.
    const MODIFIED: i32 = 2;

    /// There is no such key.
    pub(crate) fn absent(key: &[u8]) -> Self {
        Self {
            result: Self::EQUAL,
            target: Self::CREATED,
            key: key.to_vec(),
            revision: Some(Revision::Created(0)),
        }
    }

    /// The key was written last in this revision.
    pub(crate) fn written_in(key: &[u8], revision: i64) -> Self {
        Self {
            result: Self::EQUAL,
            target: Self::MODIFIED,
            key: key.to_vec(),
            revision: Some(Revision::Modified(revision)),
        }
    }

    /// The key was not written after this revision: it is as it was then, or gone. Revisions only
    /// rise, those of a key that comes back too.
    pub(crate) fn not_written_after(key: &[u8], revision: i64) -> Self {
        Self {
            result: Self::LESS,
            target: Self::MODIFIED,
            key: key.to_vec(),
            revision: Some(Revision::Modified(revision.saturating_add(1))),
        }
    }
}

/// `etcdserverpb.Compare.target_union`, in part.
#[derive(Clone, Copy, PartialEq, Oneof)]
pub(crate) enum Revision {
    /// Of the creation of the key.
    #[prost(int64, tag = "5")]
    Created(i64),
    /// Of the last change of the key.
    #[prost(int64, tag = "6")]
    Modified(i64),
}

/// `etcdserverpb.RequestOp`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestOp {
    /// The operation.
    #[prost(oneof = "Request", tags = "1, 2, 3")]
    pub(crate) request: Option<Request>,
}

/// `etcdserverpb.RequestOp.request`, in part.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Request {
    /// Reads.
    #[prost(message, tag = "1")]
    Range(RangeRequest),
    /// Writes.
    #[prost(message, tag = "2")]
    Put(PutRequest),
    /// Removes.
    #[prost(message, tag = "3")]
    DeleteRange(DeleteRangeRequest),
}

impl From<Request> for RequestOp {
    fn from(request: Request) -> Self {
        Self {
            request: Some(request),
        }
    }
}

/// `etcdserverpb.RangeRequest` of one key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeRequest {
    /// The key.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
}

/// `etcdserverpb.PutRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PutRequest {
    /// The key.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    /// The value.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
    /// The lease with which the key ends.
    #[prost(int64, tag = "3")]
    pub(crate) lease: i64,
}

/// `etcdserverpb.DeleteRangeRequest` of one key.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DeleteRangeRequest {
    /// The key.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
}

/// `etcdserverpb.TxnResponse`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TxnResponse {
    /// The revision in which it happened.
    #[prost(message, optional, tag = "1")]
    pub(crate) header: Option<ResponseHeader>,
    /// Whether the comparisons held.
    #[prost(bool, tag = "2")]
    pub(crate) succeeded: bool,
    /// What the operations gave, in their order.
    #[prost(message, repeated, tag = "3")]
    pub(crate) responses: Vec<ResponseOp>,
}

/// `etcdserverpb.ResponseHeader`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct ResponseHeader {
    /// The revision of the store.
    #[prost(int64, tag = "3")]
    pub(crate) revision: i64,
}

/// `etcdserverpb.ResponseOp`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResponseOp {
    /// What the operation gave.
    #[prost(oneof = "Response", tags = "1")]
    pub(crate) response: Option<Response>,
}

/// `etcdserverpb.ResponseOp.response`, in part.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Response {
    /// What was read.
    #[prost(message, tag = "1")]
    Range(RangeResponse),
}

/// `etcdserverpb.RangeResponse`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeResponse {
    /// The keys that there are.
    #[prost(message, repeated, tag = "2")]
    pub(crate) kvs: Vec<KeyValue>,
}

/// `mvccpb.KeyValue`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    /// The revision of the last change.
    #[prost(int64, tag = "3")]
    pub(crate) mod_revision: i64,
    /// The value.
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) value: Vec<u8>,
}

/// `etcdserverpb.LeaseGrantRequest`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct LeaseGrantRequest {
    /// The time to live, in seconds.
    #[prost(int64, tag = "1")]
    pub(crate) ttl: i64,
    /// The id that it is to have.
    #[prost(int64, tag = "2")]
    pub(crate) id: i64,
}

/// `etcdserverpb.AuthenticateRequest`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AuthenticateRequest {
    /// The user.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    /// The password.
    #[prost(string, tag = "2")]
    pub(crate) password: String,
}

/// `etcdserverpb.AuthenticateResponse`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AuthenticateResponse {
    /// What calls carry from now on.
    #[prost(string, tag = "2")]
    pub(crate) token: String,
}
