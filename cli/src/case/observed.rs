//! What was seen when a case ran, natively or through a proxy.

use std::collections::BTreeMap;

/// Header fields in order, names in lower case.
pub type Fields = Vec<(String, Vec<u8>)>;

/// Everything that an expectation can speak about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What the upstream saw; `None` where the request did not reach it.
    pub upstream: Option<SeenRequest>,
    /// What the client got.
    pub response: SeenResponse,
    /// What was told about the exchange.
    pub facts: BTreeMap<String, String>,
    /// By how much each metric was counted, by its full name with labels.
    pub metrics: BTreeMap<String, u64>,
    /// The response code details, where a filter answered.
    pub details: Option<String>,
}

/// A request as the upstream saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenRequest {
    /// The method.
    pub method: Vec<u8>,
    /// The host.
    pub authority: Vec<u8>,
    /// The path with its query.
    pub path: Vec<u8>,
    /// The header fields beside the pseudo-headers.
    pub headers: Fields,
    /// The content, as far as it came.
    pub body: Vec<u8>,
    /// The trailer fields.
    pub trailers: Fields,
}

/// A response as the client got it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenResponse {
    /// The status code.
    pub status: u16,
    /// The header fields beside `:status`.
    pub headers: Fields,
    /// The content.
    pub body: Vec<u8>,
    /// The trailer fields.
    pub trailers: Fields,
}
