//! Octets as a policy of each filter: no document panics, and what loads starts a core that takes an
//! exchange.

#![no_main]

use std::rc::Rc;

use contract_validation::ContractValidation;
use error_translation::ErrorTranslation;
use idempotency_keys::IdempotencyKeys;
use kit::filter::{Filter, Form};
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use telemetry_tagging::TelemetryTagging;
use treaty_fuzz::{Chunk, Message, check_reply, exchange, fields};
use version_negotiation::VersionNegotiation;

fn check<F: Filter>(document: &Document) {
    let policy = match F::load(document) {
        Ok(policy) => Rc::new(policy),
        Err(findings) => return assert!(!findings.to_string().is_empty()),
    };
    for method in ["GET", "POST"] {
        check_exchange::<F>(&policy, method);
    }
}

fn check_exchange<F: Filter>(policy: &Rc<F::Policy>, method: &str) {
    let request = Message {
        head: fields(&[
            (":method", method),
            (":authority", "orders.example.com"),
            (":path", "/v1/orders/7?version=1"),
            ("api-version", "1"),
            (
                "accept",
                "application/vnd.acme.v1+json, application/json;version=1;q=0.5",
            ),
            ("cookie", "s=7"),
            (
                "traceparent",
                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-x",
            ),
            ("tracestate", "rojo=00f067aa0ba902b7"),
            ("baggage", "tenant=acme;p=1, plan=gold"),
            ("x-tenant", "Acme"),
            ("x-plan", "gold"),
            ("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("x-consumer", "legacy-shop"),
            ("x-user-id", "7"),
            ("x-request-id", "550e8400-e29b-41d4-a716-446655440000"),
        ]),
        ..Message::default()
    };
    let content = br#"{"error": "KD-123456 is unknown", "code": "insufficient_stock"}"#;
    let response = Message {
        head: fields(&[
            (":status", "409"),
            ("content-type", "application/json"),
            ("server", "orders"),
        ]),
        body: Some(vec![Chunk {
            octets: content.to_vec(),
            late: false,
        }]),
        trailers: None,
    };
    let form = F::form(policy).unwrap_or(Form::Streamed);
    let run = || exchange([F::start(policy)], form, request.clone(), response.clone());
    let outcome = run();
    if let Some(reply) = &outcome.request.reply {
        check_reply(reply, &request.head);
    }
    assert_eq!(outcome, run());
}

fuzz_target!(|text: &[u8]| {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(findings) => return assert!(!findings.to_string().is_empty()),
    };
    assert_eq!(document.digest().len(), 16);
    check::<VersionNegotiation>(&document);
    check::<ErrorTranslation>(&document);
    check::<TelemetryTagging>(&document);
    check::<IdempotencyKeys>(&document);
    check::<ContractValidation>(&document);
});
