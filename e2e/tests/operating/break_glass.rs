//! `treaty off` and `treaty on`: one filter leaves one service alone, under load, without a restart.

use std::path::Path;
use std::time::Duration;

use e2e::{AccessLog, Client, Config, Envoy, Listener, Options, Request, Response, Route};
use serde_json::{Value, json};
use treaty::off::{Switch, replace, switch};
use treaty::registry::{self, NAMES};

use crate::suite::{SOON, policy, start, sum, wait_until, wasm};
use crate::traffic::Traffic;

/// From the command to the first exchange without the filter, on a busy machine.
const SECONDS: Duration = Duration::from_secs(10);

const CLIENTS: u64 = 2;

#[test]
fn a_filter_is_off_for_one_service_within_seconds_and_on_again() {
    let (envoy, files) = start();
    let client = Client::http2(envoy.address("edge"));
    for filter in NAMES {
        let is_at_work = |authority| at_work(filter, &client, authority);
        assert!(is_at_work("orders.example.com"), "{filter} at first");

        command(&files.of(filter), Switch::Off);
        let took = wait_until("off", || !is_at_work("orders.example.com"));
        println!("{filter} was off after {took:?}");
        assert!(took < SECONDS, "{filter} took {took:?}");
        assert!(
            is_at_work("payments.example.com"),
            "{filter} serves the others"
        );
        assert_eq!(is_told_off(&envoy, filter), 1);
        let left_alone = [("filter", filter), ("service", "orders")];
        wait_until("a count", || {
            sum(&envoy, "treaty_off_requests", &left_alone) > 0
        });

        command(&files.of(filter), Switch::On);
        wait_until("on", || is_at_work("orders.example.com"));
        wait_until("the gauge", || is_told_off(&envoy, filter) == 0);
    }
}

#[test]
fn to_switch_loses_no_request() {
    let (envoy, files) = start();
    let traffic = Traffic::begin(envoy.address("edge"), CLIENTS);
    // What is switched off is a service of its own, so that every answer is as ever.
    for filter in NAMES {
        for to in [Switch::Off, Switch::On] {
            command_for("spare", &files.of(filter), to);
            let is_off = u64::from(to == Switch::Off);
            wait_until("the gauge", || told_off(&envoy, filter, "spare") == is_off);
            assert!(!traffic.is_over(), "{filter} {to:?}");
        }
    }
    let sent: u64 = traffic.end().values().sum();
    assert_eq!(sum(&envoy, "treaty_requests", &[]), sent);
}

#[test]
fn the_access_log_names_every_filter_that_left_an_exchange_alone() {
    let off = |filter: &str| {
        let mut policy = policy(filter, "off");
        policy["off"] = json!(["orders"]);
        wasm(filter, &policy.to_string())
    };
    let mut log = AccessLog::new();
    let edge = Listener::new("edge")
        .filter(off("error-translation"))
        .filter(off("version-negotiation"))
        .route(Route::direct("/", 200, "served"))
        .access_log(
            &log,
            json!({"off": "%FILTER_STATE(wasm.treaty.off:PLAIN)%"}),
        );
    let envoy = Envoy::start(Config::new().listener(edge), &Options::default()).unwrap();
    let client = Client::http1(envoy.address("edge"));
    let mut told = |authority| {
        client.send(Request::get("/v1/orders/7").authority(authority));
        log.next_line(SOON).unwrap()["off"].clone()
    };
    assert_eq!(
        told("orders.example.com"),
        "error-translation,version-negotiation"
    );
    assert_eq!(told("payments.example.com"), Value::Null);
}

/// What `treaty off orders FILE --in-place` does.
fn command(file: &Path, to: Switch) {
    command_for("orders", file, to);
}

fn command_for(service: &str, file: &Path, to: Switch) {
    let switched = switch(service, file, None, to, registry::FILTERS).unwrap();
    replace(file, &switched.text).unwrap();
}

fn is_told_off(envoy: &Envoy, filter: &str) -> u64 {
    told_off(envoy, filter, "orders")
}

fn told_off(envoy: &Envoy, filter: &str, service: &str) -> u64 {
    let labels = [("filter", filter), ("service", service)];
    sum(envoy, "treaty_policy_off", &labels)
}

/// Whether a filter does what it is there for, for the service at this authority.
fn at_work(filter: &str, client: &Client, authority: &str) -> bool {
    let get = |path: &str| client.send(Request::get(path).authority(authority));
    let post = |body: &str, key: &str| {
        let request = Request::post("/v1/orders", body)
            .authority(authority)
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        client.send(request)
    };
    let is_problem = |response: &Response| {
        response.headers.text("content-type") == Some("application/problem+json")
    };
    match filter {
        "telemetry-tagging" => get("/v1/orders/7").headers.has("x-correlation-id"),
        "error-translation" => is_problem(&get("/v1/orders/broken")),
        "version-negotiation" => get("/v9/orders/7").status == 404,
        "contract-validation" => post(r#"{"amount": "five"}"#, "invalid").status == 422,
        "idempotency-keys" => {
            let unkeyed = Request::post("/v1/orders", r#"{"amount": 5}"#)
                .authority(authority)
                .header("content-type", "application/json");
            client.send(unkeyed).status == 400
        }
        other => panic!("no filter {other}"),
    }
}
