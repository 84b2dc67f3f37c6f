//! What Envoy knows of an exchange that breaks off, and what it answers: as it was seen of a client
//! that resets its stream (HTTP/2) and of an upstream that ends its connection (HTTP/1.1).

use kit::reply::Reply;

/// The end of an exchange that broke off.
pub(super) struct Ending {
    /// The response code details.
    pub(super) details: &'static str,
    /// The response flags, as bits.
    pub(super) flags: u64,
    status: u16,
    reason: &'static str,
}

/// The client has gone (`DR`). Nobody is answered.
pub(super) const CLIENT_LEFT: Ending = Ending {
    details: "http2.remote_reset",
    flags: 1 << 28,
    status: 0,
    reason: "",
};

/// The upstream has gone before the head of its answer (`UC`).
pub(super) const UPSTREAM_BROKE_BEFORE: Ending = Ending {
    details: "upstream_reset_before_response_started{connection_termination}",
    flags: 1 << 6,
    status: 503,
    reason: "connection termination",
};

/// The upstream has gone after the head of its answer (`UPE`). It is answered for where that head
/// was held.
pub(super) const UPSTREAM_BROKE_IN: Ending = Ending {
    details: "upstream_reset_after_response_started{protocol_error}",
    flags: 1 << 23,
    status: 502,
    reason: "protocol error",
};

impl Ending {
    /// The answer that Envoy makes in place of the upstream's.
    pub(super) fn reply(&self) -> Reply {
        let body = format!(
            "upstream connect error or disconnect/reset before headers. reset reason: {}",
            self.reason
        );
        Reply {
            status: self.status,
            headers: Vec::new(),
            body: body.into_bytes(),
            grpc: None,
            details: self.details.to_owned(),
        }
    }
}
