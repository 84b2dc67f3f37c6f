//! Clients that are not ours: those of gRPC, gRPC-Web and Connect, and an SDK that makes its keys
//! itself and repeats requests by itself.

use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use e2e::{
    Answer, ConnectProtocol, Ending, ForeignClient, Rpc, Seen, Upstream,
    create_payment_with_stripe, parse_response,
};
use serde_json::{Value, json};

use crate::bench::{Bench, Gate, SOON, policy};

const CREATE: &str = "/acme.orders.v2.Orders/CreateOrder";
const WATCH: &str = "/acme.orders.v2.Orders/WatchOrders";

#[test]
fn a_duplicate_of_a_unary_call_of_grpc_is_told_what_became_of_the_first() {
    let bench = bench("refuse");
    for client in ForeignClient::GRPC {
        let key = format!("{client:?}");
        let call = |key: &str| client.call(bench.envoy.address("edge"), &rpc(CREATE, key));

        answer_with(&bench.upstream, Ending::Finish);
        assert_eq!(call(&key)["code"], "OK", "{key}");
        let duplicate = call(&key);
        assert_eq!(duplicate["code"], "ALREADY_EXISTS", "{key}: {duplicate}");
        assert_eq!(info(&duplicate), ("ALREADY_DONE", "treaty.dev"), "{key}");

        answer_with(&bench.upstream, Ending::ResetBeforeHead);
        let lost = format!("{key}-lost");
        assert_ne!(call(&lost)["code"], "OK", "{key}");
        let duplicate = call(&lost);
        assert_eq!(
            duplicate["code"], "FAILED_PRECONDITION",
            "{key}: {duplicate}"
        );
        assert_eq!(info(&duplicate), ("OUTCOME_UNKNOWN", "treaty.dev"), "{key}");
        assert_eq!(bench.upstream.take_seen().len(), 2, "{key}");
    }
}

#[test]
fn a_duplicate_of_a_call_of_grpc_that_is_on_its_way_is_aborted() {
    let bench = bench("refuse");
    let address = bench.envoy.address("edge");
    for client in ForeignClient::GRPC {
        let gate = Gate::default();
        bench.upstream.set_handler({
            let gate = gate.clone();
            move |request| {
                gate.pass();
                succeed(request)
            }
        });
        let rpc = rpc(CREATE, &format!("{client:?}"));
        thread::scope(|scope| {
            // A process of a client takes one call at a time, so the first is always tonic's.
            let first = scope.spawn(|| ForeignClient::Tonic.call(address, &rpc));
            bench.upstream.wait_for_seen(1, SOON);
            let duplicate = client.call(address, &rpc);
            gate.open();
            assert_eq!(duplicate["code"], "ABORTED", "{client:?}: {duplicate}");
            assert_eq!(info(&duplicate), ("IN_FLIGHT", "treaty.dev"), "{client:?}");
            let details = duplicate["details"].as_array().unwrap();
            let retry = details
                .iter()
                .find(|own| own["type"] == "google.rpc.RetryInfo");
            assert_eq!(retry.unwrap()["retryDelay"], "1s", "{client:?}");
            assert_eq!(first.join().unwrap()["code"], "OK", "{client:?}");
        });
        assert_eq!(bench.upstream.take_seen().len(), 1, "{client:?}");
    }
}

#[test]
fn unary_calls_of_connect_and_of_grpc_web_are_replayed_in_full() {
    let bench = bench("refuse");
    answer_with(&bench.upstream, Ending::Finish);
    let clients = [&ForeignClient::CONNECT[..], &ForeignClient::GRPC_WEB[..]].concat();
    for client in clients {
        let rpc = rpc(CREATE, &format!("{client:?}"));
        let call = || client.call(bench.envoy.address("edge"), &rpc);
        let (first, second) = (call(), call());
        assert_eq!(first["code"], "OK", "{client:?}: {first}");
        for member in ["code", "message", "details", "messages"] {
            assert_eq!(second[member], first[member], "{client:?}: {second}");
        }
        assert_eq!(first["metadata"]["x-order"], "7", "{client:?}");
        assert_eq!(second["metadata"]["x-order"], "7", "{client:?}");
        assert_eq!(
            second["metadata"]["idempotent-replayed"], "true",
            "{client:?}"
        );
        assert_eq!(bench.upstream.take_seen().len(), 1, "{client:?}");
    }
}

/// All fields of the message have their defaults, and Connect has no frames around it: without its
/// type nobody could tell what it is.
#[test]
fn an_answer_of_connect_without_an_octet_is_replayed_with_its_type() {
    let bench = bench("refuse");
    let empty = Answer::status(200).header("content-type", "application/proto");
    bench.upstream.set(empty);
    for client in [ForeignClient::ConnectNode, ForeignClient::ConnectWeb] {
        let client = client(ConnectProtocol::Proto);
        let rpc = rpc(CREATE, &format!("{client:?}"));
        for _ in 0..2 {
            let told = client.call(bench.envoy.address("edge"), &rpc);
            assert_eq!(told["code"], "OK", "{client:?}: {told}");
        }
        assert_eq!(bench.upstream.take_seen().len(), 1, "{client:?}");
    }
}

#[test]
fn a_failed_call_of_connect_or_grpc_web_is_replayed_as_it_failed() {
    let bench = bench("refuse");
    bench.upstream.set_handler(fail);
    let clients = [&ForeignClient::CONNECT[..], &ForeignClient::GRPC_WEB[..]].concat();
    for client in clients {
        let rpc = rpc(CREATE, &format!("{client:?}"));
        let call = || client.call(bench.envoy.address("edge"), &rpc);
        let (first, second) = (call(), call());
        assert_eq!(first["code"], "INVALID_ARGUMENT", "{client:?}: {first}");
        for member in ["code", "message", "details", "messages"] {
            assert_eq!(second[member], first[member], "{client:?}: {second}");
        }
        assert_eq!(
            second["metadata"]["idempotent-replayed"], "true",
            "{client:?}"
        );
        assert_eq!(bench.upstream.take_seen().len(), 1, "{client:?}");
    }
}

#[test]
fn a_stream_is_refused_a_key_or_passes_with_it_as_the_policy_says() {
    let every = [
        &ForeignClient::GRPC[..],
        &ForeignClient::GRPC_WEB[..],
        &ForeignClient::CONNECT[..],
    ]
    .concat();
    for (streams, code, executions) in [("refuse", "INVALID_ARGUMENT", 0), ("pass", "OK", 2)] {
        let bench = bench(streams);
        answer_with(&bench.upstream, Ending::Finish);
        for client in &every {
            let rpc = rpc(WATCH, "stream");
            for _ in 0..2 {
                let told = client.call(bench.envoy.address("edge"), &rpc);
                assert_eq!(told["code"], code, "{client:?}: {told}");
                if code != "OK" {
                    assert_eq!(info(&told), ("STREAMING_CALL", "treaty.dev"), "{client:?}");
                }
            }
            assert_eq!(bench.upstream.take_seen().len(), executions, "{client:?}");
            let told = client.call(bench.envoy.address("edge"), &Rpc::new(WATCH));
            assert_eq!(told["code"], "OK", "{client:?}: {told}");
            assert_eq!(bench.upstream.take_seen().len(), 1, "{client:?}");
        }
    }
}

#[test]
fn an_sdk_that_repeats_a_payment_whose_answer_was_cut_charges_once() {
    let bench = Bench::start(&payments());
    let upstream = &bench.upstream;
    upstream.set_handler(|request| charge(request).delay(Duration::from_millis(50)));
    // The answer is lost between proxy and client: the first connection breaks off.
    let cut = cutting(bench.envoy.address("edge"));
    let told = create_payment_with_stripe(cut, 1999, 2);
    assert_eq!(told["id"], "pi_1", "{told}");
    assert_eq!(told["amount"], 1999, "{told}");
    assert_eq!(told["headers"]["idempotent-replayed"], "true", "{told}");
    let seen = upstream.take_seen();
    assert_eq!(seen.len(), 1);
    let key = seen[0]
        .headers
        .text("idempotency-key")
        .expect("a key of the SDK's own");
    assert!(!key.starts_with('"'), "bare");

    // Another payment is another one.
    let told = create_payment_with_stripe(bench.envoy.address("edge"), 1999, 2);
    assert_eq!(told["id"], "pi_1", "{told}");
    assert!(
        told["headers"].get("idempotent-replayed").is_none(),
        "{told}"
    );
    assert_eq!(upstream.take_seen().len(), 1);
}

#[test]
fn an_sdk_that_repeats_a_payment_which_the_upstream_broke_off_hears_that_its_outcome_is_unknown() {
    let mut bench = Bench::start(&payments());
    let upstream = &bench.upstream;
    upstream.set_handler(|request| charge(request).ending(Ending::ResetBeforeHead));
    let told = create_payment_with_stripe(bench.envoy.address("edge"), 500, 2);
    assert_eq!(told["status"], 409, "{told}");
    assert_eq!(upstream.seen().len(), 1);
    let outcomes = [(); 3].map(|()| bench.told.next()["outcome"].take());
    assert_eq!(outcomes, ["claimed", "outcome_unknown", "outcome_unknown"]);
}

/// A proxy that knows one unary method, and does this with keys on all others.
fn bench(streams: &str) -> Bench {
    let rpc = json!({"unary": ["acme.orders.v2.Orders/CreateOrder"], "streams": streams});
    Bench::start(&policy(json!({"rpc": rpc})))
}

fn rpc(path: &str, key: &str) -> Rpc {
    Rpc::new(path).metadata("idempotency-key", key)
}

/// Reason and domain of the `ErrorInfo` that a client has decoded.
fn info(told: &Value) -> (&str, &str) {
    let details = told["details"].as_array().expect("a list of details");
    let info = details
        .iter()
        .find(|own| own["type"] == "google.rpc.ErrorInfo")
        .unwrap_or_else(|| panic!("no ErrorInfo in {told}"));
    let text = |name: &str| info[name].as_str().unwrap_or_default();
    (text("reason"), text("domain"))
}

/// An order whose `id` is 7, in protobuf.
const ORDER: &[u8] = b"\x0a\x017";

/// Has an upstream answer every call with an order, in the protocol of the call.
fn answer_with(upstream: &Upstream, ending: Ending) {
    upstream.set_handler(move |request| succeed(request).ending(ending));
}

fn succeed(request: &Seen) -> Answer {
    let kind = content_type(request);
    let answer = Answer::status(200)
        .header("content-type", kind)
        .header("x-order", "7");
    match kind {
        "application/json" => answer.chunk(r#"{"id":"7"}"#),
        "application/proto" => answer.chunk(ORDER),
        // A stream of Connect ends with a message of its own.
        "application/connect+json" => {
            answer.chunk([frame(0, br#"{"id":"7"}"#), frame(2, b"{}")].concat())
        }
        "application/connect+proto" => answer.chunk([frame(0, ORDER), frame(2, b"{}")].concat()),
        _ if kind.starts_with("application/grpc-web") => {
            answer.chunk([frame(0, ORDER), frame(0x80, b"grpc-status: 0\r\n")].concat())
        }
        _ => answer.chunk(frame(0, ORDER)).trailer("grpc-status", "0"),
    }
}

fn fail(request: &Seen) -> Answer {
    let kind = content_type(request);
    if kind.starts_with("application/grpc-web") {
        let trailers = b"grpc-status: 3\r\ngrpc-message: no such article\r\n";
        return Answer::status(200)
            .header("content-type", kind)
            .chunk(frame(0x80, trailers));
    }
    Answer::status(400)
        .header("content-type", "application/json")
        .chunk(r#"{"code":"invalid_argument","message":"no such article"}"#)
}

fn content_type(request: &Seen) -> &str {
    let kind = request.headers.text("content-type");
    kind.expect("each of these protocols has one")
}

/// A frame of gRPC, gRPC-Web or Connect.
fn frame(flags: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[flags], &length.to_be_bytes()[..], content].concat()
}

/// What a platform with Stripe's API says of keys: each account has its own, and needs one.
fn payments() -> Value {
    let mut policy = policy(json!({"required": true}));
    policy["defaults"]["scope"] = json!({"caller": [{"from": "header", "name": "authorization"}]});
    policy
}

/// Charges.
fn charge(request: &Seen) -> Answer {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let amount = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("amount="));
    let amount: u64 = amount
        .and_then(|text| text.parse().ok())
        .expect("an amount");
    let intent = json!({"id": "pi_1", "object": "payment_intent", "amount": amount});
    Answer::status(200)
        .header("content-type", "application/json")
        .header("request-id", "req_1")
        .chunk(intent.to_string())
}

/// A way to a server on which the first answer arrives, but not at the client.
fn cutting(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        lose_an_answer(&client, server);
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(server).unwrap();
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                thread::spawn(move || io::copy(&mut from, &mut to));
            }
        }
    });
    address
}

/// Passes a request on, waits for the whole answer, and hangs up.
fn lose_an_answer(client: &TcpStream, server: SocketAddr) {
    let server = TcpStream::connect(server).unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut from, &mut to));
    let (mut received, mut octets) = (Vec::new(), [0; 4096]);
    while !parse_response(&received).is_some_and(|answer| answer.complete) {
        let count = (&server).read(&mut octets).unwrap();
        assert!(count > 0, "the proxy answers");
        received.extend_from_slice(&octets[..count]);
    }
    client.shutdown(Shutdown::Both).unwrap();
}
