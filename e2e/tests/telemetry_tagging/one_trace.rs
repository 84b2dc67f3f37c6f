//! One request through three proxies and two services is one trace, whoever owns the trace context.
//!
//! ```text
//! client ──► edge ──► orders' sidecar ──► orders (Go) ──► orders' sidecar ──► payments' sidecar ──► payments (Rust)
//! ```

use std::net::SocketAddr;

use e2e::{
    AccessLog, Client, Cluster, Collector, Config, Envoy, Listener, Peer, Protocol, Request, Route,
    Service, Span, SpanKind, WasmFilter, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{
    SOON, assert_well, collected, filter, is_before_tag_values, start, tag, traced,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// The listeners, in the order in which a request passes them.
const HOPS: [&str; 4] = ["edge", "orders-in", "orders-out", "payments-in"];

/// The mesh.
struct Mesh {
    edge: Envoy,
    sidecars: [Envoy; 2],
    orders: Service,
    payments: Service,
    collector: Collector,
    logs: Vec<(&'static str, AccessLog)>,
}

/// A policy. The edge takes the tenant from a header field and puts it into the baggage, from which
/// all behind it take it. These trust those before them, and begin no traces.
fn policy(edge: &Value, at_edge: bool) -> Value {
    let trace_context = if at_edge {
        edge.clone()
    } else {
        json!({"owner": edge["owner"]})
    };
    let tenant = if at_edge {
        json!({"name": "tenant", "source": {"from": "header", "name": "x-tenant"},
               "to": {"log": true, "span": true, "baggage": "tenant"}})
    } else {
        json!({"name": "tenant", "source": {"from": "baggage", "name": "tenant"},
               "to": {"log": true, "span": true, "requestHeader": "x-tenant-tag"}})
    };
    json!({
        "version": 1,
        "mode": "enforce",
        "tags": [
            tenant,
            {"name": "operation", "source": {"from": "exchange", "value": "operation"}},
            {"name": "trace", "source": {"from": "exchange", "value": "traceId"}},
        ],
        "defaults": {
            "traceContext": trace_context,
            "baggage": {"inbound": {"allow": ["tenant"]}, "outbound": {"allow": ["tenant"]}},
            "semconv": "stable",
            "operations": [
                {"path": "/v2/orders/{id}/payment", "operation": "getPaymentOfOrder"},
                {"path": "/v2/orders/{id}/payment-grpc", "operation": "getPaymentOfOrderByCall"},
                {"path": "/v2/payments/by-order/{order}", "operation": "findPayment"},
                {"path": "/acme.payments.v1.Payments/{method}", "operation": "call"},
            ],
        },
        "rules": [{"name": "all"}],
    })
}

impl Mesh {
    /// Starts it with what becomes of the trace context at the edge.
    fn start(edge: &Value, has_tracer: bool) -> Self {
        let collector = Collector::start();
        let [orders_in, orders_out, payments_in] = [(); 3].map(|()| reserve_address());
        let orders = Service::orders(Peer::at(orders_out));
        let payments = Service::payments(Peer::at(orders_in));
        let logs = HOPS.map(|hop| (hop, AccessLog::new()));
        let policies = [policy(edge, true), policy(edge, false)];
        let listener = |hop: usize, at: SocketAddr| {
            let (name, log) = &logs[hop];
            let policy = &policies[usize::from(hop > 0)];
            let listener = listener(name, log, filter(policy)).at(at);
            if has_tracer {
                traced(listener, name, &tags())
            } else {
                listener
            }
        };
        let edge = listener(0, (std::net::Ipv4Addr::LOCALHOST, 0).into());
        let edge = Config::new()
            .listener(edge.route(Route::prefix("/", "orders")))
            .cluster(cluster("orders", orders_in));
        let beside_orders = Config::new()
            .listener(to_service(listener(1, orders_in)))
            .listener(listener(2, orders_out).route(Route::prefix("/", "payments")))
            .cluster(cluster("rest", orders.http()))
            .cluster(cluster("calls", orders.grpc()))
            .cluster(cluster("payments", payments_in));
        let beside_payments = Config::new()
            .listener(to_service(listener(3, payments_in)))
            .cluster(cluster("rest", payments.http()))
            .cluster(cluster("calls", payments.grpc()));
        let [edge, beside_orders, beside_payments] = [edge, beside_orders, beside_payments]
            .map(|config| start(collected(config, &collector)));
        Self {
            edge,
            sidecars: [beside_orders, beside_payments],
            orders,
            payments,
            collector,
            logs: logs.into(),
        }
    }

    fn ask(&self, path: &str, traceparent: Option<&str>) {
        let mut request = Request::get(path).header("x-tenant", "acme");
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        let response = Client::http1(self.edge.address("edge")).send(request);
        assert_eq!(response.status, 200, "{}", response.text());
    }

    /// The next line of each access log.
    fn lines(&mut self) -> Vec<Value> {
        let next = |(hop, log): &mut (&str, AccessLog)| {
            let line = log.next_line(SOON);
            line.unwrap_or_else(|| panic!("no line of {hop}"))
        };
        self.logs.iter_mut().map(next).collect()
    }

    /// The trace that each service has in its log, each call of one being a line.
    fn trace_ids(&self) -> [Vec<String>; 2] {
        [&self.orders, &self.payments].map(|service| ids(&service.log(), "trace_id"))
    }

    fn assert_well(&self) {
        assert_well(&self.edge);
        self.sidecars.iter().for_each(assert_well);
    }
}

fn listener(name: &str, log: &AccessLog, filter: WasmFilter) -> Listener {
    let fields = json!({
        "envoy": "%TRACE_ID%",
        "trace": tag("trace"),
        "tenant": tag("tenant"),
        "operation": tag("operation"),
    });
    Listener::new(name).filter(filter).access_log(log, fields)
}

fn tags() -> Vec<(&'static str, String)> {
    ["tenant", "operation", "http.route"]
        .map(|name| (name, tag(name)))
        .into()
}

fn to_service(listener: Listener) -> Listener {
    listener
        .route(Route::prefix("/", "calls").with(json!({"match": {"grpc": {}}})))
        .route(Route::prefix("/", "rest"))
}

fn cluster(name: &str, at: SocketAddr) -> Cluster {
    Cluster::new(name, at).protocol(Protocol::AsClient)
}

/// The values of this member in the lines of a log that have it.
fn ids(log: &str, name: &str) -> Vec<String> {
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| Some(line[name].as_str()?.to_owned()))
        .collect()
}

/// The span of a proxy that took the request in.
fn server_span(collector: &Collector, service: &str) -> Span {
    let is_it = |span: &Span| span.service_name == service && span.kind == SpanKind::Server;
    collector.wait_for_span(is_it, SOON)
}

#[test]
fn one_request_is_one_trace_where_envoy_owns_the_trace_context() {
    let mut mesh = Mesh::start(&json!({"owner": "envoy"}), true);
    for path in ["/v2/orders/1/payment", "/v2/orders/1/payment-grpc"] {
        mesh.collector.take_spans();
        mesh.ask(path, Some(&format!("00-{TRACE}-{PARENT}-01")));
        let lines = mesh.lines();
        let spans = HOPS.map(|hop| server_span(&mesh.collector, hop));
        for (hop, line) in HOPS.iter().zip(&lines) {
            assert_eq!(line["envoy"], TRACE, "{path}: {hop}: {line}");
            assert_eq!(line["trace"], TRACE, "{path}: {hop}: {line}");
            assert_eq!(line["tenant"], "acme", "{path}: {hop}: {line}");
        }
        // Each is caused by the one before it, and the first by the client.
        let parents = [PARENT]
            .into_iter()
            .chain(spans.iter().map(|span| span.span_id.as_str()));
        for (span, parent) in spans.iter().zip(parents) {
            assert_eq!(
                (span.trace_id.as_str(), span.parent_span_id.as_str()),
                (TRACE, parent)
            );
        }
        assert_eq!(mesh.collector.spans().len(), HOPS.len());
        if !is_before_tag_values() {
            for (span, line) in spans.iter().zip(&lines) {
                assert_eq!(span.attributes["tenant"], "acme", "{span:?}");
                let operation = span.attributes.get("operation").map(String::as_str);
                assert_eq!(operation, line["operation"].as_str(), "{span:?}");
            }
            assert_eq!(spans[0].attributes["operation"], operation_of(path));
            assert!(spans[0].attributes["http.route"].contains("{id}"));
        }
        // What a service logs is found under the span of the proxy in front of it.
        let [of_orders, of_payments] =
            [&mesh.orders, &mesh.payments].map(|service| ids(&service.log(), "span_id"));
        assert_eq!(of_orders.last(), Some(&spans[1].span_id));
        assert_eq!(of_payments.last(), Some(&spans[3].span_id));
    }
    for ids in mesh.trace_ids() {
        assert!(
            ids.len() >= 2 && ids.iter().all(|id| id == TRACE),
            "{ids:?}"
        );
    }
    mesh.assert_well();
}

fn operation_of(path: &str) -> &'static str {
    if path.ends_with("-grpc") {
        "getPaymentOfOrderByCall"
    } else {
        "getPaymentOfOrder"
    }
}

#[test]
fn one_request_is_one_trace_where_no_proxy_traces() {
    let owner = json!({"owner": "treaty", "create": true});
    let mut mesh = Mesh::start(&owner, false);
    mesh.ask("/v2/orders/1/payment", None);
    let lines = mesh.lines();
    let made = lines[0]["trace"].as_str().expect("a trace").to_owned();
    assert_eq!(made.len(), 32);
    for (hop, line) in HOPS.iter().zip(&lines) {
        assert_eq!(line["trace"], made.as_str(), "{hop}: {line}");
        assert_eq!(line["tenant"], "acme", "{hop}: {line}");
    }
    assert_eq!(lines[0]["operation"], "getPaymentOfOrder");
    for ids in mesh.trace_ids() {
        assert!(
            !ids.is_empty() && ids.iter().all(|id| *id == made),
            "{ids:?}"
        );
    }

    // A trace that came goes on, the span of the client with it.
    mesh.ask(
        "/v2/orders/1/payment-grpc",
        Some(&format!("00-{TRACE}-{PARENT}-03")),
    );
    for (hop, line) in HOPS.iter().zip(mesh.lines()) {
        assert_eq!(line["trace"], TRACE, "{hop}: {line}");
    }
    for service in [&mesh.orders, &mesh.payments] {
        let log = service.log();
        assert_eq!(
            ids(&log, "trace_id").last().map(String::as_str),
            Some(TRACE)
        );
        assert_eq!(
            ids(&log, "span_id").last().map(String::as_str),
            Some(PARENT)
        );
    }
    assert!(mesh.collector.spans().is_empty());
    mesh.assert_well();
}

#[test]
fn a_strangers_trace_ends_at_the_edge_and_the_new_one_is_in_every_log() {
    let owner = json!({"owner": "treaty", "untrusted": true, "create": true});
    let mut mesh = Mesh::start(&owner, false);
    mesh.ask(
        "/v2/orders/1/payment",
        Some(&format!("00-{TRACE}-{PARENT}-01")),
    );
    let lines = mesh.lines();
    let begun = lines[0]["trace"].as_str().expect("a trace").to_owned();
    assert_ne!(begun, TRACE);
    assert!(
        lines.iter().all(|line| line["trace"] == begun.as_str()),
        "{lines:?}"
    );
    for ids in mesh.trace_ids() {
        assert!(
            !ids.is_empty() && ids.iter().all(|id| *id == begun),
            "{ids:?}"
        );
    }
    mesh.assert_well();
}
