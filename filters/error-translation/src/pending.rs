//! An error whose content is still to come.

use kit::exchange::Exchange;

use crate::failure::Failure;
use crate::origin::Origin;
use crate::{fields, retry_after, rpc};

/// What is known of an error before its content has come.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) origin: Origin,
    pub(crate) status: u16,
    /// Whether it is one whatever its content says; GraphQL tells errors with 200, too.
    pub(crate) is_error: bool,
    pub(crate) content_type: Option<Vec<u8>>,
    /// Seconds.
    pub(crate) retry_after: Option<u32>,
    /// What gRPC says about the error in the head: a transcoder leaves it there.
    pub(crate) grpc: Option<Failure>,
}

impl Pending {
    /// Reads the head of an error.
    pub(crate) fn of(origin: Origin, status: u16, x: &Exchange<'_>) -> Self {
        let headers = x.headers();
        let told = headers.get(fields::RETRY_AFTER);
        Self {
            origin,
            status,
            is_error: true,
            content_type: headers.get(fields::CONTENT_TYPE).map(<[u8]>::to_vec),
            retry_after: told.and_then(|value| retry_after::read(value, || x.now())),
            grpc: rpc::status::read(headers),
        }
    }
}

/// A content that comes part by part, as far as it has come and may be kept.
#[derive(Debug, Default)]
pub(crate) struct SoFar {
    bytes: Vec<u8>,
    /// More has come than may be kept, and all was dropped.
    is_over: bool,
}

impl SoFar {
    /// Keeps a part, unless that makes more than `cap` octets.
    pub(crate) fn keep(&mut self, part: &[u8], cap: usize) {
        self.is_over = self.is_over || self.bytes.len() + part.len() > cap;
        if self.is_over {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(part);
        }
    }

    /// The content; `None` where it was longer than may be kept.
    pub(crate) fn all(&self) -> Option<&[u8]> {
        (!self.is_over).then_some(&self.bytes)
    }
}
