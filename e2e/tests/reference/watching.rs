//! What spans and access logs say.

use std::fs;

use e2e::{Answer, Span, SpanKind, root};
use serde_json::{Value, json};

use crate::edge::{Edge, SOON};

const ORDERS: &str = "orders.example.com";

#[test]
fn spans_begin_at_the_edge_name_the_tenant_and_the_version_and_nothing_personal() {
    Edge::in_turn(|edge| {
        let stranger = "0af7651916cd43dd8448eb211c80319c";
        let request = edge
            .get(ORDERS, "/v1/orders/4111111111111111?q=jane.doe@example.com")
            .header("user-agent", "agent-smith")
            .header("traceparent", format!("00-{stranger}-00f067aa0ba902b7-01"))
            .header("tracestate", "rojo=mallory");
        edge.send(request);
        let of_service = |span: &Span| {
            span.attributes.get("upstream_cluster").map(String::as_str) == Some("orders_blue")
        };
        let sent = edge.blue.took();
        let traceparent = sent[0].headers.text("traceparent").unwrap();
        for kind in [SpanKind::Server, SpanKind::Client] {
            let is_it = |span: &Span| span.kind == kind && of_service(span);
            let span = edge.collector.wait_for_span(is_it, SOON);
            let attribute = |name: &str| span.attributes.get(name).map(String::as_str);
            let told = ["http.url", "tenant", "api.version"].map(attribute);
            let expected = [Some("REDACTED"), Some("acme"), Some("1")];
            assert_eq!(told, expected, "{kind:?} {:#?}", span.attributes);
            assert!(traceparent.contains(&span.trace_id), "{traceparent}");
        }
        // The calls to the rate limit service are among them.
        for span in edge.collector.spans() {
            assert_eq!(span.service_name, "edge");
            for personal in ["agent-smith", "jane", "4111111111111111", "rojo", stranger] {
                assert!(
                    !span.exported.contains(personal),
                    "{personal}: {}",
                    span.exported
                );
            }
        }
    });
}

#[test]
fn a_line_of_the_access_log_is_as_the_schema_says_and_tells_what_filters_found() {
    Edge::in_turn(|edge| {
        edge.blue
            .answer(Answer::status(404).header("x-service", "orders"));
        edge.send(edge.get(ORDERS, "/v1/orders/7?q=jane"));
        let line = edge
            .next_line(|line| line["operation"] == "getOrder" && line["response"]["status"] == 404);
        let path = root().join("observability/access-log.schema.json");
        let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = schema
            .iter_errors(&line)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?} in {line:#}");
        assert_eq!(line["route"], "/v1/orders/{id}", "{line:#}");
        assert_eq!(line["region"], "eu-west-1");
        assert_eq!(line["tags"]["tenant"], "acme");
        let pseudonym = line["tags"]["enduser.pseudo.id"].as_str().unwrap();
        assert!(pseudonym.starts_with("k1."), "{pseudonym}");
        assert!(!line.to_string().contains("jane"), "{line}");
    });
}

#[test]
fn what_a_policy_wants_audited_has_a_line_of_its_own() {
    Edge::in_turn(|edge| {
        let request = edge.post(
            "payments.example.com",
            "/v1/payments",
            &json!({"amount": 5}),
        );
        let request = request.header("idempotency-key", "0e7a9a3e-6a3b-4a61-8d0a-53a7b0f6c9ad");
        assert_eq!(edge.send(request).status, 200);
        let line = edge.next_line(|line| !line["audit"].is_null());
        let who = line["audit"]["who"].as_str().unwrap();
        assert!(who.starts_with("k1."), "{line}");
    });
}
