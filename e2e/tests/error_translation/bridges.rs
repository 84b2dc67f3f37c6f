//! Outside of Envoy's own translators of gRPC, which make clients of HTTP, gRPC-Web and Connect at
//! home with a service that speaks gRPC alone: what they make of an error is read and cleaned.

use std::sync::{Arc, Mutex, Weak};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::{
    Client, Cluster, Config, ConnectProtocol, Envoy, ForeignClient, Listener, Options, Peer,
    Protocol, Request, Route, Rpc, Service, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{FORMS, filter, lock, policy};
use crate::judge::{everything, problem_of};

const FAIL: &str = "/acme.orders.v2.Orders/Fail";
const GET: &str = "/acme.orders.v2.Orders/GetOrder";
const PANIC: &str = "/acme.orders.v2.Orders/Panic";
const WATCH: &str = "/acme.orders.v2.Orders/WatchOrders";

/// The protos of the services, which `build.rs` compiled.
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/services.binpb"));

/// The service in Go behind an Envoy with a listener for each translator and form.
struct Bridges {
    envoy: Envoy,
    _orders: Service,
}

/// What tests share which run at the same time.
fn bridges() -> Arc<Bridges> {
    static SHARED: Mutex<Weak<Bridges>> = Mutex::new(Weak::new());
    let mut shared = lock(&SHARED);
    shared.upgrade().unwrap_or_else(|| {
        let bridges = Arc::new(Bridges::start());
        *shared = Arc::downgrade(&bridges);
        bridges
    })
}

/// The translators by the names of their listeners.
fn translators() -> [(&'static str, Value); 4] {
    let of = |name: &str, kind: &str, mut config: Value| {
        config["@type"] =
            format!("type.googleapis.com/envoy.extensions.filters.http.{name}.v3.{kind}").into();
        json!({"name": format!("envoy.filters.http.{name}"), "typed_config": config})
    };
    let transcoder = |converts: bool| {
        let config = json!({
            "proto_descriptor_bin": BASE64_STANDARD.encode(DESCRIPTORS),
            "services": ["acme.orders.v2.Orders"],
            "auto_mapping": true,
            "convert_grpc_status": converts,
        });
        of("grpc_json_transcoder", "GrpcJsonTranscoder", config)
    };
    [
        ("transcoder", transcoder(false)),
        ("converting transcoder", transcoder(true)),
        ("grpc-web", of("grpc_web", "GrpcWeb", json!({}))),
        (
            "connect",
            of("connect_grpc_bridge", "FilterConfig", json!({})),
        ),
    ]
}

impl Bridges {
    fn start() -> Self {
        let orders = Service::orders(Peer::at(reserve_address()));
        let mut config = Config::new()
            .cluster(Cluster::new("orders", orders.grpc()).protocol(Protocol::Http2))
            .cluster(Cluster::new("refused", reserve_address()).protocol(Protocol::Http2));
        for (name, translator) in translators() {
            for form in FORMS {
                let listener = Listener::new(&format!("{name} {form}"))
                    .filter(filter(form, &policy(form)))
                    .filter(translator.clone())
                    .route(Route::prefix("/", "refused").when_header("x-to", "refused"))
                    .route(Route::prefix("/", "orders"));
                config = config.listener(listener);
            }
        }
        Self {
            envoy: Envoy::start(config, &Options::default()).unwrap(),
            _orders: orders,
        }
    }

    fn call(&self, client: ForeignClient, translator: &str, form: &str, rpc: &Rpc) -> Value {
        client.call(self.envoy.address(&format!("{translator} {form}")), rpc)
    }
}

/// The clients of a translator that need no other.
fn clients() -> impl Iterator<Item = (&'static str, ForeignClient)> {
    let web = ForeignClient::GRPC_WEB.map(|client| ("grpc-web", client));
    // The bridge carries messages over as they are, and the service knows protobuf alone.
    let connect = [
        ForeignClient::ConnectNode(ConnectProtocol::Proto),
        ForeignClient::ConnectWeb(ConnectProtocol::Proto),
    ];
    let connect = connect.map(|client| ("connect", client));
    web.into_iter().chain(connect)
}

fn fail() -> Value {
    json!({"code": 9, "message": "store 10.0.3.7 is down", "withDetails": true})
}

#[test]
fn a_transcoded_error_is_a_problem_without_what_is_for_developers() {
    let bridges = bridges();
    for translator in ["transcoder", "converting transcoder"] {
        for form in FORMS {
            let request =
                Request::post(FAIL, fail().to_string()).header("content-type", "application/json");
            for client in [Client::http1, Client::http2] {
                let address = bridges.envoy.address(&format!("{translator} {form}"));
                let response = client(address).send(request.clone());
                let problem = problem_of(400, &response);
                let shown = format!("{translator}, {form}: {}", everything(&response));
                assert_eq!(problem["detail"], "store [redacted] is down", "{shown}");
                assert!(!shown.contains("grpc-"), "{shown}");
                assert!(
                    !shown.contains("DebugInfo") && !shown.contains("goroutine"),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn a_transcoded_panic_tells_nothing() {
    let bridges = bridges();
    for translator in ["transcoder", "converting transcoder"] {
        for form in FORMS {
            let request = Request::post(PANIC, "{}").header("content-type", "application/json");
            let address = bridges.envoy.address(&format!("{translator} {form}"));
            let response = Client::http2(address).send(request);
            problem_of(500, &response);
            let shown = everything(&response);
            assert!(
                !shown.contains("runtime") && !shown.contains("index"),
                "{shown}"
            );
        }
    }
}

#[test]
fn clients_of_translators_read_the_error_without_what_is_for_developers() {
    let bridges = bridges();
    for ((translator, client), form) in clients().flat_map(|own| FORMS.map(|form| (own, form))) {
        let decoded = bridges.call(client, translator, form, &Rpc::new(FAIL).message(fail()));
        let shown = format!("{translator}, {client:?}, {form}: {decoded}");
        assert_eq!(decoded["code"], "FAILED_PRECONDITION", "{shown}");
        assert_eq!(decoded["message"], "store [redacted] is down", "{shown}");
        assert!(shown.contains("google.rpc.ErrorInfo"), "{shown}");
        assert!(
            !shown.contains("DebugInfo") && !shown.contains("goroutine"),
            "{shown}"
        );

        let decoded = bridges.call(client, translator, form, &Rpc::new(PANIC));
        let shown = format!("{translator}, {client:?}, {form}: {decoded}");
        assert_eq!(decoded["code"], "INTERNAL", "{shown}");
        assert!(
            !shown.contains("runtime error") && !shown.contains("index out"),
            "{shown}"
        );
    }
}

#[test]
fn clients_of_translators_read_the_failures_of_the_proxy() {
    let bridges = bridges();
    for ((translator, client), form) in clients().flat_map(|own| FORMS.map(|form| (own, form))) {
        for path in [FAIL, WATCH] {
            let rpc = Rpc::new(path).metadata("x-to", "refused");
            let decoded = bridges.call(client, translator, form, &rpc);
            let shown = format!("{translator}, {client:?}, {form}, {path}: {decoded}");
            assert_eq!(decoded["code"], "UNAVAILABLE", "{shown}");
            assert!(shown.contains("CONNECT_FAILURE"), "{shown}");
            assert!(!shown.contains("connect error"), "{shown}");
        }
    }
}

#[test]
fn successes_of_translators_pass() {
    let bridges = bridges();
    for ((translator, client), form) in clients().flat_map(|own| FORMS.map(|form| (own, form))) {
        for (path, message) in [(WATCH, json!({"count": 2})), (GET, json!({"id": "1"}))] {
            let rpc = Rpc::new(path).message(message);
            let decoded = bridges.call(client, translator, form, &rpc);
            let shown = format!("{translator}, {client:?}, {form}: {decoded}");
            assert_eq!(decoded["code"], "OK", "{shown}");
            assert!(decoded["messages"].as_u64() > Some(0), "{shown}");
        }
    }
}
