use serde_json::{Value, json};

use super::{Proxy, policy};

fn proxy(upstream_path: Value) -> Proxy {
    Proxy::new(policy(json!({
        "scheme": "integer",
        "sources": [
            { "from": "path", "template": "/v{version}/**" },
            { "from": "path", "template": "/api/{version}/{rest}" },
            { "from": "header", "name": "api-version" }
        ],
        "versions": [{ "version": "1" }, { "version": "2" }],
        "default": { "use": "oldest" },
        "onConflict": "first",
        "maxHops": 2,
        "upstreamPath": upstream_path
    })))
}

fn target(proxy: &Proxy, path: &str) -> String {
    proxy.get(path, &[]).sent(":path").unwrap()
}

#[test]
fn a_path_stays_unless_it_is_told_otherwise() {
    assert_eq!(
        target(&proxy(json!({ "do": "keep" })), "/v1/a?b"),
        "/v1/a?b"
    );
}

#[test]
fn a_stripped_path_loses_its_version_and_nothing_else() {
    let proxy = proxy(json!({ "do": "strip" }));
    for (path, upstream) in [
        ("/v1/orders/a%20b?x=/v1/", "/orders/a%20b?x=/v1/"),
        ("/v1", "/"),
        ("/v1/", "/"),
        ("/api/2/orders", "/api/orders"),
        ("/orders/v1/x", "/orders/v1/x"),
        ("/vault/keys", "/vault/keys"),
    ] {
        assert_eq!(target(&proxy, path), upstream, "{path}");
    }
}

#[test]
fn a_path_is_rewritten_from_its_parts() {
    let own = json!({ "do": "rewrite", "from": "/orders/**", "to": "/v{version}/orders/**" });
    let proxy = proxy(own);
    assert_eq!(target(&proxy, "/orders/7?x=1"), "/v1/orders/7?x=1");
    assert_eq!(target(&proxy, "/v2/orders/7"), "/v2/orders/7");
    let answer = proxy.get("/orders/7", &[("api-version", "2")]);
    assert_eq!(answer.sent(":path").unwrap(), "/v2/orders/7");
}

#[test]
fn a_rewrite_carries_the_hops_of_the_proxy() {
    let proxy = proxy(json!({ "do": "strip" }));
    let first = proxy.get("/v1/a", &[]).sent("x-treaty-hops").unwrap();
    let again = |hops: &str| proxy.get("/v1/a", &[("x-treaty-hops", hops)]);
    assert!(first.starts_with('p') && first.ends_with(";n=1"), "{first}");
    let second = again(&first).sent("x-treaty-hops").unwrap();
    assert!(second.ends_with(";n=2"), "{second}");
    let third = again(&second);
    assert_eq!(third.version(), "!loop");
    assert_eq!(third.reply.unwrap().status, 508);
    let other = again("p00000000;n=9").sent("x-treaty-hops").unwrap();
    assert_eq!(other, format!("p00000000;n=9, {first}"));
    assert_eq!(again("garbage").sent("x-treaty-hops").unwrap(), first);
    assert_eq!(proxy.get("/a", &[]).sent("x-treaty-hops"), None);
    let kept = proxy.get("/a", &[("x-treaty-hops", &first)]);
    assert_eq!(kept.sent("x-treaty-hops").unwrap(), first);
}

#[test]
fn an_unmatched_request_is_left_alone() {
    let mut document = policy(json!({
        "scheme": "integer",
        "sources": [{ "from": "header", "name": "api-version" }],
        "versions": [{ "version": "1" }]
    }));
    document["rules"][0]["match"] = json!({ "hosts": ["other.example.com"] });
    let answer = Proxy::new(document).get("/a", &[("x-treaty-version", "7")]);
    assert_eq!(answer.edits, 0);
    assert!(answer.facts.is_empty());
    assert!(answer.counts.is_empty());
}

#[test]
fn a_rule_of_a_service_is_for_its_hosts() {
    let mut document = policy(json!({
        "scheme": "integer",
        "sources": [{ "from": "header", "name": "api-version" }],
        "versions": [{ "version": "1" }]
    }));
    document["services"] = json!([
        { "name": "payments", "hosts": ["payments.example.com"] },
        { "name": "orders", "hosts": ["orders.example.com"], "runtime": "rust" }
    ]);
    document["rules"][0]["service"] = json!("orders");
    let answer = Proxy::new(document.clone()).get("/a", &[]);
    assert_eq!(answer.fact("treaty.service"), "orders");
    assert_eq!(
        answer.counts,
        ["treaty_version_requests;service=orders;version=1;state=current;outcome=served"]
    );
    document["rules"][0]["service"] = json!("payments");
    assert!(Proxy::new(document).get("/a", &[]).facts.is_empty());
}

#[test]
fn later_layers_override_earlier_ones_field_by_field() {
    let versions = |label: &str| json!([{ "version": label }]);
    let document = json!({
        "version": 1,
        "mode": "enforce",
        "services": [{ "name": "orders", "runtime": "go" }],
        "defaults": {
            "scheme": "integer",
            "sources": [{ "from": "header", "name": "a" }],
            "versions": versions("1"),
        },
        "runtimes": { "go": { "versions": versions("2") }, "rust": { "versions": versions("9") } },
        "serviceSettings": { "orders": { "sources": [{ "from": "header", "name": "b" }] } },
        "rules": [{ "name": "r", "service": "orders" }]
    });
    let answer = Proxy::new(document.clone()).get("/", &[("a", "1"), ("b", "2")]);
    assert_eq!(answer.version(), "2");
    let mut document = document;
    document["rules"][0]["settings"] = json!({ "versions": versions("3") });
    assert_eq!(Proxy::new(document).get("/", &[]).version(), "3");
}
