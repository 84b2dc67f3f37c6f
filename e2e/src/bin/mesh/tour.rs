//! A tour of real requests through the demo mesh: each is shown as it came in, as the upstream saw
//! it, and as it went out.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use e2e::{AccessLog, Client, Mesh, Node, Request, Response};
use serde_json::Value;
use tonic_types::StatusExt;

use crate::{contracts, duplicates, failures, telemetry};

const LOGGED_WITHIN: Duration = Duration::from_secs(5);

/// The header fields of a response that the tour is about.
const TOLD: [&str; 17] = [
    "content-type",
    "server",
    "x-route",
    "x-service",
    "x-treaty-version",
    "x-treaty-degraded",
    "deprecation",
    "sunset",
    "link",
    "vary",
    "retry-after",
    "idempotent-replayed",
    "idempotency-key-expires",
    "age",
    "grpc-status",
    "grpc-message",
    DETAILS,
];

/// The details of an error in gRPC, which are protobuf in base64.
const DETAILS: &str = "grpc-status-details-bin";

/// What an access log tells: a short name, and where it stands in a line.
pub(crate) type Logged = [(&'static str, &'static str)];

/// What the access log tells of a version.
const LOGGED: [(&str, &str); 6] = [
    ("requested", "/treaty/version/requested"),
    ("source", "/treaty/version/source"),
    ("version", "/version"),
    ("state", "/treaty/version/state"),
    ("variant", "/treaty/version/variant"),
    ("outcome", "/treaty/version/outcome"),
];

struct Stop {
    title: &'static str,
    request: Request,
}

/// Walks through all stops, printing each.
pub(crate) fn walk(mesh: &Mesh) {
    let mut guide = Guide::new(mesh);
    for stop in stops() {
        guide.show(stop);
    }
    failures::show(&mut guide);
    telemetry::show(&mut guide);
    contracts::show(&mut guide);
    duplicates::show(&mut guide);
    guide.show_canary();
    guide.show_mixed_calls();
    guide.show_metrics();
}

/// A request for orders.
pub(crate) fn orders(path: &str) -> Request {
    Request::get(path).authority("orders.example.com")
}

/// A call with this message.
pub(crate) fn grpc(method: &str, message: &[u8]) -> Request {
    let length = u32::try_from(message.len()).expect("a short message");
    let frame = [&[0], &length.to_be_bytes()[..], message].concat();
    Request::post(method, frame)
        .authority("grpc.example.com")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
}

/// A `GetOrderRequest` with id 1 in the form of version 1: field 1, varint 1.
const GET_ORDER: [u8; 2] = *b"\x08\x01";

fn stops() -> Vec<Stop> {
    let stop = |title, request| Stop { title, request };
    vec![
        stop("The path names version 2", orders("/v2/orders/1")),
        stop(
            "Version 1 is deprecated: the client is told, by the standards",
            orders("/v1/orders/1"),
        ),
        stop(
            "A header names the version",
            orders("/orders/1").header("api-version", "1"),
        ),
        stop(
            "A vendor media type names the version, and q-values count",
            orders("/orders/1").header(
                "accept",
                "application/vnd.acme.v1+json;q=0.4, application/vnd.acme.v2+json",
            ),
        ),
        stop("No version: the newest one serves", orders("/orders/1")),
        stop(
            "A pinned consumer keeps version 1",
            orders("/orders/1").header("x-consumer", "legacy-shop"),
        ),
        stop(
            "What only the mesh may say is not believed of a client",
            orders("/v2/orders/1")
                .header("x-treaty-version", "1")
                .header("x-treaty-variant", "orders-rust")
                .header("x-user-id", "u0"),
        ),
        stop("An unknown version is refused", orders("/v9/orders/1")),
        stop(
            "So are two versions that disagree",
            orders("/v1/orders/1").header("api-version", "2"),
        ),
        stop(
            "gRPC: the package names the version",
            grpc("/acme.orders.v1.Orders/GetOrder", &GET_ORDER),
        ),
        stop(
            "gRPC: a refusal in the client's own protocol",
            grpc("/acme.orders.v9.Orders/GetOrder", &GET_ORDER),
        ),
    ]
}

/// The places of the nodes among the logs.
pub(crate) const BLUE: usize = 0;
pub(crate) const GREEN: usize = 1;
pub(crate) const PAYMENTS: usize = 2;

/// Who leads through the tour.
pub(crate) struct Guide<'a> {
    pub(crate) mesh: &'a Mesh,
    client: Client,
    edge_log: AccessLog,
    sidecar_logs: Vec<AccessLog>,
    hops: Vec<AccessLog>,
    stops: usize,
}

impl<'a> Guide<'a> {
    fn new(mesh: &'a Mesh) -> Self {
        let nodes = [&mesh.orders_blue, &mesh.orders_green, &mesh.payments];
        Self {
            mesh,
            client: Client::http2(mesh.address()),
            edge_log: AccessLog::at(mesh.edge.stdout()),
            sidecar_logs: nodes
                .map(|node| AccessLog::at(node.sidecar.stdout()))
                .into(),
            hops: nodes.map(Node::hops).into(),
            stops: 0,
        }
    }

    fn show(&mut self, stop: Stop) {
        self.title(stop.title);
        print_request(&stop.request);
        let response = self.client.send(stop.request);
        let line = self.edge_line();
        match line["proxy"]["details"].as_str() {
            Some("via_upstream") => self.print_seen(),
            _ => println!("   upstream  saw nothing"),
        }
        print_response(&response);
        println!("   logged    {}", summary(&line, &LOGGED));
    }

    /// Sends a request and shows the answer, and what of these the access logs say: that of the
    /// node's sidecar, if the request gets there, and that of the edge.
    pub(crate) fn send_and_print(
        &mut self,
        request: Request,
        node: Option<usize>,
        logged: &Logged,
    ) {
        print_response(&self.client.send(request));
        if let Some(log) = node.and_then(|node| self.sidecar_logs.get_mut(node)) {
            let line = log.next_line(LOGGED_WITHIN);
            let line = line.expect("a sidecar logs each request");
            println!("   sidecar   {}", summary(&line, logged));
        }
        println!("   logged    {}", summary(&self.edge_line(), logged));
    }

    /// The same user lands on the same variant, whatever proxy decides.
    fn show_canary(&mut self) {
        self.title("A migration from Go to Rust as a sticky canary: 20 % of the users");
        let mut variants: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for user in 0..20 {
            let user = format!("u{user}");
            let ask = || {
                let request = orders("/v2/orders/1").header("x-user-id", &user);
                let response = self.client.send(request);
                response.headers.text("x-service").unwrap_or("?").to_owned()
            };
            let first = ask();
            assert!((0..3).all(|_| ask() == first), "the canary is sticky");
            variants.entry(first).or_default().push(user);
        }
        for (variant, users) in variants {
            println!("   {variant:<12} {}", users.join(" "));
        }
        println!("   (each user asked four times)");
    }

    fn show_mixed_calls(&mut self) {
        self.title("Go calls Rust, Rust calls Go, each through its sidecar");
        let create = Request::post(
            "/v2/orders",
            r#"{"total":{"currency":"EUR","minor_units":500},"lines":["book"]}"#,
        )
        .authority("orders.example.com")
        .header("content-type", "application/json")
        // A user of the Go variant, which is the one that takes orders.
        .header("x-user-id", "u1");
        print_request(&create);
        let response = self.client.send(create);
        print_response(&response);
        let verified = Request::post(
            "/v2/payments",
            r#"{"order_id":"1","amount_minor":500,"currency":"EUR","verify_order":true}"#,
        )
        .authority("payments.example.com")
        .header("content-type", "application/json");
        print_request(&verified);
        print_response(&self.client.send(verified));
        self.print_seen();
    }

    fn show_metrics(&mut self) {
        self.title("Who still calls version 1?");
        for (name, value) in self.mesh.edge.counters() {
            if name.contains("treaty_version_deprecated_use") {
                println!("   {value:>3}  {}", name.trim_start_matches("wasmcustom."));
            }
        }
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: Request) -> Response {
        self.client.send(request)
    }

    /// What has passed the sidecar of a node since the stop began: one request.
    pub(crate) fn hop(&mut self, node: usize) -> Value {
        let log = self.hops.get_mut(node).expect("a node");
        log.next_line(LOGGED_WITHIN)
            .expect("a sidecar logs each request")
    }

    /// Begins a stop: what was logged before belongs to another.
    pub(crate) fn title(&mut self, title: &str) {
        let logs = self.sidecar_logs.iter_mut().chain(&mut self.hops);
        for log in logs.chain([&mut self.edge_log]) {
            while log.next_line(Duration::from_millis(10)).is_some() {}
        }
        self.stops += 1;
        println!("\n{:>2} {title}", self.stops);
    }

    /// The next line of the edge about a request; those of the audit stand between them.
    pub(crate) fn edge_line(&mut self) -> Value {
        loop {
            let line = self.edge_log.next_line(LOGGED_WITHIN);
            let line = line.expect("the edge logs each request");
            if line.get("audit").is_none() {
                return line;
            }
        }
    }

    /// What the sidecars logged since they were last asked.
    pub(crate) fn print_seen(&mut self) {
        let names = ["orders-blue", "orders-green", "payments"];
        let mut quiet = 0;
        // The outer sidecar logs last, so all are asked until none says more.
        while quiet < 2 {
            quiet += 1;
            for (name, log) in names.iter().zip(&mut self.hops) {
                while let Some(line) = log.next_line(Duration::from_millis(40)) {
                    quiet = 0;
                    let request = line["request"].as_str().unwrap_or_default();
                    println!("   upstream  {name} saw {request}{}", received(&line));
                }
            }
        }
    }
}

/// Shows what is asked.
pub(crate) fn print_request(request: &Request) {
    println!(
        "   in        {} {} {}",
        request.method, request.authority, request.path
    );
    for (name, value) in request.headers.iter() {
        println!("             {name}: {}", String::from_utf8_lossy(value));
    }
}

/// Shows what came back.
pub(crate) fn print_response(response: &Response) {
    println!("   out       {}", response.status);
    print_fields(response);
    let body = response.text();
    let is_text = body.chars().all(|c| !c.is_control() || c.is_whitespace());
    if is_text && !body.trim().is_empty() {
        println!("             {}", body.trim());
    } else if !body.is_empty() {
        println!("             ({} octets of protobuf)", response.body.len());
    }
}

/// Prints the fields that the tour is about.
pub(crate) fn print_fields(response: &Response) {
    for (name, value) in response.headers.iter().chain(response.trailers.iter()) {
        if name == DETAILS {
            print_details(value);
        } else if TOLD.contains(&name.as_str()) {
            println!("             {name}: {}", String::from_utf8_lossy(value));
        }
    }
}

fn print_details(value: &[u8]) {
    let status = BASE64_STANDARD_NO_PAD.decode(value).unwrap_or_default();
    let status = tonic::Status::with_details(tonic::Code::Unknown, "", status.into());
    for detail in status.get_error_details_vec() {
        println!("             {DETAILS}: {detail:?}");
    }
}

fn received(line: &Value) -> String {
    ["version", "variant", "flags"]
        .iter()
        .filter_map(|name| {
            let value = line[*name].as_str()?;
            Some(format!(", x-treaty-{name}: {value}"))
        })
        .collect()
}

pub(crate) fn summary(line: &Value, logged: &Logged) -> String {
    logged
        .iter()
        .filter_map(|(name, at)| Some(format!("{name}={}", line.pointer(at)?.as_str()?)))
        .collect::<Vec<_>>()
        .join(" ")
}
