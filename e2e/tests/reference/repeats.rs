//! What Envoy repeats, what it never does, and how long it waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::{Answer, Request, Response};
use serde_json::json;

use crate::edge::{Edge, Service, assert_problem, wait_until};

const ORDERS: &str = "orders.example.com";
const PAYMENTS: &str = "payments.example.com";

/// Fails once, and serves then.
fn fail_once(service: &Service) {
    let asked = AtomicUsize::new(0);
    service.handle(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::status(503),
        _ => Answer::status(200),
    });
}

#[test]
fn a_get_is_repeated_and_a_post_is_not_whoever_asks_for_it() {
    Edge::in_turn(|edge| {
        let order = json!({"amount_minor": 500, "currency": "EUR", "lines": ["book"]});
        let try_once = |request: Request| {
            fail_once(&edge.green);
            edge.green.took();
            let response: Response = edge.send(request);
            (response.status, edge.green.took().len())
        };
        let post = || edge.post(ORDERS, "/v2/orders", &order);
        assert_eq!(try_once(edge.get(ORDERS, "/v2/orders")), (200, 2));
        assert_eq!(try_once(post()), (503, 1));
        let asking = post()
            .header("x-envoy-retry-on", "5xx")
            .header("x-envoy-max-retries", "3");
        assert_eq!(try_once(asking), (503, 1));
        let keyed = || post().header("idempotency-key", "5e1c8a44-8f9b-4c6e-b7f3-0c8d37f3a0d1");
        assert_eq!(try_once(keyed()), (503, 1));
        // Nobody knows whether it ran, so it never runs again under this key.
        assert_eq!(try_once(keyed()), (409, 0));
    });
}

#[test]
fn a_keyed_request_that_was_surely_never_sent_frees_its_key() {
    Edge::in_turn(|edge| {
        let pay = |edge: &Edge| {
            let request = edge.post(PAYMENTS, "/v1/payments", &json!({"amount": 5}));
            let key = "b1d6e8a2-34c5-4f3e-8d29-3f6a1c0e7b90";
            edge.send(request.header("idempotency-key", key))
        };
        edge.payments.kill();
        // Workers hear of it up to a second after the health checks (`update_merge_window`).
        wait_until("no endpoint is tried any more", || {
            edge.send(edge.get(PAYMENTS, "/v1/payments/1"));
            let line = edge.next_line(|line| line["operation"] == "getPayment");
            line["proxy"]["details"] == "no_healthy_upstream"
        });
        let refused = pay(edge);
        edge.payments.restart();
        assert_problem(&refused, 503, "/service-unavailable");
        assert_eq!(refused.headers.text("retry-after"), Some("5"));
        // It is refused as long as nobody can serve it, and never because of its key.
        let mut response = refused;
        wait_until("it is served", || {
            assert_problem(&response, 503, "/service-unavailable");
            response = pay(edge);
            response.status == 200
        });
        assert!(!response.headers.has("idempotent-replayed"));
        assert_eq!(edge.payments.took().len(), 1);
    });
}

#[test]
fn a_route_waits_as_long_as_the_deadline_of_its_service() {
    Edge::in_turn(|edge| {
        let slow = Answer::status(200).delay(Duration::from_secs(8));
        edge.payments.answer(slow.clone());
        edge.green.answer(slow);
        let waited = |request: Request| {
            let begun = Instant::now();
            assert_problem(&edge.send(request), 504, "");
            begun.elapsed()
        };
        let payments = waited(edge.post(PAYMENTS, "/v1/refunds", &json!({})));
        assert!(payments >= Duration::from_secs(1), "{payments:?}");
        let orders = waited(edge.post(ORDERS, "/v2/orders", &json!({})));
        assert!(orders >= Duration::from_secs(2), "{orders:?}");
        assert!(payments < Duration::from_secs(8) && orders < Duration::from_secs(8));
    });
}
