//! The kinds of failures that the proxy answers for, and what each means for a client.

use kit::problem::{Code, ProblemType};

use crate::NAME;

/// One kind of failure of the proxy: what stays the same whenever it occurs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProxyFailure {
    /// The name, as it stands at the end of the problem type, in policies and in metrics.
    pub(crate) name: &'static str,
    /// The kind in a few words.
    pub(crate) title: &'static str,
    /// What happened and what to do, for the client: no names and no addresses.
    pub(crate) detail: &'static str,
    /// The status that Envoy gives it unless it is told otherwise.
    pub(crate) status: u16,
    /// What happened, as a code of gRPC. It is not the one that Envoy reads from the status.
    pub(crate) grpc: Code,
    /// Whether another try makes sense.
    pub(crate) retry: Retry,
}

/// Whether another try makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The request did not reach the upstream, and what stands in the way may pass.
    Yes,
    /// The outcome is unknown, so only a request that may be sent twice may be repeated.
    IfIdempotent,
    /// The same request would fail again.
    No,
}

impl ProxyFailure {
    /// The type URI: `<base>/error-translation/<name>`. Without a base of the policy it is one of
    /// Treaty's own.
    pub(crate) fn uri(&self, base: Option<&str>) -> String {
        let kind = ProblemType {
            filter: NAME,
            reason: self.name,
            title: self.title,
            status: self.status,
            grpc: self.grpc,
        };
        kind.uri(base)
    }
}

/// Every kind.
pub(crate) static ALL: [&ProxyFailure; 30] = [
    &NO_ROUTE,
    &NO_DESTINATION,
    &NO_HEALTHY_UPSTREAM,
    &DNS_FAILURE,
    &CONNECT_FAILURE,
    &CONNECT_TIMEOUT,
    &STREAM_REFUSED,
    &UPSTREAM_RESET,
    &UPSTREAM_PROTOCOL_ERROR,
    &UPSTREAM_TIMEOUT,
    &DURATION_EXCEEDED,
    &STREAM_IDLE_TIMEOUT,
    &REQUEST_TIMEOUT,
    &OVERFLOW,
    &OVERLOADED,
    &MAINTENANCE,
    &RATE_LIMITED,
    &RATE_LIMIT_UNAVAILABLE,
    &ACCESS_DENIED,
    &UNAUTHENTICATED,
    &AUTHORIZATION_UNAVAILABLE,
    &REQUEST_TOO_LARGE,
    &REQUEST_HEADERS_TOO_LARGE,
    &RESPONSE_TOO_LARGE,
    &BAD_REQUEST,
    &UPGRADE_REQUIRED,
    &UPGRADE_REFUSED,
    &FILTER_FAILURE,
    &INJECTED_FAULT,
    &PROXY_ERROR,
];

/// No virtual host or route takes the request.
pub(super) static NO_ROUTE: ProxyFailure = ProxyFailure {
    name: "no-route",
    title: "Not found",
    detail: "Nothing here answers to this host and path. Check the address of the request.",
    status: 404,
    grpc: Code::Unimplemented,
    retry: Retry::No,
};

/// The route leads to a cluster that the proxy does not have, or not yet.
pub(super) static NO_DESTINATION: ProxyFailure = ProxyFailure {
    name: "no-destination",
    title: "Service not set up",
    detail: "The service for this address is not set up at the moment, so the request was not \
             processed. Try again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The cluster has no endpoint, or none that is healthy.
pub(super) static NO_HEALTHY_UPSTREAM: ProxyFailure = ProxyFailure {
    name: "no-healthy-upstream",
    title: "Service unavailable",
    detail: "No instance of the service can take requests at the moment, so the request was not \
             processed. Try again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The name of the endpoint has no address.
pub(super) static DNS_FAILURE: ProxyFailure = ProxyFailure {
    name: "dns-failure",
    title: "Service not found",
    detail: "The address of the service could not be looked up, so the request was not \
             processed. Try again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The connection was refused, or TLS failed.
pub(super) static CONNECT_FAILURE: ProxyFailure = ProxyFailure {
    name: "connect-failure",
    title: "Service not reachable",
    detail: "The service could not be reached, so the request was not processed. Try again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The connection did not come about in time. For a client this is no deadline of its own: the
/// request never left, so gRPC's `UNAVAILABLE` says more than `DEADLINE_EXCEEDED`.
pub(super) static CONNECT_TIMEOUT: ProxyFailure = ProxyFailure {
    name: "connect-timeout",
    title: "Service not reachable in time",
    detail: "The service could not be reached in time, so the request was not processed. Try \
             again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The upstream refused the stream, or said that it is going away before it saw the stream. The
/// request has not been processed (RFC 9113 section 8.7).
pub(super) static STREAM_REFUSED: ProxyFailure = ProxyFailure {
    name: "stream-refused",
    title: "Request not taken",
    detail: "The service did not take the request and has not processed it. Try again.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The connection or the stream ended before the answer did.
pub(super) static UPSTREAM_RESET: ProxyFailure = ProxyFailure {
    name: "upstream-reset",
    title: "Answer broken off",
    detail: "The service broke off before its answer was complete. It may have processed the \
             request; repeat it only if that does no harm.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::IfIdempotent,
};

/// The answer breaks the rules of HTTP. A body that is shorter than its `content-length` is such an
/// answer too.
pub(super) static UPSTREAM_PROTOCOL_ERROR: ProxyFailure = ProxyFailure {
    name: "upstream-protocol-error",
    title: "Answer not readable",
    detail: "The answer of the service was incomplete or could not be read. The service may have \
             processed the request; repeat it only if that does no harm.",
    status: 502,
    grpc: Code::Internal,
    retry: Retry::IfIdempotent,
};

/// The upstream did not answer within the route's time, or the time of its last try.
pub(super) static UPSTREAM_TIMEOUT: ProxyFailure = ProxyFailure {
    name: "upstream-timeout",
    title: "Service too slow",
    detail: "The service did not answer in time. It may still process the request; repeat it \
             only if that does no harm.",
    status: 504,
    grpc: Code::DeadlineExceeded,
    retry: Retry::IfIdempotent,
};

/// The stream, or the connection, lived for as long as it may; with `grpc-timeout` the client says
/// how long.
pub(super) static DURATION_EXCEEDED: ProxyFailure = ProxyFailure {
    name: "duration-exceeded",
    title: "Time limit exceeded",
    detail: "The time allowed for the request was over before the answer was complete. The \
             service may have processed the request; repeat it only if that does no harm.",
    status: 504,
    grpc: Code::DeadlineExceeded,
    retry: Retry::IfIdempotent,
};

/// Nothing passed in either direction for too long. The status is 408 where the request was not
/// complete.
pub(super) static STREAM_IDLE_TIMEOUT: ProxyFailure = ProxyFailure {
    name: "stream-idle-timeout",
    title: "Idle for too long",
    detail: "Nothing was sent for too long, so the request was given up. The service may have \
             processed it; repeat it only if that does no harm.",
    status: 504,
    grpc: Code::DeadlineExceeded,
    retry: Retry::IfIdempotent,
};

/// The client took too long to send its request (RFC 9110 section 15.5.9).
pub(super) static REQUEST_TIMEOUT: ProxyFailure = ProxyFailure {
    name: "request-timeout",
    title: "Request too slow",
    detail: "The request was not complete in time. Send it again without a pause.",
    status: 408,
    grpc: Code::DeadlineExceeded,
    retry: Retry::IfIdempotent,
};

/// The circuit breaker of the cluster is open.
pub(super) static OVERFLOW: ProxyFailure = ProxyFailure {
    name: "overflow",
    title: "Service at its limit",
    detail: "The service has as many requests as it can take, so this one was not processed. Try \
             again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The proxy sheds load, for itself or for the upstream.
pub(super) static OVERLOADED: ProxyFailure = ProxyFailure {
    name: "overloaded",
    title: "Overloaded",
    detail: "There are more requests than can be processed at the moment, so this one was turned \
             away. Try again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The cluster was put into maintenance.
pub(super) static MAINTENANCE: ProxyFailure = ProxyFailure {
    name: "maintenance",
    title: "Under maintenance",
    detail: "The service is under maintenance, so the request was not processed. Try again later.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// A local or a global rate limit is exceeded (RFC 6585 section 4).
pub(super) static RATE_LIMITED: ProxyFailure = ProxyFailure {
    name: "rate-limited",
    title: "Too many requests",
    detail: "The rate of requests is above what is allowed. Send fewer, and try this one again \
             later.",
    status: 429,
    grpc: Code::ResourceExhausted,
    retry: Retry::Yes,
};

/// The rate limit service failed, and the filter is told not to go on without it.
pub(super) static RATE_LIMIT_UNAVAILABLE: ProxyFailure = ProxyFailure {
    name: "rate-limit-unavailable",
    title: "Rate limit not checked",
    detail: "It could not be checked whether the rate of requests is allowed, so the request was \
             not processed. Try again later.",
    status: 500,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The client may not do this.
pub(super) static ACCESS_DENIED: ProxyFailure = ProxyFailure {
    name: "access-denied",
    title: "Access denied",
    detail: "The request is not allowed. Another try will not change that.",
    status: 403,
    grpc: Code::PermissionDenied,
    retry: Retry::No,
};

/// The client is not known, or its credentials are not valid.
pub(super) static UNAUTHENTICATED: ProxyFailure = ProxyFailure {
    name: "unauthenticated",
    title: "Not authenticated",
    detail: "The request has no valid credentials. Send it again with valid ones.",
    status: 401,
    grpc: Code::Unauthenticated,
    retry: Retry::No,
};

/// The authorization service failed, or the keys of the tokens could not be had. Envoy says 403 or
/// 401 unless it is told otherwise, though nothing was denied.
pub(super) static AUTHORIZATION_UNAVAILABLE: ProxyFailure = ProxyFailure {
    name: "authorization-unavailable",
    title: "Authorization not checked",
    detail: "It could not be checked whether the request is allowed, so it was not processed. \
             Try again later.",
    status: 403,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// The content is longer than a filter may hold (RFC 9110 section 15.5.14).
pub(super) static REQUEST_TOO_LARGE: ProxyFailure = ProxyFailure {
    name: "request-too-large",
    title: "Content too large",
    detail: "The content of the request is larger than is allowed. Send less.",
    status: 413,
    grpc: Code::ResourceExhausted,
    retry: Retry::No,
};

/// RFC 6585 section 5. Over HTTP/2 the proxy resets the stream and answers nothing.
pub(super) static REQUEST_HEADERS_TOO_LARGE: ProxyFailure = ProxyFailure {
    name: "request-headers-too-large",
    title: "Header fields too large",
    detail: "The target or the header fields of the request are longer or more than is allowed. \
             Send fewer or shorter ones.",
    status: 431,
    grpc: Code::ResourceExhausted,
    retry: Retry::No,
};

/// The content of the answer is longer than a filter may hold.
pub(super) static RESPONSE_TOO_LARGE: ProxyFailure = ProxyFailure {
    name: "response-too-large",
    title: "Answer too large",
    detail: "The answer of the service is larger than can be passed on. The service has \
             processed the request; ask for less.",
    status: 500,
    grpc: Code::Internal,
    retry: Retry::No,
};

/// The request is malformed (RFC 9110 section 15.5.1).
pub(super) static BAD_REQUEST: ProxyFailure = ProxyFailure {
    name: "bad-request",
    title: "Bad request",
    detail: "The request is not valid HTTP, or its target or a header field is not accepted. \
             Correct it.",
    status: 400,
    grpc: Code::InvalidArgument,
    retry: Retry::No,
};

/// HTTP/1.0 and older (RFC 9110 section 15.5.22).
pub(super) static UPGRADE_REQUIRED: ProxyFailure = ProxyFailure {
    name: "upgrade-required",
    title: "Newer version of HTTP required",
    detail: "The request is in a version of HTTP that is not supported. Use HTTP/1.1 or HTTP/2.",
    status: 426,
    grpc: Code::FailedPrecondition,
    retry: Retry::No,
};

/// The route takes no upgrade, or not this one.
pub(super) static UPGRADE_REFUSED: ProxyFailure = ProxyFailure {
    name: "upgrade-refused",
    title: "Upgrade refused",
    detail: "The connection cannot change to the protocol that the request asks for.",
    status: 403,
    grpc: Code::Unimplemented,
    retry: Retry::No,
};

/// A filter of the proxy crashed, is missing, or spoiled the message.
pub(super) static FILTER_FAILURE: ProxyFailure = ProxyFailure {
    name: "filter-failure",
    title: "Failure on the way",
    detail: "A part of the way to the service or back failed. The service may have processed the \
             request; repeat it only if that does no harm.",
    status: 503,
    grpc: Code::Internal,
    retry: Retry::IfIdempotent,
};

/// The fault filter made it. Its status, or code of gRPC, is what the test wants to see.
pub(super) static INJECTED_FAULT: ProxyFailure = ProxyFailure {
    name: "injected-fault",
    title: "Injected fault",
    detail: "This failure was made on purpose, as a test. The request was not processed.",
    status: 503,
    grpc: Code::Unavailable,
    retry: Retry::Yes,
};

/// What is in none of the tables.
pub(super) static PROXY_ERROR: ProxyFailure = ProxyFailure {
    name: "proxy-error",
    title: "Request failed",
    detail: "The request failed on its way to the service or back. The service may have \
             processed it.",
    status: 500,
    grpc: Code::Unknown,
    retry: Retry::No,
};
