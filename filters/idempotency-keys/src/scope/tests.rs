use proptest::prelude::*;

use super::*;
use crate::idempotency_key::{Alphabet, KeyTerms, Syntax};

fn field(name: &str) -> Identity {
    Identity::Field(FieldName(name.to_owned()))
}

fn terms() -> ScopeTerms {
    ScopeTerms {
        namespace: "payments".to_owned(),
        caller: Caller::Apart(vec![field("x-caller")]),
        tenant: Some(field("x-tenant")),
        host: true,
        method: true,
        path: PathScope::Path,
    }
}

const HEAD: [(&str, &str); 6] = [
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "api.example.com"),
    (":path", "/v1/charges?a=1"),
    ("x-caller", "alice"),
    ("x-tenant", "acme"),
];

fn scope_in(
    terms: &ScopeTerms,
    headers: &Headers,
    template: Option<&PathTemplate>,
) -> Result<Scope, Unscoped> {
    let san = ["connection", "uri_san_peer_certificate"];
    let property = |path: &[&str]| (path == san).then(|| b"spiffe://a/b".to_vec());
    terms.scope(&Request {
        headers,
        template,
        property: &property,
    })
}

fn key(text: &str) -> IdempotencyKey {
    let terms = KeyTerms {
        syntax: Syntax::Lenient,
        alphabet: Alphabet::Visible,
        length: 1..=255,
    };
    terms
        .in_field(&Headers::from_pairs([("k", text)]), "k")
        .unwrap()
}

/// The head with some fields changed; no value takes a field away.
fn head(changes: &[(&str, &str)]) -> Headers {
    let change = |name: &str| changes.iter().find(|(own, _)| *own == name);
    let pairs = HEAD.map(|(name, value)| (name, change(name).map_or(value, |(_, value)| value)));
    Headers::from_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()))
}

/// What a store knows the key `k` of the head by.
fn store_key(terms: &ScopeTerms, changes: &[(&str, &str)]) -> Result<StoreKey, Unscoped> {
    let scope = scope_in(terms, &head(changes), None);
    scope.map(|scope| scope.store_key(&key("k")))
}

#[test]
fn every_part_of_a_scope_tells_keys_apart() {
    let same = store_key(&terms(), &[]).unwrap();
    for change in [
        (":method", "PATCH"),
        (":authority", "api.example.org"),
        (":path", "/v1/refunds"),
        ("x-caller", "bob"),
        ("x-tenant", "umbrella"),
    ] {
        assert_ne!(store_key(&terms(), &[change]).unwrap(), same, "{change:?}");
    }
    let elsewhere = ScopeTerms {
        namespace: "orders".to_owned(),
        ..terms()
    };
    assert_ne!(store_key(&elsewhere, &[]).unwrap(), same);
    let other_key = scope_in(&terms(), &head(&[]), None)
        .unwrap()
        .store_key(&key("l"));
    assert_ne!(other_key, same);
}

#[test]
fn what_is_no_part_of_a_scope_does_not_tell_keys_apart() {
    let same = store_key(&terms(), &[]).unwrap();
    assert_eq!(
        store_key(&terms(), &[(":path", "/v1/charges?a=2")]).unwrap(),
        same
    );
    let wide = ScopeTerms {
        caller: Caller::Shared,
        tenant: None,
        host: false,
        method: false,
        path: PathScope::Any,
        ..terms()
    };
    let all = store_key(&wide, &[]).unwrap();
    for (name, _) in HEAD {
        assert_eq!(store_key(&wide, &[(name, "other")]).unwrap(), all, "{name}");
    }
}

#[test]
fn a_caller_that_is_not_known_has_no_scope() {
    assert_eq!(
        store_key(&terms(), &[("x-caller", "")]),
        Err(Unscoped::NoCaller)
    );
    assert_eq!(
        store_key(&terms(), &[("x-caller", " ")]),
        Err(Unscoped::NoCaller)
    );
    assert_eq!(
        store_key(&terms(), &[("x-tenant", "")]),
        Err(Unscoped::NoTenant)
    );
    let nobody = ScopeTerms {
        caller: Caller::Apart(vec![]),
        ..terms()
    };
    assert_eq!(store_key(&nobody, &[]), Err(Unscoped::NoCaller));
    let two = ScopeTerms {
        caller: Caller::Apart(vec![field("x-caller"), field("x-device")]),
        ..terms()
    };
    assert_eq!(store_key(&two, &[]), Err(Unscoped::NoCaller));
}

#[test]
fn a_caller_may_be_told_by_a_property() {
    let by_certificate = ScopeTerms {
        caller: Caller::Apart(vec![Identity::uri_san()]),
        ..terms()
    };
    let without_header = store_key(&by_certificate, &[("x-caller", "")]);
    assert_eq!(without_header, store_key(&by_certificate, &[]));
    let unknown = Identity::Property(vec!["connection".to_owned()]);
    let unknown = ScopeTerms {
        caller: Caller::Apart(vec![unknown]),
        ..terms()
    };
    assert_eq!(store_key(&unknown, &[]), Err(Unscoped::NoCaller));
}

/// RFC 9110 section 4.2.3.
#[test]
fn a_host_is_compared_in_its_normal_form() {
    let normal = |scheme: &str, host: &str| {
        let pairs = [(":scheme", scheme), (":authority", host)];
        String::from_utf8(authority(&Headers::from_pairs(pairs))).unwrap()
    };
    for (scheme, host, expected) in [
        ("https", "API.Example.com:443", "api.example.com"),
        ("http", "api.example.com:80", "api.example.com"),
        ("http", "api.example.com:", "api.example.com"),
        ("http", "api.example.com:443", "api.example.com:443"),
        ("https", "api.example.com:8443", "api.example.com:8443"),
        ("https", "[2001:DB8::443]", "[2001:db8::443]"),
        ("https", "[2001:db8::1]:443", "[2001:db8::1]"),
        ("", "api.example.com:443", "api.example.com:443"),
        ("https", "", ""),
    ] {
        assert_eq!(normal(scheme, host), expected, "{scheme} {host}");
    }
}

#[test]
fn paths_of_one_template_share_their_keys() {
    let by_template = ScopeTerms {
        path: PathScope::Template,
        ..terms()
    };
    let template: PathTemplate = "/orders/{id}".parse().unwrap();
    let alike: PathTemplate = "/orders/{order}".parse().unwrap();
    let of = |path, template| {
        let scope = scope_in(&by_template, &head(&[(":path", path)]), template);
        scope.unwrap().store_key(&key("k"))
    };
    let one = of("/orders/1", Some(&template));
    assert_eq!(of("/orders/2", Some(&template)), one);
    assert_eq!(of("/orders/2", Some(&alike)), one);
    // A path that reads as a template is none.
    assert_ne!(of("/orders/{}", None), one);
    assert_ne!(of("/orders/1", None), of("/orders/2", None));
}

#[test]
fn a_path_is_compared_as_rules_compare_it() {
    let same = store_key(&terms(), &[]).unwrap();
    assert_eq!(
        store_key(&terms(), &[(":path", "/v1/%63harges")]).unwrap(),
        same
    );
    assert_ne!(
        store_key(&terms(), &[(":path", "/v1%2Fcharges")]).unwrap(),
        same
    );
    assert_ne!(
        store_key(&terms(), &[(":path", "/V1/charges")]).unwrap(),
        same
    );
}

#[test]
fn a_tenant_is_one_over_all_operations() {
    let tenant =
        |changes: &[(&str, &str)]| scope_in(&terms(), &head(changes), None).unwrap().tenant();
    assert!(tenant(&[]).is_some());
    assert_eq!(tenant(&[]), tenant(&[(":path", "/x"), ("x-caller", "bob")]));
    assert_ne!(tenant(&[]), tenant(&[("x-tenant", "umbrella")]));
    let without = ScopeTerms {
        tenant: None,
        ..terms()
    };
    assert_eq!(scope_in(&without, &head(&[]), None).unwrap().tenant(), None);
}

fn value() -> impl Strategy<Value = String> {
    "[ab:/]{1,4}"
}

proptest! {
    #[test]
    fn different_scopes_never_have_one_key(
        one in (value(), value(), value(), value(), value()),
        other in (value(), value(), value(), value(), value()),
    ) {
        let store_key = |parts: &(String, String, String, String, String)| {
            let (caller, tenant, method, path, text) = parts;
            let path = format!("/{path}");
            let changes = [
                ("x-caller", caller.as_str()),
                ("x-tenant", tenant.as_str()),
                (":method", method.as_str()),
                (":path", path.as_str()),
            ];
            let scope = scope_in(&terms(), &head(&changes), None).unwrap();
            scope.store_key(&key(text))
        };
        prop_assert_eq!(one == other, store_key(&one) == store_key(&other));
    }

    #[test]
    fn several_identities_never_trade_octets(one in (value(), value()), other in (value(), value())) {
        let terms = ScopeTerms {
            caller: Caller::Apart(vec![field("x-caller"), field("x-tenant")]),
            tenant: None,
            ..terms()
        };
        let of = |(caller, device): &(String, String)| {
            store_key(&terms, &[("x-caller", caller.as_str()), ("x-tenant", device.as_str())])
        };
        prop_assert_eq!(one == other, of(&one) == of(&other));
    }

    #[test]
    fn no_head_is_too_strange(
        host in prop::collection::vec(any::<u8>(), 0..16),
        path in prop::collection::vec(any::<u8>(), 0..16),
        caller in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        let pairs = [(":authority", host), (":path", path), ("x-caller", caller)];
        let _ = scope_in(&terms(), &Headers::from_pairs(pairs), None);
    }
}
