//! The header fields that the filter reads and writes.

/// Told with a fixed answer: the name of the catalogue's entry that gave it.
pub const DEGRADED: &str = "x-treaty-degraded";

/// The status of an answer, as HTTP/2 names it.
pub const STATUS: &str = ":status";

/// The request method, as HTTP/2 names it.
pub const METHOD: &str = ":method";

/// RFC 9110 section 12.5.1.
pub const ACCEPT: &str = "accept";

/// RFC 9110 section 12.5.3.
pub const ACCEPT_ENCODING: &str = "accept-encoding";

/// The encodings of messages in gRPC and gRPC-Web.
pub const GRPC_ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// The encodings of messages in Connect streams.
pub const CONNECT_ACCEPT_ENCODING: &str = "connect-accept-encoding";

/// RFC 9111 section 5.2.
pub const CACHE_CONTROL: &str = "cache-control";

/// RFC 9110 section 8.4.
pub const CONTENT_ENCODING: &str = "content-encoding";

/// RFC 9110 section 8.6.
pub const CONTENT_LENGTH: &str = "content-length";

/// RFC 9110 section 14.4.
pub const CONTENT_RANGE: &str = "content-range";

/// RFC 9110 section 8.3.
pub const CONTENT_TYPE: &str = "content-type";

/// RFC 9110 section 10.2.3.
pub const RETRY_AFTER: &str = "retry-after";

/// RFC 8288 section 3.
pub const LINK: &str = "link";

/// The id by which the mesh knows a request.
pub const REQUEST_ID: &str = "x-request-id";

/// W3C Trace Context section 3.2.
pub const TRACEPARENT: &str = "traceparent";

/// What gRPC tells the outcome of a call by.
pub const GRPC: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// What is said about a content and no longer holds once another one takes its place (RFC 9110
/// section 8, RFC 9530). `content-length` is the pipeline's.
pub const OF_CONTENT: [&str; 12] = [
    "accept-ranges",
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "digest",
    "etag",
    "last-modified",
    "repr-digest",
    "want-content-digest",
];
