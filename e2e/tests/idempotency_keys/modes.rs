//! The filter where it holds no heads, where it only reports, beside mirrors, and while its policy
//! changes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Etcd, EtcdVersion, Fields, Listener, Protocol, Redis,
    RedisKind, Request, Response, Route, Upstream, WasmFilter, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{
    Bench, Gate, SOON, Told, filter, is_replay, keyed, policy, policy_with, reason, start,
};

/// Without `allow_on_headers_stop_iteration` Envoy holds the content behind a head that waits, and
/// has to let it go with the head.
#[test]
fn without_holding_heads_a_key_in_a_field_runs_once_and_the_upstream_has_the_whole_content() {
    let etcd = Etcd::start(EtcdVersion::V3_5);
    let redis = Redis::start(RedisKind::Valkey);
    let stores: [(Value, &dyn e2e::Store); 2] = [
        (json!({"type": "etcd", "timeout": "5s"}), &etcd),
        (
            json!({"type": "redis", "front": {"type": "tunnel"}, "timeout": "5s"}),
            &redis,
        ),
    ];
    for (entry, store) in stores {
        let mut policy = policy_with(entry, json!({"fingerprint": {"content": "ignored"}}));
        policy["form"] = "streamed".into();
        let filter = WasmFilter::new("idempotency-keys").policy(&policy.to_string());
        let bench = Bench::with(&filter, |config| config.store("store", store));
        let chunk: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        for (name, client) in [("http1", bench.http1()), ("http2", bench.http2())] {
            let gate = Gate::default();
            bench.upstream.set_handler({
                let gate = gate.clone();
                move |_| {
                    gate.pass();
                    Answer::status(201).chunk("stored")
                }
            });
            let request = || Request::new("POST", "/").header("idempotency-key", name);
            let mut exchange = client.open(request().chunk(chunk.clone())).unwrap();
            exchange.push(chunk.clone());
            thread::sleep(Duration::from_millis(100));
            exchange.push(chunk.clone());
            exchange.finish();
            bench.upstream.wait_for_seen(1, SOON);
            let duplicate = client.send(request().chunk("anything"));
            gate.open();
            assert_eq!(reason(&duplicate), "in-flight", "{policy}");
            let first = exchange.rest().unwrap();
            assert_eq!((first.status, first.text().as_str()), (201, "stored"));
            let late = client.send(request().chunk("anything"));
            assert!(is_replay(&late), "{late:?}");
            assert_eq!(late.text(), "stored");
            let seen = bench.upstream.take_seen();
            assert_eq!(seen.len(), 1);
            assert!(
                seen[0].complete && seen[0].body == chunk.repeat(3),
                "{name}: whole"
            );
        }
    }
}

#[test]
fn a_mirrored_request_never_claims() {
    let (upstream, mirror, own) = (Upstream::start(), Upstream::start(), reserve_address());
    upstream.set(Answer::status(201).chunk("first"));
    let mut told = Told::default();
    // Both proxies are one here, and so is their store: the harder case.
    let policy = policy(json!({"mirrorHeader": "x-mirrored"}));
    let mirrors = json!({"route": {"request_mirror_policies": [{"cluster": "mirror"}]}});
    let config = Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter(&policy))
                .route(Route::prefix("/", "upstream").with(mirrors)),
        )
        .listener(
            told.by(Listener::new("shadow").at(own))
                .filter(filter(&policy))
                .route(Route::prefix("/", "behind")),
        )
        .cluster(Cluster::new("upstream", upstream.address()))
        .cluster(Cluster::new("mirror", own))
        .cluster(Cluster::new("behind", mirror.address()));
    let envoy = start(config);
    let client = Client::http1(envoy.address("edge"));
    let first = client.send(keyed("/", "mirrored"));
    assert_eq!((first.status, first.text().as_str()), (201, "first"));
    assert_eq!(told.next()["outcome"], Value::Null);
    assert!(
        mirror.wait_for_seen(1, SOON)[0]
            .authority
            .contains("-shadow")
    );
    assert!(is_replay(&client.send(keyed("/", "mirrored"))));

    // Mirrors that keep the host are known by a field.
    for _ in 0..2 {
        let copy = keyed("/", "mirrored").header("x-mirrored", "true");
        let answer = Client::http1(envoy.address("shadow")).send(copy);
        assert_eq!(answer.status, 200);
        assert_eq!(told.next()["outcome"], Value::Null);
    }
    assert_eq!((upstream.seen().len(), mirror.seen().len()), (1, 3));
}

#[test]
fn in_report_mode_no_octet_changes_and_all_is_counted() {
    let settings = json!({"required": true, "retries": 2, "maxRequestBody": "1KiB"});
    let mut report = Report::start(policy(settings.clone()), |config| config);
    report.judge(|report, outcome| {
        let line = report.told.next();
        let refusal = outcome
            .strip_prefix("would_refuse_")
            .map(|reason| format!("idempotency_keys.{reason}"));
        assert_eq!(line["outcome"], outcome, "{line}");
        assert_eq!(line["refusal"].as_str(), refusal.as_deref(), "{line}");
    });

    // With a store elsewhere an exchange may be over before the store has answered, and is not held.
    let etcd = Etcd::start(EtcdVersion::V3_5);
    let policy = policy_with(json!({"type": "etcd", "timeout": "5s"}), settings);
    Report::start(policy, |config| config.store("store", &etcd)).judge(|_, _| {});
}

/// A proxy with the filter in report mode as `edge`, and without it as `plain`.
struct Report {
    envoy: Envoy,
    upstream: Upstream,
    told: Told,
    gate: Gate,
}

impl Report {
    fn start(mut policy: Value, more: impl FnOnce(Config) -> Config) -> Self {
        policy["mode"] = "report".into();
        let (upstream, told) = (Upstream::start(), Told::default());
        let gate = Gate::default();
        let own = gate.clone();
        upstream.set_handler(move |request| {
            if request.path == "/slow" && !request.headers.has("x-second") {
                own.pass();
            }
            Answer::status(201)
                .header("x-kept", "yes")
                .header("set-cookie", "session=1")
                .chunk("one ")
                .chunk("two")
        });
        let listener = |name: &str| {
            Listener::new(name)
                .with(json!({"generate_request_id": false}))
                .route(Route::prefix("/", "upstream"))
        };
        let config = Config::new()
            .listener(told.by(listener("edge")).filter(filter(&policy)))
            .listener(listener("plain"))
            .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient));
        Self {
            envoy: start(more(config)),
            upstream,
            told,
            gate,
        }
    }

    /// Sends what would have been held, refused and replayed; `told` is asked for each outcome.
    fn judge(&mut self, told: impl Fn(&mut Self, &str)) {
        let reused = Request::post("/", "another").header("idempotency-key", "reported");
        let large = Request::post("/", vec![b'x'; 2000]).header("idempotency-key", "large");
        for (request, outcome) in [
            (keyed("/", "reported"), "claimed"),
            (keyed("/", "reported"), "would_replay"),
            (reused, "would_refuse_key_reused"),
            (Request::post("/", "{}"), "would_refuse_key_missing"),
            (keyed("/", "two words"), "would_refuse_malformed_key"),
            (large, "would_refuse_content_too_large"),
        ] {
            self.assert_unchanged(&request, outcome);
            self.wait_for("requests", &format!("outcome={outcome}"), 1);
            told(self, outcome);
            if outcome == "claimed" {
                self.wait_for("ends", "end=kept", 1);
            }
        }
        let edge = Client::http2(self.envoy.address("edge"));
        let mut slow = edge.open(keyed("/slow", "slow")).unwrap();
        slow.finish();
        self.wait_for("requests", "outcome=claimed", 2);
        edge.send(keyed("/slow", "slow").header("x-second", "yes"));
        self.wait_for("requests", "outcome=would_refuse_in_flight", 1);
        self.gate.open();
        slow.rest().unwrap();
        assert_eq!(self.upstream.seen().len(), 2);
    }

    /// Upstream and client get the same with the filter and without it.
    fn assert_unchanged(&self, request: &Request, outcome: &str) {
        let answers = ["edge", "plain"].map(|listener| {
            let answer = Client::http2(self.envoy.address(listener)).send(request.clone());
            shape(&answer)
        });
        assert_eq!(answers[0], answers[1], "{outcome}");
        let seen = self.upstream.take_seen();
        assert_eq!(seen.len(), 2, "{outcome}");
        assert_eq!(seen[0].headers, seen[1].headers, "{outcome}");
        assert_eq!(seen[0].body, seen[1].body, "{outcome}");
    }

    fn wait_for(&self, metric: &str, label: &str, count: u64) {
        let name = format!("wasmcustom.treaty_idempotency_{metric};service=all;{label}");
        self.envoy.wait_for_counter(&name, count, SOON);
    }
}

/// All of an answer that does not depend on when it was given.
fn shape(answer: &Response) -> (u16, Fields, Vec<u8>, Fields, bool) {
    let varies = ["date", "x-envoy-upstream-service-time"];
    let fields = answer.headers.iter().cloned();
    let fixed = fields.filter(|(name, _)| !varies.contains(&name.as_str()));
    (
        answer.status,
        fixed.collect(),
        answer.body.clone(),
        answer.trailers.clone(),
        answer.complete,
    )
}

#[test]
fn a_new_policy_under_traffic_keeps_the_records_and_loses_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let (upstream, address) = (Upstream::start(), reserve_address());
    upstream.set_handler(|request| {
        let key = request.headers.text("idempotency-key").unwrap_or_default();
        Answer::status(201).chunk(key)
    });
    let publish = |revision: &str| publish(folder.path(), listener(address, revision));
    publish("r1");
    let mut config: Value = Config::new()
        .cluster(Cluster::new("upstream", upstream.address()))
        .into();
    config["node"] = json!({"id": "reload", "cluster": "test"});
    config["dynamic_resources"] = json!({"lds_config": {"resource_api_version": "V3",
        "path_config_source": {"path": folder.path().join("lds.json"),
            "watched_directory": {"path": folder.path()}}}});
    let envoy = start(config);
    let over = AtomicBool::new(false);
    let sent = thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let mut sent = 0;
            while !over.load(Ordering::Relaxed) {
                let key = format!("key-{sent}");
                let first = Client::http1(address).send(keyed("/", &key));
                assert_eq!((first.status, first.text()), (201, key.clone()));
                let second = Client::http1(address).send(keyed("/", &key));
                assert!(is_replay(&second), "{key}: {second:?}");
                sent += 1;
            }
            sent
        });
        for revision in ["r2", "r3", "r4"] {
            publish(revision);
            envoy.wait_for_log(&format!("policy revision {revision} "), SOON);
            thread::sleep(Duration::from_millis(200));
        }
        over.store(true, Ordering::Relaxed);
        traffic.join().unwrap()
    });
    assert!(sent > 3, "{sent} keys");
    // What the first policy has kept, the last one replays.
    for number in 0..sent {
        let late = Client::http1(address).send(keyed("/", &format!("key-{number}")));
        assert!(is_replay(&late), "{late:?}");
    }
}

/// A listener with another policy, at the address of the one before.
fn listener(address: SocketAddr, revision: &str) -> Value {
    let mut policy = policy(json!({}));
    policy["revision"] = revision.into();
    Listener::new("edge")
        .at(address)
        .filter(filter(&policy))
        .route(Route::prefix("/", "upstream"))
        .into()
}

/// Puts a listener where Envoy watches, in one step.
fn publish(folder: &Path, mut listener: Value) {
    listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
    let written = folder.join("lds.new");
    fs::write(&written, json!({"resources": [listener]}).to_string()).unwrap();
    fs::rename(written, folder.join("lds.json")).unwrap();
}
