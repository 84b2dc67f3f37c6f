//! What is told of each request: in the access log, in metrics, and to upstream and client.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{Answer, Ending, Redis, RedisKind, Request};
use serde_json::json;

use crate::bench::{Bench, Gate, SOON, filter, is_replay, keyed, policy, policy_with, reason};

#[test]
fn each_outcome_is_in_the_access_log_and_is_counted() {
    let mut store = Redis::start(RedisKind::Valkey);
    let entry = json!({"type": "redis", "front": {"type": "tunnel"}});
    let policy = policy_with(entry, json!({"required": true, "maxAnswer": "1KiB"}));
    let mut bench = Bench::with(&filter(&policy), |config| config.store("store", &store));
    let gate = Gate::default();
    let own = gate.clone();
    bench
        .upstream
        .set_handler(move |request| match request.path.as_str() {
            "/large" => Answer::status(200).chunk(vec![b'x'; 2048]),
            "/slow" => {
                own.pass();
                Answer::status(200)
            }
            "/broken" => Answer::status(200).ending(Ending::ResetBeforeHead),
            _ => Answer::status(201).chunk("done"),
        });
    let client = bench.http2();
    let mut sent = 0;
    let mut expect = |bench: &mut Bench, outcome: &str, end: Option<&str>| {
        sent += 1;
        let line = bench.told.next();
        assert_eq!(line["outcome"], outcome, "{line}");
        assert_eq!(line["end"].as_str(), end, "{line}");
    };
    client.send(keyed("/", "one"));
    expect(&mut bench, "claimed", Some("kept"));
    client.send(keyed("/", "one"));
    expect(&mut bench, "replayed", None);
    client.send(Request::post("/", "{ }").header("idempotency-key", "one"));
    expect(&mut bench, "key_reused", None);
    client.send(Request::post("/", "{}"));
    expect(&mut bench, "key_missing", None);
    client.send(keyed("/large", "two"));
    expect(&mut bench, "claimed", Some("too_large"));
    client.send(keyed("/large", "two"));
    expect(&mut bench, "answer_not_kept", None);
    client.send(keyed("/broken", "three"));
    expect(&mut bench, "claimed", Some("unknown"));
    client.send(keyed("/broken", "three"));
    expect(&mut bench, "outcome_unknown", None);
    let mut slow = client.open(keyed("/slow", "four")).unwrap();
    slow.finish();
    bench.upstream.wait_for_seen(4, SOON);
    client.send(keyed("/slow", "four"));
    expect(&mut bench, "in_flight", None);
    gate.open();
    slow.rest().unwrap();
    expect(&mut bench, "claimed", Some("kept"));
    store.server().kill();
    let refused = client.send(keyed("/", "five"));
    assert_eq!(
        (refused.status, reason(&refused).as_str()),
        (503, "store-unavailable")
    );
    assert!(refused.headers.has("retry-after"));
    expect(&mut bench, "store_unavailable", None);

    let count = |label: &str| (format!("service=all;{label}"), 1);
    let mut requests: Vec<_> = [
        "outcome=answer_not_kept",
        "outcome=in_flight",
        "outcome=key_missing",
        "outcome=key_reused",
        "outcome=outcome_unknown",
        "outcome=replayed",
        "outcome=store_unavailable",
    ]
    .map(count)
    .into();
    requests.insert(1, ("service=all;outcome=claimed".to_owned(), 4));
    requests.sort();
    assert_eq!(bench.counted("requests"), requests);
    let ends = ["end=too_large", "end=unknown"].map(count);
    let kept = ("service=all;end=kept".to_owned(), 2);
    assert_eq!(bench.counted("ends"), [&[kept], &ends[..]].concat());
    assert_eq!(sent, 11);

    let failures = bench.counted("store_failures");
    assert!(
        failures[0].0.starts_with("store=store;failure=") && failures[0].1 > 0,
        "{failures:?}"
    );
    let kept = bench.counted("kept_bytes");
    assert!(kept[0].0 == "store=store" && kept[0].1 > 4, "{kept:?}");
    for command in ["claim", "end"] {
        assert_timed(&bench, command);
    }
}

/// Waits until a command of the store has been timed, which Envoy collects from its workers now and
/// then.
fn assert_timed(bench: &Bench, command: &str) {
    let name = format!("treaty_idempotency_store_duration_ms_store_store_command_{command}_count");
    let is_timed = || {
        let page = bench.envoy.admin_get("/stats/prometheus");
        let line = page.lines().find_map(|line| line.strip_prefix(&name));
        line.is_some_and(|line| line != "{} 0")
    };
    let begun = Instant::now();
    while !is_timed() {
        assert!(begun.elapsed() < SOON, "no {name}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn where_the_store_is_in_trouble_an_open_rule_lets_pass_and_tells_upstream_and_client() {
    let mut store = Redis::start(RedisKind::Valkey);
    let entry = json!({"type": "redis", "front": {"type": "tunnel"}});
    let policy = policy_with(entry, json!({"storeTrouble": "open"}));
    let mut bench = Bench::with(&filter(&policy), |config| config.store("store", &store));
    let client = bench.http2();
    // Nobody but the filter says that a request is unguarded.
    let forged = || keyed("/", "guarded").header("x-treaty-idempotency", "unguarded");
    assert!(!client.send(forged()).headers.has("x-treaty-idempotency"));
    assert_eq!(bench.told.next()["outcome"], "claimed");
    assert!(
        !bench.upstream.take_seen()[0]
            .headers
            .has("x-treaty-idempotency")
    );

    store.server().kill();
    for _ in 0..2 {
        let answer = client.send(keyed("/", "unguarded"));
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.headers.text("x-treaty-idempotency"),
            Some("unguarded")
        );
        assert_eq!(bench.told.next()["outcome"], "unguarded");
        let seen = bench.upstream.take_seen();
        assert_eq!(
            seen[0].headers.text("x-treaty-idempotency"),
            Some("unguarded")
        );
    }
    assert!(
        bench
            .counted("requests")
            .contains(&("service=all;outcome=unguarded".to_owned(), 2))
    );

    store.server().restart();
    assert!(is_replay(&client.send(keyed("/", "guarded"))));
}

#[test]
fn a_full_store_refuses_or_gives_way_and_counts_what_gave_way() {
    for when_full in ["refuse", "evict"] {
        let mut policy = policy(json!({}));
        policy["stores"] = json!([
            {"type": "local", "name": "store", "keys": 8, "size": "1MiB", "whenFull": when_full}
        ]);
        let bench = Bench::start(&policy);
        let client = bench.http2();
        let keys = 200;
        let ran = (0..keys)
            .filter(|key| client.send(keyed("/", &format!("key-{key}"))).status == 200)
            .count();
        let evicted: u64 = bench.counted("evictions").iter().map(|(_, own)| own).sum();
        // A set of the store has four times the room of its share, because keys fall unevenly.
        match when_full {
            "evict" => assert!(ran == keys && evicted >= 200 - 32, "{evicted} of {ran}"),
            _ => assert!(
                (8..=32).contains(&ran) && evicted == 0,
                "{evicted} of {ran}"
            ),
        }
        assert_eq!(bench.upstream.seen().len(), ran, "{when_full}");
        let failed = bench.counted("store_failures");
        let full: u64 = failed.iter().map(|(_, count)| count).sum();
        assert_eq!(full, (keys - ran) as u64, "{failed:?}");
    }
}
