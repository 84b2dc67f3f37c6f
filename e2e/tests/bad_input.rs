//! What no honest client sends, to the edge as it is shipped, with its policy in force: each gets a
//! clear answer, from the filter or from Envoy before it, and the VM goes on.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use e2e::{
    Answer, Client, Config, Envoy, Options, Request, Response, Upstream, parse_response, raw,
};
use serde_json::Value;

/// For an answer on a connection that its request ends.
const SOON: Duration = Duration::from_secs(5);

/// The edge of `envoy-configs/version-negotiation.yaml`, enforced, in front of an upstream that
/// answers with 200 and tells what it saw. Tests that run at the same time share it.
struct Edge {
    envoy: Envoy,
    _upstream: Upstream,
}

fn edge() -> Arc<Edge> {
    static SHARED: Mutex<Weak<Edge>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let edge = Arc::new(Edge::start());
        *shared = Arc::downgrade(&edge);
        edge
    })
}

impl Edge {
    fn start() -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(|seen| {
            let told = seen.headers.text("x-treaty-version").unwrap_or("none");
            Answer::status(200)
                .header("x-seen-version", told)
                .header("x-seen-path", &seen.path)
                .chunk("served")
        });
        let policy = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../policies/version-negotiation/examples/edge.json"
        );
        let policy = std::fs::read_to_string(policy)
            .unwrap()
            .replace("\"mode\": \"report\"", "\"mode\": \"enforce\"");
        let mut config = Config::checked_in("version-negotiation")
            .modules_from_dist()
            .on_free_ports()
            .policy("version-negotiation", &policy);
        for cluster in ["orders_blue", "orders_green", "payments"] {
            config = config.endpoints(cluster, &[upstream.address()]);
        }
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        Self {
            envoy,
            _upstream: upstream,
        }
    }

    /// Sends octets as they are and reads the first answer.
    fn send(&self, octets: &[u8]) -> Response {
        first_answer(self.envoy.address("edge"), octets)
    }

    /// Asserts that the answer to a request is one of these, and that it was not an accident of the
    /// VM: a filter that is lost answers 503 until it is reloaded.
    fn expect(&self, octets: &[u8], expected: &[u16]) -> Response {
        let response = self.send(octets);
        assert!(
            expected.contains(&response.status),
            "{} and not one of {expected:?} to {}: {}",
            response.status,
            begin(octets),
            response.text()
        );
        self.assert_alive();
        response
    }

    fn assert_alive(&self) {
        let served = Client::http1(self.envoy.address("edge"))
            .send(Request::get("/v1/orders").authority("orders.example.com"));
        let seen = served.headers.text("x-seen-version");
        assert_eq!((served.status, seen), (200, Some("1")), "{}", served.text());
        let counters = self.envoy.counters();
        let reloads = counters
            .iter()
            .filter(|(name, value)| name.contains("vm_reload") && **value > 0);
        assert_eq!(reloads.collect::<Vec<_>>(), Vec::new());
        assert_eq!(self.envoy.admin_get("/ready").trim(), "LIVE");
    }
}

/// Sends octets and reads up to the end of the first answer, and no longer: Envoy keeps a connection
/// open, and one that it is to close it closes after a second.
fn first_answer(address: SocketAddr, octets: &[u8]) -> Response {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    // Envoy may refuse a request before it has read all of it.
    let _ = stream.write_all(octets);
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        if let Some(response) = parse_response(&answer).filter(|response| response.complete) {
            return response;
        }
        match stream.read(&mut part) {
            Ok(count @ 1..) => answer.extend(&part[..count]),
            end => panic!(
                "{end:?} after {:?} to {}",
                answer.escape_ascii().to_string(),
                begin(octets)
            ),
        }
    }
}

/// As much of a request as tells it from others.
fn begin(octets: &[u8]) -> String {
    octets[..octets.len().min(200)].escape_ascii().to_string()
}

/// A request whose head ends with these lines.
fn head(line: &str, fields: &[u8]) -> Vec<u8> {
    let begin = format!("{line} HTTP/1.1\r\nhost: orders.example.com\r\nconnection: close\r\n");
    [begin.as_bytes(), fields, b"\r\n"].concat()
}

fn get(path: &str) -> Vec<u8> {
    head(&format!("GET {path}"), b"")
}

/// Asserts that an answer is a problem of this type.
fn assert_problem(response: &Response, kind: &str) {
    assert_eq!(
        response.headers.text("content-type"),
        Some("application/problem+json"),
        "{response:?}"
    );
    let problem = response.json();
    let told = problem["type"].as_str().unwrap_or_default();
    assert!(told.ends_with(kind), "{kind}: {problem}");
}

fn version(response: &Response) -> Option<&str> {
    response.headers.text("x-treaty-version")
}

#[test]
fn a_version_that_is_no_text_is_malformed() {
    let edge = edge();
    for value in [
        &b"\xff\xfe"[..],
        b"2\xc3",
        b"\xf0\x9f\x92",
        b"\x80\x80\x80\x80",
    ] {
        let field = [b"api-version: ", value, b"\r\n"].concat();
        let response = edge.expect(&head("GET /orders", &field), &[400]);
        assert_problem(&response, "malformed-version");
        assert!(!response.text().contains('\u{fffd}'), "{}", response.text());
    }
    // The same in fields that are read for something else.
    for name in [
        "accept",
        "x-consumer",
        "x-user-id",
        "x-treaty-version",
        "content-type",
    ] {
        let field = [name.as_bytes(), b": \xff\xfe\r\n"].concat();
        let response = edge.expect(&head("GET /orders", &field), &[200]);
        assert_eq!(version(&response), Some("2"), "{name}");
    }
}

#[test]
fn a_version_header_that_is_there_twice_counts_once_or_conflicts() {
    let edge = edge();
    let same = b"api-version: 1\r\napi-version: 1\r\n";
    let response = edge.expect(&head("GET /orders", same), &[200]);
    assert_eq!(version(&response), Some("1"));
    for fields in [
        &b"api-version: 1\r\napi-version: 2\r\n"[..],
        b"api-version: 1, 2\r\n",
        b"api-version: 1\r\nAPI-VERSION: 2\r\n",
    ] {
        let response = edge.expect(&head("GET /orders", fields), &[400]);
        assert_problem(&response, "conflicting-versions");
    }
    for fields in [
        &b"api-version: 1\r\napi-version: \xff\r\n"[..],
        b"api-version: 1,,2\r\n",
        b"api-version: 1\r\napi-version:\r\n",
    ] {
        let response = edge.expect(&head("GET /orders", fields), &[400]);
        assert!(response.text().contains("version"), "{}", response.text());
    }
}

#[test]
fn an_empty_value_is_malformed_where_a_version_is_meant_and_nothing_elsewhere() {
    let edge = edge();
    for field in [
        &b"api-version:\r\n"[..],
        b"api-version: \t \r\n",
        b"api-version: ,\r\n",
    ] {
        let response = edge.expect(&head("GET /orders", field), &[400]);
        assert_problem(&response, "malformed-version");
    }
    for name in [
        "accept",
        "x-consumer",
        "x-user-id",
        "x-treaty-version",
        "x-treaty-hops",
        "cookie",
    ] {
        let field = format!("{name}:\r\n");
        let response = edge.expect(&head("GET /orders", field.as_bytes()), &[200]);
        assert_eq!(version(&response), Some("2"), "{name}");
    }
}

#[test]
fn a_version_as_long_as_a_head_is_malformed() {
    let edge = edge();
    let digits = "9".repeat(10_000);
    for request in [
        get("/v99999999999999999999/orders"),
        get("/v99999999999999999999"),
        get("/v18446744073709551616/orders"),
    ] {
        // Not a version of any API: no number that the filter can hold.
        let response = edge.expect(&request, &[400]);
        assert_problem(&response, "malformed-version");
        assert!(
            !response.text().contains("999999999"),
            "{}",
            response.text()
        );
    }
    for request in [
        get(&format!("/v{digits}/orders")),
        get(&format!("/v1{digits}.{digits}/orders")),
        head(
            "GET /orders",
            format!("api-version: {digits}\r\n").as_bytes(),
        ),
        head(
            "GET /orders",
            format!("api-version: v{digits}\r\n").as_bytes(),
        ),
        head(
            "GET /orders",
            format!("api-version: -{digits}\r\n").as_bytes(),
        ),
    ] {
        let response = edge.expect(&request, &[400]);
        assert_problem(&response, "malformed-version");
        assert!(
            !response.text().contains(&digits[..64]),
            "it repeats what was sent"
        );
    }
    let accept = format!("accept: application/vnd.acme.v{digits}+json\r\n");
    edge.expect(&head("GET /orders", accept.as_bytes()), &[400, 406]);
}

#[test]
fn dots_and_escapes_in_a_path_lead_nowhere() {
    let edge = edge();
    // Envoy settles dots and doubled slashes before the filter looks.
    for (path, serves) in [
        ("/v2/../v1/orders", "1"),
        ("/v2/orders/../../v1/./orders", "1"),
        ("//v1//orders", "1"),
        ("/../../v1/orders", "1"),
        ("/%76%31/orders", "1"),
        ("/v%31/orders", "1"),
        ("/v2/%2e%2e/v1/orders", "1"),
    ] {
        let response = edge.expect(&get(path), &[200, 400]);
        if response.status == 200 {
            assert_eq!(version(&response), Some(serves), "{path}");
            let told = response.headers.text("x-seen-version");
            assert_eq!(told, Some(serves), "{path}");
        }
    }
    // An escaped slash is refused by Envoy, an octet that is no text or no escape by the filter.
    for path in [
        "/v1%2forders",
        "/v1%5corders",
        "/v1/%ff",
        "/v1/%00",
        "/v1/%c3%28",
        "/v1/%2",
        "/v1/%zz",
        "/v%001/orders",
        "/v1%00/orders",
        "/v2/..%2fv1/orders",
        "/%2e%2e%2fv1",
        "/v1/orders;/../../v2",
    ] {
        edge.expect(&get(path), &[200, 400, 404]);
    }
    edge.expect(
        &head("GET http://orders.example.com/v1/orders", b""),
        &[200],
    );
    edge.expect(&head("GET http://orders.example.com", b""), &[200]);
    edge.expect(&head("OPTIONS *", b""), &[200, 400, 404]);
    edge.expect(&get("/v1/orders?a=%ff&version=%00&&==&%"), &[200]);
    edge.expect(&get("/v1/orders#fragment"), &[200, 400]);
    edge.expect(&get(&format!("/v1/{}", "a/".repeat(10_000))), &[200]);
    edge.expect(&get(&format!("/v1/{}", "../".repeat(10_000))), &[200, 400]);
    edge.expect(&get("orders"), &[400]);
    edge.expect(
        b"GET /v1/\xff\xfe HTTP/1.1\r\nhost: orders.example.com\r\nconnection: close\r\n\r\n",
        &[200, 400],
    );
}

#[test]
fn a_long_accept_list_is_read_to_its_limit() {
    let edge = edge();
    // 60 KiB is what Envoy takes of a head by default.
    let list = |range: &str, count: usize| {
        let fields = vec![range; count].join(",");
        head("GET /orders", format!("accept: {fields}\r\n").as_bytes())
    };
    let response = edge.expect(&list("a/b;q=.1", 5_000), &[200]);
    assert_eq!(version(&response), Some("2"));
    let response = edge.expect(&list("*/*", 5_000), &[200]);
    assert_eq!(version(&response), Some("2"));
    edge.expect(&list("application/vnd.acme.v1+json", 2_000), &[200]);
    edge.expect(&list("application/vnd.acme.v9+json", 2_000), &[406]);
    edge.expect(&list(";;;;\"\\", 5_000), &[200]);
    edge.expect(&list("", 5_000), &[200]);
    // What stands behind the first 100 is not read.
    let mut ranges = vec!["a/b"; 5_000];
    ranges.push("application/vnd.acme.v1+json");
    let field = format!("accept: {}\r\n", ranges.join(","));
    let response = edge.expect(&head("GET /orders", field.as_bytes()), &[200]);
    assert_eq!(version(&response), Some("2"));
    // Of many lines too.
    let lines = "accept: application/vnd.acme.v1+json\r\n".repeat(50);
    let response = edge.expect(&head("GET /orders", lines.as_bytes()), &[200]);
    assert_eq!(version(&response), Some("1"));
}

#[test]
fn a_value_that_fills_the_head_is_answered() {
    let edge = edge();
    for octet in ["1", ",", ";", "\"", "\\", " ", "/", "=", "%"] {
        for name in [
            "api-version",
            "accept",
            "x-consumer",
            "x-user-id",
            "x-treaty-hops",
            "x-junk",
        ] {
            let field = format!("{name}: x{}\r\n", octet.repeat(58_000));
            edge.expect(
                &head("GET /orders", field.as_bytes()),
                &[200, 400, 406, 508],
            );
        }
    }
    let too_long = format!("api-version: {}\r\n", "1".repeat(70_000));
    edge.expect(&head("GET /orders", too_long.as_bytes()), &[431]);
}

#[test]
fn thousands_of_headers_are_refused_before_the_filter() {
    let edge = edge();
    let mut fields = Vec::new();
    for index in 0u32..10_000 {
        fields.extend(format!("x-junk-{index}: ").bytes());
        fields.extend([0x80 | (index % 0x80) as u8; 20]);
        fields.extend(b"\r\n");
    }
    edge.expect(&head("GET /v1/orders", &fields), &[431]);
    edge.expect(&head("GET /v1/orders", &b"a:\r\n".repeat(10_000)), &[431]);
    // As many as Envoy takes by default.
    let response = edge.expect(
        &head("GET /v1/orders", &b"api-version: 1\r\n".repeat(95)),
        &[200],
    );
    assert_eq!(version(&response), Some("1"));
}

#[test]
fn octets_that_no_field_may_hold_are_refused_by_envoy() {
    let edge = edge();
    for fields in [
        &b"api-version: 1\x00\r\n"[..],
        b"api-version: \x00\r\n",
        b"api\x00-version: 1\r\n",
        b"api-version: 1\x01\r\n",
        b"api-version: 1\x7f\r\n",
        b"api-version : 1\r\n",
        b": 1\r\n",
        b"api-version\r\n",
        b"\xff\xfe: 1\r\n",
        b"content-length: 1\r\ncontent-length: 2\r\n",
        b"content-length: -1\r\n",
        b"transfer-encoding: junk\r\n",
    ] {
        edge.expect(&head("GET /v1/orders", fields), &[400, 501]);
    }
    // A line that begins with a space goes on with the field before it, as RFC 9112 section 5.2 allows.
    let response = edge.expect(
        &head("GET /orders", b"x-junk: 1\r\n api-version: 1\r\n"),
        &[200, 400],
    );
    assert_ne!(version(&response), Some("1"));
    edge.expect(b"GET /v1/\x00 HTTP/1.1\r\nhost: a\r\n\r\n", &[400]);
    edge.expect(b"\x00\x01\x02\x03\r\n\r\n", &[400]);
    edge.expect(
        b"GET /v1/orders HTTP/9.9\r\nhost: a\r\n\r\n",
        &[400, 426, 505],
    );
    edge.expect(
        b"GET /v1/orders HTTP/1.1\r\nconnection: close\r\n\r\n",
        &[400],
    );
    // A line break inside a value is how a second field would be smuggled in.
    edge.expect(
        &head("GET /v1/orders", b"api-version: 1\rx-a: b\r\n"),
        &[400],
    );
    // What is left of a query may hold anything but these: a NUL that is escaped is text.
    edge.expect(&get("/v1/orders?name=%00"), &[200]);
}

#[test]
fn http_1_0_without_a_host_is_refused_by_envoy() {
    let edge = edge();
    edge.expect(b"GET /v1/orders HTTP/1.0\r\n\r\n", &[400, 426]);
    edge.expect(b"GET /v1/orders\r\n\r\n", &[400, 426]);
    edge.expect(
        b"GET /v1/orders HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n",
        &[200, 400],
    );
    edge.expect(
        b"GET /v1/orders HTTP/1.1\r\nhost: \xff\r\nconnection: close\r\n\r\n",
        &[200, 400],
    );
    let host = format!(
        "GET /v1/orders HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        "a".repeat(50_000)
    );
    edge.expect(host.as_bytes(), &[200, 400]);
    edge.expect(
        b"GET /v1/orders HTTP/1.1\r\nhost: orders.example.com:99999\r\nconnection: close\r\n\r\n",
        &[200, 400],
    );
}

#[test]
fn connect_and_odd_methods_are_answered() {
    let edge = edge();
    // No route of the edge is for CONNECT.
    edge.expect(b"CONNECT orders.example.com:443 HTTP/1.1\r\nhost: orders.example.com:443\r\nconnection: close\r\n\r\n", &[400, 403, 404]);
    for method in ["TRACE", "PROPFIND", "BREW"] {
        edge.expect(
            &head(&format!("{method} /v1/orders"), b""),
            &[200, 400, 405],
        );
    }
    // A switch of protocols that the listener does not allow is refused before the filter.
    let upgrade = b"GET /v1/orders HTTP/1.1\r\nhost: orders.example.com\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    edge.expect(upgrade, &[403]);
    edge.expect(
        &head(
            "GET /v1/orders",
            b"expect: 100-continue\r\ncontent-length: 0\r\n",
        ),
        &[200],
    );
}

#[test]
fn a_refusal_of_head_has_no_body() {
    let edge = edge();
    for (path, status) in [("/v9/orders", 404), ("/v1x/orders", 400)] {
        let address = edge.envoy.address("edge");
        let answer = raw(address, &head(&format!("HEAD {path}"), b""), SOON);
        let end = answer.windows(4).position(|octets| octets == b"\r\n\r\n");
        assert_eq!(
            end,
            Some(answer.len() - 4),
            "octets behind the head: {}",
            answer.escape_ascii()
        );
        let refused = parse_response(&answer).unwrap();
        assert_eq!(refused.status, status, "{path}");
        // RFC 9110 section 9.3.2: the fields are those that GET would have.
        let got = edge.expect(&get(path), &[status]);
        let kind = |response: &Response| response.headers.text("content-type").map(str::to_owned);
        assert_eq!(kind(&refused), kind(&got), "{path}");
    }
}

/// Requests behind one another on one connection, of which the last says that it is the last.
fn pipelined(paths: &[&str]) -> Vec<u8> {
    let request = |path: &&str| format!("GET {path} HTTP/1.1\r\nhost: orders.example.com\r\n\r\n");
    let (last, paths) = paths.split_last().unwrap();
    let mut octets: Vec<u8> = paths
        .iter()
        .flat_map(|path| request(path).into_bytes())
        .collect();
    octets.extend(get(last));
    octets
}

/// The status lines and the given field of all answers.
fn answers(octets: &[u8], field: &str) -> Vec<(String, Option<String>)> {
    let text = String::from_utf8_lossy(octets);
    let answer = |text: &str| {
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let value = lines.find(|(name, _)| *name == field);
        (
            text[..3].to_owned(),
            value.map(|(_, value)| value.to_owned()),
        )
    };
    text.split("HTTP/1.1 ").skip(1).map(answer).collect()
}

#[test]
fn five_hundred_requests_at_once_are_answered_in_their_order() {
    let edge = edge();
    let paths = ["/v1/orders", "/v2/orders", "/orders", "/v2/orders/1"].repeat(125);
    let answer = raw(edge.envoy.address("edge"), &pipelined(&paths), SOON * 4);
    let served = |version: &str| ("200".to_owned(), Some(version.to_owned()));
    let once = [served("1"), served("2"), served("2"), served("2")];
    let expected: Vec<_> = once.into_iter().cycle().take(500).collect();
    assert_eq!(answers(&answer, "x-treaty-version"), expected);
    edge.assert_alive();
}

/// Envoy answers what it refuses at once, and ends a connection on which more than two such answers
/// wait to be sent; it does so for a `direct_response` too.
#[test]
fn refusals_at_once_are_answered_until_envoy_ends_the_connection() {
    let edge = edge();
    let paths = ["/v1/orders", "/v9/orders", "/v1x/orders"].repeat(100);
    let answer = raw(edge.envoy.address("edge"), &pipelined(&paths), SOON);
    let answers = answers(&answer, "content-type");
    let problem = || Some("application/problem+json".to_owned());
    let once = [
        ("200".to_owned(), None),
        ("404".to_owned(), problem()),
        ("400".to_owned(), problem()),
    ];
    let expected: Vec<_> = once.into_iter().cycle().take(300).collect();
    assert!(
        answers.len() > 1 && expected.starts_with(&answers),
        "{answers:?}"
    );
    edge.assert_alive();
}

/// The edge with WebSocket allowed, which is a matter of the listener and not of the filter.
#[test]
fn an_upgraded_connection_passes_through_with_its_version() {
    let upstream = WebSocket::start();
    let mut config: Value = Config::checked_in("version-negotiation")
        .modules_from_dist()
        .on_free_ports()
        .policy(
            "version-negotiation",
            &std::fs::read_to_string(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../policies/version-negotiation/examples/edge.json"
            ))
            .unwrap()
            .replace("\"mode\": \"report\"", "\"mode\": \"enforce\""),
        )
        .endpoints("orders_blue", &[upstream.address])
        .into();
    let manager = &mut config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
        ["typed_config"];
    manager["upgrade_configs"] = serde_json::json!([{"upgrade_type": "websocket"}]);
    let envoy = Envoy::start(config, &Options::default()).unwrap();
    let ask = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: orders.example.com\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nping"
        )
    };
    let answer = raw(envoy.address("edge"), ask("/v1/events").as_bytes(), SOON);
    let text = answer.escape_ascii().to_string();
    let response = parse_response(&answer).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(response.status, 101, "{text}");
    assert_eq!(response.body, b"ping back", "{text}");
    assert_eq!(version(&response), Some("1"), "{text}");
    let seen = upstream.seen.join().unwrap();
    assert!(seen.contains("x-treaty-version: 1\r\n"), "{seen}");

    let refused = first_answer(envoy.address("edge"), ask("/v9/events").as_bytes());
    assert_eq!(refused.status, 404, "{refused:?}");
}

/// A service that switches protocols once, answers to four octets, and hangs up.
struct WebSocket {
    address: SocketAddr,
    /// The head that came.
    seen: JoinHandle<String>,
}

impl WebSocket {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            let read_to = |end: &[u8]| {
                let mut octets = Vec::new();
                while !octets.ends_with(end) {
                    let mut octet = [0];
                    (&stream).read_exact(&mut octet).unwrap();
                    octets.extend(octet);
                }
                octets
            };
            let head = read_to(b"\r\n\r\n");
            let switch = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
                upgrade: websocket\r\n\r\n";
            (&stream).write_all(switch).unwrap();
            let mut ping = [0; 4];
            (&stream).read_exact(&mut ping).unwrap();
            assert_eq!(&ping, b"ping");
            (&stream).write_all(b"ping back").unwrap();
            String::from_utf8(head).unwrap().to_lowercase()
        });
        Self { address, seen }
    }
}
