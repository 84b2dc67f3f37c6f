//! What formats can say in CEL, which Envoy evaluates for each line of a log and each span.
//!
//! What clients make up as they like, such as a method or a request id, stands in no log and no span
//! as it came: it is one of a few words, or has a form in which nothing personal has room.

use std::collections::BTreeSet;

use telemetry_tagging::Policy;
use telemetry_tagging::render::methods;

/// What Envoy takes for gRPC.
const IS_GRPC: &str = "'content-type' in request.headers \
                       && (request.headers['content-type'] == 'application/grpc' \
                       || request.headers['content-type'].startsWith('application/grpc+'))";

/// What stands for something that has no name of its own, as in the semantic conventions.
const OTHER: &str = "_OTHER";

/// The request method, if it is known.
pub(super) fn method(policy: &Policy) -> String {
    // Others are tokens, which may have quotes and percent signs.
    let is_plain = |name: &&str| {
        name.bytes()
            .all(|octet| octet.is_ascii_uppercase() || octet == b'-')
    };
    let known: BTreeSet<String> = methods(policy)
        .into_iter()
        .filter(is_plain)
        .map(|name| format!("'{name}'"))
        .collect();
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    cel(&format!(
        "request.method in [{known}] ? request.method : '{OTHER}'"
    ))
}

/// The request id, if it is a UUID (RFC 9562 section 4), as Envoy makes them: clients can send any.
pub(super) fn request_id() -> String {
    const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
    cel(&format!(
        "request.id.matches('{UUID}') ? request.id : '{OTHER}'"
    ))
}

/// The virtual host by its name. The authority is the client's to choose.
pub(super) fn virtual_host() -> String {
    cel("xds.virtual_host_name")
}

/// Where the proxy is, as its bootstrap says.
pub(super) fn region() -> String {
    cel("xds.node.locality.region")
}

/// Where the endpoint is that the request went to, as its cluster says.
pub(super) fn upstream_region() -> String {
    cel("upstream.locality.region")
}

/// How the exchange ended, in the words of the audit: by the HTTP status, and for gRPC, which
/// answers with 200 whatever happened, by its own.
pub(super) fn outcome() -> String {
    // Those that say that the server failed (semantic conventions for gRPC, server spans).
    const GRPC: &str = "response.grpc_status == 0 ? 'done' : \
                        response.grpc_status in [2, 4, 12, 13, 14, 15] ? 'failed' : 'refused'";
    const HTTP: &str = "response.code < 400 ? 'done' : response.code < 500 ? 'refused' : 'failed'";
    const BROKEN_OFF: &str =
        "response.code_details.startsWith('upstream_reset_after_response_started')";
    cel(&format!(
        "!has(response.code) || response.code == 0 ? 'unanswered' : {BROKEN_OFF} ? 'aborted' : \
         {IS_GRPC} ? ({GRPC}) : {HTTP}"
    ))
}

/// This text for calls of gRPC, and no value for anything else, as a field that is not there has none.
pub(super) fn if_grpc(text: &str) -> String {
    cel(&format!("{IS_GRPC} ? '{text}' : request.headers['']"))
}

fn cel(expression: &str) -> String {
    format!("%CEL({expression})%")
}
