//! What the proxy does for its clients.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{Client, Request, Response};
use serde_json::{Value, json};

use super::composed::Composed;

const LOGGED_WITHIN: Duration = Duration::from_secs(20);

/// Under which the payment is sent that every later check knows.
const KEY: &str = "compose-payment-1";

pub(crate) fn versions_are_routed(composed: &Composed) {
    let routes = [
        ("/v1/orders/1", "orders-blue"),
        ("/v2/orders/1", "orders-green"),
    ];
    for (path, route) in routes {
        // A fifth of the users of version 2 is served by its variant in Rust; this one is not.
        let answer = send(composed, orders(path).header("x-user-id", "u1"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.headers.text("x-route"), Some(route), "{path}");
    }
    let paid = send(composed, payments("/v2/payments"));
    assert_eq!(paid.status, 200, "{}", paid.text());
    assert_eq!(paid.headers.text("x-route"), Some("payments"));
}

pub(crate) fn the_old_version_is_deprecated(composed: &Composed) {
    let old = send(composed, orders("/v1/orders/1"));
    assert!(old.headers.text("deprecation").is_some());
    assert!(old.headers.text("sunset").is_some());
    let new = send(composed, orders("/v2/orders/1"));
    assert_eq!(new.headers.text("deprecation"), None);
}

pub(crate) fn unknown_versions_are_refused(composed: &Composed) {
    let refused = send(composed, orders("/v9/orders/1"));
    assert_eq!(
        (refused.status, &problem(&refused)["status"]),
        (404, &json!(404))
    );
}

pub(crate) fn grpc_is_routed(composed: &Composed) {
    // A `GetOrderRequest` of version 1 with id 1, behind the head of its frame.
    let request = Request::post("/acme.orders.v1.Orders/GetOrder", b"\0\0\0\0\x02\x08\x01")
        .authority("grpc.example.com")
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let answer = Client::http2(composed.edge).send(request);
    assert_eq!(answer.trailers.text("grpc-status"), Some("0"), "{answer:?}");
    assert_eq!(answer.headers.text("x-route"), Some("orders-blue"));
}

pub(crate) fn errors_are_translated(composed: &Composed) {
    let missing = send(composed, orders("/v1/orders/77"));
    let problem = problem(&missing);
    assert_eq!((missing.status, &problem["status"]), (404, &json!(404)));
    assert_eq!(missing.headers.text("server"), None);
}

pub(crate) fn failures_are_degraded(composed: &Composed) {
    let request = Request::get("/for-you").authority("recommendations.example.com");
    let answer = send(composed, request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.text("x-treaty-degraded").is_some());
}

pub(crate) fn violations_are_told(composed: &Composed) {
    let order = r#"{"amount_minor":"12","currency":"euro","lines":["coffee",7]}"#;
    let request = Request::post("/v1/orders", order)
        .authority("orders.example.com")
        .header("content-type", "application/json");
    let refused = send(composed, request);
    let problem = problem(&refused);
    assert_eq!(refused.status, 422, "{problem}");
    assert_eq!(
        problem["errors"].as_array().map(Vec::len),
        Some(3),
        "{problem}"
    );
}

pub(crate) fn bad_answers_are_withheld(composed: &Composed) {
    let request = orders("/v1/orders/1").header("x-break", "missing-field");
    let withheld = send(composed, request);
    assert_eq!(
        (withheld.status, &problem(&withheld)["status"]),
        (502, &json!(502))
    );
}

pub(crate) fn duplicates_are_replayed(composed: &Composed) {
    let first = pay(composed);
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.headers.text("idempotent-replayed"), None);
    assert_is_replay(&pay(composed), &first);
    assert_eq!(charged(composed), 1);
}

/// The record stands in etcd, and only there: the memory of the proxy is gone.
pub(crate) fn replays_outlive_the_proxy(composed: &Composed) {
    let before = pay(composed);
    composed.restart_envoy();
    assert_is_replay(&pay(composed), &before);
    assert_eq!(charged(composed), 1);
}

pub(crate) fn calls_are_logged(composed: &Composed) {
    let begun = Instant::now();
    loop {
        let paid: Vec<Value> = access_log(composed)
            .into_iter()
            .filter(|line| line["operation"] == "createPaymentV2")
            .collect();
        if !paid.is_empty() {
            assert!(paid.iter().all(|line| line["service"] == "payments"));
            return;
        }
        assert!(begun.elapsed() < LOGGED_WITHIN, "no line about a payment");
        thread::sleep(Duration::from_millis(500));
    }
}

/// The lines of JSON that Envoy printed. Compose puts the name of the container before each.
fn access_log(composed: &Composed) -> Vec<Value> {
    let log = composed.log("envoy");
    let lines = log
        .lines()
        .filter_map(|line| Some(&line[line.find('{')?..]));
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn orders(path: &str) -> Request {
    Request::get(path).authority("orders.example.com")
}

fn payments(path: &str) -> Request {
    Request::get(path).authority("payments.example.com")
}

fn pay(composed: &Composed) -> Response {
    let payment = json!({"order_id": "1", "amount_minor": 500, "currency": "EUR"});
    let request = Request::post("/v2/payments", payment.to_string())
        .authority("payments.example.com")
        .header("content-type", "application/json")
        .header("idempotency-key", KEY)
        .header("x-consumer", "shop");
    send(composed, request)
}

/// How often the service made the payment, as it says itself.
fn charged(composed: &Composed) -> u64 {
    let answer = send(composed, payments(&format!("/executions/{KEY}")));
    answer.json()["count"].as_u64().expect("a count")
}

fn assert_is_replay(answer: &Response, first: &Response) {
    assert_eq!(answer.headers.text("idempotent-replayed"), Some("true"));
    assert_eq!((answer.status, &answer.body), (first.status, &first.body));
}

fn problem(response: &Response) -> Value {
    let content_type = response.headers.text("content-type");
    assert_eq!(
        content_type,
        Some("application/problem+json"),
        "{}",
        response.text()
    );
    response.json()
}

fn send(composed: &Composed, request: Request) -> Response {
    Client::http1(composed.edge).send(request)
}
