//! What Envoy's response code details and flags say, as tables. They were measured on Envoy 1.36
//! and 1.40; what could not be provoked is in Envoy's own list of details.

use super::failures::{
    ACCESS_DENIED, AUTHORIZATION_UNAVAILABLE, BAD_REQUEST, CONNECT_FAILURE, CONNECT_TIMEOUT,
    DNS_FAILURE, DURATION_EXCEEDED, FILTER_FAILURE, INJECTED_FAULT, MAINTENANCE, NO_DESTINATION,
    NO_HEALTHY_UPSTREAM, NO_ROUTE, OVERFLOW, OVERLOADED, PROXY_ERROR, ProxyFailure,
    RATE_LIMIT_UNAVAILABLE, RATE_LIMITED, REQUEST_HEADERS_TOO_LARGE, REQUEST_TIMEOUT,
    REQUEST_TOO_LARGE, RESPONSE_TOO_LARGE, STREAM_IDLE_TIMEOUT, STREAM_REFUSED, UNAUTHENTICATED,
    UPGRADE_REFUSED, UPGRADE_REQUIRED, UPSTREAM_PROTOCOL_ERROR, UPSTREAM_RESET, UPSTREAM_TIMEOUT,
};
use super::flags::{Flag, Flags};

type Rows = &'static [(&'static str, &'static ProxyFailure)];

/// What failed, where the proxy answered because something failed; `None` where the upstream
/// answered, or somebody did on purpose.
///
/// Details come first. A flag may stand beside them that says less, such as that of an exhausted
/// retry budget beside a refused connection, and many failures have none.
pub(crate) fn classify(code_details: &str, flags: Flags) -> Option<&'static ProxyFailure> {
    let (name, data) = parts(code_details);
    if is_of_upstream(code_details) || is_deliberate(name) {
        return None;
    }
    if name.is_empty() {
        // A filter that answers on purpose need not say why; one that is missing cannot.
        return of_flags(flags);
    }
    let kind = match name {
        RESET_BEFORE | RESET_AFTER => find(RESETS, data).unwrap_or(&UPSTREAM_RESET),
        "jwt_authn_access_denied" => of_token(data),
        _ => find(DETAILS, name)
            .or_else(|| of_family(name))
            .or_else(|| of_flags(flags))
            .unwrap_or(&PROXY_ERROR),
    };
    Some(kind)
}

/// Whether the details say that the upstream answered, or a cache did on its behalf.
pub(crate) fn is_of_upstream(code_details: &str) -> bool {
    const UPSTREAM: &[&str] = &[
        "via_upstream",
        "cache.insert_via_upstream",
        "cache.response_from_cache_filter",
        // The upstream answered an upgrade with something else; the status is its own.
        "websocket_handshake_unsuccessful",
    ];
    UPSTREAM.contains(&code_details)
}

/// Whether the details are those of an answer that the route or a filter was told to give.
fn is_deliberate(name: &str) -> bool {
    const DELIBERATE: &[&str] = &[
        "direct_response",
        "internal_redirect",
        "cors_response",
        "lua_response",
        "admin_filter_response",
        "health_check_ok",
        "health_check_cached",
        "oauth.logged_in",
        "oauth.sign_out",
        "oauth.race_redirect",
    ];
    DELIBERATE.contains(&name) || name.starts_with("health_check_failed")
}

const RESET_BEFORE: &str = "upstream_reset_before_response_started";
const RESET_AFTER: &str = "upstream_reset_after_response_started";

/// The reasons of a reset, which stand in the braces of the details.
const RESETS: Rows = &[
    ("remote_connection_failure", &CONNECT_FAILURE),
    ("local_connection_failure", &CONNECT_FAILURE),
    ("connection_failure", &CONNECT_FAILURE),
    ("connection_timeout", &CONNECT_TIMEOUT),
    ("overflow", &OVERFLOW),
    ("overload_manager_reset", &OVERLOADED),
    ("protocol_error", &UPSTREAM_PROTOCOL_ERROR),
    ("remote_refused_stream_reset", &STREAM_REFUSED),
    ("local_refused_stream_reset", &STREAM_REFUSED),
    ("connection_termination", &UPSTREAM_RESET),
    ("remote_reset", &UPSTREAM_RESET),
    ("local_reset", &UPSTREAM_RESET),
];

/// Details by their name: what stands before the data in braces or brackets.
const DETAILS: Rows = &[
    // The router.
    ("route_not_found", &NO_ROUTE),
    ("route_configuration_not_found", &NO_ROUTE),
    ("filter_chain_not_found", &NO_ROUTE),
    ("cluster_not_found", &NO_DESTINATION),
    ("no_healthy_upstream", &NO_HEALTHY_UPSTREAM),
    ("dns_resolution_failure", &DNS_FAILURE),
    ("maintenance_mode", &MAINTENANCE),
    ("drop_overload", &OVERLOADED),
    ("unconditional_drop_overload", &OVERLOADED),
    // Time.
    ("response_timeout", &UPSTREAM_TIMEOUT),
    ("upstream_response_timeout", &UPSTREAM_TIMEOUT),
    ("upstream_per_try_timeout", &UPSTREAM_TIMEOUT),
    ("upstream_per_try_idle_timeout", &UPSTREAM_TIMEOUT),
    ("upstream_max_stream_duration_reached", &UPSTREAM_TIMEOUT),
    ("max_duration_timeout", &DURATION_EXCEEDED),
    ("duration_timeout", &DURATION_EXCEEDED),
    ("stream_idle_timeout", &STREAM_IDLE_TIMEOUT),
    ("request_overall_timeout", &REQUEST_TIMEOUT),
    ("request_header_timeout", &REQUEST_TIMEOUT),
    ("downstream_header_timeout", &REQUEST_TIMEOUT),
    // Load.
    ("reached_concurrency_limit", &OVERLOADED),
    ("denied_by_admission_control", &OVERLOADED),
    ("local_rate_limited", &RATE_LIMITED),
    ("request_rate_limited", &RATE_LIMITED),
    ("rate_limited_by_quota", &RATE_LIMITED),
    ("rate_limiter_error", &RATE_LIMIT_UNAVAILABLE),
    // Who may ask.
    ("rbac_access_denied_matched_policy", &ACCESS_DENIED),
    ("rbac_access_denied", &ACCESS_DENIED),
    ("csrf_origin_mismatch", &ACCESS_DENIED),
    ("ext_authz_denied", &ACCESS_DENIED),
    ("client_not_allowed", &ACCESS_DENIED),
    ("no_credential_for_basic_auth", &UNAUTHENTICATED),
    ("invalid_credential_for_basic_auth", &UNAUTHENTICATED),
    ("missing_api_key", &UNAUTHENTICATED),
    ("unknown_api_key", &UNAUTHENTICATED),
    // So it is written up to Envoy 1.36.
    ("unkonwn_api_key", &UNAUTHENTICATED),
    ("oauth.missing_credentials", &UNAUTHENTICATED),
    ("ext_authz_error", &AUTHORIZATION_UNAVAILABLE),
    ("failed_to_inject_credential", &AUTHORIZATION_UNAVAILABLE),
    // The request.
    ("request_payload_too_large", &REQUEST_TOO_LARGE),
    (
        "request_payload_exceeded_retry_buffer_limit",
        &REQUEST_TOO_LARGE,
    ),
    ("connect_bridge_unary_request_too_large", &REQUEST_TOO_LARGE),
    ("low_version", &UPGRADE_REQUIRED),
    ("upgrade_failed", &UPGRADE_REFUSED),
    ("missing_host_header", &BAD_REQUEST),
    ("missing_path_rejected", &BAD_REQUEST),
    ("invalid_path", &BAD_REQUEST),
    ("absolute_path_rejected", &BAD_REQUEST),
    ("path_normalization_failed", &BAD_REQUEST),
    ("request_headers_failed_strict_check", &BAD_REQUEST),
    ("rejecting_because_detection_failed", &BAD_REQUEST),
    ("early_connect_data", &BAD_REQUEST),
    ("grpc_bridge_data_too_small", &BAD_REQUEST),
    ("http1.headers_too_large", &REQUEST_HEADERS_TOO_LARGE),
    ("http1.too_many_headers", &REQUEST_HEADERS_TOO_LARGE),
    (
        "http2.header_list_size_too_large",
        &REQUEST_HEADERS_TOO_LARGE,
    ),
    ("http2.too_many_headers", &REQUEST_HEADERS_TOO_LARGE),
    ("http3.headers_too_large", &REQUEST_HEADERS_TOO_LARGE),
    ("http3.too_many_headers", &REQUEST_HEADERS_TOO_LARGE),
    // The answer.
    ("response_payload_too_large", &RESPONSE_TOO_LARGE),
    (
        "connect_bridge_unary_response_too_large",
        &RESPONSE_TOO_LARGE,
    ),
    // The proxy's own parts.
    ("fault_filter_abort", &INJECTED_FAULT),
    ("wasm_fail_stream", &FILTER_FAILURE),
    ("wasm_close_stream", &FILTER_FAILURE),
    ("dynamic_module_filter_init_failed", &FILTER_FAILURE),
    ("cache.aborted_lookup", &FILTER_FAILURE),
    ("cache.aborted_headers", &FILTER_FAILURE),
];

/// Details whose name goes on with data, or that are many of one kind, by how they begin.
const FAMILIES: Rows = &[
    ("http1.", &BAD_REQUEST),
    ("http2.", &BAD_REQUEST),
    ("http3.", &BAD_REQUEST),
    ("ext_proc_error", &FILTER_FAILURE),
    ("filter_removed_required_", &FILTER_FAILURE),
    ("filter_added_invalid_", &FILTER_FAILURE),
    ("grpc_bridge_", &UPSTREAM_PROTOCOL_ERROR),
    ("overload", &OVERLOADED),
];

/// Flags, for details that are absent or unknown. Where several are set, the first here counts:
/// what an answer is about stands before what only goes with it.
const FLAGS_BY_WEIGHT: Rows = &[
    ("NFCF", &FILTER_FAILURE),
    ("NR", &NO_ROUTE),
    ("NC", &NO_DESTINATION),
    ("DF", &DNS_FAILURE),
    ("UH", &NO_HEALTHY_UPSTREAM),
    ("UF", &CONNECT_FAILURE),
    ("UPE", &UPSTREAM_PROTOCOL_ERROR),
    ("UT", &UPSTREAM_TIMEOUT),
    ("UMSDR", &UPSTREAM_TIMEOUT),
    ("UC", &UPSTREAM_RESET),
    ("UR", &UPSTREAM_RESET),
    ("LR", &UPSTREAM_RESET),
    ("UO", &OVERFLOW),
    ("SI", &STREAM_IDLE_TIMEOUT),
    ("DT", &DURATION_EXCEEDED),
    ("RL", &RATE_LIMITED),
    ("RLSE", &RATE_LIMIT_UNAVAILABLE),
    ("UAEX", &ACCESS_DENIED),
    ("OM", &OVERLOADED),
    ("DO", &OVERLOADED),
    ("UDO", &OVERLOADED),
    ("IH", &BAD_REQUEST),
    ("DPE", &BAD_REQUEST),
    ("FI", &INJECTED_FAULT),
];

/// The name of details, and what the data in their braces or brackets begins with, up to `|`.
///
/// `upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:…}` has
/// the data `remote_connection_failure`.
fn parts(code_details: &str) -> (&str, &str) {
    let (name, data) = code_details
        .split_once(['{', '[', '('])
        .unwrap_or((code_details, ""));
    let data = data.split(['|', '}', ']', ')']).next().unwrap_or_default();
    (name, data)
}

fn find(rows: Rows, name: &str) -> Option<&'static ProxyFailure> {
    rows.iter()
        .find(|(row, _)| *row == name)
        .map(|(_, kind)| *kind)
}

fn of_family(name: &str) -> Option<&'static ProxyFailure> {
    FAMILIES
        .iter()
        .find(|(beginning, _)| name.starts_with(beginning))
        .map(|(_, kind)| *kind)
}

fn of_flags(flags: Flags) -> Option<&'static ProxyFailure> {
    FLAGS_BY_WEIGHT
        .iter()
        .find(|(name, _)| Flag::from_name(name).is_some_and(|flag| flags.contains(flag)))
        .map(|(_, kind)| *kind)
}

/// What the refusal of a token means. Where the keys could not be had, the token was never judged,
/// whatever the status says.
fn of_token(reason: &str) -> &'static ProxyFailure {
    const NO_SUCH_KEY: &str = "Jwks_doesn't_have_key_to_match_kid_or_alg_from_Jwt";
    if reason.starts_with("Jwks_") && reason != NO_SUCH_KEY {
        &AUTHORIZATION_UNAVAILABLE
    } else {
        &UNAUTHENTICATED
    }
}

impl ProxyFailure {
    /// The kind with this status, where details leave it open: an authorization service chooses
    /// its status, a token may be good for something else, and a filter that is in no table tells
    /// nothing more. An answer of gRPC has the status that stands for its code.
    pub(crate) fn at(&'static self, status: u16) -> &'static Self {
        let is_open = [&ACCESS_DENIED, &UNAUTHENTICATED, &PROXY_ERROR].contains(&self);
        match status {
            _ if !is_open => self,
            400 => &BAD_REQUEST,
            401 => &UNAUTHENTICATED,
            403 => &ACCESS_DENIED,
            408 => &REQUEST_TIMEOUT,
            413 => &REQUEST_TOO_LARGE,
            426 => &UPGRADE_REQUIRED,
            429 => &RATE_LIMITED,
            431 => &REQUEST_HEADERS_TOO_LARGE,
            _ => self,
        }
    }
}
