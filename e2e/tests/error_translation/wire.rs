//! Answers that no library would write, octet for octet.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use e2e::{Client, Cluster, Config, Envoy, Listener, Options, Request, Response, Route};
use serde_json::{Value, json};

use crate::bench::{FORMS, filter, policy, rendered, room_for_what_is_held};
use crate::judge::{everything, problem_of};

/// An upstream that hands each connection and the path that was asked for to a function, and closes.
fn upstream(answer: fn(&mut TcpStream, &str) -> Option<()>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process of the tests.
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let path = asked(&mut stream)?;
                answer(&mut stream, &path)
            });
        }
    });
    address
}

/// The path of the request that a connection brings, without its first slash.
fn asked(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet).ok()?;
        head.push(octet[0]);
    }
    let head = String::from_utf8_lossy(&head);
    head.split(['/', ' ']).nth(2).map(str::to_owned)
}

/// Both forms before one upstream.
fn start(cluster: Cluster) -> Envoy {
    let config = FORMS
        .iter()
        .fold(Config::new().cluster(cluster), |config, form| {
            let policy = policy(form);
            let rendered = json!({"local_reply_config": rendered(&policy)});
            let listener = Listener::new(form).filter(filter(form, &policy));
            let listener = listener.route(Route::prefix("/", "upstream"));
            config.listener(listener.with(rendered))
        });
    Envoy::start(config, &Options::default()).unwrap()
}

/// Answers the path `/<index>` with the octets at that index.
fn answer(stream: &mut TcpStream, path: &str) -> Option<()> {
    let index = path.parse::<usize>().ok()?;
    stream.write_all(ANSWERS.get(index)?.0).ok()
}

/// What the upstream says, the status that the client gets, and whether the answer is whole; where it
/// is not, it breaks off in the streamed form.
const ANSWERS: [(&[u8], u16, bool); 14] = [
    (b"HTTP/1.1 500 X\r\n\r\nup to the end", 500, true),
    (
        b"HTTP/1.0 500 X\r\ncontent-type: text/plain\r\n\r\nold",
        500,
        true,
    ),
    (b"HTTP/1.1 500\r\ncontent-length: 2\r\n\r\nno", 500, true),
    (b"HTTP/1.1 500 X\r\nCONTENT-LENGTH: 0\r\n\r\n", 500, true),
    (
        b"HTTP/1.1 103 Y\r\nlink: </a>\r\n\r\nHTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\nno",
        500,
        true,
    ),
    (
        b"HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nx-t: 1\r\n\r\n",
        500,
        true,
    ),
    (
        b"HTTP/1.1 500 X\r\nx-a: 1\r\n folded\r\ncontent-length: 0\r\n\r\n",
        500,
        true,
    ),
    // What breaks off.
    (
        b"HTTP/1.1 500 X\r\ncontent-length: 100\r\n\r\nsecret",
        502,
        false,
    ),
    (
        b"HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n6\r\nsecret\r\n",
        502,
        false,
    ),
    (
        b"HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nsecret\r\n",
        502,
        false,
    ),
    // What is no answer.
    (b"SSH-2.0-OpenSSH_9.6\r\nsecret\r\n", 502, true),
    (b"", 503, true),
    (
        b"HTTP/1.1 500 X\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nnop",
        502,
        true,
    ),
    (
        b"HTTP/1.1 500 X\r\nserver: sec\0ret\r\ncontent-length: 0\r\n\r\n",
        502,
        true,
    ),
];

#[test]
fn every_answer_is_a_problem_or_breaks_off() {
    let envoy = start(Cluster::new("upstream", upstream(answer)).with(trailers(false)));
    for (index, (octets, status, is_whole)) in ANSWERS.iter().enumerate() {
        for (form, client) in FORMS
            .iter()
            .flat_map(|form| [(form, Client::http1 as fn(_) -> _), (form, Client::http2)])
        {
            let response: Response =
                client(envoy.address(form)).send(Request::get(&format!("/{index}")));
            let shown = format!("{form}, {}: {response:?}", octets.escape_ascii());
            assert!(!everything(&response).contains("secret"), "{shown}");
            if *form == "held" || *is_whole {
                assert_eq!(response.status, *status, "{shown}");
                problem_of(*status, &response);
            } else {
                assert!(!response.complete || response.body.is_empty(), "{shown}");
            }
        }
    }
}

/// What comes of a content before the proxy can have seen more of it.
const FIRST: usize = 10;

/// What comes then, as fast as the connection takes it.
const REST: usize = 10 * 1024 * 1024;

fn all_at_once_behind_a_little(stream: &mut TcpStream, _: &str) -> Option<()> {
    let head = "HTTP/1.1 500 X\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    let first = format!("{head}{FIRST:x}\r\n{}\r\n", "x".repeat(FIRST));
    stream.write_all(first.as_bytes()).ok()?;
    thread::sleep(Duration::from_millis(50));
    let rest = format!("{REST:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(REST));
    stream.write_all(rest.as_bytes()).ok()
}

/// More than the proxy's buffer takes may join the little that is held there, before any filter is
/// asked.
#[test]
fn what_comes_all_at_once_behind_a_held_part_breaks_nothing() {
    // What the streamed form keeps is not in that buffer; for the held form there must be room.
    let cluster = || Cluster::new("upstream", upstream(all_at_once_behind_a_little));
    let any_room = start(cluster());
    let enough_room = start(cluster().with(room_for_what_is_held()));
    for _ in 0..10 {
        for envoy in [&any_room, &enough_room] {
            let response = Client::http1(envoy.address("streamed")).send(Request::get("/"));
            problem_of(500, &response);
        }
        let response = Client::http1(enough_room.address("held")).send(Request::get("/"));
        assert!(response.complete);
        assert_eq!((response.status, response.body.len()), (500, FIRST + REST));
    }
}

/// A content, and behind it a trailer, which the head announces if the path says so.
fn content_and_trailers(stream: &mut TcpStream, path: &str) -> Option<()> {
    let announced = if path == "announced" {
        "trailer: x-t\r\n"
    } else {
        ""
    };
    let head = format!("HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n{announced}\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(b"6\r\nsecret\r\n").ok()?;
    thread::sleep(Duration::from_millis(20));
    stream.write_all(b"0\r\nx-t: 1\r\n\r\n").ok()
}

#[test]
fn before_trailers_an_answer_is_whole_or_breaks_off() {
    let envoy =
        start(Cluster::new("upstream", upstream(content_and_trailers)).with(trailers(true)));
    for (form, path, is_whole) in [
        ("held", "/announced", true),
        ("held", "/", true),
        ("streamed", "/announced", true),
        // There is no place left for the problem, and nothing must look whole that is not.
        ("streamed", "/", false),
    ] {
        let response = Client::http1(envoy.address(form)).send(Request::get(path));
        assert!(!everything(&response).contains("secret"), "{response:?}");
        assert_eq!(response.complete, is_whole, "{form}, {path}: {response:?}");
        if is_whole {
            problem_of(500, &response);
        }
    }
}

/// Whether trailers of HTTP/1.1 pass Envoy; by default they do not.
fn trailers(pass: bool) -> Value {
    json!({"typed_extension_protocol_options": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "explicit_http_config": {"http_protocol_options": {"enable_trailers": pass}},
        }
    }})
}
