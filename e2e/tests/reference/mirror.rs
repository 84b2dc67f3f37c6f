//! Requests that are mirrored.

use e2e::Request;
use serde_json::json;

use crate::edge::{Edge, wait_until};

const ORDERS: &str = "orders.example.com";

#[test]
fn a_copy_goes_to_the_next_release_once_for_a_key_and_its_answer_to_nobody() {
    Edge::in_turn(|edge| {
        edge.next
            .answer(e2e::Answer::status(500).chunk("of the next release"));
        let order = json!({"amount_minor": 500, "currency": "EUR", "lines": ["book"]});
        let post = || -> Request {
            edge.post(ORDERS, "/v2/orders", &order)
                .header("idempotency-key", "7b0b5a52-9fbe-4f67-8a55-6f5f0f4c9a77")
        };
        assert_eq!(edge.send(post()).status, 200);
        let mut copies = Vec::new();
        wait_until("the copy is there", || {
            copies.extend(edge.next.took());
            !copies.is_empty()
        });
        let replayed = edge.send(post());
        assert_eq!(replayed.status, 200);
        assert_eq!(replayed.headers.text("idempotent-replayed"), Some("true"));
        assert_eq!(edge.green.took().len(), 1);
        copies.extend(edge.next.took());
        assert_eq!(copies.len(), 1);
        // By this the filters of sidecars know it.
        assert_eq!(copies[0].authority, "orders.example.com-shadow");
        assert!(copies[0].headers.has("idempotency-key"));
    });
}
