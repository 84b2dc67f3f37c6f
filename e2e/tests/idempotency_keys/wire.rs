//! How answers pass while they are copied, whatever HTTP they are written in.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Ending, Etcd, EtcdVersion, Listener, Protocol, Redis,
    RedisKind, Route, Upstream,
};
use serde_json::json;

use crate::bench::{Bench, SOON, filter, is_replay, keyed, policy, policy_with, reason, start};

/// How long a store is waited for in these tests.
const STORE_TIMEOUT: Duration = Duration::from_millis(600);

/// The pause between two chunks of an answer.
const PACE: Duration = Duration::from_millis(150);

#[test]
fn chunks_pass_as_they_come_and_only_the_end_waits_for_a_store_that_does_not_answer() {
    let mut store = Redis::start(RedisKind::Valkey);
    let entry = json!({
        "type": "redis",
        "front": {"type": "tunnel"},
        "timeout": format!("{}ms", STORE_TIMEOUT.as_millis()),
    });
    let policy = policy_with(entry, json!({}));
    let bench = Bench::with(&filter(&policy), |config| config.store("store", &store));
    let chunks = ["one ", "two ", "three ", "four ", "five"];
    let answer = chunks.into_iter().fold(Answer::status(201), Answer::chunk);
    bench.upstream.set(answer.pace(PACE));

    let client = bench.http1();
    let mut exchange = client.open(keyed("/", "paced")).unwrap();
    exchange.finish();
    assert_eq!(
        exchange.next_chunk().unwrap().as_deref(),
        Some(&b"one "[..])
    );
    store.server().freeze();
    let begun = Instant::now();
    for (count, chunk) in (1..).zip(&chunks[1..]) {
        let came = exchange.next_chunk().unwrap().expect("a chunk");
        assert_eq!(came, chunk.as_bytes());
        let late = begun
            .elapsed()
            .checked_sub(PACE * count)
            .unwrap_or_default();
        assert!(late < STORE_TIMEOUT / 2, "{chunk:?} came {late:?} too late");
    }
    let answer = exchange.rest().unwrap();
    let waited = begun.elapsed().saturating_sub(PACE * 4);
    assert!(answer.complete, "the answer is whole");
    assert_eq!(answer.text(), chunks.concat());
    assert!(
        waited >= STORE_TIMEOUT * 9 / 10,
        "the end came after {waited:?}"
    );
    assert!(
        waited < STORE_TIMEOUT * 2 + SOON / 2,
        "the end came after {waited:?}"
    );

    // The end of the key is written in the background, once the store answers again.
    store.server().thaw();
    let begun = Instant::now();
    loop {
        let late = client.send(keyed("/", "paced"));
        if is_replay(&late) {
            assert_eq!(late.text(), chunks.concat());
            break;
        }
        assert!(begun.elapsed() < SOON, "{}", late.text());
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(bench.upstream.seen().len(), 1);
}

#[test]
fn whoever_has_the_last_octet_finds_the_key_kept() {
    let store = Etcd::start(EtcdVersion::V3_5);
    let policy = policy_with(json!({"type": "etcd", "timeout": "5s"}), json!({}));
    let bench = Bench::with(&filter(&policy), |config| config.store("store", &store));
    bench.upstream.set(Answer::status(201).chunk("charged"));
    // An answer of a known length is over for its client before the stream is.
    let client = bench.http1();
    for key in 0..200 {
        let key = format!("key-{key}");
        let first = client.send(keyed("/", &key));
        assert_eq!(first.headers.text("content-length"), Some("7"));
        let second = client.send(keyed("/", &key));
        assert!(is_replay(&second), "{key}: {}", second.text());
        assert_eq!((first.status, first.body), (second.status, second.body));
    }
    assert_eq!(bench.upstream.seen().len(), 200);
}

#[test]
fn answers_of_every_shape_are_replayed_over_both_versions_of_http() {
    let shapes = [
        ("of a length", Answer::status(201).chunk("whole")),
        ("in chunks", Answer::status(200).chunk("in ").chunk("parts")),
        ("without content", Answer::status(200)),
        ("no content", Answer::status(204)),
        (
            "with trailers",
            Answer::status(200).chunk("sum").trailer("x-sum", "1"),
        ),
        ("an error", Answer::status(422).chunk("no such account")),
        (
            "a redirection",
            Answer::status(303).header("location", "/v1/charges/7"),
        ),
    ];
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let bench = Bench::speaking(protocol, &filter(&policy(json!({}))), |config| config);
        for (name, client) in [("http1", bench.http1()), ("http2", bench.http2())] {
            for (shape, answer) in &shapes {
                let case = format!("{shape}, {name} before {protocol:?}");
                bench.upstream.set(answer.clone());
                let request =
                    || keyed("/", &case.replace([' ', ','], "-")).header("te", "trailers");
                let first = client.send(request());
                let second = client.send(request());
                assert_eq!(first.status, answer.status, "{case}");
                assert_eq!(first.body, answer.body.concat(), "{case}");
                assert_eq!(first.trailers, answer.trailers, "{case}");
                assert!(first.complete && second.complete, "{case}");
                assert!(is_replay(&second), "{case}: {second:?}");
                assert_eq!(second.status, first.status, "{case}");
                assert_eq!(second.body, first.body, "{case}");
                assert_eq!(
                    second.headers.text("location"),
                    first.headers.text("location")
                );
                assert_eq!(bench.upstream.take_seen().len(), 1, "{case}");
            }
        }
    }
}

#[test]
fn an_answer_after_informational_ones_is_kept() {
    let upstream = canned(
        b"HTTP/1.1 100 Continue\r\n\r\n\
          HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n\
          HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\ndone",
    );
    let config = Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter(&policy(json!({}))))
                .route(Route::prefix("/", "upstream")),
        )
        .cluster(Cluster::new("upstream", upstream));
    let envoy = start(config);
    let client = Client::http1(envoy.address("edge"));
    let first = client.send(keyed("/", "hinted"));
    let second = client.send(keyed("/", "hinted"));
    assert_eq!((first.status, first.text().as_str()), (201, "done"));
    assert!(is_replay(&second), "{second:?}");
    assert_eq!((second.status, second.text().as_str()), (201, "done"));
}

#[test]
fn an_answer_that_is_too_large_passes_whole_and_is_not_kept() {
    let mut bench = Bench::start(&policy(json!({})));
    let octets: Vec<u8> = (0..=255).cycle().take(10 << 20).collect();
    for (key, chunks) in [("at-once", 1), ("in-chunks", 64)] {
        let answer = octets
            .chunks(octets.len() / chunks)
            .fold(Answer::status(200), Answer::chunk);
        bench.upstream.set(answer);
        let first = bench.http2().send(keyed("/", key));
        assert!(first.complete && first.body == octets, "{key}");
        assert_eq!(bench.told.next()["end"], "too_large", "{key}");
        let second = bench.http2().send(keyed("/", key));
        assert_eq!(
            (second.status, reason(&second).as_str()),
            (409, "answer-not-kept")
        );
        assert_eq!(bench.told.next()["outcome"], "answer_not_kept", "{key}");
    }
    assert_eq!(bench.upstream.seen().len(), 2);
}

#[test]
fn an_event_stream_passes_as_it_comes_and_is_not_kept() {
    let bench = Bench::start(&policy(json!({})));
    let answer = Answer::status(200).header("content-type", "text/event-stream");
    let answer = answer.chunk("data: 1\n\n").chunk("data: 2\n\n");
    bench.upstream.set(answer.pace(Duration::from_secs(1)));
    let begun = Instant::now();
    let mut exchange = bench.http2().open(keyed("/", "events")).unwrap();
    exchange.finish();
    assert_eq!(
        exchange.next_chunk().unwrap().as_deref(),
        Some(&b"data: 1\n\n"[..])
    );
    assert!(begun.elapsed() < Duration::from_secs(1));
    // It may last for ever, so what becomes of its key is settled at its head.
    let second = bench.http2().send(keyed("/", "events"));
    assert_eq!(
        (second.status, reason(&second).as_str()),
        (409, "answer-not-kept")
    );
    assert_eq!(exchange.rest().unwrap().text(), "data: 1\n\ndata: 2\n\n");
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_its_client_and_its_outcome_is_unknown() {
    let mut bench = Bench::start(&policy(json!({})));
    let torn = Answer::status(201).chunk("half").ending(Ending::Reset);
    let of_a_length = torn.clone().header("content-length", "8");
    for (shape, answer) in [("chunked", torn), ("of-a-length", of_a_length)] {
        bench.upstream.set(answer);
        for (name, client) in [("http1", bench.http1()), ("http2", bench.http2())] {
            let key = format!("{shape}-{name}");
            let mut exchange = client.open(keyed("/", &key)).unwrap();
            exchange.finish();
            assert_eq!(exchange.response().unwrap().status, 201, "{key}");
            let is_complete = exchange.rest().unwrap().complete;
            let looks_complete = name == "http2" && !bench.envoy.resets_tell();
            assert_eq!(is_complete, looks_complete, "{key}");
            assert_eq!(bench.told.next()["end"], "unknown", "{key}");
            let second = client.send(keyed("/", &key));
            assert_eq!(reason(&second), "outcome-unknown", "{key}");
            assert_eq!(bench.told.next()["outcome"], "outcome_unknown", "{key}");
        }
    }
    assert_eq!(bench.upstream.seen().len(), 4);
}

/// Envoy drops the exchange with the redirection and begins another one, so nobody can say what the
/// first request came to.
#[test]
fn the_outcome_of_a_request_whose_redirection_the_proxy_follows_itself_is_unknown() {
    let upstream = Upstream::start();
    upstream.set_handler(|request| match request.path.as_str() {
        "/elsewhere" => Answer::status(200).chunk("moved"),
        path => {
            let status = path[1..].parse().expect("the path is a status");
            Answer::status(status).header("location", "http://treaty.test/elsewhere")
        }
    });
    let follow = json!({"internal_redirect_policy": {"redirect_response_codes": [303, 307]}});
    let config = Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter(&policy(json!({}))))
                .route(Route::prefix("/", "upstream").with(json!({"route": follow}))),
        )
        .cluster(Cluster::new("upstream", upstream.address()));
    let envoy = start(config);
    let client = Client::http1(envoy.address("edge"));
    // The first goes on as a GET, which has no key, the second as the POST that it was.
    for path in ["/303", "/307"] {
        let first = client.send(keyed(path, "followed"));
        assert_eq!(
            (first.status, first.text().as_str()),
            (200, "moved"),
            "{path}"
        );
        let second = client.send(keyed(path, "followed"));
        assert_eq!(reason(&second), "outcome-unknown", "{path}");
        let seen = upstream.take_seen();
        assert_eq!(
            seen.iter().filter(|seen| seen.path == path).count(),
            1,
            "{path}"
        );
    }
}

/// An upstream that answers whatever comes with these octets.
fn canned(octets: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(octets);
        }
    });
    address
}
