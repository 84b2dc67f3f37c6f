//! The part of the tour about telemetry: what is told of a request, what goes on, and what does not.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::{Mesh, Request};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::tour::{BLUE, Guide, Logged, orders, print_request, summary};

/// Shows all of it.
pub(crate) fn show(guide: &mut Guide<'_>) {
    show_trace(guide);
    show_personal_data(guide);
    show_probe(guide);
    show_requests(guide);
}

/// What the edge's log tells of a trace.
const OF_TRACES: [(&str, &str); 4] = [
    ("traceContext", "/treaty/traceContext"),
    ("traceId", "/traceId"),
    ("operation", "/operation"),
    ("revision", "/revision"),
];

fn show_trace(guide: &mut Guide<'_>) {
    guide.title(
        "A stranger's trace ends at the edge; one trace goes through edge, sidecar and service",
    );
    let request = orders("/v1/orders/1")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .header("tracestate", "stranger=1")
        .header("baggage", "user.email=jane%40example.com");
    let line = send(guide, request, &OF_TRACES);
    let hop = guide.hop(BLUE);
    let told = ["traceparent", "tracestate", "baggage"].map(|name| (name, hop[name].as_str()));
    for (name, value) in told {
        println!("   upstream  {name}: {}", value.unwrap_or("nothing"));
    }
    let trace = line.pointer("/traceId").and_then(Value::as_str);
    let trace = trace.expect("the edge logs the trace");
    let log = guide.mesh.orders_blue.service.log();
    let logged = log.lines().rfind(|line| line.contains(trace));
    let logged = logged.expect("the service logs the trace that it serves");
    println!("   service   {logged}");
}

/// What the edge's log tells of who asked for what.
const OF_PEOPLE: [(&str, &str); 4] = [
    ("target", "/request/target"),
    ("route", "/route"),
    ("tenant", "/tags/tenant"),
    ("plan", "/tags/plan"),
];

fn show_personal_data(guide: &mut Guide<'_>) {
    guide.title("What could be personal is not in the log, whatever the request says");
    let request = orders("/v1/orders/1?customer=jane&contact=jane%40example.com&page=2")
        .header("x-tenant", "ACME jane@example.com")
        .header("x-plan", "gold");
    let line = send(guide, request, &OF_PEOPLE);
    assert!(!line.to_string().contains("jane"), "{line}");
}

/// What the edge's log tells of a probe.
const OF_PROBES: [(&str, &str); 2] = [("synthetic", "/synthetic"), ("operation", "/operation")];

fn show_probe(guide: &mut Guide<'_>) {
    guide.title("A probe proves that it is one, and is kept out of the objectives");
    let mark = mark("GET", "orders.example.com", "/v1/orders/1");
    send(
        guide,
        orders("/v1/orders/1").header("x-probe", mark),
        &OF_PROBES,
    );
    let hop = guide.hop(BLUE);
    println!(
        "   upstream  x-treaty-synthetic: {}",
        hop["synthetic"].as_str().unwrap_or("nothing")
    );
}

fn show_requests(guide: &mut Guide<'_>) {
    guide.title("Requests by operation, however many paths there are");
    for (name, value) in guide.mesh.edge.counters() {
        let name = name.trim_start_matches("wasmcustom.");
        if name.starts_with("treaty_requests;") || name.starts_with("treaty_synthetic_requests") {
            println!("   {value:>3}  {name}");
        }
    }
}

fn send(guide: &mut Guide<'_>, request: Request, logged: &Logged) -> Value {
    print_request(&request);
    let response = guide.send(request);
    println!("   out       {}", response.status);
    let line = guide.edge_line();
    println!("   logged    {}", summary(&line, logged));
    line
}

/// The mark of a probe, as the README of telemetry-tagging says.
fn mark(method: &str, authority: &str, target: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.expect("a clock after 1970").as_secs();
    let key = BASE64_STANDARD.decode(Mesh::PROBE_KEY).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    mac.update(format!("treaty/probe/1\n{seconds}\n{method}\n{authority}\n{target}").as_bytes());
    let mut mark = format!("t={seconds},s=");
    for octet in mac.finalize().into_bytes() {
        let _ = write!(mark, "{octet:02x}");
    }
    mark
}
