use serde_json::{Value, json};

use super::{Answer, Proxy, policy};

fn proxy(sources: Value, more: Value) -> Proxy {
    let mut settings = json!({
        "scheme": "integer",
        "sources": sources,
        "versions": [{ "version": "1" }, { "version": "2" }, { "version": "3", "state": "preview" }],
        "default": { "use": "oldest" }
    });
    let own = settings.as_object_mut().unwrap();
    own.extend(more.as_object().unwrap().clone());
    Proxy::new(policy(settings))
}

fn path() -> Value {
    json!([{ "from": "path", "template": "/v{version}/**" }])
}

fn header() -> Value {
    json!([{ "from": "header", "name": "API-Version" }])
}

fn query() -> Value {
    json!([{ "from": "query", "name": "version" }])
}

fn accept(proxy: &Proxy, accept: &str) -> Answer {
    proxy.get("/orders", &[("accept", accept)])
}

#[test]
fn a_path_names_its_version() {
    let proxy = proxy(path(), json!({}));
    for (target, version) in [
        ("/v2/orders", "2"),
        ("/v2/orders?x=/v1/", "2"),
        ("/v%32/orders", "2"),
        ("/v3/orders", "3"),
        ("/orders", "1"),
        ("/vault/keys", "1"),
        ("/v/orders", "1"),
        ("/v9/orders", "!unknown_version"),
        ("/v2x/orders", "!malformed_version"),
        ("/v02/orders", "!malformed_version"),
        ("/v99999999999999999999/orders", "!malformed_version"),
        ("/v1/../v2/orders", "!malformed_version"),
        ("/orders/%2e%2E/v2", "!malformed_version"),
        ("/orders/./x", "!malformed_version"),
        ("/orders/...", "1"),
        ("/orders?to=/../x", "1"),
    ] {
        assert_eq!(proxy.get(target, &[]).version(), version, "{target}");
    }
}

#[test]
fn a_path_that_is_no_utf8_names_nothing_that_could_be_read() {
    let proxy = proxy(path(), json!({}));
    let fields: [(&str, &str); 0] = [];
    let answer = proxy.exchange(b"/v1/\xff", &fields, &[]);
    assert_eq!(answer.version(), "!malformed_version");
}

#[test]
fn a_header_names_its_version() {
    let proxy = proxy(header(), json!({}));
    for (values, version) in [
        (&["2"][..], "2"),
        (&["v2"], "2"),
        (&[" 2 "], "2"),
        (&["2", "2"], "2"),
        (&["2, 2"], "2"),
        (&["2,"], "2"),
        (&["1", "2"], "!conflicting_versions"),
        (&["1, 2"], "!conflicting_versions"),
        (&["9", "2"], "!conflicting_versions"),
        (&["9", "9"], "!unknown_version"),
        (&["two"], "!malformed_version"),
        (&["-1"], "!malformed_version"),
        (&["+1"], "!malformed_version"),
        (&[""], "!malformed_version"),
        (
            &["0000000000000000000000000000000000000000000000000000000000000000001"],
            "!malformed_version",
        ),
    ] {
        let fields: Vec<_> = values.iter().map(|value| ("api-version", *value)).collect();
        assert_eq!(
            proxy.get("/orders", &fields).version(),
            version,
            "{values:?}"
        );
    }
    let answer = proxy.exchange(b"/", &[("api-version", b"\xff")], &[]);
    assert_eq!(answer.version(), "!malformed_version");
}

#[test]
fn a_query_names_its_version() {
    let proxy = proxy(query(), json!({}));
    for (target, version) in [
        ("/orders?version=2", "2"),
        ("/orders?a=b&version=%32#f", "2"),
        ("/orders?version=2&version=2", "2"),
        ("/orders?version=1&version=2", "!conflicting_versions"),
        ("/orders?version=", "!malformed_version"),
        ("/orders?version=%ff", "!malformed_version"),
        ("/orders?Version=2", "1"),
        ("/orders?", "1"),
        ("/orders#?version=2", "1"),
    ] {
        assert_eq!(proxy.get(target, &[]).version(), version, "{target}");
    }
}

#[test]
fn accept_names_a_version_by_a_parameter() {
    let proxy = proxy(
        json!([{ "from": "mediaType", "parameter": "version" }]),
        json!({}),
    );
    for (value, version) in [
        ("application/json;version=2", "2"),
        ("Application/JSON ; Version=\"2\"", "2"),
        ("application/json;version=\"\\2\"", "2"),
        (
            "application/json;q=0.5;version=2, application/json;version=1;q=0.6",
            "1",
        ),
        (
            "application/json;version=1;q=0.5, application/json;version=2;q=0.500",
            "1",
        ),
        ("*/*;version=1, application/json;version=2", "2"),
        (
            "application/json;version=2;q=0, application/json;version=1;q=0.1",
            "1",
        ),
        (
            "*/*;version=2, application/json;version=2;q=0.1, text/csv;version=1;q=0.2",
            "1",
        ),
        ("application/json;version=3", "3"),
        (
            "application/json;version=9, application/json;version=2;q=0.001",
            "2",
        ),
        ("application/json;version=9", "!not_acceptable"),
        ("application/json;version=9, */*;q=0.1", "1"),
        ("application/json;version=9, */*;q=0", "!not_acceptable"),
        ("application/json;version=x", "!malformed_version"),
        (
            "application/json;version=x, application/json;version=2",
            "2",
        ),
        ("application/json;version=2;q=2", "1"),
        ("application/json;version=2;q=0.0001", "1"),
        ("application/json", "1"),
        ("*/*", "1"),
        ("", "1"),
        (",,;;=\"", "1"),
        ("application/json;note=\"a,b;version=1\";version=2", "2"),
    ] {
        assert_eq!(accept(&proxy, value).version(), version, "{value}");
    }
}

#[test]
fn accept_names_a_version_by_a_vendors_type() {
    let source = json!([{ "from": "mediaType", "vendor": "application/vnd.acme.v{version}+json" }]);
    let proxy = proxy(source, json!({}));
    for (value, version) in [
        ("application/vnd.acme.v2+json", "2"),
        ("Application/VND.Acme.V2+JSON; charset=utf-8", "2"),
        ("application/vnd.acme.v9+json", "!not_acceptable"),
        ("application/vnd.acme.v2x+json", "!malformed_version"),
        ("application/vnd.acme.v2+xml", "1"),
        ("application/vnd.acme.vault+json", "1"),
        ("application/vnd.acme.v9+json, application/json", "1"),
    ] {
        assert_eq!(accept(&proxy, value).version(), version, "{value}");
    }
}

#[test]
fn only_a_hundred_ranges_count() {
    let proxy = proxy(
        json!([{ "from": "mediaType", "parameter": "version" }]),
        json!({}),
    );
    let range = "a/b;version=2";
    let list = |count: usize| "text/plain, ".repeat(count) + range;
    assert_eq!(accept(&proxy, &list(99)).version(), "2");
    assert_eq!(accept(&proxy, &list(100)).version(), "1");
}

#[test]
fn content_type_counts_unless_it_is_left_out() {
    let both = proxy(
        json!([{ "from": "mediaType", "parameter": "version" }]),
        json!({}),
    );
    let fields = [("content-type", "application/json;version=2")];
    assert_eq!(both.get("/", &fields).version(), "2");
    let differ = [fields[0], ("accept", "application/json;version=1")];
    assert_eq!(both.get("/", &differ).version(), "!conflicting_versions");
    let unknown = [("content-type", "application/json;version=9")];
    assert_eq!(both.get("/", &unknown).version(), "!unknown_version");
    let source = json!([{ "from": "mediaType", "parameter": "version", "in": ["accept"] }]);
    assert_eq!(proxy(source, json!({})).get("/", &fields).version(), "1");
}

#[test]
fn a_grpc_package_names_its_version() {
    let source = json!([{ "from": "grpcPackage", "template": "acme.orders.v{version}" }]);
    let proxy = proxy(source, json!({}));
    for (target, version) in [
        ("/acme.orders.v2.Orders/GetOrder", "2"),
        ("/acme.orders.Orders/GetOrder", "1"),
        ("/acme.orders.vip.Orders/GetOrder", "1"),
        ("/acme.orders.v2.sub.Orders/GetOrder", "1"),
        ("/acme.orders.v2/GetOrder", "1"),
        ("/acme.orders.v9.Orders/GetOrder", "!unknown_version"),
        ("/acme.orders.v2beta1.Orders/GetOrder", "!malformed_version"),
    ] {
        assert_eq!(proxy.get(target, &[]).version(), version, "{target}");
    }
}

#[test]
fn sources_that_differ_are_refused_or_the_first_wins() {
    let sources = json!([path()[0], header()[0], query()[0]]);
    let refuse = proxy(sources.clone(), json!({}));
    let first = proxy(sources, json!({ "onConflict": "first" }));
    let both = |target: &str, header: &str| {
        let fields = [("api-version", header)];
        let version = |proxy: &Proxy| proxy.get(target, &fields).version();
        (version(&refuse), version(&first))
    };
    let pair = |refuse: &str, first: &str| (refuse.to_owned(), first.to_owned());
    assert_eq!(both("/v1/a", "1"), pair("1", "1"));
    assert_eq!(both("/v1/a", "2"), pair("!conflicting_versions", "1"));
    assert_eq!(both("/v1/a", "9"), pair("!conflicting_versions", "1"));
    assert_eq!(both("/v1/a", "x"), pair("!malformed_version", "1"));
    assert_eq!(
        both("/v9/a", "1"),
        pair("!conflicting_versions", "!unknown_version")
    );
    assert_eq!(both("/a", "2"), pair("2", "2"));
    assert_eq!(
        both("/a?version=1", "2"),
        pair("!conflicting_versions", "2")
    );
}

#[test]
fn names_that_lead_to_one_version_do_not_conflict() {
    let proxy = proxy(
        json!([path()[0], header()[0]]),
        json!({ "scheme": "semver", "resolution": "compatible", "versions": [
            { "version": "1.0" }, { "version": "1.4.2" }, { "version": "2.0.0-rc.1" }
        ] }),
    );
    let answer = proxy.get("/v1/a", &[("api-version", "1.2")]);
    assert_eq!(answer.version(), "1.4.2");
    assert_eq!(answer.fact("treaty.version_requested"), "1");
    let answer = proxy.get("/a", &[("api-version", "v2.0.0-rc.1")]);
    assert_eq!(answer.version(), "2.0.0-rc.1");
    assert_eq!(proxy.get("/v2/a", &[]).version(), "!unknown_version");
}

#[test]
fn the_source_and_the_outcome_are_told() {
    let sources = json!([path()[0], header()[0]]);
    let answer = proxy(sources, json!({})).get("/v2/a", &[]);
    assert_eq!(answer.fact("treaty.version_requested"), "2");
    assert_eq!(answer.fact("treaty.version"), "2");
    assert_eq!(answer.fact("treaty.version_source"), "path");
    assert_eq!(answer.fact("treaty.version_state"), "current");
    assert_eq!(answer.fact("treaty.version_outcome"), "served");
    assert!(!answer.facts.contains_key("treaty.version_consumer"));
    assert!(!answer.facts.contains_key("treaty.service"));
    assert_eq!(
        answer.counts,
        ["treaty_version_requests;service=all;version=2;state=current;outcome=served"]
    );
}
