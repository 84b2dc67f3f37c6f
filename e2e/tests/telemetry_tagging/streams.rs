//! Streams go on without delay, even where tags are taken from contents.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Listener, Peer, Protocol, Request, Route, Service,
    Upstream, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{SOON, assert_well, filter, start};

/// How long a service waits between two parts: far longer than a part takes through a proxy.
const PACE: Duration = Duration::from_millis(400);

/// A policy with a tag from each content and from all trailers, to sinks of every kind.
fn policy() -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "tags": [
            {"name": "asked", "source": {"from": "requestBody", "pointer": "/person"}},
            {"name": "answered", "source": {"from": "responseBody", "pointer": "/person"}},
            {"name": "asked.end", "source": {"from": "requestTrailer", "name": "x-end"}},
            {"name": "answered.end", "source": {"from": "responseTrailer", "name": "x-end"}},
            {"name": "answer", "source": {"from": "responseHeader", "name": "content-type"},
             "to": {"responseHeader": "x-tag-answer"}},
        ],
        "defaults": {
            "traceContext": {"owner": "treaty", "create": true},
            "semconv": "stable",
            "metrics": ["requests", "errors", "duration", "sizes", "active"],
        },
        "rules": [{"name": "all"}],
    })
}

fn edge(to: SocketAddr, protocol: Protocol) -> Envoy {
    let config = Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter(&policy()))
                .route(Route::prefix("/", "upstream").with(json!({"route": {"timeout": "0s"}})))
                .with(json!({"upgrade_configs": [{"upgrade_type": "websocket"}]})),
        )
        .cluster(Cluster::new("upstream", to).protocol(protocol));
    start(config)
}

#[test]
fn parts_of_an_answer_arrive_as_they_are_sent() {
    let upstream = Upstream::start();
    upstream.set_handler(|seen| {
        let media_type = match seen.path.as_str() {
            "/events" => "text/event-stream",
            _ => "application/json",
        };
        Answer::default()
            .header("content-type", media_type)
            .chunk("{\"person\":")
            .chunk("\"jane\"")
            .chunk("}")
            .pace(PACE)
    });
    let envoy = edge(upstream.address(), Protocol::Http1);
    for path in ["/events", "/document"] {
        for client in [
            Client::http1(envoy.address("edge")),
            Client::http2(envoy.address("edge")),
        ] {
            let begun = Instant::now();
            let mut exchange = client.open(Request::get(path)).unwrap();
            exchange.finish();
            let first = exchange.next_chunk().unwrap();
            let waited = begun.elapsed();
            assert_eq!(first.as_deref(), Some(&b"{\"person\":"[..]), "{path}");
            assert!(waited < PACE, "{path}: the first part took {waited:?}");
            assert_eq!(
                exchange.rest().unwrap().text(),
                "{\"person\":\"jane\"}",
                "{path}"
            );
            assert!(begun.elapsed() >= 2 * PACE);
        }
    }
    assert_well(&envoy);
}

#[test]
fn parts_of_a_request_reach_the_upstream_as_they_are_sent() {
    let upstream = Upstream::start();
    let envoy = edge(upstream.address(), Protocol::AsClient);
    let client = Client::http2(envoy.address("edge"));
    let request = Request::new("POST", "/").header("content-type", "application/json");
    let mut exchange = client.open(request).unwrap();
    for (count, part) in [(10, "{\"person\":"), (16, "\"jane\"")] {
        exchange.push(part);
        let begun = Instant::now();
        while upstream
            .seen()
            .first()
            .is_none_or(|seen| seen.body.len() < count)
        {
            assert!(begun.elapsed() < SOON, "{part} is held");
            thread::sleep(Duration::from_millis(10));
        }
    }
    exchange.push("}");
    exchange.finish();
    assert_eq!(exchange.rest().unwrap().status, 200);
    assert_eq!(upstream.seen()[0].body, b"{\"person\":\"jane\"}");
    assert_well(&envoy);
}

/// A client of gRPC that asks for more only once it has an answer: held parts would be a deadlock.
#[test]
fn both_directions_of_a_call_flow_at_once() {
    let upstream = Upstream::start();
    upstream.set_early_handler(|_| {
        Answer::default()
            .header("content-type", "application/grpc")
            .chunk([0, 0, 0, 0, 1, 7])
            .chunk([0, 0, 0, 0, 1, 8])
            .trailer("grpc-status", "0")
            .pace(PACE)
    });
    let envoy = edge(upstream.address(), Protocol::Http2);
    let client = Client::http2(envoy.address("edge"));
    let request = Request::new("POST", "/acme.Chat/Talk")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .chunk([0, 0, 0, 0, 1, 1]);
    let mut exchange = client.open(request).unwrap();
    let begun = Instant::now();
    assert_eq!(
        exchange.next_chunk().unwrap().as_deref(),
        Some(&[0, 0, 0, 0, 1, 7][..])
    );
    assert!(begun.elapsed() < PACE, "{:?}", begun.elapsed());
    exchange.push([0, 0, 0, 0, 1, 2]);
    exchange.finish();
    let response = exchange.rest().unwrap();
    assert_eq!(response.body, [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 1, 8]);
    assert_eq!(response.trailers.text("grpc-status"), Some("0"));
    assert_eq!(
        upstream.seen()[0].body,
        [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 2]
    );
    assert_well(&envoy);
}

#[test]
fn events_of_a_real_service_come_one_by_one() {
    let service = Service::orders(Peer::at(reserve_address()));
    let envoy = edge(service.http(), Protocol::Http1);
    let client = Client::http1(envoy.address("edge"));
    let mut exchange = client
        .open(Request::get("/v2/events?count=3&interval_ms=400"))
        .unwrap();
    exchange.finish();
    exchange.next_chunk().unwrap().expect("a first event");
    let first = Instant::now();
    while exchange.next_chunk().unwrap().is_some() {}
    assert!(first.elapsed() > PACE, "all came at once");
    assert_well(&envoy);
}

#[test]
fn an_upgraded_connection_is_a_tunnel() {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    let service = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        read_to(&mut stream, b"\r\n\r\n");
        let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
                      upgrade: websocket\r\ncontent-type: application/json\r\n\r\n";
        stream.write_all(switch.as_bytes()).unwrap();
        for _ in 0..3 {
            assert_eq!(read_to(&mut stream, b"ping"), b"ping");
            stream.write_all(b"pong").unwrap();
        }
    });
    let envoy = edge(address, Protocol::Http1);
    let mut stream = TcpStream::connect(envoy.address("edge")).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let ask = "GET /chat HTTP/1.1\r\nhost: treaty.test\r\nconnection: upgrade\r\n\
               upgrade: websocket\r\ncontent-type: application/json\r\n\
               sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let head = read_to(&mut stream, b"\r\n\r\n");
    assert!(
        head.starts_with(b"HTTP/1.1 101 "),
        "{}",
        head.escape_ascii()
    );
    for _ in 0..3 {
        stream.write_all(b"ping").unwrap();
        assert_eq!(read_to(&mut stream, b"pong"), b"pong");
    }
    service.join().unwrap();
    drop(stream);
    assert_well(&envoy);
}

/// Reads up to these octets, and no further.
fn read_to(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    while !octets.ends_with(end) {
        let mut octet = [0];
        stream.read_exact(&mut octet).unwrap();
        octets.extend(octet);
    }
    octets
}
