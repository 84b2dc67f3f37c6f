//! Authentication stands before whatever goes by a claim.

use e2e::{Answer, Credentials, Request};
use serde_json::json;

use crate::edge::{Edge, assert_problem};

const ORDERS: &str = "orders.example.com";
const PAYMENTS: &str = "payments.example.com";
const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

#[test]
fn without_a_token_of_the_issuer_the_answer_is_a_problem_and_nobody_is_asked() {
    Edge::in_turn(|edge| {
        let request = || Request::get("/v1/orders").authority(ORDERS);
        assert_problem(&edge.send(request()), 401, "");

        let folder = tempfile::tempdir().unwrap();
        let forged = Credentials::write(folder.path()).token(&json!({"sub": "jane"}));
        let forged = request().header("authorization", format!("Bearer {forged}"));
        assert_problem(&edge.send(forged), 401, "");
        assert!(edge.blue.took().is_empty() && edge.green.took().is_empty());
        assert!(edge.limits.took().is_empty());
    });
}

#[test]
fn the_consumer_is_the_subject_of_the_token_whatever_a_client_says() {
    Edge::in_turn(|edge| {
        let request = edge
            .get(ORDERS, "/v2/orders")
            .header("x-consumer", "mallory");
        assert_eq!(edge.send(request).status, 200);
        let seen = edge.green.took();
        let told: Vec<_> = seen[0].headers.all("x-consumer").collect();
        assert_eq!(told, [b"jane"]);
    });
}

#[test]
fn a_key_belongs_to_the_subject_and_the_tenant_of_the_token() {
    Edge::in_turn(|edge| {
        edge.payments.answer(Answer::status(201).chunk("paid"));
        let pay = |subject: &str, tenant: &str| {
            let request = Request::post("/v1/payments", r#"{"amount": 5}"#)
                .authority(PAYMENTS)
                .header("authorization", edge.bearer(subject, tenant))
                .header("idempotency-key", KEY);
            let response = edge.send(request);
            assert_eq!(response.status, 201, "{}", response.text());
            assert_eq!(response.text(), "paid");
            response.headers.has("idempotent-replayed")
        };
        assert!(!pay("jane", "acme"));
        assert!(pay("jane", "acme"));
        assert!(!pay("joe", "acme"), "another subject");
        assert!(!pay("jane", "umbrella"), "another tenant");
        assert_eq!(edge.payments.took().len(), 3);
    });
}

#[test]
fn the_address_of_a_client_is_that_of_its_connection() {
    Edge::in_turn(|edge| {
        let request = edge
            .get(ORDERS, "/v2/orders")
            .header("x-forwarded-for", "203.0.113.9");
        assert_eq!(edge.send(request).status, 200);
        let seen = edge.green.took();
        let told = seen[0].headers.text("x-envoy-external-address");
        assert_eq!(told, Some("127.0.0.1"));
    });
}
