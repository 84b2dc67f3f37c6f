use proptest::prelude::*;

use super::{ALL, FLAGS, Flag, Flags, Retry, classify, is_of_upstream};

/// The flags of these short names.
fn flags(names: &str) -> Flags {
    let names = names.split(',').filter(|name| !name.is_empty());
    let bits = names.map(|name| {
        let bit = FLAGS.iter().position(|flag| flag.name() == name);
        1_u64 << bit.unwrap_or_else(|| panic!("no flag {name}"))
    });
    Flags::from_bytes(&bits.sum::<u64>().to_le_bytes())
}

/// What failed, in one word.
fn told(details: &str, names: &str, status: u16) -> &'static str {
    match classify(details, flags(names)) {
        Some(kind) => kind.at(status).name,
        None if is_of_upstream(details) => "upstream",
        None => "deliberate",
    }
}

/// Details, flags and statuses as Envoy 1.36 and 1.40 gave them, and what they mean.
#[rustfmt::skip]
const MEASURED: &[(&str, &str, u16, &str)] = &[
    ("", "", 403, "deliberate"),
    ("", "", 418, "deliberate"),
    ("", "NFCF", 500, "filter-failure"),
    ("cluster_not_found", "NC", 404, "no-destination"),
    ("cluster_not_found", "NC", 503, "no-destination"),
    ("cors_response", "", 200, "deliberate"),
    ("csrf_origin_mismatch", "", 403, "access-denied"),
    ("denied_by_admission_control", "", 503, "overloaded"),
    ("direct_response", "", 301, "deliberate"),
    ("direct_response", "", 404, "deliberate"),
    ("direct_response", "", 503, "deliberate"),
    ("dns_resolution_failure{cares_norecords:Domain_name_not_found}", "UH", 503, "dns-failure"),
    ("drop_overload", "DO", 503, "overloaded"),
    ("ext_authz_denied", "UAEX", 302, "access-denied"),
    ("ext_authz_denied", "UAEX", 401, "unauthenticated"),
    ("ext_authz_denied", "UAEX", 403, "access-denied"),
    ("ext_authz_denied", "UAEX", 429, "rate-limited"),
    ("ext_authz_error", "UAEX", 403, "authorization-unavailable"),
    ("ext_authz_error", "UAEX", 503, "authorization-unavailable"),
    ("ext_proc_error_gRPC_error_14{upstream_connect_error_or_disconnect/reset_before_headers._reset_reason:_remote_connection_failure{upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}}}", "", 500, "filter-failure"),
    ("ext_proc_error_per-message_timeout_exceeded", "", 504, "filter-failure"),
    ("failed_to_inject_credential", "", 401, "authorization-unavailable"),
    ("fault_filter_abort", "DI,FI", 503, "injected-fault"),
    ("fault_filter_abort", "FI", 200, "injected-fault"),
    ("fault_filter_abort", "FI", 555, "injected-fault"),
    ("filter_removed_required_request_headers{missing_required_header:_:path}", "DPE", 503, "filter-failure"),
    ("filter_removed_required_response_headers{missing_required_header:_:status}", "", 502, "filter-failure"),
    ("health_check_failed_cluster_unhealthy", "LH", 503, "deliberate"),
    ("health_check_ok", "", 200, "deliberate"),
    ("http1.codec_error", "DPE", 400, "bad-request"),
    ("http1.content_length_and_chunked_not_allowed", "DPE", 400, "bad-request"),
    ("http1.headers_too_large", "DPE", 431, "request-headers-too-large"),
    ("http1.invalid_characters", "DPE", 400, "bad-request"),
    ("http1.invalid_transfer_encoding", "DPE", 501, "bad-request"),
    ("http1.invalid_url", "DPE", 400, "bad-request"),
    ("http1.too_many_headers", "DPE", 431, "request-headers-too-large"),
    ("http1.unexpected_underscore", "DPE", 400, "bad-request"),
    ("invalid_credential_for_basic_auth", "", 401, "unauthenticated"),
    ("jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}", "", 403, "access-denied"),
    ("jwt_authn_access_denied{Jwks_remote_fetch_is_failed}", "", 401, "authorization-unavailable"),
    ("jwt_authn_access_denied{Jwt_is_expired}", "", 401, "unauthenticated"),
    ("jwt_authn_access_denied{Jwt_is_missing}", "", 401, "unauthenticated"),
    ("jwt_authn_access_denied{Jwt_is_not_in_the_form_of_Header.Payload.Signature_with_two_dots_and_3_sections}", "", 401, "unauthenticated"),
    ("jwt_authn_access_denied{Jwt_issuer_is_not_configured}", "", 401, "unauthenticated"),
    ("jwt_authn_access_denied{Jwt_verification_fails}", "", 401, "unauthenticated"),
    ("local_rate_limited", "RL", 429, "rate-limited"),
    ("local_rate_limited", "RL", 503, "rate-limited"),
    ("low_version", "DPE", 426, "upgrade-required"),
    ("lua_response", "", 403, "deliberate"),
    ("maintenance_mode", "UO", 503, "maintenance"),
    ("max_duration_timeout", "", 504, "duration-exceeded"),
    ("missing_api_key", "", 401, "unauthenticated"),
    ("missing_host_header", "", 400, "bad-request"),
    ("no_credential_for_basic_auth", "", 401, "unauthenticated"),
    ("no_healthy_upstream", "UH", 503, "no-healthy-upstream"),
    ("overload", "", 503, "overloaded"),
    ("overload", "DPE", 500, "overloaded"),
    ("path_normalization_failed", "", 400, "bad-request"),
    ("rate_limiter_error", "RLSE", 500, "rate-limit-unavailable"),
    ("rbac_access_denied_matched_policy[no_deletes]", "", 403, "access-denied"),
    ("rbac_access_denied_matched_policy[none]", "", 403, "access-denied"),
    ("reached_concurrency_limit", "", 503, "overloaded"),
    ("request_header_timeout", "", 408, "request-timeout"),
    ("request_overall_timeout", "", 408, "request-timeout"),
    ("request_payload_too_large", "", 413, "request-too-large"),
    ("request_rate_limited", "RL", 429, "rate-limited"),
    ("response_payload_too_large", "", 200, "response-too-large"),
    ("response_payload_too_large", "", 500, "response-too-large"),
    ("response_timeout", "UT", 200, "upstream-timeout"),
    ("response_timeout", "UT", 504, "upstream-timeout"),
    ("route_not_found", "NR", 404, "no-route"),
    ("stream_idle_timeout", "SI", 200, "stream-idle-timeout"),
    ("stream_idle_timeout", "SI", 408, "stream-idle-timeout"),
    ("stream_idle_timeout", "SI", 504, "stream-idle-timeout"),
    ("unconditional_drop_overload", "UDO", 503, "overloaded"),
    ("unknown_api_key", "", 401, "unauthenticated"),
    ("unkonwn_api_key", "", 401, "unauthenticated"),
    ("upgrade_failed", "", 403, "upgrade-refused"),
    ("upstream_max_stream_duration_reached", "UMSDR", 504, "upstream-timeout"),
    ("upstream_per_try_idle_timeout", "URX,UT", 504, "upstream-timeout"),
    ("upstream_per_try_timeout", "URX,UT", 504, "upstream-timeout"),
    ("upstream_reset_after_response_started{protocol_error}", "UPE", 200, "upstream-protocol-error"),
    ("upstream_reset_after_response_started{protocol_error}", "UPE", 502, "upstream-protocol-error"),
    ("upstream_reset_after_response_started{remote_reset}", "UR", 503, "upstream-reset"),
    ("upstream_reset_before_response_started{connection_termination}", "UC", 503, "upstream-reset"),
    ("upstream_reset_before_response_started{connection_termination}", "URX,UC", 503, "upstream-reset"),
    ("upstream_reset_before_response_started{connection_timeout}", "UF", 503, "connect-timeout"),
    ("upstream_reset_before_response_started{overflow}", "UO", 503, "overflow"),
    ("upstream_reset_before_response_started{protocol_error}", "UPE", 502, "upstream-protocol-error"),
    ("upstream_reset_before_response_started{remote_connection_failure|TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end}", "UF", 503, "connect-failure"),
    ("upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", "DI,UF", 503, "connect-failure"),
    ("upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", "UF", 503, "connect-failure"),
    ("upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", "UO,UF", 503, "connect-failure"),
    ("upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}", "URX,UF", 503, "connect-failure"),
    ("upstream_reset_before_response_started{remote_refused_stream_reset}", "UR", 503, "stream-refused"),
    ("upstream_reset_before_response_started{remote_reset}", "UR", 503, "upstream-reset"),
    ("via_upstream", "", 200, "upstream"),
    ("via_upstream", "", 503, "upstream"),
    ("via_upstream", "DI", 200, "upstream"),
    ("via_upstream", "URX", 503, "upstream"),
    ("wasm_fail_stream", "", 503, "filter-failure"),
    ("websocket_handshake_unsuccessful", "", 200, "upstream"),
];

#[test]
fn every_measured_answer_is_told_apart() {
    for (details, names, status, expected) in MEASURED {
        assert_eq!(
            told(details, names, *status),
            *expected,
            "{details} {names} {status}"
        );
    }
}

#[test]
fn every_kind_can_occur() {
    for kind in ALL {
        // What is in none of the tables cannot be measured.
        let occurs = kind.name == "proxy-error" || MEASURED.iter().any(|row| row.3 == kind.name);
        assert!(occurs, "{}", kind.name);
    }
}

#[test]
fn details_count_more_than_flags() {
    assert_eq!(
        told(
            "upstream_reset_before_response_started{connection_timeout}",
            "UO,URX",
            503
        ),
        "connect-timeout",
    );
    assert_eq!(told("maintenance_mode", "UO", 503), "maintenance");
    assert_eq!(told("via_upstream", "URX", 503), "upstream");
}

#[test]
fn flags_count_where_details_are_not_known() {
    assert_eq!(told("something_new", "UH", 503), "no-healthy-upstream");
    assert_eq!(told("something_new", "URX,UF", 503), "connect-failure");
    assert_eq!(told("", "NFCF", 500), "filter-failure");
}

#[test]
fn the_status_counts_where_nothing_else_tells() {
    assert_eq!(told("some_filter_denied", "", 401), "unauthenticated");
    assert_eq!(told("some_filter_denied", "", 403), "access-denied");
    assert_eq!(told("some_filter_denied", "", 413), "request-too-large");
    assert_eq!(told("some_filter_denied", "", 418), "proxy-error");
}

#[test]
fn a_reset_for_a_reason_that_is_not_known_is_a_reset() {
    for details in [
        "upstream_reset_before_response_started",
        "upstream_reset_before_response_started{",
        "upstream_reset_before_response_started{remote_reset_(no_error)}",
        "upstream_reset_after_response_started{HTTP/1_premature_upstream_half_close}",
    ] {
        assert_eq!(told(details, "", 503), "upstream-reset", "{details}");
    }
}

#[test]
fn the_bits_of_the_flags_are_those_that_envoy_sets() {
    // As the property had them: the number of the bit beside the short name in the access log.
    for (bit, name) in [
        (0, "LH"),
        (1, "UH"),
        (2, "UT"),
        (4, "UR"),
        (5, "UF"),
        (6, "UC"),
        (7, "UO"),
        (8, "NR"),
        (9, "DI"),
        (10, "FI"),
        (11, "RL"),
        (12, "UAEX"),
        (13, "RLSE"),
        (15, "URX"),
        (16, "SI"),
        (18, "DPE"),
        (19, "UMSDR"),
        (21, "NFCF"),
        (23, "UPE"),
        (24, "NC"),
        (27, "DO"),
        (29, "UDO"),
    ] {
        let set = Flags::from_bytes(&(1_u64 << bit).to_le_bytes());
        assert!(set.contains(Flag::from_name(name).unwrap()), "{name}");
        let all = FLAGS.iter().filter(|flag| set.contains(**flag));
        assert_eq!(all.map(|flag| flag.name()).collect::<Vec<_>>(), [name]);
    }
    assert_eq!(Flag::from_name("uf"), None);
}

#[test]
fn a_property_of_another_length_is_no_flag() {
    for bytes in [
        &b""[..],
        b"\x01",
        b"\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert_eq!(Flags::from_bytes(bytes), Flags::default());
    }
}

#[test]
fn each_kind_has_a_name_of_its_own_and_says_what_to_do() {
    for (index, kind) in ALL.iter().enumerate() {
        assert!(
            ALL.iter()
                .skip(index + 1)
                .all(|other| other.name != kind.name && other.title != kind.title)
        );
        assert!(
            kind.name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'-')
        );
        assert!(
            kind.detail.ends_with('.') && !kind.detail.contains("  "),
            "{}",
            kind.detail
        );
        assert!(!kind.title.ends_with('.'));
    }
}

#[test]
fn what_the_client_did_wrong_is_not_worth_another_try() {
    for kind in ALL {
        let again = matches!(kind.status, 408 | 429) || kind.name == "authorization-unavailable";
        if (400..500).contains(&kind.status) && !again {
            assert_eq!(kind.retry, Retry::No, "{}", kind.name);
        }
    }
}

proptest! {
    #[test]
    fn any_details_are_told(details in ".*", bytes: Vec<u8>, status: u16) {
        if let Some(kind) = classify(&details, Flags::from_bytes(&bytes)) {
            let _ = kind.at(status);
        }
    }

    #[test]
    fn data_in_braces_does_not_change_what_they_belong_to(data in "[^|{}\\[\\]()]*") {
        let dns = format!("dns_resolution_failure{{{data}}}");
        prop_assert_eq!(told(&dns, "UH", 503), "dns-failure");
        let denied = format!("rbac_access_denied_matched_policy[{data}]");
        prop_assert_eq!(told(&denied, "", 403), "access-denied");
    }
}
