//! A filter that is taken out of a proxy is in force no more, and what is told of it says so.
//!
//! Its metrics go with its VM where it had one of its own. Here another filter stays in that VM, as
//! where a module stands at several places of one chain.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use e2e::{Client, Envoy, Listener, Options, Request, Route, WasmFilter, reserve_address};
use kit::policy::Document;
use serde_json::{Value, json};

use crate::suite::{Files, policy, sum, wait_until};

const FILTER: &str = "version-negotiation";

/// How long a listener lives on after it was replaced.
const DRAINS_WITHIN: Duration = Duration::from_secs(1);

/// A policy that is switched off for `orders`.
fn off(revision: &str) -> Value {
    let mut policy = policy(FILTER, revision);
    policy["off"] = json!(["orders"]);
    policy
}

/// A filter of the module with such a policy, by a name of its own.
fn plugin(name: &str, revision: &str) -> Value {
    let plugin = WasmFilter::new(FILTER).policy(&off(revision).to_string());
    plugin.with(json!({"name": name})).into()
}

/// What is told of a policy: whether it is in force, and whether it switches `orders` off.
fn told(envoy: &Envoy, plugin: &str, revision: &str) -> [u64; 2] {
    let digest = Document::from_value(off(revision)).digest();
    let labels = [("plugin", plugin), ("digest", &digest)];
    ["treaty_policy_info", "treaty_policy_off"].map(|metric| sum(envoy, metric, &labels))
}

/// A listener that runs these filters, in a proxy that takes it from a file.
struct Edge {
    files: Files,
    at: SocketAddr,
}

impl Edge {
    fn publish(&self, plugins: &[&Value]) {
        let listener = Listener::new("edge").at(self.at);
        let plugins = plugins.iter().copied().cloned();
        let listener = plugins.fold(listener, Listener::filter);
        let route = Route::direct("/", 200, "served");
        self.files.publish_listener(listener.route(route));
    }

    fn start(plugins: &[&Value]) -> (Self, Envoy) {
        let edge = Self {
            files: Files::new(),
            at: reserve_address(),
        };
        edge.publish(plugins);
        let options = Options {
            concurrency: 2,
            arguments: vec![
                "--drain-time-s".to_owned(),
                DRAINS_WITHIN.as_secs().to_string(),
            ],
            ..Options::default()
        };
        let envoy = Envoy::start(edge.files.listeners(), &options).unwrap();
        (edge, envoy)
    }
}

#[test]
fn a_filter_that_is_taken_out_is_in_force_no_more_until_it_comes_back() {
    let [stays, goes] = [plugin("stays", "a"), plugin("goes", "a")];
    let (edge, envoy) = Edge::start(&[&stays, &goes]);
    let wait_for = |what: &str, expected: [u64; 2]| {
        wait_until(what, || told(&envoy, "goes", "a") == expected);
        assert_eq!(told(&envoy, "stays", "a"), [1, 1], "{what}");
    };
    wait_for("both", [1, 1]);
    edge.publish(&[&stays]);
    wait_for("its end", [0, 0]);
    edge.publish(&[&stays, &goes]);
    wait_for("its return", [1, 1]);
}

#[test]
fn a_policy_that_took_the_place_of_another_is_alone_in_force_once_connections_are_drained() {
    let [first, second] = [plugin("suite", "a"), plugin("suite", "b")];
    let (edge, envoy) = Edge::start(&[&first]);
    wait_until("the first", || told(&envoy, "suite", "a") == [1, 1]);
    edge.publish(&[&second]);
    wait_until("the second", || told(&envoy, "suite", "b") == [1, 1]);
    wait_until("the first's end", || told(&envoy, "suite", "a") == [0, 0]);
    assert_eq!(told(&envoy, "suite", "b"), [1, 1]);
}

/// Envoy then goes on with what it has, and configures nothing.
#[test]
fn a_policy_that_comes_back_while_connections_are_drained_is_in_force() {
    let [first, second] = [plugin("suite", "a"), plugin("suite", "b")];
    let (edge, envoy) = Edge::start(&[&first]);
    wait_until("the first", || told(&envoy, "suite", "a") == [1, 1]);
    edge.publish(&[&second]);
    wait_until("the second", || told(&envoy, "suite", "b") == [1, 1]);
    edge.publish(&[&first]);
    assert_eq!(told(&envoy, "suite", "a"), [1, 1]);
    wait_until("the second's end", || told(&envoy, "suite", "b") == [0, 0]);
    thread::sleep(3 * DRAINS_WITHIN);
    assert_eq!(told(&envoy, "suite", "a"), [1, 1]);
    assert_eq!(told(&envoy, "suite", "b"), [0, 0]);
}

/// As a new module does, or a VM with other keys. The end of the VM before it takes the gauges down.
#[test]
fn a_policy_that_went_to_another_vm_is_told_again_as_requests_come() {
    let first = plugin("suite", "a");
    let mut second = first.clone();
    second["typed_config"]["config"]["vm_config"]["vm_id"] = "another".into();
    let (edge, envoy) = Edge::start(&[&first]);
    wait_until("the first", || told(&envoy, "suite", "a") == [1, 1]);
    edge.publish(&[&second]);
    wait_until("the first's end", || told(&envoy, "suite", "a") == [0, 0]);
    wait_until("the second", || {
        let client = Client::http1(edge.at);
        for _ in 0..100 {
            client.send(Request::get("/").authority("orders.example.com"));
        }
        told(&envoy, "suite", "a") == [1, 1]
    });
}
