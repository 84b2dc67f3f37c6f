//! A filter that is taken out of a proxy is in force no more, and what is told of it says so.
//!
//! Its metrics go with its VM where it had one of its own. Here another filter stays in that VM, as
//! where a module stands at several places of one chain.

use std::slice;
use std::thread;
use std::time::Duration;

use e2e::{Envoy, Listener, Options, Route, WasmFilter, reserve_address};
use serde_json::{Value, json};

use crate::suite::{Files, policy, sum, wait_until};

const FILTER: &str = "version-negotiation";

/// How long a listener lives on after it was replaced.
const DRAINS_WITHIN: Duration = Duration::from_secs(1);

/// A filter of the module, by a name of its own, which is switched off for `orders`.
fn plugin(name: &str, revision: &str) -> Value {
    let mut policy = policy(FILTER, revision);
    policy["off"] = json!(["orders"]);
    let plugin = WasmFilter::new(FILTER).policy(&policy.to_string());
    plugin.with(json!({"name": name})).into()
}

/// What is told of a policy: whether it is in force, and whether it switches `orders` off.
fn told(envoy: &Envoy, plugin: &str, revision: &str) -> [u64; 2] {
    let plugin = ("plugin", plugin);
    [
        sum(
            envoy,
            "treaty_policy_info",
            &[plugin, ("revision", revision)],
        ),
        sum(envoy, "treaty_policy_off", &[plugin, ("service", "orders")]),
    ]
}

#[test]
fn a_filter_that_is_taken_out_is_in_force_no_more_until_it_comes_back() {
    let files = Files::new();
    let at = reserve_address();
    let publish = |plugins: &[Value]| {
        let listener = Listener::new("edge").at(at);
        let listener = plugins.iter().cloned().fold(listener, Listener::filter);
        files.publish_listener(listener.route(Route::direct("/", 200, "served")));
    };
    let [stays, goes] = [plugin("stays", "a"), plugin("goes", "a")];
    publish(&[stays.clone(), goes.clone()]);
    let options = Options {
        concurrency: 2,
        arguments: vec![
            "--drain-time-s".to_owned(),
            DRAINS_WITHIN.as_secs().to_string(),
        ],
        ..Options::default()
    };
    let envoy = Envoy::start(files.listeners(), &options).unwrap();
    let wait_for = |what: &str, plugin: &str, revision: &str, expected: [u64; 2]| {
        wait_until(what, || told(&envoy, plugin, revision) == expected);
        assert_eq!(told(&envoy, "stays", "a"), [1, 1], "{what}");
    };
    wait_for("both", "goes", "a", [1, 1]);

    publish(slice::from_ref(&stays));
    wait_for("its end", "goes", "a", [0, 0]);

    publish(&[stays.clone(), goes]);
    wait_for("its return", "goes", "a", [1, 1]);

    publish(&[stays, plugin("goes", "b")]);
    wait_for("another policy", "goes", "b", [1, 1]);
    // What the filter with the policy before it says at its end is of no account any more.
    thread::sleep(3 * DRAINS_WITHIN);
    assert_eq!(told(&envoy, "goes", "a"), [0, 1]);
    assert_eq!(told(&envoy, "goes", "b"), [1, 1]);
}
