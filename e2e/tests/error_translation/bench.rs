//! An Envoy with the filter, a plain one beside it, and an upstream that answers each request as
//! its test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use e2e::{
    Answer, Client, Cluster, Config, Envoy, ForeignClient, Listener, Options, Protocol, Request,
    Response, Route, Rpc, Seen, Upstream, WasmFilter, reserve_address,
};
use error_translation::{ErrorTranslation, local_reply_config};
use kit::filter::Filter;
use kit::policy::Document;
use serde_json::{Value, json};

use crate::told::{self, CASE, Told};

/// For what is there within milliseconds, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// The listeners with the filter, by its form.
pub(crate) const FORMS: [&str; 2] = ["held", "streamed"];

/// The header field that chooses a route, because real clients cannot choose their paths.
const TO: &str = "x-to";

/// One Envoy with the filter in both forms, and as `plain` without it.
pub(crate) struct Bench {
    pub(crate) envoy: Envoy,
    upstream: Upstream,
    answers: Arc<Mutex<HashMap<String, Script>>>,
    told: Told,
}

type Script = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// The bench that tests share which run at the same time.
pub(crate) fn bench() -> Arc<Bench> {
    static SHARED: Mutex<Weak<Bench>> = Mutex::new(Weak::new());
    let mut shared = lock(&SHARED);
    shared.upgrade().unwrap_or_else(|| {
        let bench = Arc::new(Bench::start());
        *shared = Arc::downgrade(&bench);
        bench
    })
}

/// The policy of the bench: rules for what tests switch on by a header field, and one for all else.
pub(crate) fn policy(form: &str) -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "form": form,
        "problemBase": "https://errors.example.com",
        "catalog": [
            {
                "name": "out-of-stock",
                "when": {"codes": ["INSUFFICIENT_STOCK"]},
                "then": {
                    "type": "out-of-stock",
                    "title": "Out of stock",
                    "detail": "There are not enough items left of what was ordered.",
                    "grpc": "FAILED_PRECONDITION",
                    "reason": "OUT_OF_STOCK",
                    "domain": "orders.example.com",
                },
            },
            {
                "name": "teapot",
                "when": {"statuses": ["418"]},
                "answer": {"status": 200, "json": {"items": []}},
            },
        ],
        "defaults": {
            "internalHeaders": ["x-powered-by", "x-internal-*"],
            "logOriginal": "2KiB",
        },
        "rules": [
            {
                "name": "replacing",
                "match": {"headers": [{"name": "x-over-cap", "exact": "replace"}]},
                "settings": {"overCap": "replace"},
            },
            {
                "name": "reading",
                "match": {"headers": [{"name": "x-encoding", "exact": "withhold"}]},
                "settings": {"acceptEncoding": "withhold"},
            },
            {
                "name": "counting",
                "match": {"headers": [{"name": "x-counted"}]},
            },
            {"name": "all"},
        ],
    })
}

/// The filter in one of its forms.
pub(crate) fn filter(form: &str, policy: &Value) -> WasmFilter {
    let filter = WasmFilter::new("error-translation").policy(&policy.to_string());
    if form == "held" {
        filter.holding_heads()
    } else {
        filter
    }
}

/// The `local_reply_config` for what no filter sees, as every Envoy config carries it.
pub(crate) fn rendered(policy: &Value) -> Value {
    let policy = Document::parse(policy.to_string().as_bytes()).unwrap();
    local_reply_config(&ErrorTranslation::load(&policy).unwrap())
}

impl Bench {
    pub(crate) fn start() -> Self {
        let upstream = Upstream::start();
        let answers = Arc::<Mutex<HashMap<String, Script>>>::default();
        upstream.set_handler({
            let answers = Arc::clone(&answers);
            move |seen| {
                let case = seen.headers.text(CASE).unwrap_or_default();
                let script = lock(&answers).get(case).cloned();
                script.map_or_else(Answer::default, |script| script(seen))
            }
        });
        let told = Told::default();
        let listener = |name: &str| {
            told.by(routes(Listener::new(name))).with(json!({
                "preserve_external_request_id": true,
                "server_header_transformation": "PASS_THROUGH",
                "upgrade_configs": [{"upgrade_type": "websocket"}],
            }))
        };
        // As many streams in a connection as the upstream takes, so that it refuses none.
        let streams = json!({"typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "use_downstream_protocol_config": {
                    "http2_protocol_options": {"max_concurrent_streams": 100}
                }
            }
        }});
        let at = |name: &str, address| {
            let cluster = Cluster::new(name, address).protocol(Protocol::AsClient);
            cluster.with(streams.clone()).with(room_for_what_is_held())
        };
        let closed = json!({"circuit_breakers": {"thresholds": [
            {"max_connections": 0, "max_pending_requests": 0, "max_requests": 0}
        ]}});
        let mut config = Config::new()
            .listener(listener("plain"))
            .cluster(at("upstream", upstream.address()))
            .cluster(at("full", upstream.address()).with(closed))
            .cluster(at("refused", reserve_address()))
            .cluster(at("empty", upstream.address()).with(json!({
                "load_assignment": {"cluster_name": "empty", "endpoints": []}
            })));
        for form in FORMS {
            let policy = policy(form);
            let listener = listener(form).filter(filter(form, &policy));
            let rendered = json!({"local_reply_config": rendered(&policy)});
            config = config.listener(listener.with(rendered));
        }
        Self {
            envoy: Envoy::start(config, &Options::default()).unwrap(),
            upstream,
            answers,
            told,
        }
    }

    /// Has the upstream give this answer to whoever asks in the name of the case that is returned.
    pub(crate) fn case(&self, answer: Answer) -> Case<'_> {
        self.scripted(move |_| answer.clone())
    }

    /// Has the upstream answer by this function whoever asks in the name of the case that is
    /// returned.
    pub(crate) fn scripted(
        &self,
        script: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Case<'_> {
        let name = told::name();
        lock(&self.answers).insert(name.clone(), Arc::new(script));
        Case { bench: self, name }
    }

    /// That no VM was lost on the way here, and that Envoy is well.
    pub(crate) fn assert_alive(&self) {
        let bad = ["vm_reload", "wasm_fail", "crash", "update_rejected"];
        let counters = self.envoy.counters();
        let counted: Vec<_> = counters
            .iter()
            .filter(|(name, value)| **value > 0 && bad.iter().any(|bad| name.contains(bad)))
            .collect();
        assert!(counted.is_empty(), "{counted:?}");
        let log = self.envoy.log();
        assert!(!log.contains("Wasm VM failed") && !log.contains("panicked at"));
        assert_eq!(self.envoy.admin_get("/ready").trim(), "LIVE");
    }
}

/// One answer of the upstream, and those who get it.
pub(crate) struct Case<'b> {
    bench: &'b Bench,
    name: String,
}

impl Case<'_> {
    /// What `x-case` says.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A request in its name.
    pub(crate) fn mark(&self, request: Request) -> Request {
        request.header(CASE, &self.name)
    }

    /// Sends a request over HTTP/1.1 and over HTTP/2 to a listener.
    pub(crate) fn both(&self, listener: &str, request: &Request) -> [Response; 2] {
        [Client::http1, Client::http2].map(|client| {
            client(self.bench.envoy.address(listener)).send(self.mark(request.clone()))
        })
    }

    /// Sends a request over HTTP/1.1 to a listener.
    pub(crate) fn send(&self, listener: &str, request: &Request) -> Response {
        let client = Client::http1(self.bench.envoy.address(listener));
        client.send(self.mark(request.clone()))
    }

    /// What a real client reads at a listener.
    pub(crate) fn call(&self, client: ForeignClient, listener: &str, rpc: &Rpc) -> Value {
        let rpc = rpc.clone().metadata(CASE, &self.name);
        client.call(self.bench.envoy.address(listener), &rpc)
    }

    /// What reached the upstream in its name.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let mut seen = self.bench.upstream.seen();
        seen.retain(|seen| seen.headers.text(CASE) == Some(&self.name));
        seen
    }

    /// What the access log says about its next request.
    pub(crate) fn told(&self) -> Value {
        self.bench.told.next(&self.name)
    }
}

/// A request that is routed another way than to the upstream.
pub(crate) fn to(route: &str, request: Request) -> Request {
    request.header(TO, route)
}

/// A call that is routed another way than to the upstream.
pub(crate) fn rpc_to(route: &str, rpc: &Rpc) -> Rpc {
    rpc.clone().metadata(TO, route)
}

/// How little a cluster reads at once, so that it fits into Envoy's buffer beside what the held form
/// keeps there.
pub(crate) fn room_for_what_is_held() -> Value {
    json!({"per_connection_buffer_limit_bytes": 262_144})
}

fn routes(listener: Listener) -> Listener {
    let route = |to: &str, cluster: &str| Route::prefix("/", cluster).when_header(TO, to);
    listener
        .route(route("empty", "empty"))
        .route(route("full", "full"))
        .route(route("refused", "refused"))
        .route(route("slow", "upstream").with(json!({"route": {"timeout": "0.1s"}})))
        .route(route("retried", "upstream").with(json!({
            "route": {"retry_policy": {
                "retry_on": "5xx", "num_retries": 2,
                "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.002s"},
            }}
        })))
        .route(Route::prefix("/", "upstream"))
}

/// A test that panicked while it held a lock has failed already; the others go on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
