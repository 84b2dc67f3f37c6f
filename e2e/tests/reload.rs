//! A policy is changed while traffic flows: no request is lost, and a bad policy never replaces a
//! good one.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use e2e::{
    Client, Cluster, Config, Envoy, Listener, Options, Request, Route, Upstream, WasmFilter,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);

/// A policy that serves the versions up to `newest`.
fn policy(revision: &str, newest: u32) -> String {
    let versions: Vec<Value> = (1..=newest)
        .map(|version| json!({"version": version.to_string()}))
        .collect();
    json!({
        "version": 1,
        "revision": revision,
        "mode": "enforce",
        "rules": [{"name": "all", "settings": {
            "scheme": "integer",
            "sources": [{"from": "path", "template": "/v{version}/**"}],
            "versions": versions,
        }}],
    })
    .to_string()
}

/// Puts a listener with this policy where Envoy watches, in one step.
fn publish(folder: &Path, policy: &str) {
    let mut listener: Value = Listener::new("edge")
        .at(address_file(folder))
        .filter(WasmFilter::new("version-negotiation").policy(policy))
        .route(Route::prefix("/", "upstream"))
        .into();
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    let written = folder.join("lds.new");
    fs::write(&written, json!({"resources": [listener]}).to_string()).unwrap();
    fs::rename(written, folder.join("lds.json")).unwrap();
}

/// The address that all listeners of one test share: an update that moved would not be one.
fn address_file(folder: &Path) -> std::net::SocketAddr {
    let file = folder.join("address");
    if !file.exists() {
        fs::write(&file, e2e::reserve_address().to_string()).unwrap();
    }
    fs::read_to_string(file).unwrap().parse().unwrap()
}

#[test]
fn a_change_of_policy_loses_no_request_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    publish(folder.path(), &policy("r1", 1));
    let mut config: Value = Config::new()
        .cluster(Cluster::new("upstream", upstream.address()))
        .into();
    config["node"] = json!({"id": "reload", "cluster": "test"});
    config["dynamic_resources"] = json!({"lds_config": {"resource_api_version": "V3",
        "path_config_source": {"path": folder.path().join("lds.json"),
            "watched_directory": {"path": folder.path()}}}});
    let envoy = Envoy::start(config, &Options::default()).unwrap();
    let address = envoy.address("edge");

    let over = Arc::new(AtomicBool::new(false));
    let traffic = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut sent = 0;
            while !over.load(Ordering::Relaxed) {
                let response = Client::http1(address).send(Request::get("/v1/orders"));
                assert_eq!(response.status, 200, "request {sent}: {}", response.text());
                sent += 1;
            }
            sent
        }
    });
    let status = |path: &str| Client::http1(address).send(Request::get(path)).status;
    let wait_for = |path: &str, expected: u16| {
        let begun = std::time::Instant::now();
        while status(path) != expected {
            assert!(begun.elapsed() < SOON, "{path} is not {expected}");
            thread::sleep(Duration::from_millis(20));
        }
    };

    assert_eq!(status("/v2/orders"), 404);
    for newest in 2..=5 {
        publish(folder.path(), &policy(&format!("r{newest}"), newest));
        wait_for(&format!("/v{newest}/orders"), 200);
        assert_eq!(status(&format!("/v{}/orders", newest + 1)), 404);
    }

    let bad = policy("r6", 6).replace("\"scheme\":\"integer\"", "\"scheme\":\"intger\"");
    publish(folder.path(), &bad);
    envoy.wait_for_counter("listener_manager.lds.update_rejected", 1, SOON);
    assert_eq!(status("/v5/orders"), 200, "the good policy stays");
    assert_eq!(status("/v6/orders"), 404);
    envoy.wait_for_counter(
        "wasmcustom.treaty_policy_rejected;filter=version-negotiation",
        1,
        SOON,
    );
    let log = envoy.log();
    assert!(
        log.contains("/rules/0/settings/scheme: expected one of"),
        "{log}"
    );
    assert!(log.contains("policy revision r5 ("), "{log}");
    assert!(log.contains("in place of revision r4 ("), "{log}");

    publish(folder.path(), &policy("r7", 7));
    wait_for("/v7/orders", 200);
    over.store(true, Ordering::Relaxed);
    let sent = traffic.join().expect("no request was lost");
    assert!(sent > 5, "{sent} requests were on their way meanwhile");
    let counters = envoy.counters();
    let info = |revision: &str| {
        let label = format!("revision={revision};");
        counters
            .iter()
            .find(|(name, _)| name.contains("treaty_policy_info") && name.contains(&label))
            .map(|(_, value)| *value)
    };
    // The one before it is in force too as long as connections are drained.
    assert_eq!((info("r4"), info("r7")), (Some(1), Some(1)), "{counters:?}");
}
