//! Call-outs: requests that a filter sends to another service while an exchange waits or goes on.

use std::time::Duration;

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
    /// A gRPC answer: the message on success (`Ok`), else the status code.
    Grpc(Result<Vec<u8>, u32>),
    /// The call was not sent, or ended without any answer.
    Failed(CallFailure),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFailure {
    /// The proxy would not send it: an unknown cluster, or a request that it calls invalid.
    NotSent,
    /// It was reset before an answer came.
    Reset,
}
