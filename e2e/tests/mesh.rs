//! Real clients and real services in a whole mesh, with every policy in force: nothing that worked
//! without the filters is lost, and each hop sees the version that was meant.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use e2e::{Client, Config, Envoy, Force, Mesh, Node, Options, Request, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// What `build.rs` generates from the protos of the services.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    reason = "generated code is not ours to tidy"
)]
mod proto {
    pub mod orders {
        pub mod v1 {
            tonic::include_proto!("acme.orders.v1");
        }
        pub mod v2 {
            tonic::include_proto!("acme.orders.v2");
        }
    }
    pub mod payments {
        pub mod v2 {
            tonic::include_proto!("acme.payments.v2");
        }
    }
}

use proto::orders::{v1, v2};
use proto::payments::v2 as payments;

const SOON: Duration = Duration::from_secs(5);

/// A pause that no scheduler of a busy machine makes by itself.
const PACE: Duration = Duration::from_millis(250);

/// A user to whom version 2 of orders is served by the Go variant.
const USER_OF_GO: &str = "u1";

/// The mesh, which tests that run at the same time share.
fn mesh() -> Arc<Mesh> {
    static SHARED: Mutex<Weak<Mesh>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let mesh = Arc::new(Mesh::start(Force::Enforced));
        *shared = Arc::downgrade(&mesh);
        mesh
    })
}

fn orders(path: &str) -> Request {
    Request::get(path)
        .authority("orders.example.com")
        .header("x-user-id", USER_OF_GO)
}

fn payment(path: &str) -> Request {
    Request::get(path).authority("payments.example.com")
}

fn json_body(mut request: Request, body: &Value) -> Request {
    "POST".clone_into(&mut request.method);
    request
        .header("content-type", "application/json")
        .chunk(body.to_string())
}

/// Sends over both versions of HTTP; the answers are the caller's to compare.
fn send_both(mesh: &Mesh, request: &Request) -> [Response; 2] {
    [Client::http1, Client::http2].map(|client| client(mesh.address()).send(request.clone()))
}

/// What a sidecar logged of the first request with this method, beginning of a host, and path. What
/// one service asks the other is addressed to the sidecar at 127.0.0.1.
fn hop(node: &Node, from: &str, path: &str) -> Value {
    let mut log = node.hops();
    let mut others = Vec::new();
    while let Some(line) = log.next_line(SOON) {
        let request = line["request"]
            .as_str()
            .expect("a method, a host and a path");
        if request.starts_with(from) && request.ends_with(&format!(" {path}")) {
            return line;
        }
        others.push(request.to_owned());
    }
    panic!("{from} {path} is not in the log of the sidecar: {others:#?}")
}

/// Runs a gRPC client of an authority of the edge.
fn grpc<T, F: Future<Output = T>>(mesh: &Mesh, host: &str, call: impl FnOnce(Channel) -> F) -> T {
    let endpoint = Endpoint::from_shared(format!("http://{}", mesh.address()))
        .unwrap()
        .timeout(Duration::from_secs(20))
        .origin(format!("http://{host}").parse().unwrap());
    Runtime::new()
        .unwrap()
        .block_on(async { call(endpoint.connect().await.unwrap()).await })
}

fn ok<T>(answer: Result<tonic::Response<T>, Status>) -> tonic::Response<T> {
    answer.unwrap_or_else(|status| panic!("{status:?}"))
}

/// What was told of the version in the head of an answer.
fn told<T>(answer: &tonic::Response<T>) -> Option<&str> {
    let metadata = answer.metadata();
    metadata.get("x-treaty-version")?.to_str().ok()
}

#[test]
fn grpc_calls_reach_the_version_that_their_package_names() {
    let mesh = mesh();
    grpc(&mesh, "grpc.example.com", async |channel| {
        let mut client = v1::orders_client::OrdersClient::new(channel.clone());
        let answer = ok(client.get_order(v1::GetOrderRequest { id: 1 }).await);
        assert_eq!(told(&answer), Some("1"));
        assert!(answer.metadata().contains_key("deprecation"));
        assert_eq!(answer.metadata().get("x-route").unwrap(), "orders-blue");
        assert_eq!(answer.get_ref().id, 1);
        let echo = v1::EchoRequest {
            payload: b"one".to_vec(),
        };
        let seen = ok(client.echo(echo).await).into_inner();
        assert_eq!(seen.payload, b"one");
        let version = seen
            .headers
            .iter()
            .find(|header| header.name == "x-treaty-version");
        assert_eq!(
            version.map(|header| header.value.as_slice()),
            Some(&b"1"[..])
        );

        let mut client = v2::orders_client::OrdersClient::new(channel);
        let request = v2::GetOrderRequest {
            id: "9007199254740993".to_owned(),
        };
        let answer = ok(client.get_order(request).await);
        assert_eq!(told(&answer), Some("2"));
        assert!(!answer.metadata().contains_key("deprecation"));
        assert_eq!(answer.metadata().get("x-route").unwrap(), "orders-green");
        assert_eq!(answer.get_ref().id, "9007199254740993");
    });
    let blue = hop(
        &mesh.orders_blue,
        "POST grpc.example.com",
        "/acme.orders.v1.Orders/GetOrder",
    );
    assert_eq!(blue["version"], "1", "{blue}");
    let green = hop(
        &mesh.orders_green,
        "POST grpc.example.com",
        "/acme.orders.v2.Orders/GetOrder",
    );
    assert_eq!(green["version"], "2", "{green}");
}

#[test]
fn grpc_calls_of_a_service_without_a_package_rule_get_the_default() {
    let mesh = mesh();
    grpc(&mesh, "payments.example.com", async |channel| {
        let mut client = payments::payments_client::PaymentsClient::new(channel);
        let request = payments::GetPaymentRequest {
            id: "1".to_owned(),
            ..Default::default()
        };
        let answer = ok(client.get_payment(request).await);
        assert_eq!(told(&answer), Some("2"));
        assert_eq!(answer.get_ref().state(), payments::PaymentState::Captured);

        let request = payments::GetPaymentRequest {
            id: "77".to_owned(),
            ..Default::default()
        };
        let status = client.get_payment(request).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "payment 77 does not exist")
        );
    });
}

#[test]
fn a_grpc_call_between_services_passes_both_sidecars() {
    let mesh = mesh();
    grpc(&mesh, "grpc.example.com", async |channel| {
        let mut client = v2::orders_client::OrdersClient::new(channel);
        let created = client
            .create_order(v2::CreateOrderRequest {
                total: Some(v2::Money {
                    currency: "EUR".to_owned(),
                    minor_units: 700,
                }),
                lines: vec!["book".to_owned()],
            })
            .await;
        assert_eq!(ok(created).get_ref().state(), v2::OrderState::Paid);
    });
    grpc(&mesh, "payments.example.com", async |channel| {
        let mut client = payments::payments_client::PaymentsClient::new(channel);
        let mut create = payments::CreatePaymentRequest {
            order_id: "1".to_owned(),
            amount: Some(payments::Money {
                currency: "EUR".to_owned(),
                minor_units: 5,
            }),
            verify_order: true,
        };
        ok(client.create_payment(create.clone()).await);
        create.order_id = "77".to_owned();
        let status = client.create_payment(create).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert!(status.message().contains("order not found"), "{status:?}");
    });
    // Nobody negotiated between them: the sidecars' rule is about paths with a version.
    let charged = hop(
        &mesh.payments,
        "POST 127.0.0.1",
        "/acme.payments.v2.Payments/CreatePayment",
    );
    assert_eq!(charged["status"], 200, "{charged}");
    let verified = hop(
        &mesh.orders_green,
        "POST 127.0.0.1",
        "/acme.orders.v1.Orders/GetOrder",
    );
    assert_eq!(verified["version"], Value::Null, "{verified}");
}

#[test]
fn a_grpc_stream_arrives_message_by_message() {
    let mesh = mesh();
    let watch = |count| v1::WatchOrdersRequest {
        count,
        interval_ms: i32::try_from(PACE.as_millis()).unwrap(),
    };
    let request = watch(4);
    grpc(&mesh, "grpc.example.com", async |channel| {
        let mut client = v1::orders_client::OrdersClient::new(channel.clone());
        let mut stream = ok(client.watch_orders(request).await).into_inner();
        let mut arrivals = Vec::new();
        while let Some(_order) = stream.message().await.unwrap() {
            arrivals.push(Instant::now());
        }
        assert_paced(&arrivals, 4);

        let mut client = v2::orders_client::OrdersClient::new(channel.clone());
        let request = v2::WatchOrdersRequest {
            count: 3,
            interval_ms: request.interval_ms,
        };
        let mut stream = ok(client.watch_orders(request).await).into_inner();
        let mut arrivals = Vec::new();
        while let Some(_order) = stream.message().await.unwrap() {
            arrivals.push(Instant::now());
        }
        assert_paced(&arrivals, 3);
    });
    grpc(&mesh, "payments.example.com", async |channel| {
        let mut client = payments::payments_client::PaymentsClient::new(channel);
        let request = payments::WatchPaymentsRequest {
            count: 3,
            interval_ms: request.interval_ms,
        };
        let mut stream = ok(client.watch_payments(request).await).into_inner();
        let mut arrivals = Vec::new();
        while let Some(_payment) = stream.message().await.unwrap() {
            arrivals.push(Instant::now());
        }
        assert_paced(&arrivals, 3);
    });
}

/// What was sent with pauses has come with them: no two together, and so none held for the last.
fn assert_paced(arrivals: &[Instant], count: usize) {
    assert_eq!(arrivals.len(), count);
    for pair in arrivals.windows(2) {
        let pause = pair[1] - pair[0];
        assert!(pause > PACE / 3, "two came within {pause:?} of each other");
    }
}

#[test]
fn a_grpc_call_of_an_unknown_version_fails_as_a_grpc_client_reads_it() {
    let mesh = mesh();
    grpc(&mesh, "grpc.example.com", async |channel| {
        let path = "/acme.orders.v9.Orders/GetOrder".parse().unwrap();
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<v1::GetOrderRequest, v1::Order>::default();
        let request = tonic::Request::new(v1::GetOrderRequest { id: 1 });
        let status = client.unary(request, path, codec).await.unwrap_err();

        assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
        assert!(!status.message().is_empty(), "{status:?}");
        let details = status.check_error_details().unwrap();
        let info = details
            .error_info()
            .unwrap_or_else(|| panic!("{details:?}"));
        assert_eq!(
            info.metadata.get("supportedVersions").map(String::as_str),
            Some(r#"["1","2"]"#),
            "{info:?}"
        );
        assert_eq!(info.reason, "UNKNOWN_VERSION");
    });
}

#[test]
fn errors_of_grpc_services_keep_their_details() {
    let mesh = mesh();
    grpc(&mesh, "grpc.example.com", async |channel| {
        let mut client = v1::orders_client::OrdersClient::new(channel);
        let fail = v1::FailRequest {
            code: 14,
            message: "away, 100 % gone".to_owned(),
            with_details: true,
        };
        let status = client.fail(fail).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unavailable, "away, 100 % gone")
        );
        let info = status
            .get_details_error_info()
            .expect("the service's own details");
        assert_eq!(info.reason, "ORDER_STORE_UNAVAILABLE");
    });
}

#[test]
fn rest_calls_from_orders_to_payments_pass_both_sidecars() {
    let mesh = mesh();
    let order = json!({"total": {"currency": "EUR", "minor_units": 500}, "lines": ["book"]});
    let response = Client::http2(mesh.address()).send(json_body(orders("/v2/orders"), &order));
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(response.headers.text("x-service"), Some("orders"));

    let placed = hop(&mesh.orders_green, "POST orders.example.com", "/v2/orders");
    assert_eq!(
        (&placed["version"], &placed["status"]),
        (&json!("2"), &json!(201))
    );
    let charged = hop(&mesh.payments, "POST 127.0.0.1", "/v2/payments");
    assert_eq!(
        (&charged["version"], &charged["status"]),
        (&json!("2"), &json!(201))
    );
    assert_eq!(charged["source"], "path", "{charged}");
}

#[test]
fn rest_calls_from_payments_to_orders_keep_their_own_version() {
    let mesh = mesh();
    let pay = json!({"order_id": "1", "amount_minor": 5, "currency": "EUR", "verify_order": true});
    let response = Client::http1(mesh.address()).send(json_body(payment("/v2/payments"), &pay));
    assert_eq!(response.status, 201, "{}", response.text());
    // Version 2 asks version 1: what the first hop negotiated is not the second one's.
    let paid = hop(&mesh.payments, "POST payments.example.com", "/v2/payments");
    assert_eq!(paid["version"], "2", "{paid}");
    let verified = hop(&mesh.orders_green, "GET 127.0.0.1", "/v1/orders/1");
    assert_eq!(verified["version"], "1", "{verified}");

    let unknown =
        json!({"order_id": "77", "amount_minor": 5, "currency": "EUR", "verify_order": true});
    let response = Client::http1(mesh.address()).send(json_body(payment("/v2/payments"), &unknown));
    assert_eq!(response.status, 502, "{}", response.text());
}

#[test]
fn a_request_reaches_both_services_in_both_protocols() {
    let mesh = mesh();
    for path in [
        "/v1/orders/1/payment",
        "/v2/orders/1/payment",
        "/v2/orders/1/payment-grpc",
    ] {
        for response in send_both(&mesh, &orders(path)) {
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            assert_eq!(
                response.json()["payment"]["id"],
                "1",
                "{path}: {}",
                response.text()
            );
        }
    }
}

#[test]
fn server_sent_events_arrive_one_by_one() {
    let mesh = mesh();
    let query = format!("events?count=3&interval_ms={}", PACE.as_millis());
    for request in [
        orders(&format!("/v1/{query}")),
        orders(&format!("/v2/{query}")),
        payment(&format!("/v1/{query}")),
        payment(&format!("/v2/{query}")),
    ] {
        for client in [Client::http1, Client::http2] {
            let mut exchange = client(mesh.address()).open(request.clone()).unwrap();
            exchange.finish();
            let mut arrivals = Vec::new();
            while let Some(chunk) = exchange.next_chunk().unwrap() {
                let text = String::from_utf8(chunk).unwrap();
                if text.is_empty() {
                    // The end of the stream, told without octets.
                    continue;
                }
                assert_eq!(text.matches("\n\n").count(), 1, "{}: {text}", request.path);
                arrivals.push(Instant::now());
            }
            assert_paced(&arrivals, 3);
            let response = exchange.rest().unwrap();
            assert_eq!(
                response.headers.text("content-type"),
                Some("text/event-stream")
            );
            assert!(response.complete, "{}", request.path);
        }
    }
}

#[test]
fn a_service_that_panics_does_not_hurt_the_mesh() {
    let mesh = mesh();
    let blue = |path: &str| orders(path).header("api-version", "1");
    let asks: [&dyn Fn(&str) -> Request; 3] = [&blue, &orders, &payment];
    for ask in asks {
        for response in send_both(&mesh, &ask("/panic")) {
            problem(&response, 503);
        }
        for response in send_both(&mesh, &ask("/panic?recovered=1")) {
            problem(&response, 500);
            assert!(!response.text().contains("panic"), "{}", response.text());
        }
        for response in send_both(&mesh, &ask("/healthz")) {
            assert_eq!(response.status, 200, "{}", response.text());
        }
    }
    grpc(&mesh, "grpc.example.com", async |channel| {
        let mut client = v1::orders_client::OrdersClient::new(channel);
        let status = client.panic(v1::PanicRequest {}).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{status:?}");
        assert!(!status.message().contains("panic"), "{status:?}");
        ok(client.get_order(v1::GetOrderRequest { id: 1 }).await);
    });
    grpc(&mesh, "payments.example.com", async |channel| {
        let mut client = payments::payments_client::PaymentsClient::new(channel);
        let status = client.panic(payments::PanicRequest {}).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        let request = payments::GetPaymentRequest {
            id: "1".to_owned(),
            ..Default::default()
        };
        ok(client.get_payment(request).await);
    });
    for envoy in [
        &mesh.edge,
        &mesh.orders_blue.sidecar,
        &mesh.orders_green.sidecar,
        &mesh.payments.sidecar,
    ] {
        assert_no_reload(envoy);
    }
}

fn assert_no_reload(envoy: &Envoy) {
    let counters = envoy.counters();
    let reloads = counters
        .iter()
        .filter(|(name, value)| name.contains("vm_reload") && **value > 0);
    assert_eq!(reloads.collect::<Vec<_>>(), Vec::new());
}

#[test]
fn what_a_service_does_not_find_is_a_problem_in_its_own_words() {
    let mesh = mesh();
    for (request, words) in [
        (orders("/v1/orders/77"), json!("order not found")),
        (orders("/v2/orders/77"), json!("order not found")),
        (orders("/v2/nothing"), json!("404 page not found")),
        (
            payment("/v1/payments/77"),
            json!("payment 77 does not exist"),
        ),
        (
            payment("/v2/payments/77"),
            json!("payment 77 does not exist"),
        ),
        (payment("/v2/nothing"), Value::Null),
    ] {
        for response in send_both(&mesh, &request) {
            let problem = problem(&response, 404);
            assert_eq!(problem["detail"], words, "{}: {problem}", request.path);
        }
    }
    let known = payment("/v2/payments/77");
    for response in send_both(&mesh, &known) {
        assert_eq!(problem(&response, 404)["code"], "payment_not_found");
    }
}

/// The problem that an answer is, which says the status of its status line.
fn problem(response: &Response, status: u16) -> Value {
    let content_type = response.headers.text("content-type");
    let text = response.text();
    assert_eq!(content_type, Some("application/problem+json"), "{text}");
    let problem = response.json();
    assert_eq!(response.status, status, "{text}");
    assert_eq!(problem["status"], status, "{text}");
    assert!(problem["requestId"].is_string(), "{text}");
    problem
}

#[test]
fn a_large_body_passes_whole() {
    let mesh = mesh();
    let body: Vec<u8> = (0..1 << 20).map(|index: u32| (index % 251) as u8).collect();
    for request in [orders("/echo"), payment("/echo")] {
        let path = request.authority.clone();
        for chunks in [1, 16] {
            let mut request = request.clone();
            "POST".clone_into(&mut request.method);
            request.body = body
                .chunks(body.len() / chunks)
                .map(<[u8]>::to_vec)
                .collect();
            for response in send_both(&mesh, &request) {
                assert_eq!(response.status, 200, "{path}: {}", response.text());
                assert_eq!(
                    response.headers.text("x-treaty-version"),
                    Some("2"),
                    "{path}"
                );
                let echoed = response.json();
                let echoed = base64::Engine::decode(
                    &base64::prelude::BASE64_STANDARD,
                    echoed["body"].as_str().unwrap(),
                );
                assert!(echoed.unwrap() == body, "{path}: the body differs");
            }
        }
    }
}

#[test]
fn version_1_lands_on_blue_and_version_2_on_green() {
    let mesh = mesh();
    for (version, route, node) in [
        ("1", "orders-blue", &mesh.orders_blue),
        ("2", "orders-green", &mesh.orders_green),
    ] {
        let by_path = orders(&format!("/v{version}/orders/1?colour"));
        let by_header = orders("/orders/1?colour").header("api-version", version);
        let media_type = format!("application/vnd.acme.v{version}+json");
        let by_media_type = orders("/orders/1?colour").header("accept", media_type);
        for request in [by_path, by_header, by_media_type] {
            for response in send_both(&mesh, &request) {
                assert_eq!(response.status, 200, "{response:?}");
                let told = |name| response.headers.text(name);
                assert_eq!(told("x-route"), Some(route), "{request:?}");
                assert_eq!(told("x-service-version"), Some(version), "{request:?}");
                assert_eq!(told("x-treaty-version"), Some(version), "{request:?}");
            }
        }
        let line = hop(
            node,
            "GET orders.example.com",
            &format!("/v{version}/orders/1"),
        );
        assert_eq!(line["version"], version, "{line}");
    }
    let pinned = orders("/orders/1").header("x-consumer", "legacy-shop");
    for response in send_both(&mesh, &pinned) {
        assert_eq!(response.headers.text("x-route"), Some("orders-blue"));
    }
}

/// A second edge, with a name of its own and the config of the first.
fn second_edge(mesh: &Mesh) -> Envoy {
    let policies = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../policies/version-negotiation"
    );
    let policy = std::fs::read_to_string(format!("{policies}/examples/edge.json"))
        .unwrap()
        .replace("\"mode\": \"report\"", "\"mode\": \"enforce\"");
    let mut config = Config::checked_in("version-negotiation")
        .modules_from_dist()
        .on_free_ports()
        .policy("version-negotiation", &policy);
    for (cluster, node) in [
        ("orders_blue", &mesh.orders_blue),
        ("orders_green", &mesh.orders_green),
        ("payments", &mesh.payments),
    ] {
        config = config.endpoints(cluster, &[node.sidecar.address("inbound")]);
    }
    let mut config: Value = config.into();
    config["node"] = json!({"id": "edge-2", "cluster": "another"});
    Envoy::start(config, &Options::default()).unwrap()
}

#[test]
fn a_user_gets_the_same_variant_at_every_edge() {
    let mesh = mesh();
    let second = second_edge(&mesh);
    let [first, second] = [mesh.address(), second.address("edge")].map(|edge| {
        let client = Client::http2(edge);
        let users = (0..30).map(|user| {
            let request = Request::get("/orders/1")
                .authority("orders.example.com")
                .header("x-user-id", format!("u{user}"));
            let response = client.send(request);
            assert_eq!(response.status, 200, "u{user}: {response:?}");
            response.headers.text("x-route").unwrap().to_owned()
        });
        users.collect::<Vec<String>>()
    });
    assert_eq!(first, second);
    for route in ["orders-rust", "orders-green"] {
        assert!(first.iter().any(|taken| taken == route), "{first:?}");
    }
}
