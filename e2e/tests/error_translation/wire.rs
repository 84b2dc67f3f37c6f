//! Answers that no library would write, octet for octet.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use e2e::{Client, Cluster, Config, Envoy, Listener, Options, Request, Response, Route};
use serde_json::json;

use crate::bench::{FORMS, filter, policy, rendered};
use crate::judge::{everything, problem_of};

/// An upstream that answers the path `/<index>` with the octets at that index, and closes.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process of the tests.
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(mut stream: TcpStream) -> Option<()> {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet).ok()?;
        head.push(octet[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let index = head.split(['/', ' ']).nth(2)?.parse::<usize>().ok()?;
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
    let cluster = Cluster::new("upstream", upstream());
    let config = FORMS
        .iter()
        .fold(Config::new().cluster(cluster), |config, form| {
            let policy = policy(form);
            let rendered = json!({"local_reply_config": rendered(&policy)});
            let listener = Listener::new(form).filter(filter(form, &policy));
            let listener = listener.route(Route::prefix("/", "upstream"));
            config.listener(listener.with(rendered))
        });
    let envoy = Envoy::start(config, &Options::default()).unwrap();
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
