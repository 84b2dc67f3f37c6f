//! The services over gRPC, held to the descriptors of their protos.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::{Client, Cluster, Config, Envoy, ForeignClient, Protocol, Request, Route, Rpc};
use serde_json::{Value, json};

use crate::published::{Running, Told, envoy, listener};

/// The protos of the services, as the build of these tests compiled them.
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.binpb"));

/// The metadata that names a call in the access log.
const CASE: &str = "x-case";

/// A call of every kind: its path, its message and how many messages answer it.
fn calls() -> Vec<(&'static str, Value, u64)> {
    let three = json!({"count": 3, "intervalMs": 1});
    let order = |id: Value| json!({"id": id});
    vec![
        ("/acme.orders.v1.Orders/GetOrder", order(json!(2)), 1),
        (
            "/acme.orders.v1.Orders/GetOrder",
            order(json!("9007199254740993")),
            1,
        ),
        ("/acme.orders.v1.Orders/WatchOrders", three.clone(), 3),
        ("/acme.orders.v2.Orders/GetOrder", order(json!("1")), 1),
        ("/acme.orders.v2.Orders/WatchOrders", three.clone(), 3),
        ("/acme.payments.v1.Payments/GetPayment", order(json!(1)), 1),
        ("/acme.payments.v1.Payments/WatchPayments", three.clone(), 3),
        (
            "/acme.payments.v2.Payments/GetPayment",
            order(json!("1")),
            1,
        ),
        ("/acme.payments.v2.Payments/WatchPayments", three, 3),
    ]
}

/// Both services over gRPC behind an Envoy that enforces the descriptors.
struct Bench {
    envoy: Envoy,
    told: Told,
    _running: Running,
}

impl Bench {
    fn start() -> Self {
        let running = Running::start();
        let told = Told::new();
        let policy = json!({
            "version": 1,
            "mode": "enforce",
            "contracts": [{"name": "rpc", "protobuf": BASE64_STANDARD.encode(DESCRIPTORS)}],
            "defaults": {
                "request": {"unknownFields": "reject"},
                "response": {"mode": "enforce", "sample": 100, "unknownFields": "reject"},
                "unknownPath": "reject",
                "unknownMethod": "reject",
            },
            "rules": [{"name": "all"}],
        });
        let listener = listener("rpc", &policy)
            .route(Route::prefix("/acme.orders.", "orders"))
            .route(Route::prefix("/acme.payments.", "payments"));
        let at = |name: &str, address| Cluster::new(name, address).protocol(Protocol::Http2);
        let config = Config::new()
            .listener(told.by(listener, CASE))
            .cluster(at("orders", running.orders.grpc()))
            .cluster(at("payments", running.payments.grpc()));
        Self {
            envoy: envoy(config),
            told,
            _running: running,
        }
    }

    /// Sends octets as the one message of a call; returns the code and what the access log says.
    fn send(&self, case: &str, path: &str, message: &[u8]) -> (String, Value) {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let request = Request::post(path, [&[0][..], &length, message].concat())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header(CASE, case);
        let response = Client::http2(self.envoy.address("rpc")).send(request);
        let head = response.headers.text("grpc-status");
        let code = head.or_else(|| response.trailers.text("grpc-status"));
        (code.unwrap_or_default().to_owned(), self.told.of(case))
    }
}

#[test]
fn calls_and_streams_of_every_client_pass() {
    let bench = Bench::start();
    let address = bench.envoy.address("rpc");
    for client in ForeignClient::GRPC {
        for (index, (path, message, messages)) in calls().into_iter().enumerate() {
            let case = format!("{client:?}-{index}");
            let rpc = Rpc::new(path).message(message).metadata(CASE, &case);
            let decoded = client.call(address, &rpc);
            let shown = format!("{client:?} {path}: {decoded}");
            assert_eq!(decoded["code"], "OK", "{shown}");
            assert_eq!(decoded["messages"], messages, "{shown}");
            let line = bench.told.of(&case);
            assert_eq!(line["violations"], json!(null), "{shown}: {line}");
        }
    }
}

#[test]
fn what_breaks_the_descriptors_never_reaches_a_service() {
    let bench = Bench::start();
    let get = "/acme.orders.v1.Orders/GetOrder";
    for (case, path, message, code, violation) in [
        (
            "method",
            "/acme.orders.v1.Orders/Nothing",
            &[][..],
            "12",
            "request path unknownMethod",
        ),
        (
            "service",
            "/acme.nothing.v1.Orders/GetOrder",
            &[],
            "12",
            "request path unknownPath",
        ),
        // Field 1 as a varint that does not end.
        ("truncated", get, &[0x08, 0xff], "3", "request body wire"),
        // Field 1, a number, as a string.
        (
            "wrong-type",
            get,
            &[0x0a, 0x01, 0x31],
            "3",
            "request body wire",
        ),
        // Field 15, which is none.
        (
            "unknown-field",
            get,
            &[0x78, 0x01],
            "3",
            "request body unknownField",
        ),
    ] {
        let (answered, line) = bench.send(case, path, message);
        assert_eq!(answered, code, "{case}: {line}");
        assert_eq!(line["violations"], violation, "{case}: {line}");
        assert_eq!(line["upstream"], json!(null), "{case}: {line}");
    }
    let (answered, line) = bench.send("good", get, &[0x08, 0x01]);
    assert_eq!(answered, "0", "{line}");
}

#[test]
fn the_descriptors_that_are_shipped_are_those_of_the_protos() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = folder.join("../policies/contract-validation/contracts/services.binpb");
    let is_current = fs::read(&file).is_ok_and(|octets| octets == DESCRIPTORS);
    fs::write(file, DESCRIPTORS).unwrap();
    assert!(
        is_current,
        "the protos of the services have changed: run the test again, and commit"
    );
}
