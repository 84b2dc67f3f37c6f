//! What the tests share: policies, tracers, and what tells that a proxy is well.

use std::sync::OnceLock;
use std::time::Duration;

use e2e::{Cluster, Collector, Config, Envoy, Listener, Options, Protocol, WasmFilter};
use serde_json::{Value, json};

/// For what is there within milliseconds, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// The filter with a policy.
pub(crate) fn filter(policy: &Value) -> WasmFilter {
    WasmFilter::new("telemetry-tagging").policy(&policy.to_string())
}

/// Starts an Envoy.
pub(crate) fn start(config: impl Into<Value>) -> Envoy {
    Envoy::start(config, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether this Envoy is older than `CustomTag.value`, so that its spans take no filter state.
pub(crate) fn is_before_tag_values() -> bool {
    static OLD: OnceLock<bool> = OnceLock::new();
    *OLD.get_or_init(|| {
        let envoy = start(Config::new());
        envoy.admin_get("/server_info").contains("/1.36.")
    })
}

/// What an access log or a span reads the tag of this name by.
pub(crate) fn tag(name: &str) -> String {
    fact(&format!("tag.{name}"))
}

/// What an access log or a span reads a fact by.
pub(crate) fn fact(name: &str) -> String {
    format!("%FILTER_STATE(wasm.treaty.{name}:PLAIN)%")
}

/// Has a listener trace every request with Envoy's own tracer of OpenTelemetry, as the service of
/// this name and with these tags.
///
/// What Envoy puts into spans by itself says who the client is: the query, its address, its agent,
/// the id of its request. So the target is cut, and tags of the same names take the place of the
/// others.
pub(crate) fn traced(listener: Listener, service: &str, tags: &[(&str, String)]) -> Listener {
    let own = ["peer.address", "user_agent", "guid:x-request-id"]
        .map(|name| json!({"tag": name, "literal": {"value": "-"}}));
    let values = tags
        .iter()
        .filter(|_| !is_before_tag_values())
        .map(|(name, format)| json!({"tag": name, "value": format}));
    let tags: Vec<Value> = own.into_iter().chain(values).collect();
    let mut tracing = tracing(service);
    tracing["max_path_tag_length"] = 0.into();
    tracing["custom_tags"] = tags.into();
    listener.with(json!({"tracing": tracing}))
}

/// Envoy's own tracer as it is where nobody says more.
pub(crate) fn tracing(service: &str) -> Value {
    json!({
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "grpc_service": {"envoy_grpc": {"cluster_name": "collector"}, "timeout": "2s"},
                "service_name": service,
            },
        },
        "random_sampling": {"value": 100},
    })
}

/// A config whose spans go to a collector, and at once.
pub(crate) fn collected(config: Config, collector: &Collector) -> Value {
    let cluster = Cluster::new("collector", collector.address()).protocol(Protocol::Http2);
    let mut config: Value = config.cluster(cluster).into();
    config["layered_runtime"] = json!({"layers": [{"name": "spans", "static_layer": {
        "tracing.opentelemetry.min_flush_spans": 1,
        "tracing.opentelemetry.flush_interval_ms": 100,
    }}]});
    config
}

/// Asserts that no VM failed so far, not even one that was reloaded since.
pub(crate) fn assert_well(envoy: &Envoy) {
    let counters = envoy.counters();
    let failed: Vec<_> = counters
        .iter()
        .filter(|(name, value)| name.contains("vm_reload") && **value > 0)
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    let log = envoy.log();
    for sign in ["panicked", "Function: proxy_on", "VM failed"] {
        assert!(!log.contains(sign), "{sign}");
    }
}
