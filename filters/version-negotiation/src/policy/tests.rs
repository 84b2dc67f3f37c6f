use serde_json::{Value, json};

use super::*;

/// A good policy, changed at one place.
fn changed(pointer: &str, value: Value) -> Value {
    let mut document = json!({
        "version": 1,
        "services": [{ "name": "orders", "hosts": ["orders.example.com"], "runtime": "go" }],
        "defaults": { "consumer": { "from": "header", "name": "x-consumer" } },
        "runtimes": { "go": {} },
        "serviceSettings": { "orders": {} },
        "rules": [{ "name": "orders", "service": "orders", "settings": {
            "scheme": "integer",
            "sources": [{ "from": "path", "template": "/v{version}/**" }],
            "versions": [{ "version": "1" }, { "version": "2" }, { "version": "3", "state": "retired" }]
        } }]
    });
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list.push(value),
        Value::Object(map) => {
            map.insert(name.to_owned(), value);
        }
        _ => panic!("{pointer} is below no object"),
    }
    document
}

fn findings(document: Value) -> Vec<String> {
    match load(&Document::from_value(document)) {
        Ok(_) => Vec::new(),
        Err(found) => found.0.iter().map(ToString::to_string).collect(),
    }
}

fn at(pointer: &str, value: Value) -> Vec<String> {
    findings(changed(pointer, value))
}

/// One change inside the settings of the rule, and what is said of it there.
fn setting(name: &str, value: Value) -> Vec<String> {
    let start = "/rules/0/settings/";
    let found = at(&format!("{start}{name}"), value);
    found
        .into_iter()
        .map(|finding| finding.replace(start, ""))
        .collect()
}

#[test]
fn the_good_policy_is_good() {
    assert_eq!(at("/revision", json!("r1")), [""; 0]);
}

#[test]
fn mistakes_in_the_document_are_found() {
    let rule = |name: &str| json!({ "name": name, "settings": {} });
    for (pointer, value, expected) in [
        (
            "/rules",
            json!([]),
            "/rules: expected at least one rule; `\"mode\": \"off\"` switches a policy off",
        ),
        (
            "/mode",
            json!("enforced"),
            "/mode: expected one of `off`, `report` or `enforce`; did you mean `enforce`?",
        ),
        (
            "/problemBase",
            json!("a b"),
            "/problemBase: expected a URI reference, such as \"https://api.example.com/docs\"",
        ),
        (
            "/runtimes/golang",
            json!({}),
            "/runtimes/golang: is not a known name here; expected one of `go`, `rust` or `other`",
        ),
        (
            "/serviceSettings/order",
            json!({}),
            "/serviceSettings/order: is not the name of a service; expected `orders`; did you mean `orders`?",
        ),
        (
            "/rules/0/service",
            json!("oders"),
            "/rules/0/service: is not the name of a service; expected `orders`; did you mean `orders`?",
        ),
        (
            "/rules/0/name",
            json!("a b"),
            "/rules/0/name: expected a name of 1 to 64 letters, digits, `-`, `_` or `.`",
        ),
        (
            "/rules/0/settings",
            json!({}),
            "/rules/0: `scheme` is missing in the settings of the rule and of all layers above it",
        ),
        (
            "/rules/1",
            rule("orders"),
            "/rules/1/name: is the name of an earlier rule; names must differ",
        ),
        (
            "/services/1",
            json!({ "name": "orders" }),
            "/services/1/name: is the name of an earlier service; names must differ",
        ),
        (
            "/defaults/maxHops",
            json!(0),
            "/defaults/maxHops: expected a number from 1 to 255",
        ),
    ] {
        let found = at(pointer, value);
        assert!(
            found.contains(&expected.to_owned()),
            "{pointer}: {found:#?}"
        );
    }
}

#[test]
fn mistakes_in_settings_are_found_where_they_stand() {
    let deprecated = "2026-01-01T00:00:00Z";
    let version = |more: Value| {
        let mut own = json!({ "version": "1" });
        own.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!([own])
    };
    let table = [
        (
            "scheme",
            json!("semvr"),
            vec!["scheme: expected one of `integer`, `semver` or `date`; did you mean `semver`?"],
        ),
        (
            "resolution",
            json!("compatible"),
            vec![
                "resolution: `compatible` needs the scheme `semver`; expected `exact` or `waterfall`",
            ],
        ),
        (
            "onConflict",
            json!("last"),
            vec!["onConflict: expected one of `first` or `refuse`"],
        ),
        (
            "sources",
            json!([]),
            vec!["sources: expected at least one source"],
        ),
        (
            "sources",
            json!([{ "from": "heder" }]),
            vec![
                "sources/0/from: expected one of `path`, `header`, `query`, `mediaType` or `grpcPackage`; did you mean `header`?",
            ],
        ),
        (
            "sources",
            json!([{ "name": "a" }]),
            vec![
                "sources/0: `from` is missing; expected one of `path`, `header`, `query`, `mediaType` or `grpcPackage`",
            ],
        ),
        (
            "sources",
            json!([{ "from": "path", "template": "/orders/**" }]),
            vec!["sources/0/template: has no `{version}`, so it can name none"],
        ),
        (
            "sources",
            json!([{ "from": "path", "template": "v{version}" }]),
            vec![
                "sources/0/template: expected a path template, such as \"/orders/{id}\" or \"/v{version}/orders/**\"",
            ],
        ),
        (
            "sources",
            json!([{ "from": "path" }]),
            vec!["sources/0: `template` is missing"],
        ),
        (
            "sources",
            json!([{ "from": "header", "name": "X-Treaty-Version" }]),
            vec![
                "sources/0/name: is a name that Treaty's filters own; `trustPreviousHop` reads it",
            ],
        ),
        (
            "sources",
            json!([{ "from": "header", "name": "a b" }]),
            vec!["sources/0/name: expected the name of a header field, such as \"api-version\""],
        ),
        (
            "sources",
            json!([{ "from": "query", "name": "" }]),
            vec!["sources/0/name: expected the name of a query parameter, such as \"version\""],
        ),
        (
            "sources",
            json!([{ "from": "query", "name": "v" }, { "from": "query", "name": "v" }]),
            vec!["sources/1: is there twice; keep the one that comes first"],
        ),
        (
            "sources",
            json!([{ "from": "mediaType" }]),
            vec!["sources/0: expected exactly one of `parameter` and `vendor`"],
        ),
        (
            "sources",
            json!([{ "from": "mediaType", "parameter": "Q" }]),
            vec![
                "sources/0/parameter: expected the name of a parameter, such as \"version\" (not \"q\")",
            ],
        ),
        (
            "sources",
            json!([{ "from": "mediaType", "parameter": "v", "in": [] }]),
            vec!["sources/0/in: expected one or both of `accept` and `contentType`"],
        ),
        (
            "sources",
            json!([{ "from": "mediaType", "vendor": "application/json" }]),
            vec![
                "sources/0/vendor: expected a media type with `{version}` in its subtype, such as \"application/vnd.acme.v{version}+json\"",
            ],
        ),
        (
            "sources",
            json!([{ "from": "grpcPackage", "template": "acme.orders" }]),
            vec![
                "sources/0/template: expected a package with `{version}`, such as \"acme.orders.v{version}\"",
            ],
        ),
        (
            "versions",
            json!([]),
            vec!["versions: expected at least one version"],
        ),
        (
            "versions",
            json!([{ "version": "1.0" }]),
            vec!["versions/0/version: expected an integer version, such as \"2\""],
        ),
        (
            "versions",
            json!([{ "version": "1" }, { "version": "v1" }]),
            vec!["versions/1/version: is the version of an earlier entry; versions must differ"],
        ),
        (
            "versions",
            version(json!({ "deprecation": deprecated, "sunset": "2025-01-01T00:00:00Z" })),
            vec![
                "versions/0/sunset: is earlier than `deprecation`; a version is deprecated before it ends (RFC 9745 section 4)",
            ],
        ),
        (
            "versions",
            version(json!({ "state": "deprecated" })),
            vec![
                "versions/0/state: needs `deprecation`: clients are told since when (RFC 9745 section 2.1)",
            ],
        ),
        (
            "versions",
            version(json!({ "state": "current", "deprecation": deprecated })),
            vec!["versions/0/state: contradicts the dates; without `state` it follows from them"],
        ),
        (
            "versions",
            version(json!({ "state": "current", "sunset": deprecated })),
            vec!["versions/0/state: contradicts the dates; without `state` it follows from them"],
        ),
        (
            "versions",
            version(json!({ "sunset": "tomorrow" })),
            vec![
                "versions/0/sunset: expected an RFC 3339 date and time from 1970 to 9999, such as \"2026-01-31T00:00:00Z\"",
            ],
        ),
        (
            "versions",
            version(json!({ "brownouts": [{ "from": deprecated, "until": deprecated }] })),
            vec!["versions/0/brownouts/0/until: is not later than `from`"],
        ),
        (
            "versions",
            version(
                json!({ "sunset": deprecated, "brownouts": [{ "from": deprecated, "until": "2026-02-01T00:00:00Z" }] }),
            ),
            vec!["versions/0/brownouts/0/until: is later than `sunset`, and nothing ends twice"],
        ),
        (
            "versions",
            version(
                json!({ "variants": [{ "name": "a", "percent": 50 }, { "name": "a", "percent": 49.99 }] }),
            ),
            vec![
                "versions/0/variants/1/name: is the name of an earlier variant; names must differ",
                "versions/0/variants: the percentages must add up to 100",
            ],
        ),
        (
            "versions",
            version(json!({ "successor": "x" })),
            vec![
                "versions/0/successor: is not a known name here; expected one of `version`, `state`, `deprecation`, `sunset`, `afterSunset`, `links`, `brownouts` or `variants`",
            ],
        ),
        (
            "default",
            json!({ "use": "version", "version": "9" }),
            vec!["default/version: is not one of `versions`; expected one of `1`, `2` or `3`"],
        ),
        (
            "default",
            json!({ "use": "version", "version": "3" }),
            vec!["default/version: is retired; expected a version that is served"],
        ),
        (
            "default",
            json!({ "use": "version", "version": "x" }),
            vec!["default/version: expected an integer version, such as \"2\""],
        ),
        (
            "default",
            json!({ "use": "latest" }),
            vec![
                "default/use: expected one of `newest`, `oldest`, `refuse` or `version`; did you mean `newest`?",
            ],
        ),
        (
            "default",
            json!({ "use": "newest", "version": "1" }),
            vec!["default/version: is not a known name here; expected nothing"],
        ),
        (
            "consumer",
            json!({ "from": "property", "path": [] }),
            vec!["consumer/path: expected the path of a property, such as [\"request\", \"id\"]"],
        ),
        (
            "pins",
            json!([{ "consumers": ["a", "a"], "version": "1" }, { "consumers": [], "version": "3" }, { "consumers": ["a"], "version": "9" }]),
            vec![
                "pins/0/consumers/1: has a pin already; a consumer has one",
                "pins/1/version: is retired; expected a version that is served",
                "pins/1/consumers: expected at least one consumer",
                "pins/2/version: is not one of `versions`; expected one of `1`, `2` or `3`",
                "pins/2/consumers/0: has a pin already; a consumer has one",
            ],
        ),
        (
            "canaryKey",
            json!([{ "from": "cookie", "name": "a;b" }]),
            vec!["canaryKey/0/name: expected the name of a cookie, such as \"session\""],
        ),
        (
            "canaries",
            json!([{ "from": "1", "to": "2", "percent": 100.5 }]),
            vec![
                "canaries/0/percent: expected a percentage from 0 to 100 with at most two decimals",
            ],
        ),
        (
            "canaries",
            json!([{ "from": "1", "to": "1", "percent": 1 }]),
            vec!["canaries/0/to: leads back to the version that it comes from"],
        ),
        (
            "canaries",
            json!([{ "from": "1", "to": "2", "percent": 1 }, { "from": "2", "to": "1", "percent": 1 }]),
            vec!["canaries/1/to: leads back to the version that it comes from"],
        ),
        (
            "canaries",
            json!([{ "from": "1", "to": "2", "percent": 60 }, { "from": "1", "to": "2", "percent": 40.01 }]),
            vec!["canaries/1/percent: brings what is moved on from this version over 100 percent"],
        ),
        (
            "canaries",
            json!([{ "from": "1", "to": "3", "percent": 1 }]),
            vec!["canaries/0/to: is retired; expected a version that is served"],
        ),
        (
            "flags",
            json!([{ "name": "a", "versions": ["9"] }, { "name": "a" }]),
            vec![
                "flags/0/versions/0: is not one of `versions`; expected one of `1`, `2` or `3`",
                "flags/1/name: is the name of an earlier flag; names must differ",
            ],
        ),
        (
            "upstreamPath",
            json!({ "do": "rewrite", "to": "/{ident}/**" }),
            vec!["upstreamPath/to: `{ident}` is no variable of `from`"],
        ),
        (
            "upstreamPath",
            json!({ "do": "rewrite", "to": "/v{version}/api/**" }),
            vec![
                "upstreamPath/to: leads back to itself: the path that it makes would be written anew again",
            ],
        ),
        (
            "upstreamPath",
            json!({ "do": "rewrite", "from": "/a/{order}", "to": "/b/{oder}/**" }),
            vec![
                "upstreamPath/to: `{oder}` is no variable of `from`; did you mean `order`?",
                "upstreamPath/to: ends in `**`, but `from` does not, so it stands for nothing",
            ],
        ),
        (
            "refusals",
            json!({ "unknownVersion": 500, "brownout": 503, "notAcceptable": 503 }),
            vec![
                "refusals/unknownVersion: expected one of 400, 404, 406 or 410",
                "refusals/notAcceptable: expected one of 400, 404, 406 or 410",
            ],
        ),
        (
            "maxHops",
            json!(0),
            vec!["maxHops: expected a number from 1 to 255"],
        ),
        (
            "maxHop",
            json!(1),
            vec![
                "maxHop: is not a known name here; expected one of `scheme`, `resolution`, `sources`, `onConflict`, `default`, `versions`, `consumer`, `pins`, `canaryKey`, `canaries`, `flags`, `upstreamPath`, `maxHops` or `refusals`; did you mean `maxHops`?",
            ],
        ),
    ];
    for (name, value, expected) in table {
        assert_eq!(setting(name, value.clone()), expected, "{name}: {value}");
    }
}

#[test]
fn what_needs_another_setting_says_so() {
    let without_consumer = |name: &str, value: Value| {
        let mut document = changed(&format!("/rules/0/settings/{name}"), value);
        document["defaults"] = json!({});
        findings(document)
    };
    assert_eq!(
        without_consumer("pins", json!([{ "consumers": ["a"], "version": "1" }])),
        ["/rules/0/settings/pins: needs `consumer`, which says who asks"]
    );
    assert_eq!(
        without_consumer("canaryKey", json!([{ "from": "consumer" }])),
        ["/rules/0/settings/canaryKey/0: needs `consumer`, which says who asks"]
    );
    assert_eq!(
        without_consumer("flags", json!([{ "name": "f", "consumers": ["a"] }])),
        ["/rules/0/settings/flags/0/consumers: needs `consumer`, which says who asks"]
    );
    let by_header = |upstream_path: Value| {
        let mut document = changed("/rules/0/settings/upstreamPath", upstream_path);
        document["rules"][0]["settings"]["sources"] = json!([{ "from": "header", "name": "v" }]);
        findings(document)
    };
    assert_eq!(
        by_header(json!({ "do": "strip" })),
        [
            "/rules/0/settings/upstreamPath: `strip` needs a source `path`, which says where the version stands"
        ]
    );
    assert_eq!(
        by_header(json!({ "do": "rewrite", "to": "/a" })),
        ["/rules/0/settings/upstreamPath: `rewrite` needs `from`, or a source `path`"]
    );
}

#[test]
fn an_api_of_previews_alone_needs_another_default() {
    let versions = json!([{ "version": "1", "state": "preview" }]);
    let found = setting("versions", versions.clone());
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("/rules/0: every version is in preview or retired"),
        "{found:?}"
    );
    let mut document = changed("/rules/0/settings/versions", versions);
    document["rules"][0]["settings"]["default"] = json!({ "use": "version", "version": "1" });
    assert_eq!(findings(document), [""; 0]);
}

#[test]
fn a_rule_that_can_never_match_is_found() {
    let second = |matches: Value| {
        let mut rule = changed("/revision", json!("r"))["rules"][0].clone();
        rule["name"] = json!("second");
        rule["match"] = matches;
        at("/rules/1", rule)
    };
    assert_eq!(second(json!({ "hosts": ["other.example.com"] })), [""; 0]);
    assert_eq!(
        second(json!({ "hosts": ["orders.example.com"], "methods": ["GET"] })),
        ["/rules/1: can never match: `/rules/0` takes every such request before"]
    );
}

#[test]
fn a_mistake_of_a_shared_layer_is_found_once_and_where_it_stands() {
    let mut document = changed("/defaults/versions", json!([{ "version": "x" }]));
    let mut rule = document["rules"][0].clone();
    rule["settings"].as_object_mut().unwrap().remove("versions");
    document["rules"] = json!([rule, rule]);
    document["rules"][1]["name"] = json!("second");
    document["rules"][1]["match"] = json!({ "hosts": ["other.example.com"] });
    assert_eq!(
        findings(document),
        ["/defaults/versions/0/version: expected an integer version, such as \"2\""]
    );
}

#[test]
fn every_mistake_is_found_at_once() {
    let mut document = changed("/rules/0/settings/resolution", json!("compatible"));
    document["rules"][0]["settings"]["sources"] = json!([{ "from": "mediaType" }]);
    document["rules"][0]["settings"]["default"] = json!({ "use": "version", "version": "9" });
    document["rules"][0]["settings"]["maxHops"] = json!(0);
    document["serviceSettings"]["x"] = json!({});
    assert_eq!(findings(document).len(), 5);
}
