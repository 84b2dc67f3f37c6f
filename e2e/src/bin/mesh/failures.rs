//! The part of the tour about failures: each is shown as the service said it, and as it went out.

use std::net::SocketAddr;

use e2e::{Client, Mesh, Request};

use crate::tour::{BLUE, GREEN, Guide, PAYMENTS, grpc, orders, print_fields, print_request};

/// Many lines of a trace are as good as a few.
const LINES: usize = 4;

struct Failure {
    title: &'static str,
    request: Request,
    /// The node whose sidecar translates it.
    node: Option<usize>,
    /// Who says it, to be asked without any proxy; none where a proxy has to say it.
    service: Option<SocketAddr>,
}

/// Shows all of them.
pub(crate) fn show(guide: &mut Guide<'_>) {
    for failure in failures(guide.mesh) {
        guide.title(failure.title);
        print_request(&failure.request);
        if let Some(service) = failure.service {
            print_said(service, failure.request.clone());
        }
        guide.send_and_print(failure.request, failure.node, &LOGGED);
    }
}

/// What the access log tells of a failure.
const LOGGED: [(&str, &str); 7] = [
    ("details", "/proxy/details"),
    ("error", "/treaty/error/type"),
    ("error_source", "/treaty/error/source"),
    ("error_dialect", "/treaty/error/dialect"),
    ("error_outcome", "/treaty/error/outcome"),
    ("error_redacted", "/treaty/error/redacted"),
    ("error_status", "/treaty/error/status"),
];

fn failures(mesh: &Mesh) -> Vec<Failure> {
    let failure = |title, request, node, service| Failure {
        title,
        request,
        node,
        service,
    };
    let [blue, green] = [&mesh.orders_blue, &mesh.orders_green].map(|node| &node.service);
    let payments = &mesh.payments.service;
    let recommendations = mesh.recommendations.address();
    vec![
        failure(
            "A Go service says what is wrong as bare text",
            orders("/v1/orders/77"),
            Some(BLUE),
            Some(blue.http()),
        ),
        failure(
            "A Rust service rejects what is no JSON",
            paying(Request::post(
                "/v2/payments",
                r#"{"order_id": "1", "amount"#,
            ))
            .header("content-type", "application/json"),
            Some(PAYMENTS),
            Some(payments.http()),
        ),
        failure(
            "A Go service panics and shows its stack: the client gets an id to quote",
            orders("/panic?recovered=1").header("api-version", "1"),
            Some(BLUE),
            Some(blue.http()),
        ),
        failure(
            "So does a Rust service",
            paying(Request::get("/panic?recovered=1")),
            Some(PAYMENTS),
            Some(payments.http()),
        ),
        failure(
            "A panic that nobody recovers drops the connection: the proxy's own failure",
            orders("/panic").header("api-version", "1"),
            Some(BLUE),
            None,
        ),
        failure(
            "gRPC: details stay, but for what is for debugging",
            grpc("/acme.orders.v1.Orders/Fail", &FAIL_WITH_DETAILS),
            Some(BLUE),
            Some(blue.grpc()),
        ),
        failure(
            "gRPC: a page in HTML becomes a status",
            recommending(grpc("/acme.recommendations.v1.Recommendations/List", &[])),
            None,
            Some(recommendations),
        ),
        failure(
            "gRPC: who waited too long is told DEADLINE_EXCEEDED, and not UNAVAILABLE",
            recommending(grpc("/acme.recommendations.v1.Recommendations/Wait", &[])),
            None,
            None,
        ),
        failure(
            "What clients can do without is answered by the catalogue, and marked as degraded",
            recommending(Request::get("/for-you")),
            None,
            Some(recommendations),
        ),
        failure(
            "No filter sees this one: the proxy's own configuration has the problem",
            orders("/v2%2Forders"),
            None,
            None,
        ),
        failure(
            "Nothing fails, and yet not every field is for the outside",
            orders("/v2/orders/1").header("x-user-id", "u1"),
            Some(GREEN),
            Some(green.http()),
        ),
    ]
}

fn recommending(request: Request) -> Request {
    request.authority("recommendations.example.com")
}

fn paying(request: Request) -> Request {
    request.authority("payments.example.com")
}

/// A `FailRequest`: code 14, a message, and details.
const FAIL_WITH_DETAILS: [u8; 12] = *b"\x08\x0e\x12\x06closed\x18\x01";

/// Prints what a service says when nothing is between it and the client.
fn print_said(service: SocketAddr, request: Request) {
    let is_grpc = request.headers.text("content-type") == Some("application/grpc");
    let client = if is_grpc {
        Client::http2
    } else {
        Client::http1
    };
    let said = client(service).send(request);
    println!("   service   {}", said.status);
    print_fields(&said);
    let text = said.text();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    for line in lines.iter().take(LINES) {
        println!("             {line}");
    }
    if lines.len() > LINES {
        println!("             (and {} lines more)", lines.len() - LINES);
    }
}
