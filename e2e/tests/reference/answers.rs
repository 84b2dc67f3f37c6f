//! Answers are compressed after all filters have read and changed them.

use std::io::Read;

use e2e::{Answer, Response};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::edge::{Edge, assert_problem};

const ORDERS: &str = "orders.example.com";

/// The JSON in an answer that is compressed.
fn unpacked(response: &Response) -> Value {
    assert_eq!(response.headers.text("content-encoding"), Some("gzip"));
    let vary = response.headers.text("vary").unwrap_or_default();
    assert!(
        vary.to_ascii_lowercase().contains("accept-encoding"),
        "{vary}"
    );
    let mut text = String::new();
    GzDecoder::new(&response.body[..])
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn orders(amount: &Value) -> Value {
    let order = json!({"id": 7, "amount_minor": amount, "currency": "EUR", "lines": ["book"]});
    json!({"orders": vec![order; 20]})
}

fn served(content: &Value) -> Answer {
    Answer::status(200)
        .header("content-type", "application/json")
        .chunk(content.to_string())
}

#[test]
fn an_answer_is_compressed_for_clients_that_take_it_and_services_are_not_asked_to() {
    Edge::in_turn(|edge| {
        edge.blue.answer(served(&orders(&json!(500))));
        let get = || edge.get(ORDERS, "/v1/orders");
        let packed = edge.send(get().header("accept-encoding", "gzip"));
        assert_eq!(unpacked(&packed), orders(&json!(500)));
        assert!(!edge.blue.took()[0].headers.has("accept-encoding"));
        // A validation that had met a coding would have counted `skipped_coding`.
        edge.wait_until_counted(
            "treaty_contract_messages",
            "operation=listOrders;direction=response;outcome=valid",
        );

        let plain = edge.send(get());
        assert!(!plain.headers.has("content-encoding"));
        assert_eq!(plain.json(), orders(&json!(500)));
    });
}

#[test]
fn an_answer_that_breaks_its_contract_is_withheld_and_the_problem_compressed() {
    Edge::in_turn(|edge| {
        edge.blue.answer(served(&orders(&json!("five"))));
        let response = edge.send(edge.get(ORDERS, "/v1/orders"));
        assert_problem(
            &response,
            502,
            "/contract-validation/response-breaks-contract",
        );
        let packed = edge
            .get(ORDERS, "/v1/orders")
            .header("accept-encoding", "gzip");
        let packed = edge.send(packed);
        assert_eq!(packed.status, 502);
        assert_eq!(unpacked(&packed)["status"], 502);
    });
}

#[test]
fn a_translated_error_is_compressed() {
    Edge::in_turn(|edge| {
        let answer = Answer::status(400)
            .header("content-type", "application/json")
            .chunk(r#"{"error": "SELECT * FROM orders WHERE id = 7"}"#);
        edge.green.answer(answer);
        let request = edge
            .get(ORDERS, "/v2/orders")
            .header("accept-encoding", "gzip");
        let response = edge.send(request);
        let content_type = response.headers.text("content-type");
        assert_eq!(
            (response.status, content_type),
            (400, Some("application/problem+json"))
        );
        let problem = unpacked(&response);
        assert_eq!(problem["status"], 400);
        assert!(!problem.to_string().contains("SELECT"), "{problem}");
    });
}
