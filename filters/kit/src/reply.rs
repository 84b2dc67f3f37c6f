//! An answer that a filter gives in place of the upstream.

/// An answer to the client, made by a filter.
///
/// A reply is final: filters further out see it pass, recognise it by its details and leave its
/// meaning alone. [`REPLAY`] is the one exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code. For a gRPC client it is 200 and [`Reply::grpc`] tells the outcome.
    pub status: u16,
    /// The header fields beside `:status`.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The content; for a gRPC client it is empty.
    pub body: Vec<u8>,
    /// The gRPC outcome, when the client speaks gRPC.
    pub grpc: Option<GrpcStatus>,
    /// Response code details: `treaty.<filter>.<reason>`. They stand in the access log and can be
    /// read by outer filters, and no client can forge them.
    pub details: String,
}

/// The response code details of an answer that a duplicate of a request gets once more.
///
/// Such an answer is the upstream's, whoever hands it over: outer filters do with it what they do
/// with the first one, so that what is redacted for the first caller is redacted for the duplicate.
pub const REPLAY: &str = "treaty.idempotency_keys.replay";

/// The outcome of a gRPC call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcStatus {
    /// The status code, 0 to 16.
    pub code: u8,
    /// The message, not yet percent-encoded.
    pub message: String,
}

impl Reply {
    /// Whether it is an answer of the upstream that is given once more ([`REPLAY`]).
    pub fn is_replay(&self) -> bool {
        self.details == REPLAY
    }

    /// The first value of the header field `name`.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_slice())
    }
}
