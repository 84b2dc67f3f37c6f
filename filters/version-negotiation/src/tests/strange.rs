use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Proxy, policy};

fn everything(on_conflict: &str) -> Value {
    policy(json!({
        "scheme": "semver",
        "resolution": "compatible",
        "sources": [
            { "from": "path", "template": "/v{version}/**" },
            { "from": "header", "name": "api-version" },
            { "from": "query", "name": "version" },
            { "from": "mediaType", "parameter": "version" },
            { "from": "mediaType", "vendor": "application/vnd.acme.v{version}+json" },
            { "from": "grpcPackage", "template": "acme.v{version}" }
        ],
        "onConflict": on_conflict,
        "versions": [
            { "version": "1.0.0", "deprecation": "2025-01-01T00:00:00Z" },
            { "version": "1.2", "variants": [{ "name": "a", "percent": 50 }, { "name": "b", "percent": 50 }] },
            { "version": "2" }
        ],
        "consumer": { "from": "header", "name": "x-consumer" },
        "pins": [{ "consumers": ["shop"], "version": "1" }],
        "canaryKey": [{ "from": "cookie", "name": "s" }, { "from": "consumer" }],
        "canaries": [{ "from": "1.2", "to": "2", "percent": 50, "when": "always" }],
        "flags": [{ "name": "f", "percent": 50 }],
        "upstreamPath": { "do": "strip" }
    }))
}

const NAMES: [&str; 8] = [
    "api-version",
    "accept",
    "content-type",
    "x-consumer",
    "cookie",
    "x-treaty-hops",
    "x-treaty-version",
    "vary",
];

/// Octets, and pieces of what the parsers look for.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            "1",
            "2.0",
            "v1.2.0",
            ";version=",
            "\"",
            "\\",
            ",",
            ";q=",
            "0.5",
            "a/b",
            "*/*",
            "/v1",
            "/",
            "?version=",
            "%2e",
            "..",
            "application/vnd.acme.v",
            "+json",
            "acme.v1.S/M",
            "é",
            "p1a2b3c4d;n=",
            "s=",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_request_is_too_strange(
        path in octets(),
        fields in prop::collection::vec((prop::sample::select(NAMES.to_vec()), octets()), 0..8),
        trust in any::<bool>(),
        first in any::<bool>(),
    ) {
        let mut document = everything(if first { "first" } else { "refuse" });
        document["trustPreviousHop"] = json!(trust);
        let proxy = Proxy::new(document);
        let path = [b"/".to_vec(), path].concat();
        let answer = proxy.exchange(&path, &fields, &[]);
        let again = proxy.exchange(&path, &fields, &[]);
        prop_assert_eq!(answer.version(), again.version());
        let version = answer.version();
        prop_assert!(version.starts_with('!') || ["1.0.0", "1.2", "2"].contains(&version.as_str()));
        prop_assert!(!answer.fact("treaty.version_outcome").is_empty());
    }
}

#[test]
fn ten_thousand_fields_of_junk_are_read_through() {
    let proxy = Proxy::new(everything("refuse"));
    let junk = "a/b;version=1.0;q=0.1,".repeat(100);
    let mut fields: Vec<(&str, &str)> = vec![("accept", junk.as_str()); 5_000];
    fields.extend(vec![("api-version", "1"); 5_000]);
    assert_eq!(proxy.get("/v1/a", &fields).sent(":path").unwrap(), "/a");
}
