//! The part of the tour about duplicates: what is sent twice under one key runs once, which the
//! services count themselves.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{Client, Exchange, Request, Response, Service};

use crate::tour::{Guide, grpc, print_request, print_response, summary};

/// Long enough for a busy machine to carry a request through two proxies.
const SOON: Duration = Duration::from_secs(5);

/// Shows all of it.
pub(crate) fn show(guide: &mut Guide<'_>) {
    show_replay(guide);
    show_other_request(guide);
    show_in_flight(guide);
    show_unknown(guide);
    show_grpc(guide);
}

/// What the edge's log tells of a keyed request.
const LOGGED: [(&str, &str); 4] = [
    ("outcome", "/treaty/idempotency/outcome"),
    ("end", "/treaty/idempotency/end"),
    ("refusal", "/treaty/refusal"),
    ("reply", "/treaty/reply"),
];

fn show_replay(guide: &mut Guide<'_>) {
    guide.title("A payment is sent twice: it is charged once, and the duplicate gets its answer");
    let payment = payment("replay", 500, "/v2/payments");
    let first = send(guide, payment.clone());
    let second = send(guide, payment);
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body, "a replay is the answer again");
    assert_eq!(second.headers.text("idempotent-replayed"), Some("true"));
    print_charged(guide, "replay");
}

fn show_other_request(guide: &mut Guide<'_>) {
    guide.title("The same key with another amount is another request, and is refused");
    let first = send(guide, payment("amount", 500, "/v2/payments"));
    let other = send(guide, payment("amount", 900, "/v2/payments"));
    assert_eq!((first.status, other.status), (201, 422));
    print_charged(guide, "amount");
}

fn show_in_flight(guide: &mut Guide<'_>) {
    guide.title("A duplicate while the first is on its way is told to come back");
    let payment = payment("in-flight", 500, SLOW);
    print_request(&payment);
    let first = begin(guide, &payment, "in-flight");
    println!("   (charged, and not yet answered)");
    let early = send(guide, payment.clone());
    assert_eq!(early.status, 409);
    assert_eq!(early.headers.text("retry-after"), Some("1"));
    let first = first.rest().expect("an answer in time");
    assert_eq!(first.status, 201);
    guide.print_seen();
    print_response(&first);
    println!("   logged    {}", summary(&guide.edge_line(), &LOGGED));
    let late = send(guide, payment);
    assert_eq!((late.status, &late.body), (201, &first.body));
    print_charged(guide, "in-flight");
}

fn show_unknown(guide: &mut Guide<'_>) {
    guide.title("The client of the first one leaves: its outcome is unknown, and nobody guesses");
    let payment = payment("unknown", 500, SLOW);
    print_request(&payment);
    let first = begin(guide, &payment, "unknown");
    println!("   (charged, and the client leaves before the answer)");
    drop(first);
    guide.print_seen();
    println!("   logged    {}", summary(&guide.edge_line(), &LOGGED));
    let second = send(guide, payment);
    assert_eq!(second.status, 409);
    print_charged(guide, "unknown");
}

fn show_grpc(guide: &mut Guide<'_>) {
    guide.title("gRPC: a duplicate of what is done gets ALREADY_EXISTS");
    let order = grpc("/acme.orders.v1.Orders/CreateOrder", &CREATE_ORDER)
        .header("idempotency-key", key("order"))
        .header("x-consumer", "shop");
    let first = send(guide, order.clone());
    assert_eq!(first.trailers.text("grpc-status"), Some("0"));
    let second = send(guide, order);
    assert_eq!(second.headers.text("grpc-status"), Some("6"));
    print_count(&guide.mesh.orders_blue.service, "order");
}

/// A payment that is answered late, when it is made.
const SLOW: &str = "/v2/payments?ms=1500";

/// A `CreateOrderRequest` of version 1: 500, `EUR`, `book`.
const CREATE_ORDER: [u8; 14] = *b"\x08\xf4\x03\x12\x03EUR\x1a\x04book";

fn payment(name: &str, amount: u32, path: &str) -> Request {
    let body = format!(r#"{{"order_id":"1","amount_minor":{amount},"currency":"EUR"}}"#);
    Request::post(path, body)
        .authority("payments.example.com")
        .header("content-type", "application/json")
        .header("idempotency-key", key(name))
        .header("x-consumer", "shop")
}

/// A key that no other stop uses.
fn key(name: &str) -> String {
    format!("tour-{name}")
}

/// Sends a request, and shows who saw it and what it got.
fn send(guide: &mut Guide<'_>, request: Request) -> Response {
    print_request(&request);
    let response = guide.send(request);
    let line = guide.edge_line();
    match line["proxy"]["details"].as_str() {
        Some("via_upstream") => guide.print_seen(),
        _ => println!("   upstream  saw nothing"),
    }
    print_response(&response);
    println!("   logged    {}", summary(&line, &LOGGED));
    response
}

/// Sends a request, and waits for no answer but until the service has done what it asks for.
fn begin(guide: &Guide<'_>, request: &Request, name: &str) -> Exchange {
    let exchange = Client::http2(guide.mesh.address()).begin(request.clone());
    let exchange = exchange.expect("the edge can be asked");
    let begun = Instant::now();
    while executions(&guide.mesh.payments.service, name) == 0 {
        assert!(begun.elapsed() < SOON, "payments was not asked");
        thread::sleep(Duration::from_millis(10));
    }
    exchange
}

fn print_charged(guide: &Guide<'_>, name: &str) {
    print_count(&guide.mesh.payments.service, name);
}

/// Shows how often a service ran what was asked under a key, which is once.
fn print_count(service: &Service, name: &str) {
    let count = executions(service, name);
    println!("   service   ran it {count} time");
    assert_eq!(count, 1, "{name} ran more than once");
}

/// How often a service ran what was asked under a key, as it says when it is asked without a proxy.
fn executions(service: &Service, name: &str) -> u64 {
    let request = Request::get(&format!("/executions/{}", key(name)));
    let answer = Client::http1(service.http()).send(request);
    answer.json()["count"].as_u64().expect("a count")
}
