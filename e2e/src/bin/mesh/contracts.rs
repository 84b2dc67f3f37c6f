//! The part of the tour about contracts: who keeps to what was published, and who does not.

use e2e::{Client, Request, Response};

use crate::tour::{Guide, grpc, orders, print_request, print_response, summary};

/// Shows all of it.
pub(crate) fn show(guide: &mut Guide<'_>) {
    show_body(guide);
    show_unknown_path(guide);
    show_nil_slice(guide);
    show_large_integer(guide);
    show_grpc(guide);
    show_withheld(guide);
}

/// What the edge's log tells of a contract.
const LOGGED: [(&str, &str); 4] = [
    ("operation", "/treaty/contract/operation"),
    ("violations", "/treaty/contract/violations"),
    ("refusal", "/treaty/refusal"),
    ("reply", "/treaty/reply"),
];

fn show_body(guide: &mut Guide<'_>) {
    guide.title("A body that breaks the contract is refused, and its client told every place");
    let body = r#"{"amount_minor":"12","currency":"euro","lines":["coffee",7]}"#;
    println!("   content   {body}");
    let order = Request::post("/v1/orders", body)
        .authority("orders.example.com")
        .header("content-type", "application/json");
    let refused = send(guide, order);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["errors"].as_array().map(Vec::len), Some(3));
}

fn show_unknown_path(guide: &mut Guide<'_>) {
    guide.title("A path that the contract does not know passes, and is told: nobody published it");
    let served = send(guide, orders("/v1/orders/1/payment"));
    assert_eq!(served.status, 200);
}

fn show_nil_slice(guide: &mut Guide<'_>) {
    guide.title("A Go service says null where its contract says a list: its client gets the list");
    let request = orders("/v1/orders?empty=1");
    print_said(guide, &request);
    let repaired = send(guide, request);
    assert_eq!(repaired.text().trim(), r#"{"orders":[]}"#);
}

fn show_large_integer(guide: &mut Guide<'_>) {
    guide.title("2^53+1 as a number: who reads doubles gets its neighbour, and the log says so");
    let listed = send(guide, orders("/v1/orders"));
    assert!(listed.text().contains("9007199254740993"));
}

fn show_grpc(guide: &mut Guide<'_>) {
    guide.title("gRPC: a message of another version is refused, with BadRequest in its details");
    // A text where version 1 has a number, as the ids of version 2 are.
    let refused = send(guide, grpc("/acme.orders.v1.Orders/GetOrder", b"\x0a\x011"));
    assert_eq!(refused.headers.text("grpc-status"), Some("3"));
}

fn show_withheld(guide: &mut Guide<'_>) {
    guide.title("A service breaks its contract: the answer is withheld, and says which contract");
    let request = orders("/v1/orders/1").header("x-break", "missing-field");
    print_said(guide, &request);
    let withheld = send(guide, request);
    assert_eq!(withheld.status, 502);
    let log = guide.mesh.edge.log();
    let line = log.lines().rfind(|line| line.contains(OF_ANSWERS));
    let (_, said) = line
        .and_then(|line| line.split_once(OF_ANSWERS))
        .expect("the edge logs what is wrong");
    println!("   edge      {OF_ANSWERS}{said}");
}

/// How the filter's line about an answer begins.
const OF_ANSWERS: &str = "contract-validation: response of getOrder";

/// What a service says, asked without any proxy.
fn print_said(guide: &Guide<'_>, request: &Request) {
    let service = &guide.mesh.orders_blue.service;
    let said = Client::http1(service.http()).send(request.clone());
    println!("   service   {} {}", said.status, said.text().trim());
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
