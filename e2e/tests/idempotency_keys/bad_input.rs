//! What no honest client sends, and what comes in odd pieces.

use std::time::Duration;

use e2e::{Answer, Request, Response, parse_response, raw};
use serde_json::json;

use crate::bench::{Bench, is_replay, keyed, policy, reason};

/// For what is answered at once.
const WITHIN: Duration = Duration::from_secs(5);

#[test]
fn a_bad_key_is_refused_before_the_upstream_sees_it_and_is_not_repeated_to_anybody() {
    let settings = json!({"required": true, "documentation": "https://example.com/keys"});
    let mut bench = Bench::start(&policy(settings));
    let long = "k".repeat(8 * 1024);
    let cases: [(&str, &[&[u8]], &str); 10] = [
        ("8 KiB", &[long.as_bytes()], "key-too-long"),
        ("nothing", &[b""], "key-missing"),
        ("a quoted nothing", &[b"\"\""], "key-too-short"),
        ("a tab", &[b"hu\tsh"], "malformed-key"),
        ("not UTF-8", &[b"hush\xff\xfe"], "malformed-key"),
        ("a space", &[b"\"hush two\""], "key-alphabet"),
        ("not closed", &[b"\"hush"], "malformed-key"),
        ("two lines", &[b"hush-1", b"hush-2"], "several-keys"),
        (
            "two lines of one value",
            &[b"hush", b"hush"],
            "several-keys",
        ),
        ("a list", &[b"hush-1, hush-2"], "several-keys"),
    ];
    for (name, values, expected) in cases {
        let request = values
            .iter()
            .fold(Request::post("/", "{}"), |request, value| {
                request.header("idempotency-key", value)
            });
        for client in [bench.http1(), bench.http2()] {
            let answer = client.send(request.clone());
            assert_refused(&answer, 400, expected, name);
            let link = answer.headers.text("link").unwrap_or_default();
            assert!(
                link.contains("<https://example.com/keys>"),
                "{name}: {link}"
            );
            let told = bench.told.next();
            assert_eq!(told["outcome"], expected.replace('-', "_"), "{name}");
            assert_eq!(
                told["details"],
                format!("treaty.idempotency_keys.{}", expected.replace('-', "_"))
            );
        }
    }
    assert_refused(
        &bench.http1().send(Request::post("/", "{}")),
        400,
        "key-missing",
        "no key",
    );
    assert!(bench.upstream.seen().is_empty());
    let logged = bench.envoy.log();
    assert!(
        !logged.contains("hush") && !logged.contains("kkkkkkkk"),
        "keys in the log"
    );
}

/// Control characters but the tab never reach a filter: Envoy refuses the request itself, and drops a
/// carriage return.
#[test]
fn a_control_character_in_a_key_reaches_neither_filter_nor_upstream() {
    let bench = Bench::start(&policy(json!({})));
    for octet in [b'\0', 1, b'\n', 0x7f] {
        let head = b"POST / HTTP/1.1\r\nhost: treaty.test\r\nconnection: close\r\n\
                     content-length: 2\r\nidempotency-key: hu";
        let octets = [&head[..], &[octet], b"sh\r\n\r\n{}"].concat();
        let answer = raw(bench.envoy.address("edge"), &octets, WITHIN);
        let answer = parse_response(&answer).expect("an answer");
        assert_eq!(answer.status, 400, "{octet:#x}");
    }
    assert!(bench.upstream.seen().is_empty());
}

#[test]
fn a_content_that_is_longer_than_the_policy_waits_for_is_refused_with_413() {
    let bench = Bench::start(&policy(json!({"maxRequestBody": "1KiB"})));
    let most = vec![b'x'; 1024];
    let over = vec![b'x'; 1025];
    let whole =
        |key: &str, content: &[u8]| Request::post("/", content).header("idempotency-key", key);
    let parts = |key: &str, content: &[u8]| {
        let start = Request::new("POST", "/").header("idempotency-key", key);
        content.chunks(100).fold(start, Request::chunk)
    };
    for (name, client) in [("http1", bench.http1()), ("http2", bench.http2())] {
        for (framing, request) in [
            ("whole", &whole as &dyn Fn(&str, &[u8]) -> Request),
            ("in-parts", &parts),
        ] {
            let key = format!("{name}-{framing}");
            let answer = client.send(request(&key, &over));
            assert_refused(&answer, 413, "content-too-large", &key);
            assert!(bench.upstream.take_seen().is_empty(), "{key}");
            assert_eq!(client.send(request(&key, &most)).status, 200, "{key}");
            assert_eq!(bench.upstream.take_seen()[0].body, most, "{key}");
        }
    }
}

#[test]
fn a_key_in_the_content_is_found_wherever_the_content_is_cut() {
    let key = json!({"from": "content", "pointer": "/request_id", "alphabet": "uuid4"});
    let bench = Bench::start(&policy(json!({"key": key, "required": true})));
    bench.upstream.set(Answer::status(201).chunk("done"));
    let content = br#"{"a":[1],"request_id":"0191b5c2-89ab-4def-8123-456789abcdef"}"#;
    let client = bench.http2();
    for cut in 0..=content.len() {
        let (one, other) = content.split_at(cut);
        let mut exchange = client.open(Request::new("POST", "/").chunk(one)).unwrap();
        exchange.push(other);
        exchange.finish();
        let answer = exchange.rest().unwrap();
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (201, "done"),
            "{cut}"
        );
        assert_eq!(is_replay(&answer), cut > 0, "{cut}");
    }
    let octets = content
        .iter()
        .fold(Request::new("POST", "/"), |request, octet| {
            request.chunk([*octet])
        });
    assert!(is_replay(&client.send(octets)));
    let seen = bench.upstream.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].body, content);
}

#[test]
fn the_same_key_for_something_else_is_refused_with_422() {
    let bench = Bench::start(&policy(json!({})));
    let client = bench.http2();
    client.send(keyed("/?a=1", "reused"));
    for request in [
        Request::post("/?a=1", "{ }"),
        Request::post("/?a=2", "{}"),
        Request::post("/?a=1", ""),
    ] {
        let answer = client.send(request.header("idempotency-key", "reused"));
        assert_refused(&answer, 422, "key-reused", "reused");
    }
    assert!(is_replay(&client.send(keyed("/?a=1", "reused"))));
    assert_eq!(bench.upstream.seen().len(), 1);
}

/// A refusal says why, and nothing of what the client has sent.
fn assert_refused(answer: &Response, status: u16, expected: &str, name: &str) {
    assert_eq!(answer.status, status, "{name}: {}", answer.text());
    assert_eq!(reason(answer), expected, "{name}");
    assert_eq!(
        answer.headers.text("content-type"),
        Some("application/problem+json")
    );
    assert!(!answer.text().contains("hush"), "{name}: {}", answer.text());
}
