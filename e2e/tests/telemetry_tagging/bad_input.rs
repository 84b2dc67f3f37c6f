//! What no honest client and no honest service sends. Whatever Envoy lets through without the
//! filter, it lets through with it, to the octet; and the VM goes on.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use e2e::{Cluster, Config, Envoy, Listener, Response, Route, parse_response};
use serde_json::{Value, json};

use crate::bench::{assert_well, filter, start};

/// For an answer on a connection that its request ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// A service without a library of HTTP, so that none is in the way: it takes whatever comes, up to
/// the end of its content, and answers with the octets that it was given.
struct Service {
    address: SocketAddr,
    answer: Arc<Mutex<Vec<u8>>>,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

const SERVED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nserved";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::new(Mutex::new(SERVED.to_vec())),
            bodies: Arc::default(),
        };
        let (answer, bodies) = (Arc::clone(&service.answer), Arc::clone(&service.bodies));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, bodies) = (Arc::clone(&answer), Arc::clone(&bodies));
                thread::spawn(move || serve(stream.unwrap(), &answer, &bodies));
            }
        });
        service
    }
}

fn serve(mut stream: TcpStream, answer: &Mutex<Vec<u8>>, bodies: &Mutex<Vec<Vec<u8>>>) {
    let mut octets = Vec::new();
    let mut part = vec![0; 65_536];
    let body = loop {
        if let Some(body) = content(&octets) {
            break body;
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => octets.extend(&part[..count]),
            _ => return,
        }
    };
    lock(bodies).push(body);
    let answer = lock(answer).clone();
    let _ = stream.write_all(&answer);
}

/// The content of a request as it is on the wire, once all of it is there.
fn content(octets: &[u8]) -> Option<Vec<u8>> {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let (head, body) = octets.split_at(end);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with(b"0\r\n\r\n").then(|| body.to_vec());
    }
    (body.len() >= length.unwrap_or(0)).then(|| body.to_vec())
}

/// An Envoy that takes more than by default, with the filter and as `plain` without it.
struct Proof {
    envoy: Envoy,
    service: Service,
}

/// A policy that reads every source and writes every sink.
fn policy() -> Value {
    let tag =
        |name: &str, source: Value, to: Value| json!({"name": name, "source": source, "to": to});
    let told = json!({"log": true, "span": true});
    let up = |name: &str| {
        json!({"log": true, "requestHeader": format!("x-tag-{name}"), "metric": name, "baggage": name,
               "responseHeader": format!("x-tag-{name}")})
    };
    json!({
        "version": 1,
        "mode": "enforce",
        "tags": [
            tag("header", json!({"from": "header", "name": "x-person"}), up("header")),
            tag("path", json!({"from": "pathParameter", "name": "person"}), up("path")),
            tag("query", json!({"from": "query", "name": "person"}), up("query")),
            tag("cookie", json!({"from": "cookie", "name": "person"}), up("cookie")),
            tag("member", json!({"from": "baggage", "name": "person"}), up("member")),
            tag("target", json!({"from": "exchange", "value": "target"}), up("target")),
            tag("asked", json!({"from": "requestBody", "pointer": "/person"}), told.clone()),
            tag("answered", json!({"from": "responseBody", "pointer": "/person"}), told.clone()),
            tag("answer", json!({"from": "responseHeader", "name": "x-answer"}), told.clone()),
            tag("end", json!({"from": "requestTrailer", "name": "x-end"}), told.clone()),
            tag("answer.end", json!({"from": "responseTrailer", "name": "x-end"}), told),
        ],
        "defaults": {
            "traceContext": {"owner": "treaty", "create": true,
                "read": ["b3Single", "b3Multi", "cloudTrace", "amazon", "jaeger"],
                "write": ["b3Single", "cloudTrace", "amazon", "jaeger"]},
            "correlation": {"header": "x-correlation-id", "make": "uuidV4"},
            "baggage": {"inbound": {"allow": ["*"]}},
            "direction": "inbound",
            "semconv": "dup",
            "answeredBy": {"service": "x-service", "version": "x-service-version"},
            "metrics": ["requests", "errors", "duration", "sizes", "active", "fidelity"],
            "operations": [{"path": "/people/{person}"}, {"path": "/files/**"}],
        },
        "rules": [{"name": "all"}],
    })
}

impl Proof {
    fn start() -> Self {
        let service = Service::start();
        let listener = |name: &str| {
            Listener::new(name)
                .route(Route::direct("/direct", 200, "direct"))
                .route(Route::prefix("/", "upstream"))
                .with(json!({
                    "max_request_headers_kb": 1024,
                    "common_http_protocol_options": {
                        "max_headers_count": 5000,
                        "headers_with_underscores_action": "ALLOW",
                    },
                }))
        };
        let config = Config::new()
            .listener(listener("edge").filter(filter(&policy())))
            .listener(listener("plain"))
            .cluster(Cluster::new("upstream", service.address));
        Self {
            envoy: start(config),
            service,
        }
    }

    /// Sends octets to the filter, and asserts that what comes of it comes of it without the filter
    /// too: the answer to the client and the content at the upstream.
    fn compare(&self, what: &str, octets: &[u8]) -> Response {
        let [with, without] = ["edge", "plain"].map(|listener| {
            lock(&self.service.bodies).clear();
            let answer = send(self.envoy.address(listener), octets);
            let response = parse_response(&answer)
                .unwrap_or_else(|| panic!("{what}: {listener}: {}", answer.escape_ascii()));
            (response, std::mem::take(&mut *lock(&self.service.bodies)))
        });
        let status = |(response, _): &(Response, _)| response.status;
        assert_eq!(status(&with), status(&without), "{what}");
        assert_eq!(with.0.body, without.0.body, "{what}");
        assert_eq!(with.0.complete, without.0.complete, "{what}");
        assert_eq!(
            with.1, without.1,
            "{what}: the upstream got another content"
        );
        assert!(with.0.complete || without.0.status >= 500, "{what}");
        with.0
    }

    /// Asserts that the filter has counted each of these, because what it drops is never silent.
    fn assert_counted(&self, names: &[&str]) {
        for name in names {
            self.envoy
                .wait_for_counter(&format!("wasmcustom.{name}"), 1, PATIENCE);
        }
        assert_well(&self.envoy);
    }
}

/// Writes a request and reads to the end of the connection.
fn send(address: SocketAddr, octets: &[u8]) -> Vec<u8> {
    e2e::raw(address, octets, PATIENCE)
}

/// A request that ends its connection.
fn request(line: &str, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let begin = format!("{line} HTTP/1.1\r\nhost: treaty.test\r\nconnection: close\r\n");
    [begin.as_bytes(), fields, b"\r\n", body].concat()
}

fn get(target: &str, fields: &[u8]) -> Vec<u8> {
    request(&format!("GET {target}"), fields, b"")
}

fn field(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b": ", value.as_ref(), b"\r\n"].concat()
}

/// A request with a content.
fn post(media_type: &str, body: &[u8]) -> Vec<u8> {
    let fields = [
        field("content-type", media_type),
        field("content-length", body.len().to_string()),
    ];
    request("POST /people/1", &fields.concat(), body)
}

#[test]
fn nothing_is_refused_for_its_length() {
    let proof = Proof::start();
    let sources = [
        "x-person",
        "cookie",
        "baggage",
        "traceparent",
        "tracestate",
        "b3",
        "x-correlation-id",
        "x-cloud-trace-context",
        "x-amzn-trace-id",
        "uber-trace-id",
    ];
    for name in sources {
        for length in [8_193, 60_000, 200_000] {
            for value in ["x", "a=b,", "person=\u{fc};", "%41", "%", ",", "=", "1-"] {
                let value = value.repeat(length / value.len());
                let response = proof.compare(name, &get("/people/1", &field(name, value)));
                assert_eq!(response.status, 200, "{name} of {length}");
            }
        }
    }
    for target in [
        format!("/people/1?person={}", "x".repeat(100_000)),
        format!("/people/1?{}", "person=1&".repeat(12_000)),
        format!("/people/1?{}", "%".repeat(100_000)),
        format!("/people/{}", "x".repeat(100_000)),
        format!("/files/{}", "a/".repeat(50_000)),
        format!("/people/{}", "%2e".repeat(30_000)),
        format!("/people/1?person={}", "jane@example.com,".repeat(6_000)),
        format!("/people/1?person={}", "4111-1111-1111-1111-".repeat(5_000)),
    ] {
        let response = proof.compare(&target[..40], &get(&target, b""));
        assert_eq!(response.status, 200, "{}", &target[..40]);
    }
    assert_well(&proof.envoy);
}

#[test]
fn nothing_is_refused_for_its_number() {
    let proof = Proof::start();
    let members: Vec<String> = (0..1000)
        .map(|index| format!("key{index}=v{index}"))
        .collect();
    let one_by_one = |name: &str, value: &dyn Fn(usize) -> String, count: usize| {
        (0..count)
            .flat_map(|index| field(name, value(index)))
            .collect::<Vec<u8>>()
    };
    let floods = [
        ("members", field("baggage", members.join(","))),
        (
            "members in lines",
            one_by_one("baggage", &|index| format!("k{index}=v"), 1000),
        ),
        (
            "one member",
            one_by_one("baggage", &|_| "person=jane".to_owned(), 1000),
        ),
        (
            "states",
            one_by_one("tracestate", &|index| format!("k{index}=v"), 1000),
        ),
        (
            "parents",
            one_by_one(
                "traceparent",
                &|index| format!("00-{index:032}-{index:016}-01"),
                500,
            ),
        ),
        (
            "people",
            one_by_one("x-person", &|index| format!("p{index}"), 4000),
        ),
        (
            "cookies",
            one_by_one("cookie", &|index| format!("c{index}=1; d=2"), 2000),
        ),
        (
            "ids",
            one_by_one("x-correlation-id", &|index| format!("id-{index}"), 100),
        ),
        ("crumbs", field("cookie", "a=1;".repeat(20_000))),
    ];
    for (what, fields) in &floods {
        let response = proof.compare(what, &get("/people/1", fields));
        assert_eq!(response.status, 200, "{what}");
    }
    let names = (0..4900).flat_map(|index| field(&format!("x-flood-{index}"), "1"));
    let response = proof.compare("names", &get("/direct", &names.collect::<Vec<u8>>()));
    assert_eq!(response.status, 200);
    // More than Envoy itself takes is refused by Envoy, with the filter as without.
    let names = (0..5100).flat_map(|index| field(&format!("x-flood-{index}"), "1"));
    let response = proof.compare("too many", &get("/direct", &names.collect::<Vec<u8>>()));
    assert_eq!(response.status, 431);
    proof.assert_counted(&[
        "treaty_baggage_dropped;service=all;reason=over_limit",
        "treaty_trace_context;service=all;outcome=restarted",
    ]);
}

#[test]
fn what_is_not_utf8_passes_as_it_is() {
    let proof = Proof::start();
    let broken: [&[u8]; 6] = [
        b"\xff",
        b"\xc3",
        b"a\x80b",
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"person=\xfe\xff",
    ];
    for value in broken {
        for name in [
            "x-person",
            "cookie",
            "baggage",
            "traceparent",
            "tracestate",
            "b3",
            "x-b3-traceid",
            "x-correlation-id",
            "x-probe",
            "content-type",
            "user-agent",
        ] {
            let response = proof.compare(name, &get("/people/1", &field(name, value)));
            assert_eq!(response.status, 200, "{name}");
        }
        // Envoy itself decides whether such a target may be.
        let target = [b"GET /people/", value, b"?person=", value].concat();
        let head = b" HTTP/1.1\r\nhost: treaty.test\r\nconnection: close\r\n\r\n";
        proof.compare("target", &[target.as_slice(), head].concat());
        let body = [b"{\"person\":\"".as_slice(), value, b"\"}"].concat();
        assert_eq!(
            proof
                .compare("body", &post("application/json", &body))
                .status,
            200
        );
        for name in [
            "x-answer",
            "x-service",
            "x-service-version",
            "content-type",
            "x-end",
        ] {
            let head = [
                b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n".as_slice(),
                &field(name, value),
                b"\r\nserved",
            ]
            .concat();
            *lock(&proof.service.answer) = head;
            assert_eq!(
                proof.compare(name, &get("/people/1", b"")).status,
                200,
                "{name}"
            );
        }
        *lock(&proof.service.answer) = SERVED.to_vec();
    }
    proof.assert_counted(&[
        "treaty_tags_dropped;tag=header;reason=not_utf8",
        "treaty_tags_dropped;tag=cookie;reason=not_utf8",
        "treaty_tags_dropped;tag=answer;reason=not_utf8",
    ]);
}

#[test]
fn a_malformed_context_of_any_format_is_no_reason_to_refuse() {
    let proof = Proof::start();
    let formats = [
        "traceparent",
        "tracestate",
        "b3",
        "x-b3-traceid",
        "x-b3-spanid",
        "x-b3-sampled",
        "x-b3-flags",
        "x-cloud-trace-context",
        "x-amzn-trace-id",
        "uber-trace-id",
        "baggage",
    ];
    let garbage = [
        "",
        " ",
        "-",
        "--",
        "00",
        "00-",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
        "=",
        ",",
        ";",
        ",,,,",
        "=;=;=,",
        "a=1,a=2",
        "Root=;Parent=;Sampled=",
        "Root=1-zz-zz",
        "1:2:3:4",
        ":::",
        "/;o=",
        "0/0;o=9",
        "99999999999999999999999999999999999/1;o=1",
        "%",
        "%zz",
        "\t",
        "{}",
        "é",
    ];
    for name in formats {
        for value in garbage {
            let once = field(name, value);
            let response = proof.compare(name, &get("/people/1", &once));
            assert_eq!(response.status, 200, "{name}: {value}");
            let twice = [once.clone(), once].concat();
            assert_eq!(
                proof.compare(name, &get("/people/1", &twice)).status,
                200,
                "{name}"
            );
        }
    }
    proof.assert_counted(&[
        "treaty_trace_context;service=all;outcome=restarted",
        "treaty_baggage_dropped;service=all;reason=malformed",
    ]);
}

#[test]
fn a_content_is_never_changed_whatever_it_is() {
    let proof = Proof::start();
    let deep = "[".repeat(100_000);
    let long = format!("{{\"person\":\"{}\"}}", "x".repeat(300_000));
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"{\"person\":",
        b"{\"person\":\"\\ud800\"}",
        b"\xff\xfe",
        b"null",
        b"{\"person\":1e999}",
        deep.as_bytes(),
        long.as_bytes(),
    ];
    for body in bodies {
        for media_type in [
            "application/json",
            "application/problem+json",
            "text/plain",
            "",
            "\u{fc}",
        ] {
            let what = body[..body.len().min(20)].escape_ascii().to_string();
            assert_eq!(
                proof.compare(&what, &post(media_type, body)).status,
                200,
                "{what}"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\ncontent-type: {media_type}\r\n\
                 connection: close\r\n\r\n",
                body.len()
            );
            *lock(&proof.service.answer) = [head.as_bytes(), body].concat();
            let response = proof.compare(&what, &get("/people/1", b""));
            assert_eq!(
                (response.status, response.body.as_slice()),
                (200, body),
                "{what}"
            );
            *lock(&proof.service.answer) = SERVED.to_vec();
        }
    }
    // In parts, with trailers, and with an encoding that is none.
    let chunked = b"5\r\n{\"per\r\n5\r\nson\":\r\n3\r\n1}\n\r\n0\r\n\r\n";
    let fields = [
        field("content-type", "application/json"),
        field("transfer-encoding", "chunked"),
    ];
    let parts = request("POST /people/1", &fields.concat(), chunked);
    assert_eq!(proof.compare("parts", &parts).status, 200);
    let fields = [
        field("content-type", "application/json"),
        field("content-encoding", "gzip"),
        field("content-length", "3"),
    ];
    let encoded = request("POST /people/1", &fields.concat(), b"{}\n");
    assert_eq!(proof.compare("encoded", &encoded).status, 200);
    proof.assert_counted(&[
        "treaty_tags_dropped;tag=asked;reason=not_json",
        "treaty_tags_dropped;tag=answered;reason=not_json",
        "treaty_tags_dropped;tag=asked;reason=body_too_large",
        "treaty_tags_dropped;tag=answered;reason=body_too_large",
        "treaty_tags_dropped;tag=asked;reason=encoded",
    ]);
}
