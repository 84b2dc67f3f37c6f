//! One request that each of the shipped filters has something to count of.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::client::{Client, Request};
use crate::upstream::{Answer, Upstream};

/// Sends a request that fails at this service.
pub fn ask_all_filters(service: &Upstream, proxy: SocketAddr) {
    let error = Answer::status(500)
        .header("content-type", "text/plain")
        .chunk("panic");
    service.set(error);
    let request = Request::post("/v2/orders", r#"{"item": "book"}"#)
        .authority("orders.example.com")
        .header("content-type", "application/json")
        .header("idempotency-key", "01900000-0000-7000-8000-000000000001");
    let response = Client::http1(proxy).send(request);
    service.set(Answer::default());
    assert_eq!(response.status, 500, "{}", response.text());
}

/// What each filter has counted by these counters, outermost first.
pub fn counted(counters: &BTreeMap<String, u64>) -> [u64; 5] {
    [
        "treaty_requests",
        "treaty_errors",
        "treaty_version_requests",
        "treaty_contract_messages",
        "treaty_idempotency_requests",
    ]
    .map(|metric| {
        let of_metric = |name: &String| {
            let name = name.strip_prefix("wasmcustom.").unwrap_or(name);
            name.split(';').next() == Some(metric)
        };
        let counts = counters.iter().filter(|(name, _)| of_metric(name));
        counts.map(|(_, count)| count).sum()
    })
}
