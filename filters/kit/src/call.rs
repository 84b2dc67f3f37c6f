//! Call-outs: requests that a filter sends to another service while an exchange waits or goes on.

use std::time::Duration;

use percent_encoding::percent_decode;

/// A core's own number for a call, to tell its results apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// A request to another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The core's own number for this call.
    pub id: CallId,
    /// What is asked, and of whom.
    pub request: CallRequest,
    /// When to give up. It is never unlimited.
    pub timeout: Duration,
    /// Whether the call, and the core that awaits it, live on when the exchange ends. Such a call
    /// starts on the next tick of the proxy (about a millisecond) instead of at once.
    pub outlives: bool,
}

/// What is asked, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallRequest {
    /// An HTTP request.
    Http(HttpCall),
    /// A unary gRPC call.
    Grpc(GrpcCall),
}

/// An HTTP request to a cluster of the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// The name of the proxy's cluster.
    pub cluster: String,
    /// The request method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The host that is asked.
    pub authority: String,
    /// Header fields beside the pseudo-headers; values must be visible ASCII.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

/// A unary gRPC call to a cluster of the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcCall {
    /// The name of the proxy's cluster.
    pub cluster: String,
    /// The host that is asked; empty for the name of the cluster.
    pub authority: String,
    /// The fully qualified service, such as `etcdserverpb.KV`.
    pub service: String,
    /// The method, such as `Txn`.
    pub method: String,
    /// Metadata; names that end in `-bin` carry base64 already.
    pub metadata: Vec<(String, Vec<u8>)>,
    /// The serialised request message.
    pub message: Vec<u8>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallResult {
    /// An HTTP answer. Connection failures and time-outs mostly come as 503 and 504 that the
    /// proxy made itself.
    Http {
        /// The status code.
        status: u16,
        /// The header fields.
        headers: Vec<(String, Vec<u8>)>,
        /// The content.
        body: Vec<u8>,
    },
    /// A gRPC answer: the message on success, else its status.
    Grpc(Result<Vec<u8>, GrpcFailure>),
    /// The call was not sent, or ended without any answer.
    Failed(CallFailure),
}

/// The status of a gRPC call that failed, in the service or on the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcFailure {
    /// The status code; never 0. Some calls that reached nobody have 14 (`UNAVAILABLE`).
    pub code: u32,
    /// What the service says of it, or the proxy, at most [`GrpcFailure::MESSAGE_LIMIT`] octets. It
    /// may repeat what a client sent, so it is to be compared and not to be shown. Envoy adds its own
    /// response code details in braces.
    pub message: String,
}

impl GrpcFailure {
    /// The most octets of a message; a longer one is cut at a character.
    pub const MESSAGE_LIMIT: usize = 512;

    /// The failure with this code, and with a message as `grpc-message` has it: percent-encoded
    /// UTF-8 (gRPC over HTTP/2, "Responses"), which Envoy hands over as it came.
    pub fn new(code: u32, message: &[u8]) -> Self {
        let mut message = percent_decode(message).decode_utf8_lossy().into_owned();
        message.truncate(message.floor_char_boundary(Self::MESSAGE_LIMIT));
        Self { code, message }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFailure {
    /// The proxy would not send it: an unknown cluster, or a request that it calls invalid.
    NotSent,
    /// It was reset before an answer came.
    Reset,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_grpc_is_decoded_and_cut_at_a_character() {
        let message = |octets: &[u8]| GrpcFailure::new(2, octets).message;
        assert_eq!(message(b"no%20\xff%C3%A9 100%"), "no \u{fffd}\u{e9} 100%");
        assert_eq!(message("x\u{e9}".repeat(400).as_bytes()).len(), 511);
    }
}
