//! Limits, each in its place, and the problems that clients get for them.

use std::time::Duration;

use e2e::{Answer, Client, Credentials, Request};
use serde_json::{Value, json};

use crate::edge::{
    Edge, Service, assert_problem, checked_in, filter, in_clear, only_with, start, wait_until,
};
use crate::grpc;

const ORDERS: &str = "orders.example.com";

/// What the rate limit service was asked, request by request: descriptors of keys and values.
fn asked(limits: &Service) -> Vec<Vec<Vec<(String, String)>>> {
    let questions = limits.took().into_iter().map(|seen| {
        let asked: grpc::RateLimitRequest = grpc::read(&seen);
        assert_eq!(asked.domain, "treaty");
        let descriptors = asked.descriptors.into_iter().map(|descriptor| {
            let entries = descriptor.entries.into_iter();
            entries.map(|entry| (entry.key, entry.value)).collect()
        });
        descriptors.collect()
    });
    questions.collect()
}

#[test]
fn the_rate_limit_service_is_asked_for_the_tenant_and_the_version_that_were_found() {
    Edge::in_turn(|edge| {
        // What a client says of itself is not what counts.
        let request = edge
            .get(ORDERS, "/v1/orders/7")
            .header("x-tenant", "umbrella")
            .header("x-treaty-version", "2");
        edge.blue.answer(Answer::status(404));
        assert_eq!(edge.send(request).status, 404);
        let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let tenant = || entry("tenant", "acme");
        assert_eq!(
            asked(&edge.limits),
            [vec![vec![tenant()], vec![tenant(), entry("version", "1")]]]
        );
    });
}

#[test]
fn over_the_limit_of_its_tenant_a_request_gets_a_problem_and_claims_no_key() {
    Edge::in_turn(|edge| {
        edge.limits
            .answer(grpc::answer(&grpc::RateLimitResponse { overall_code: 2 }));
        let order = json!({"amount_minor": 500, "currency": "EUR", "lines": ["book"]});
        let post = || {
            edge.post(ORDERS, "/v2/orders", &order)
                .header("idempotency-key", "2f0c1f8a-5d8e-4c43-9f39-7a3a3f1f1b11")
        };
        let claims = || -> u64 {
            let counters = edge.envoy.counters().into_iter();
            let claims = counters.filter(|(name, _)| name.contains("outcome=claimed"));
            claims.map(|(_, count)| count).sum()
        };
        let before = claims();
        assert_problem(&edge.send(post()), 429, "/rate-limited");
        assert!(edge.green.took().is_empty());
        assert_eq!(claims(), before);

        edge.limits
            .answer(grpc::answer(&grpc::RateLimitResponse { overall_code: 1 }));
        let served = edge.send(post());
        assert_eq!(served.status, 200);
        assert!(!served.headers.has("idempotent-replayed"));
        assert_eq!(edge.green.took().len(), 1);
    });
}

#[test]
fn requests_pass_while_the_rate_limit_service_is_away() {
    Edge::in_turn(|edge| {
        edge.limits.kill();
        let served = edge.send(edge.get(ORDERS, "/v2/orders"));
        edge.limits.restart();
        assert_eq!(served.status, 200, "{}", served.text());
        assert_eq!(edge.green.took().len(), 1);
    });
}

#[test]
fn under_pressure_clients_get_a_problem_before_any_filter_is_asked() {
    Edge::in_turn(|edge| {
        let get = || edge.send(edge.get(ORDERS, "/v2/orders"));
        assert_eq!(get().status, 200);
        edge.press(0.96);
        wait_until("requests are refused", || get().status == 503);
        edge.limits.took();
        let refused = get();
        assert_problem(&refused, 503, "/error-translation/overloaded");
        // At 0.92 connections end after their answer.
        assert_eq!(refused.headers.text("connection"), Some("close"));
        assert!(edge.limits.took().is_empty());
        edge.press(0.1);
        wait_until("requests are served again", || get().status == 200);
    });
}

#[test]
fn above_its_own_limit_the_proxy_answers_a_problem_before_it_looks_at_a_token() {
    let names = [
        "error-translation",
        "envoy.filters.http.local_ratelimit",
        "envoy.filters.http.jwt_authn",
    ];
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials::write(folder.path());
    let mut config: Value = checked_in(&credentials).enforced().into();
    in_clear(&mut config);
    only_with(&mut config, &names);
    filter(&mut config, "envoy.filters.http.local_ratelimit")["token_bucket"] =
        json!({"max_tokens": 2, "tokens_per_fill": 1, "fill_interval": "600s"});
    let envoy = start(config);
    let get = || {
        let request = Request::get("/v2/orders").authority(ORDERS);
        Client::http1(envoy.address("edge")).send(request)
    };
    for _ in 0..2 {
        assert_problem(&get(), 401, "");
    }
    let refused = get();
    assert_problem(&refused, 429, "/rate-limited");
    assert_eq!(refused.json()["retryable"], true);
}

#[test]
fn what_the_services_cannot_bear_at_once_is_shed_with_a_problem() {
    let green = Service::start();
    green.answer(Answer::status(200).delay(Duration::from_millis(500)));
    let names = [
        "error-translation",
        "envoy.filters.http.adaptive_concurrency",
    ];
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials::write(folder.path());
    let config = checked_in(&credentials)
        .enforced()
        .endpoints("orders_green", &[green.address()]);
    let mut config: Value = config.into();
    in_clear(&mut config);
    only_with(&mut config, &names);
    let controller = &mut filter(&mut config, "envoy.filters.http.adaptive_concurrency")["gradient_controller_config"];
    controller["min_rtt_calc_params"]["min_concurrency"] = 1.into();
    let envoy = start(config);
    let client = Client::http2(envoy.address("edge"));
    let get = || Request::get("/v2/orders").authority(ORDERS);
    let first = client.begin(get()).unwrap();
    wait_until("the first is on its way", || !green.took().is_empty());
    assert_problem(&client.send(get()), 503, "/overloaded");
    assert_eq!(first.rest().unwrap().status, 200);
}
