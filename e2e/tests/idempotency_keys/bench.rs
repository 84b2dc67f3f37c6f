//! What the tests share: policies, a proxy with the filter, and what Envoy tells of each request.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use e2e::{
    AccessLog, Client, Cluster, Config, Envoy, Listener, Options, Protocol, Request, Response,
    Route, Upstream, WasmFilter,
};
use serde_json::{Value, json};

/// For what is there within milliseconds, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// A policy of one rule, for every request, with these settings. Its store is the proxy's own.
pub(crate) fn policy(settings: Value) -> Value {
    let mut settings = settings;
    settings["scope"] = json!({"shared": true});
    json!({
        "version": 1,
        "mode": "enforce",
        "defaults": settings,
        "rules": [{"name": "all"}],
    })
}

/// The same with a store outside the proxy, which a config reaches as the cluster `store`.
pub(crate) fn policy_with(entry: Value, settings: Value) -> Value {
    let mut policy = policy(settings);
    policy["defaults"]["sealing"] = "none".into();
    let mut entry = entry;
    entry["name"] = "store".into();
    entry["cluster"] = "store".into();
    policy["stores"] = json!([entry]);
    policy
}

/// The filter in its held form, with a policy.
pub(crate) fn filter(policy: &Value) -> WasmFilter {
    WasmFilter::new("idempotency-keys")
        .policy(&policy.to_string())
        .holding_heads()
}

/// A request with a key.
pub(crate) fn keyed(path: &str, key: &str) -> Request {
    Request::post(path, "{}").header("idempotency-key", key)
}

/// The last part of the type of a problem: why a request was refused.
pub(crate) fn reason(response: &Response) -> String {
    let kind = response.json()["type"].take();
    let kind = kind.as_str().expect("a problem has a type");
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Whether an answer is a replay.
pub(crate) fn is_replay(response: &Response) -> bool {
    response.headers.text("idempotent-replayed") == Some("true")
}

/// One proxy with the filter as `edge`, before an upstream that a test scripts.
pub(crate) struct Bench {
    pub(crate) envoy: Envoy,
    pub(crate) upstream: Upstream,
    pub(crate) told: Told,
}

impl Bench {
    /// Starts a proxy with the filter in its held form.
    pub(crate) fn start(policy: &Value) -> Self {
        Self::with(&filter(policy), |config| config)
    }

    /// Starts a proxy with the filter, and with more in its config.
    pub(crate) fn with(filter: &WasmFilter, more: impl FnOnce(Config) -> Config) -> Self {
        Self::speaking(Protocol::AsClient, filter, more)
    }

    /// The same with an upstream to which the proxy speaks this protocol.
    pub(crate) fn speaking(
        protocol: Protocol,
        filter: &WasmFilter,
        more: impl FnOnce(Config) -> Config,
    ) -> Self {
        let (upstream, told) = (Upstream::start(), Told::default());
        let listener = told.by(Listener::new("edge")).filter(filter.clone());
        let config = Config::new()
            .listener(listener.route(Route::prefix("/", "upstream")))
            .cluster(
                Cluster::new("upstream", upstream.address())
                    .protocol(protocol)
                    .roomy(),
            );
        Self {
            envoy: start(more(config)),
            upstream,
            told,
        }
    }

    /// A client that speaks HTTP/1.1.
    pub(crate) fn http1(&self) -> Client {
        Client::http1(self.envoy.address("edge"))
    }

    /// A client that speaks HTTP/2.
    pub(crate) fn http2(&self) -> Client {
        Client::http2(self.envoy.address("edge"))
    }

    /// The counters of the filter whose name starts like this, by the rest of it.
    pub(crate) fn counted(&self, metric: &str) -> Vec<(String, u64)> {
        let start = format!("wasmcustom.treaty_idempotency_{metric};");
        let counters = self.envoy.counters().into_iter();
        counters
            .filter_map(|(name, value)| Some((name.strip_prefix(&start)?.to_owned(), value)))
            .collect()
    }
}

/// Starts an Envoy.
pub(crate) fn start(config: impl Into<Value>) -> Envoy {
    Envoy::start(config, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// How often an upstream has carried out the request of each key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Executions(Arc<Mutex<HashMap<String, u32>>>);

impl Executions {
    /// Counts one; says which it is.
    pub(crate) fn count(&self, key: &str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// How often the request of this key was carried out.
    pub(crate) fn of(&self, key: &str) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(key).copied().unwrap_or_default()
    }
}

/// Holds an upstream back until a test has seen what happens meanwhile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets go whoever waits, and whoever comes.
    pub(crate) fn open(&self) {
        let (is_open, opened) = &*self.0;
        *is_open.lock().unwrap() = true;
        opened.notify_all();
    }

    /// Waits until it is open.
    pub(crate) fn pass(&self) {
        let (is_open, opened) = &*self.0;
        let closed = is_open.lock().unwrap();
        let waited = opened.wait_timeout_while(closed, SOON, |is_open| !*is_open);
        assert!(*waited.unwrap().0, "nobody has opened");
    }
}

/// What the access log says of requests.
#[derive(Debug, Default)]
pub(crate) struct Told(AccessLog);

impl Told {
    /// Has a listener log each request here.
    pub(crate) fn by(&self, listener: Listener) -> Listener {
        let fact = |name: &str| format!("%FILTER_STATE(wasm.treaty.{name}:PLAIN)%");
        listener.access_log(
            &self.0,
            json!({
                "outcome": fact("idempotency_outcome"),
                "end": fact("idempotency_end"),
                "refusal": fact("refusal"),
                "details": "%RESPONSE_CODE_DETAILS%",
                "flags": "%RESPONSE_FLAGS%",
                "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
            }),
        )
    }

    /// What is said of the next request.
    pub(crate) fn next(&mut self) -> Value {
        self.0.next_line(SOON).expect("each request is logged")
    }
}
