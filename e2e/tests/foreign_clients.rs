//! The clients that are not ours, against a plain Envoy: all decode the same of the same answer, so
//! that what they decode of a filter's answer tells something about the filter.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use e2e::{
    Answer, Client, Cluster, Config, ConnectProtocol, Envoy, ForeignClient, Listener, Options,
    Peer, Protocol, Request, Route, Rpc, Service, Upstream, lint, problem_violations,
    reserve_address,
};
use prost::Message;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};

const FAIL: &str = "/acme.orders.v2.Orders/Fail";
const WATCH: &str = "/acme.orders.v2.Orders/WatchOrders";

/// The frame of an empty message: five octets of prefix, and nothing.
const EMPTY_MESSAGE: [u8; 5] = [0; 5];

fn proxy_of(cluster: Cluster) -> Envoy {
    let config = Config::new()
        .listener(Listener::new("edge").route(Route::prefix("/", "upstream")))
        .cluster(cluster);
    Envoy::start(config, &Options::default()).unwrap()
}

/// An upstream with this answer, and an Envoy in front of it.
fn answering(answer: Answer) -> (Envoy, Upstream) {
    let upstream = Upstream::start();
    upstream.set(answer);
    let cluster = Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient);
    (proxy_of(cluster), upstream)
}

/// Has these clients call a method and compares what each made of the answer.
fn all_decode(clients: &[ForeignClient], envoy: &Envoy, rpc: &Rpc, expected: &Value) {
    for client in clients {
        let mut decoded = client.call(envoy.address("edge"), rpc);
        decoded.as_object_mut().unwrap().remove("metadata");
        assert_eq!(&decoded, expected, "{client:?}");
    }
}

/// A status with three of the details of google.rpc and one that no client knows.
fn status() -> Status {
    let mut details = ErrorDetails::new();
    details
        .set_error_info(
            "ORDER_UNKNOWN",
            "orders.acme.example",
            HashMap::from([("order".to_owned(), "7".to_owned())]),
        )
        .set_retry_info(Some(Duration::from_millis(1500)))
        .add_bad_request_violation("lines[0].sku", "is no article");
    let known = Status::with_error_details(Code::NotFound, "no order 7: café", details);
    let unknown = b"\x1a\x26\x0a\x20type.googleapis.com/acme.Unknown\x12\x02\xff\x01";
    let octets = [known.details(), unknown].concat();
    Status::with_details(known.code(), known.message(), octets.into())
}

/// What every client is to decode of it, where Connect's `debug` does not come with a detail.
fn decoded(messages: usize) -> Value {
    json!({
        "code": "NOT_FOUND",
        "message": "no order 7: café",
        "details": [
            {
                "type": "google.rpc.RetryInfo",
                "retryDelay": "1.500s",
            },
            {
                "type": "google.rpc.ErrorInfo",
                "reason": "ORDER_UNKNOWN",
                "domain": "orders.acme.example",
                "metadata": {"order": "7"},
            },
            {
                "type": "google.rpc.BadRequest",
                "fieldViolations": [{"field": "lines[0].sku", "description": "is no article"}],
            },
            {
                "type": "acme.Unknown",
                "value": "/wE=",
            },
        ],
        "messages": messages,
    })
}

/// The fields that carry the status in gRPC.
fn fields(status: &Status) -> [(&'static str, String); 3] {
    [
        ("grpc-status", (status.code() as i32).to_string()),
        ("grpc-message", "no order 7: caf%C3%A9".to_owned()),
        (
            "grpc-status-details-bin",
            BASE64_STANDARD_NO_PAD.encode(status.details()),
        ),
    ]
}

fn grpc() -> Answer {
    Answer::default().header("content-type", "application/grpc+proto")
}

/// An error of Connect in JSON: the value of a detail is its octets in base64 without padding, and
/// `debug` is whatever the server likes.
fn connect_error() -> Value {
    let status = status();
    let packed = pb::Status::decode(status.details()).unwrap();
    let details: Vec<Value> = packed
        .details
        .iter()
        .map(|detail| {
            json!({
                "type": detail.type_url.rsplit('/').next(),
                "value": BASE64_STANDARD_NO_PAD.encode(&detail.value),
            })
        })
        .collect();
    json!({"code": "not_found", "message": status.message(), "details": details})
}

/// A frame of gRPC-Web or Connect.
fn frame(flags: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[flags], &length.to_be_bytes()[..], content].concat()
}

#[test]
fn grpc_clients_decode_a_status_in_the_head() {
    let mut answer = grpc();
    for (name, value) in fields(&status()) {
        answer = answer.header(name, value);
    }
    let (envoy, _upstream) = answering(answer);
    all_decode(&ForeignClient::GRPC, &envoy, &Rpc::new(FAIL), &decoded(0));
}

#[test]
fn grpc_clients_decode_a_status_in_the_trailers() {
    let mut answer = grpc().chunk(EMPTY_MESSAGE);
    for (name, value) in fields(&status()) {
        answer = answer.trailer(name, value);
    }
    let (envoy, _upstream) = answering(answer);
    all_decode(&ForeignClient::GRPC, &envoy, &Rpc::new(WATCH), &decoded(1));
}

#[test]
fn grpc_web_clients_decode_a_frame_of_trailers() {
    let trailers = fields(&status())
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .concat();
    let answer = Answer::default()
        .header("content-type", "application/grpc-web+proto")
        .chunk(frame(0x80, trailers.as_bytes()));
    let (envoy, _upstream) = answering(answer);
    all_decode(
        &ForeignClient::GRPC_WEB,
        &envoy,
        &Rpc::new(FAIL),
        &decoded(0),
    );
}

#[test]
fn connect_clients_decode_an_error_of_a_unary_call() {
    let mut error = connect_error();
    error["details"][0]["debug"] = json!({"retryDelay": "1.500s"});
    let answer = Answer::status(404)
        .header("content-type", "application/json")
        .chunk(error.to_string());
    let (envoy, _upstream) = answering(answer);
    let mut expected = decoded(0);
    expected["details"][0]["debug"] = json!({"retryDelay": "1.500s"});
    all_decode(&ForeignClient::CONNECT, &envoy, &Rpc::new(FAIL), &expected);
}

#[test]
fn connect_clients_decode_an_error_at_the_end_of_a_stream() {
    let upstream = Upstream::start();
    upstream.set_handler(|seen| {
        let json = seen.headers.text("content-type") == Some("application/connect+json");
        let message = if json { "{}" } else { "" };
        let end = json!({"error": connect_error()}).to_string();
        Answer::default()
            .header("content-type", seen.headers.get("content-type").unwrap())
            .chunk(frame(0, message.as_bytes()))
            .chunk(frame(2, end.as_bytes()))
    });
    let cluster = Cluster::new("upstream", upstream.address());
    let envoy = proxy_of(cluster.protocol(Protocol::AsClient));
    all_decode(
        &ForeignClient::CONNECT,
        &envoy,
        &Rpc::new(WATCH),
        &decoded(1),
    );
}

#[test]
fn clients_tell_a_success_and_its_metadata() {
    let (envoy, upstream) = answering(
        grpc()
            .header("x-head", "one")
            .header("x-octets-bin", "/wE")
            .chunk(EMPTY_MESSAGE)
            .trailer("grpc-status", "0")
            .trailer("x-trailer", "two"),
    );
    let rpc = Rpc::new(FAIL)
        .message(json!({"code": 5, "message": "gone"}))
        .metadata("x-asked", "yes")
        .authority("orders.example.com");
    for client in ForeignClient::GRPC {
        let decoded = client.call(envoy.address("edge"), &rpc);
        assert_eq!(decoded["code"], "OK", "{client:?}: {decoded}");
        assert_eq!(decoded["metadata"]["x-head"], "one", "{client:?}");
        assert_eq!(decoded["metadata"]["x-octets-bin"], "/wE=", "{client:?}");
        assert_eq!(decoded["metadata"]["x-trailer"], "two", "{client:?}");
        let seen = upstream.take_seen().pop().unwrap();
        assert_eq!(seen.path, FAIL);
        assert_eq!(seen.authority, "orders.example.com", "{client:?}");
        assert_eq!(seen.headers.text("x-asked"), Some("yes"));
        assert_eq!(seen.body, b"\0\0\0\0\x08\x08\x05\x12\x04gone", "{client:?}");
    }
}

#[test]
fn connect_node_asks_for_the_host_it_is_told() {
    let (envoy, upstream) = answering(
        Answer::default()
            .header("content-type", "application/json")
            .chunk("{}"),
    );
    let rpc = Rpc::new(FAIL).authority("orders.example.com");
    let client = ForeignClient::ConnectNode(ConnectProtocol::Json);
    assert_eq!(client.call(envoy.address("edge"), &rpc)["code"], "OK");
    assert_eq!(upstream.seen()[0].authority, "orders.example.com");
}

#[test]
fn an_answer_that_is_no_status_is_told_in_the_words_of_the_client() {
    let (envoy, _upstream) = answering(
        Answer::status(502)
            .header("content-type", "text/html")
            .chunk("<h1>Bad Gateway</h1>"),
    );
    let clients = ForeignClient::GRPC
        .iter()
        .chain(&ForeignClient::GRPC_WEB)
        .chain(&ForeignClient::CONNECT);
    for client in clients {
        let decoded = client.call(envoy.address("edge"), &Rpc::new(FAIL));
        // tonic reads the body before it looks at the HTTP status.
        let code = if *client == ForeignClient::Tonic {
            "INTERNAL"
        } else {
            "UNAVAILABLE"
        };
        assert_eq!(decoded["code"], code, "{client:?}: {decoded}");
        assert_eq!(decoded["details"], json!([]));
    }
}

#[test]
fn details_that_are_no_base64_hide_the_status_from_most_clients() {
    let (envoy, _upstream) = answering(
        grpc()
            .header("grpc-status", "5")
            .header("grpc-message", "gone")
            .header("grpc-status-details-bin", "!!!"),
    );
    for client in ForeignClient::GRPC {
        let decoded = client.call(envoy.address("edge"), &Rpc::new(FAIL));
        let reads = client == ForeignClient::GrpcJs;
        assert_eq!(
            decoded["code"] == "NOT_FOUND",
            reads,
            "{client:?}: {decoded}"
        );
    }
}

#[test]
fn the_services_fail_as_the_clients_ask() {
    let nowhere = Peer::at(reserve_address());
    let orders = Service::orders(nowhere);
    let payments = Service::payments(nowhere);
    for (service, path, domain) in [
        (&orders, FAIL, "orders.acme.example"),
        (
            &payments,
            "/acme.payments.v2.Payments/Fail",
            "payments.acme.example",
        ),
    ] {
        let cluster = Cluster::new("upstream", service.grpc()).protocol(Protocol::Http2);
        let envoy = proxy_of(cluster);
        let rpc = Rpc::new(path).message(json!({
            "code": 14, "message": "store is down", "withDetails": true
        }));
        for client in ForeignClient::GRPC {
            let decoded = client.call(envoy.address("edge"), &rpc);
            assert_eq!(decoded["code"], "UNAVAILABLE", "{client:?}");
            assert_eq!(decoded["message"], "store is down", "{client:?}");
            let details = decoded["details"].as_array().unwrap();
            let of = |name: &str| {
                details
                    .iter()
                    .find(|detail| detail["type"] == name)
                    .unwrap()
            };
            assert_eq!(of("google.rpc.ErrorInfo")["domain"], domain, "{client:?}");
            assert_eq!(of("google.rpc.RetryInfo")["retryDelay"], "2s", "{client:?}");
            assert!(
                of("google.rpc.DebugInfo")["detail"].is_string(),
                "{client:?}"
            );
        }
    }
}

#[test]
fn the_services_show_a_panic_with_its_trace() {
    let nowhere = Peer::at(reserve_address());
    let shows = |service: &Service, shapes: &[&str], trace: &[&str]| {
        for shape in shapes {
            let path = format!("/panic?recovered=1&shape={shape}");
            let answer = Client::http1(service.http()).send(Request::get(&path));
            assert_eq!(answer.status, 500);
            for part in trace {
                assert!(answer.text().contains(part), "{part}: {}", answer.text());
            }
        }
    };
    shows(
        &Service::orders(nowhere),
        &["text", "gin"],
        &["goroutine ", "orders/internal/crash.firstLine", "crash.go:"],
    );
    let shapes = ["text", "std", "json"];
    let trace = ["ledger shard 10.0.3.9:5432", "payments::crash::now"];
    shows(&Service::payments_in_release(nowhere), &shapes, &trace);
    let debug = Service::payments(nowhere);
    shows(&debug, &shapes, &trace);
    shows(&debug, &shapes, &["payments/src/crash.rs:"]);
}

#[test]
fn httplint_tells_what_is_wrong_with_a_response() {
    let (envoy, _upstream) = answering(
        Answer::status(503)
            .header("content-type", "text/plain")
            .header("retry-after", "soon")
            .chunk("later"),
    );
    let mut response = Client::http1(envoy.address("edge")).send(Request::get("/"));
    let [note] = &lint("GET", &response)[..] else {
        panic!("{:#?}", lint("GET", &response))
    };
    assert_eq!(
        (note.level.as_str(), note.name.as_str()),
        ("WARN", "BAD_SYNTAX")
    );
    assert_eq!(note.subject, "field-retry-after");

    response.headers.0.retain(|(name, _)| name != "retry-after");
    assert_eq!(lint("GET", &response), []);
    response.body.push(b'.');
    assert_eq!(lint("GET", &response)[0].name, "CL_INCORRECT");
    response.body.clear();
    assert_eq!(lint("HEAD", &response), []);
}

#[test]
fn the_schema_of_problems_tells_wrong_members() {
    let problem = json!({
        "type": "/problems/gone", "title": "Gone", "status": 410, "detail": "x",
        "instance": "urn:uuid:1", "extension": [1]
    });
    assert!(problem_violations(&problem).is_empty());
    assert!(problem_violations(&json!({})).is_empty());
    for (member, wrong) in [
        ("type", json!("not a uri")),
        ("title", json!(["Gone"])),
        ("status", json!("410")),
        ("status", json!(999)),
        ("detail", json!(null)),
        ("instance", json!("%zz")),
    ] {
        let violations = problem_violations(&json!({member: wrong}));
        assert!(
            violations[0].starts_with(&format!("$.{member}: ")),
            "{violations:?}"
        );
    }
    assert_eq!(problem_violations(&json!([])).len(), 1);
}
