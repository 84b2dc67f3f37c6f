use serde_json::{Value, json};

use super::{Answer, Proxy, policy};

fn proxy(more: Value) -> Proxy {
    Proxy::new(policy(settings(more)))
}

fn settings(more: Value) -> Value {
    let mut settings = json!({
        "scheme": "integer",
        "sources": [{ "from": "header", "name": "api-version" }],
        "versions": [{ "version": "1" }, { "version": "2" }, { "version": "3", "state": "preview" }],
        "consumer": { "from": "header", "name": "x-consumer" }
    });
    let own = settings.as_object_mut().unwrap();
    own.extend(more.as_object().unwrap().clone());
    settings
}

fn by(proxy: &Proxy, consumer: &str) -> Answer {
    proxy.get("/a", &[("x-consumer", consumer)])
}

#[test]
fn a_pin_counts_where_no_version_is_named() {
    let proxy = proxy(json!({ "pins": [
        { "consumers": ["shop", "bank"], "version": "1" },
        { "consumers": ["lab"], "version": "3" }
    ] }));
    let answer = by(&proxy, "bank");
    assert_eq!(answer.version(), "1");
    assert_eq!(answer.fact("treaty.version_source"), "pin");
    assert_eq!(answer.fact("treaty.version_consumer"), "bank");
    assert_eq!(by(&proxy, "lab").version(), "3");
    assert_eq!(by(&proxy, "other").version(), "2");
    assert_eq!(by(&proxy, "other").fact("treaty.version_source"), "default");
    let named = proxy.get("/a", &[("x-consumer", "bank"), ("api-version", "2")]);
    assert_eq!(named.version(), "2");
    assert_eq!(named.fact("treaty.version_source"), "header");
    assert_eq!(answer.got("vary").unwrap(), "api-version, x-consumer");
}

#[test]
fn a_consumer_is_one_name_of_at_most_128_octets() {
    let proxy = proxy(json!({}));
    let consumer = |fields: &[(&str, &[u8])]| {
        let answer = proxy.exchange(b"/a", fields, &[]);
        answer.fact("treaty.version_consumer").to_owned()
    };
    assert_eq!(consumer(&[("x-consumer", b" shop ")]), "shop");
    assert_eq!(consumer(&[("x-consumer", b"\xff")]), "");
    assert_eq!(consumer(&[("x-consumer", b"")]), "");
    assert_eq!(consumer(&[("x-consumer", b"a"), ("x-consumer", b"b")]), "");
    assert_eq!(consumer(&[("x-consumer", &[b'a'; 128])]).len(), 64);
    assert_eq!(consumer(&[("x-consumer", &[b'a'; 129])]), "");
}

#[test]
fn a_consumer_may_be_the_identity_of_the_peer() {
    let mut proxy = proxy(json!({
        "consumer": { "from": "property", "path": ["connection", "uri_san_peer_certificate"] },
        "pins": [{ "consumers": ["spiffe://acme/shop"], "version": "1" }]
    }));
    let name = "connection/uri_san_peer_certificate".to_owned();
    proxy
        .properties
        .insert(name, b"spiffe://acme/shop".to_vec());
    let answer = proxy.get("/a", &[]);
    assert_eq!(answer.version(), "1");
    assert_eq!(answer.got("vary").unwrap(), "api-version");
}

#[test]
fn a_canary_moves_those_who_name_none() {
    let proxy = proxy(json!({
        "pins": [{ "consumers": ["pinned"], "version": "2" }],
        "canaries": [{ "from": "2", "to": "3", "percent": 100 }]
    }));
    let answer = by(&proxy, "shop");
    assert_eq!(answer.version(), "3");
    assert_eq!(answer.fact("treaty.version_source"), "canary");
    assert_eq!(by(&proxy, "pinned").version(), "2");
    let named = proxy.get("/a", &[("x-consumer", "shop"), ("api-version", "2")]);
    assert_eq!(named.version(), "2");
}

#[test]
fn a_canary_may_move_everybody_and_moves_once() {
    let proxy = proxy(json!({ "canaries": [
        { "from": "1", "to": "2", "percent": 100, "when": "always" },
        { "from": "2", "to": "3", "percent": 100, "when": "always" }
    ] }));
    let named = |version: &str| proxy.get("/a", &[("api-version", version)]);
    assert_eq!(named("1").version(), "2");
    assert_eq!(named("1").fact("treaty.version_requested"), "1");
    assert_eq!(named("2").version(), "3");
    assert_eq!(named("3").version(), "3");
}

#[test]
fn a_canary_moves_nobody_to_a_version_that_is_refused() {
    let proxy = proxy(json!({
        "versions": [{ "version": "1" }, { "version": "2", "sunset": "2026-01-01T00:00:00Z" }],
        "canaries": [{ "from": "1", "to": "2", "percent": 100 }]
    }));
    assert_eq!(by(&proxy, "shop").version(), "1");
}

#[test]
fn shares_are_sticky_and_grow_and_hold_their_percentage() {
    let moved = |percent: u8| -> Vec<usize> {
        let proxy = proxy(json!({ "canaries": [{ "from": "2", "to": "3", "percent": percent }] }));
        let is_moved = |index: &usize| by(&proxy, &format!("user-{index}")).version() == "3";
        (0..10_000).filter(is_moved).collect()
    };
    let (ten, again, twenty) = (moved(10), moved(10), moved(20));
    assert_eq!(ten, again);
    assert!((900..=1100).contains(&ten.len()), "{}", ten.len());
    assert!((1850..=2150).contains(&twenty.len()), "{}", twenty.len());
    assert!(
        ten.iter().all(|index| twenty.contains(index)),
        "a larger share only takes in"
    );
    assert!(moved(0).is_empty());
}

#[test]
fn a_key_may_be_a_cookie_a_header_a_property_or_chance() {
    let mut proxy = proxy(json!({
        "canaryKey": [
            { "from": "cookie", "name": "session" },
            { "from": "header", "name": "x-user" },
            { "from": "property", "path": ["source", "address"] }
        ],
        "canaries": [{ "from": "2", "to": "3", "percent": 50 }]
    }));
    let place = |name: &str| crate::traffic::bucket("all", "version", name.as_bytes()) < 5000;
    let (low, high) = (
        "a",
        ["b", "c", "d", "e", "f"]
            .into_iter()
            .find(|key| place(key) != place("a"))
            .unwrap(),
    );
    let version = |key: &str| if place(key) { "3" } else { "2" };
    for key in [low, high] {
        let cookie = format!("x=1; session={key}; sessions=2");
        assert_eq!(
            proxy.get("/a", &[("cookie", &cookie)]).version(),
            version(key)
        );
        let fields = [
            ("x-user", key),
            ("cookie", "sessions=q"),
            ("cookie", "session="),
        ];
        assert_eq!(proxy.get("/a", &fields).version(), version(key));
        proxy
            .properties
            .insert("source/address".to_owned(), key.as_bytes().to_vec());
        assert_eq!(proxy.get("/a", &[]).version(), version(key));
    }
    proxy.properties.clear();
    let versions: Vec<String> = (0..100)
        .map(|random| {
            proxy.random = random;
            proxy.get("/a", &[]).version()
        })
        .collect();
    assert!(versions.contains(&"2".to_owned()) && versions.contains(&"3".to_owned()));
    assert_eq!(
        proxy.get("/a", &[]).got("vary").unwrap(),
        "api-version, Cookie, x-user"
    );
}

#[test]
fn variants_share_a_version() {
    let proxy = proxy(json!({ "versions": [{ "version": "1", "variants": [
        { "name": "orders-go", "percent": 75 }, { "name": "orders-rust", "percent": 25 }
    ] }] }));
    let is_rust = |index: &u32| {
        let answer = by(&proxy, &format!("user-{index}"));
        let variant = answer.sent("x-treaty-variant").unwrap();
        assert_eq!(answer.fact("treaty.version_variant"), variant);
        variant == "orders-rust"
    };
    let share = (0..10_000).filter(is_rust).count();
    assert!((2350..=2650).contains(&share), "{share}");
}

#[test]
fn flags_are_on_when_every_condition_holds() {
    let proxy = proxy(json!({ "flags": [
        { "name": "always" },
        { "name": "two", "versions": ["2"] },
        { "name": "shop", "consumers": ["shop"] },
        { "name": "both", "versions": ["1"], "consumers": ["shop"] },
        { "name": "none", "percent": 0 },
        { "name": "all", "percent": 100 }
    ] }));
    let flags = |version: &str, consumer: &str| {
        let fields = [
            ("api-version", version),
            ("x-consumer", consumer),
            ("x-treaty-flags", "forged"),
        ];
        proxy.get("/a", &fields).sent("x-treaty-flags").unwrap()
    };
    assert_eq!(flags("1", "shop"), "always, shop, both, all");
    assert_eq!(flags("2", "bank"), "always, two, all");
}

#[test]
fn what_a_client_forges_is_removed() {
    let forged = [
        ("x-treaty-version", "1"),
        ("x-treaty-variant", "x"),
        ("x-treaty-flags", "y"),
    ];
    let answer = proxy(json!({})).get("/a", &forged);
    assert_eq!(answer.sent("x-treaty-version").unwrap(), "2");
    assert_eq!(answer.sent("x-treaty-variant"), None);
    assert_eq!(answer.sent("x-treaty-flags"), None);
}

#[test]
fn a_trusted_hop_before_has_decided() {
    let mut document = policy(settings(json!({
        "canaries": [{ "from": "1", "to": "3", "percent": 100, "when": "always" }]
    })));
    document["trustPreviousHop"] = json!(true);
    let proxy = Proxy::new(document);
    let told = [
        ("x-treaty-version", "1"),
        ("x-treaty-variant", "x"),
        ("x-treaty-flags", "y"),
        ("api-version", "2"),
    ];
    let answer = proxy.get("/a", &told);
    assert_eq!(answer.version(), "1");
    assert_eq!(answer.fact("treaty.version_source"), "previousHop");
    assert_eq!(answer.sent("x-treaty-variant").unwrap(), "x");
    assert_eq!(answer.sent("x-treaty-flags").unwrap(), "y");
    let unknown = proxy.get("/a", &[("x-treaty-version", "9"), ("api-version", "2")]);
    assert_eq!(unknown.version(), "2");
    assert_eq!(unknown.fact("treaty.version_source"), "header");
}
