//! What takes too long for every run: `make soak`.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use e2e::{
    Client, Cluster, Config, Envoy, Listener, Options, Request, Route, WasmFilter, reserve_address,
};
use serde_json::{Value, json};

use crate::faults::mixed::run;
use crate::faults::stand::{Backend, Stand};

/// Keys while everything fails.
const KEYS: u64 = 20_000;
const AT_ONCE: usize = 48;

/// Keys in the memory of one proxy, and how often it is weighed.
const DISTINCT: u64 = 1_000_000;
const POINTS: u64 = 10;

/// In how many mebibytes the memory may differ over the last third: V8 takes and gives back pages.
const FLAT: u64 = 4;

#[test]
#[ignore = "minutes: `make soak`"]
fn no_key_of_twenty_thousand_runs_twice_around_etcd() {
    run(Stand::start(Backend::etcd(), 2, json!({})), KEYS, AT_ONCE);
}

#[test]
#[ignore = "minutes: `make soak`"]
fn no_key_of_twenty_thousand_runs_twice_around_redis() {
    run(Stand::start(Backend::redis(), 2, json!({})), KEYS, AT_ONCE);
}

#[test]
#[ignore = "minutes: `make soak`"]
fn no_key_of_twenty_thousand_runs_twice_around_a_local_store() {
    run(Stand::of_one(Backend::Local), KEYS, AT_ONCE);
}

#[test]
#[ignore = "minutes: `make soak`"]
fn a_million_keys_take_no_more_memory_than_the_slots_where_old_records_give_way() {
    let store = json!({"whenFull": "evict", "keys": 20_000, "size": "32MiB"});
    let told = memory_over_a_million_keys(store, "1h");
    // A finished record always gives way to a new key.
    assert_eq!(told, BTreeMap::from([(200, DISTINCT)]));
}

#[test]
#[ignore = "minutes: `make soak`"]
fn a_million_keys_take_no_more_memory_than_the_slots_where_new_ones_are_refused() {
    let store = json!({"whenFull": "refuse", "keys": 1000, "size": "2MiB"});
    let told = memory_over_a_million_keys(store, "10s");
    // Slots are free again after 10 s, and are taken again.
    assert_eq!(told[&200] + told[&503], DISTINCT, "{told:?}");
    assert!(told[&200] > 10_000, "{told:?}");
}

/// Sends a million keys to a proxy with a store like this, and weighs it; says how many were
/// answered with which status. Panics unless its memory is flat once the slots are full.
fn memory_over_a_million_keys(store: Value, retention: &str) -> BTreeMap<u16, u64> {
    let options = Options {
        concurrency: 2,
        ..Options::default()
    };
    let envoy = Envoy::start(config(store, retention), &options).unwrap();
    let door = envoy.address("edge");
    let mut weights = Vec::new();
    let mut told = BTreeMap::new();
    for point in 1..=POINTS {
        let begun = Instant::now();
        for (status, count) in ask_each(door, point, DISTINCT / POINTS) {
            *told.entry(status).or_default() += count;
        }
        weights.push(memory(&envoy));
        println!(
            "{} keys: {} MiB, {told:?}, {:?}",
            point * DISTINCT / POINTS,
            weights[weights.len() - 1],
            begun.elapsed()
        );
    }
    let last_third = &weights[weights.len() * 2 / 3..];
    let (least, most) = (last_third.iter().min(), last_third.iter().max());
    let differs = most.unwrap() - least.unwrap();
    assert!(differs <= FLAT, "{weights:?} MiB");
    told
}

/// A proxy whose upstream is another listener of its own: as fast as can be.
fn config(mut store: Value, retention: &str) -> Config {
    let upstream = reserve_address();
    store["type"] = "local".into();
    store["name"] = "slots".into();
    let policy = json!({
        "version": 1,
        "mode": "enforce",
        "stores": [store],
        "defaults": {
            "scope": {"shared": true},
            "claimTtl": "5s",
            "retention": retention,
            "maxAnswer": "1KiB",
        },
        "rules": [{"name": "all"}],
    });
    let filter = WasmFilter::new("idempotency-keys").policy(&policy.to_string());
    let answer = "paid ".repeat(40);
    Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter.holding_heads())
                .route(Route::prefix("/", "upstream")),
        )
        .listener(
            Listener::new("upstream")
                .at(upstream)
                .route(Route::direct("/", 200, &answer)),
        )
        .cluster(Cluster::new("upstream", upstream).roomy())
}

/// Asks once for each of so many keys, which are distinct in each round; says how many were answered
/// with which status.
fn ask_each(door: SocketAddr, round: u64, keys: u64) -> BTreeMap<u16, u64> {
    const CLIENTS: u64 = 16;
    let ask = |client: u64| {
        let connection = Client::http2(door);
        let mut told = BTreeMap::<_, u64>::new();
        for number in 0..keys / CLIENTS {
            let key = format!("{round}-{client}-{number}");
            let request = Request::post("/", "{}").header("idempotency-key", key);
            *told.entry(connection.send(request).status).or_default() += 1;
        }
        told
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || ask(client)))
            .collect();
        let mut told = BTreeMap::<_, u64>::new();
        for client in clients {
            for (status, count) in client.join().unwrap() {
                *told.entry(status).or_default() += count;
            }
        }
        told
    })
}

/// The resident memory of a proxy, in mebibytes.
fn memory(envoy: &Envoy) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", envoy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().unwrap() / 1024
}
