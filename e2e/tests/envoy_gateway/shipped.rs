//! The manifests that are checked in, as they stand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use e2e::{Report, ask_all_filters, counted, root, secrets_of};
use serde_json::Value;
use treaty::registry::{ALL_FILTERS, NAMES};

use crate::manifest::Manifest;
use crate::world::{World, at};

/// A key of 32 octets, in base64: what every secret of the examples is here.
const SECRET: &str = "dHJlYXR5J3MgdGVzdHMsIG5vIHNlY3JldCBhdCBhbGw=";

/// What the policies of the manifests ask of a proxy's environment.
pub(crate) fn secrets() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file("suite")).expect("a manifest");
    let policies = Manifest::read(text).policies;
    let names = policies.iter().flat_map(secrets_of);
    names.map(|name| (name, SECRET.to_owned())).collect()
}

pub(crate) fn check(report: &Report, world: &World) {
    let fact = "suite.yaml is taken, in the order of the chain, and every filter sees a request";
    report.check(fact, || taken(world, "suite", &NAMES, [true; 5]));
    for (index, name) in NAMES.iter().enumerate() {
        let mut counting = [false; 5];
        counting[index] = true;
        let fact = format!("{name}.yaml is taken, and its filter alone sees a request");
        report.check(&fact, || taken(world, name, &[name], counting));
    }
    let fact = "all-filters.yaml is taken, and every filter sees a request";
    report.check(fact, || {
        taken(world, ALL_FILTERS, &[ALL_FILTERS], [true; 5]);
    });
}

fn file(name: &str) -> PathBuf {
    root()
        .join("envoy-gateway")
        .join(name)
        .with_extension("yaml")
}

/// Applies a manifest, waits until these plugins stand in the proxy in this order, and sends a request
/// of which these filters are to count something, and no others.
fn taken(world: &World, name: &str, plugins: &[&str], counting: [bool; 5]) {
    world.enforce(1, &[Manifest::checked_in(world, &file(name))]);
    world.wait_until("the plugins of the manifest alone", || {
        standing(world) == plugins
    });
    let before = counted(&world.counters());
    ask_all_filters(&world.upstream, at(0));
    // Its end is counted after the client has it.
    world.wait_until("a count by each filter", || {
        let now = counted(&world.counters());
        let more = now.iter().zip(&before).map(|(now, before)| now > before);
        more.eq(counting)
    });
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

/// The names of our plugins in the order of the text.
fn collect(value: &Value, names: &mut Vec<&'static str>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|one| collect(one, names)),
        Value::Object(members) => {
            let plugin = members.get("vm_config").and(members.get("name"));
            let mut known = NAMES.into_iter().chain([ALL_FILTERS]);
            names.extend(known.find(|name| plugin.is_some_and(|own| own == name)));
            members.values().for_each(|one| collect(one, names));
        }
        _ => {}
    }
}
