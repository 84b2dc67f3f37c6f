//! The five filters in one chain, each a module with a policy of its own, which stands in a file that
//! Envoy watches.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Cluster, Config, Envoy, Listener, Options, Route, WasmFilter, reserve_address};
use serde_json::{Value, json};
use tempfile::TempDir;
use treaty::registry::NAMES;

/// Long enough for a busy machine: five modules are compiled, and a policy goes to every worker.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A policy of a filter. Whatever its revision, the traffic is answered alike.
pub(crate) fn policy(filter: &str, revision: &str) -> Value {
    let mut policy = json!({
        "version": 1,
        "revision": revision,
        "mode": "enforce",
        "services": [
            {"name": "orders", "hosts": ["orders.example.com"]},
            {"name": "payments", "hosts": ["payments.example.com"]},
            // Nobody asks for it.
            {"name": "spare", "hosts": ["spare.example.com"]},
        ],
        "rules": [
            {"name": "orders", "service": "orders"},
            {"name": "payments", "service": "payments"},
        ],
    });
    let own = match filter {
        "telemetry-tagging" => json!({"defaults": {
            "correlation": {"header": "x-correlation-id", "make": "uuidV7"},
            "metrics": ["requests"],
        }}),
        "version-negotiation" => json!({"defaults": {
            "scheme": "integer",
            "sources": [{"from": "path", "template": "/v{version}/**"}],
            "versions": [{"version": "1"}],
        }}),
        "contract-validation" => json!({
            "form": "held",
            "contracts": [{"name": "shop", "openapi": contract()}],
            "defaults": {"response": {"mode": "report", "sample": 100}},
        }),
        "idempotency-keys" => json!({
            "form": "held",
            "stores": [{"type": "local", "name": "slots", "keys": 2_000, "size": "4MiB", "whenFull": "evict"}],
            "defaults": {"scope": {"shared": true}, "required": true, "claimTtl": "30s"},
        }),
        _ => json!({"form": "held"}),
    };
    for (name, value) in own.as_object().unwrap() {
        policy[name] = value.clone();
    }
    policy
}

/// What the services of the traffic have published.
fn contract() -> Value {
    let answer = |schema: Value| json!({"description": "One.", "content": {"application/json": {"schema": schema}}});
    let creates = json!({
        "requestBody": {"required": true, "content": {"application/json": {"schema": {
            "type": "object",
            "required": ["amount"],
            "properties": {"amount": {"type": "integer"}},
        }}}},
        "responses": {"201": {"description": "Made."}},
    });
    json!({
        "openapi": "3.1.1",
        "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/v1/orders/{id}": {"get": {
                "operationId": "getOrder",
                "responses": {
                    "200": answer(json!({"type": "object", "properties": {"id": {"type": "integer"}}})),
                    "500": {"description": "It fails."},
                },
            }},
            "/v1/orders": {"post": creates},
            "/v1/payments": {"post": creates},
        },
    })
}

/// The folder with a file for each filter.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn of(&self, filter: &str) -> PathBuf {
        self.0.path().join(format!("{filter}.json"))
    }

    /// Puts a policy where Envoy watches, in one step.
    pub(crate) fn publish(&self, filter: &str, policy: &str) {
        let resource = json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": filter,
            "typed_config": wasm(filter, policy)["typed_config"],
        });
        self.put(&self.of(filter), &resource);
    }

    /// Puts the only listener of [`Files::listeners`] where Envoy watches, in one step.
    pub(crate) fn publish_listener(&self, listener: Listener) {
        let mut listener: Value = listener.into();
        listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
        self.put(&self.of("listeners"), &listener);
    }

    fn put(&self, file: &Path, resource: &Value) {
        let written = self.0.path().join("new");
        fs::write(&written, json!({"resources": [resource]}).to_string()).unwrap();
        fs::rename(written, file).unwrap();
    }

    /// The configuration of an Envoy whose listeners come from a file.
    pub(crate) fn listeners(&self) -> Value {
        json!({
            "node": {"id": "operating", "cluster": "test"},
            "dynamic_resources": {"lds_config": {
                "resource_api_version": "V3",
                "path_config_source": {
                    "path": self.of("listeners"),
                    "watched_directory": {"path": self.folder()},
                },
            }},
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// An HTTP filter that Envoy configures from its file.
    pub(crate) fn discovered(&self, filter: &str) -> Value {
        json!({
            "name": filter,
            "config_discovery": {
                "config_source": {
                    "resource_api_version": "V3",
                    "path_config_source": {
                        "path": self.of(filter),
                        "watched_directory": {"path": self.folder()},
                    },
                },
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
            },
        })
    }
}

/// A filter with its module and a policy in the held form.
pub(crate) fn wasm(filter: &str, policy: &str) -> Value {
    WasmFilter::new(filter)
        .policy(policy)
        .holding_heads()
        .into()
}

/// An edge with these HTTP filters, before services that another listener of the same proxy plays:
/// as fast as can be.
pub(crate) fn edge(filters: impl IntoIterator<Item = Value>) -> Config {
    let services = reserve_address();
    let edge = Listener::new("edge").route(Route::prefix("/", "services"));
    let edge = filters.into_iter().fold(edge, Listener::filter);
    let json = json!({"response_headers_to_add": [{
        "header": {"key": "content-type", "value": "application/json"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }]});
    let answers = Listener::new("services")
        .at(services)
        .route(Route::direct("/v1/orders/broken", 500, "panic: boom"))
        .route(Route::direct("/v1/orders/odd", 200, r#"{"id": "odd"}"#).with(json.clone()))
        .route(Route::direct("/v1/orders/", 200, r#"{"id": 7}"#).with(json.clone()))
        .route(Route::direct("/", 201, r#"{"done": true}"#).with(json));
    Config::new()
        .listener(edge)
        .listener(answers)
        .cluster(Cluster::new("services", services).roomy())
}

/// All five filters, each with the first revision of its policy, and where their policies stand.
pub(crate) fn start() -> (Envoy, Files) {
    let files = Files::new();
    for filter in NAMES {
        files.publish(filter, &policy(filter, "r0").to_string());
    }
    let mut config: Value = edge(NAMES.map(|filter| files.discovered(filter))).into();
    config["node"] = json!({"id": "operating", "cluster": "test"});
    let options = Options {
        concurrency: 2,
        ..Options::default()
    };
    (Envoy::start(config, &options).unwrap(), files)
}

/// All label sets of a metric, with their values.
pub(crate) fn of_metric(envoy: &Envoy, metric: &str) -> BTreeMap<String, u64> {
    let begins = format!("wasmcustom.{metric};");
    let mut counters = envoy.counters();
    counters.retain(|name, _| name.starts_with(&begins));
    counters
}

/// The sum of the label sets of a metric that have these labels.
pub(crate) fn sum(envoy: &Envoy, metric: &str, labels: &[(&str, &str)]) -> u64 {
    let is_label = |part: &str, label: &(&str, &str)| part.split_once('=') == Some(*label);
    let has = |name: &str, label| name.split(';').any(|part| is_label(part, label));
    let sets = of_metric(envoy, metric).into_iter();
    let asked = sets.filter(|(name, _)| labels.iter().all(|label| has(name, label)));
    asked.map(|(_, value)| value).sum()
}

/// Whether this revision of a filter's policy is in force.
pub(crate) fn is_in_force(envoy: &Envoy, filter: &str, revision: &str) -> bool {
    let labels = [("filter", filter), ("revision", revision)];
    sum(envoy, "treaty_policy_info", &labels) == 1
}

/// Waits until something is so; how long that took. Panics if it does not come.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < SOON,
            "{what} did not come within {SOON:?}"
        );
        thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}
