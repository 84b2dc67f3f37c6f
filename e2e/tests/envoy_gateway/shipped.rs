//! The manifests that are checked in, as they stand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use e2e::{Client, Report, Request, root};
use serde_json::Value;
use treaty::registry::NAMES;

use crate::manifest::Manifest;
use crate::world::{World, at};

/// A key of 32 octets for every secret that a shipped policy names.
const SECRET: &str = "cHNldWRvbnltcyBvZiB0aGUgZGVtbyBtZXNoLCBubyBzZWNyZXQ=";

/// Secrets for all that is shipped.
pub(crate) fn secrets() -> BTreeMap<String, String> {
    let names = ["TREATY_PEOPLE_KEY", "TREATY_PROBE_KEY"];
    names
        .map(|name| (name.to_owned(), SECRET.to_owned()))
        .into()
}

pub(crate) fn check(report: &Report, world: &World) {
    let fact = "suite.yaml is taken, with every filter in the order of the chain";
    report.check(fact, || suite(world));
    for name in NAMES.into_iter().chain(["all-filters"]) {
        let fact = format!("{name}.yaml is taken, and requests pass");
        report.check(&fact, || alone(world, name));
    }
}

fn file(name: &str) -> PathBuf {
    root()
        .join("envoy-gateway")
        .join(name)
        .with_extension("yaml")
}

fn suite(world: &World) {
    let suite = Manifest::checked_in(world, &file("suite"));
    assert_eq!(suite.digests.len(), NAMES.len());
    world.enforce(1, &[suite]);
    assert_eq!(standing(world), NAMES);
    passes();
}

fn alone(world: &World, name: &str) {
    world.enforce(1, &[Manifest::checked_in(world, &file(name))]);
    passes();
}

/// As they are shipped, policies report, and a request passes with the answer of its service.
fn passes() {
    let request = Request::get("/v1/orders/7").authority("orders.example.com");
    let response = Client::http1(at(0)).send(request);
    assert_eq!(response.status, 200, "{}", response.text());
}

/// The plugins in the first listener as Envoy has it.
fn standing(world: &World) -> Vec<&'static str> {
    let dump = world.ask("/config_dump?resource=dynamic_listeners");
    let dump: Value = serde_json::from_str(&dump).expect("the dump is JSON");
    let listeners = dump["configs"].as_array().into_iter().flatten();
    let active = listeners.map(|dumped| &dumped["active_state"]["listener"]);
    let mut names = Vec::new();
    for listener in active {
        if listener["address"]["socket_address"]["port_value"] == at(0).port() {
            collect(listener, &mut names);
        }
    }
    names
}

/// The names of wasm plugins in the order of the text.
fn collect(value: &Value, names: &mut Vec<&'static str>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|one| collect(one, names)),
        Value::Object(members) => {
            let plugin = members.get("vm_config").and(members.get("name"));
            let known = NAMES
                .iter()
                .find(|name| plugin.is_some_and(|own| own == *name));
            names.extend(known);
            members.values().for_each(|one| collect(one, names));
        }
        _ => {}
    }
}
