//! A proxy that begins with a bad policy has no last good one. What it does then depends on how the
//! policy reaches it, and in no way does a request pass a filter that has no policy.

use std::net::TcpStream;

use e2e::{Client, Envoy, Listener, Options, Request, Route, StartError};
use serde_json::{Value, json};

use crate::suite::{Files, edge, is_in_force, policy, wait_until, wasm};

const FILTER: &str = "version-negotiation";

fn bad() -> String {
    policy(FILTER, "bad")
        .to_string()
        .replace("\"scheme\"", "\"shceme\"")
}

/// What the filter refuses, and what passes it.
fn statuses(envoy: &Envoy) -> (u16, u16) {
    let client = Client::http1(envoy.address("edge"));
    let get = |path| {
        client
            .send(Request::get(path).authority("orders.example.com"))
            .status
    };
    (get("/v9/orders/7"), get("/v1/orders/7"))
}

/// A proxy whose filter has its policy in a file, or why there is none.
fn started(files: &Files, more: &Value) -> Result<Envoy, StartError> {
    let mut filter = files.discovered(FILTER);
    for (name, value) in more.as_object().unwrap() {
        filter["config_discovery"][name] = value.clone();
    }
    let mut config: Value = edge([filter]).into();
    config["node"] = json!({"id": "fresh", "cluster": "test"});
    Envoy::start(config, &Options::default())
}

fn start(files: &Files, more: &Value) -> Envoy {
    started(files, more).unwrap()
}

#[test]
fn with_a_bad_policy_in_its_own_configuration_a_proxy_does_not_start() {
    let error = Envoy::start(edge([wasm(FILTER, &bad())]), &Options::default()).unwrap_err();
    assert!(error.reason.contains("exit status: 1"), "{}", error.reason);
    let told = "/defaults/shceme: is not a known name here";
    assert!(error.log.contains(told), "{}", error.log);
}

#[test]
fn with_a_bad_policy_in_a_listener_from_a_file_nothing_listens_until_there_is_a_good_one() {
    let files = Files::new();
    let at = e2e::reserve_address();
    let publish = |policy: &str| {
        let listener = Listener::new("edge").at(at).filter(wasm(FILTER, policy));
        files.publish_listener(listener.route(Route::direct("/", 200, "served")));
    };
    publish(&bad());
    let envoy = Envoy::start(files.listeners(), &Options::default()).unwrap();
    assert_eq!(envoy.counters()["listener_manager.lds.update_rejected"], 1);
    assert!(TcpStream::connect(at).is_err(), "nothing listens");
    publish(&policy(FILTER, "good").to_string());
    wait_until("a listener", || TcpStream::connect(at).is_ok());
    let client = Client::http1(at);
    let get = |path| {
        client
            .send(Request::get(path).authority("orders.example.com"))
            .status
    };
    assert_eq!((get("/v9/orders/7"), get("/v1/orders/7")), (404, 200));
}

#[test]
fn with_a_bad_policy_by_discovery_every_request_is_answered_500_until_there_is_a_good_one() {
    let files = Files::new();
    files.publish(FILTER, &bad());
    let envoy = start(&files, &json!({}));
    assert_eq!(statuses(&envoy), (500, 500));
    files.publish(FILTER, &policy(FILTER, "good").to_string());
    wait_until("the good one", || is_in_force(&envoy, FILTER, "good"));
    wait_until("it at work", || statuses(&envoy) == (404, 200));
}

#[test]
fn with_a_default_beside_discovery_that_one_is_in_force_until_there_is_a_good_one() {
    let files = Files::new();
    files.publish(FILTER, &bad());
    let default = wasm(FILTER, &policy(FILTER, "shipped").to_string());
    let envoy = start(&files, &json!({"default_config": default["typed_config"]}));
    assert_eq!(statuses(&envoy), (404, 200));
    assert!(is_in_force(&envoy, FILTER, "shipped"));
    files.publish(FILTER, &policy(FILTER, "good").to_string());
    wait_until("the good one", || is_in_force(&envoy, FILTER, "good"));
    assert_eq!(statuses(&envoy), (404, 200));
}

#[test]
fn without_the_file_of_a_policy_a_proxy_does_not_start() {
    let files = Files::new();
    let error = started(&files, &json!({})).unwrap_err();
    assert!(error.reason.contains("exit status: 1"), "{}", error.reason);
    assert!(
        error.log.contains("must refer to an existing path"),
        "{}",
        error.log
    );
}
