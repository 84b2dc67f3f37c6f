//! Envoy and Prometheus, end to end.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use e2e::{
    Answer, Client, Config, Envoy, Listener, Options, Prometheus, Request, Route, Upstream,
    WasmFilter, promtool,
};
use serde_json::{Value, json};

use super::expressions::Asked;
use super::{dashboard, definitions, document, items, text};

const SOON: Duration = Duration::from_secs(20);

/// What one request makes of metrics: the request, and a series with labels of which each must be
/// there. A new filter adds its lines here.
type Expected = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);
const EXPECTED: &[Expected] = &[
    (
        "/v1/orders",
        "treaty_version_requests",
        &[
            ("service", "orders"),
            ("version", "1"),
            ("state", "deprecated"),
            ("outcome", "would_serve"),
        ],
    ),
    (
        "/v1/orders",
        "treaty_version_deprecated_use",
        // What a template looks like, and what Prometheus itself has to escape.
        &[("service", "orders"), ("consumer", r#"/v1/{}"\"#)],
    ),
    (
        "/v1/broken",
        "treaty_errors",
        &[
            ("service", "orders"),
            ("type", "upstream"),
            ("source", "upstream"),
            ("class", "5xx"),
            ("outcome", "would_translate"),
        ],
    ),
    (
        "/v1/orders",
        "treaty_policy_info",
        &[("plugin", "all-filters"), ("filter", "error-translation")],
    ),
    (
        "/v1/orders",
        "treaty_requests",
        &[
            ("service", "orders"),
            ("route", "/v1/orders"),
            ("method", "GET"),
            ("status_class", "2xx"),
            (OF_THE_EXAMPLE, "-"),
        ],
    ),
    (
        "/v1/broken",
        "treaty_request_errors",
        &[("route", "_other"), ("error_type", "500")],
    ),
    (
        "/v1/orders",
        "treaty_request_duration_ms_count",
        &[("service", "orders"), ("route", "/v1/orders")],
    ),
    (
        "/v1/orders",
        "treaty_response_size_bytes_bucket",
        &[("service", "orders"), ("route", "/v1/orders")],
    ),
    (
        KEYED,
        "treaty_idempotency_requests",
        &[("service", "orders"), ("outcome", "claimed")],
    ),
    (
        KEYED,
        "treaty_idempotency_requests",
        &[("service", "orders"), ("outcome", "would_replay")],
    ),
    (
        KEYED,
        "treaty_idempotency_ends",
        &[("service", "orders"), ("end", "kept")],
    ),
    (
        KEYED,
        "treaty_idempotency_store_duration_ms_count",
        &[("store", "edge"), ("command", "claim")],
    ),
    (KEYED, "treaty_idempotency_kept_bytes", &[("store", "edge")]),
    (
        "/v1/orders",
        "treaty_contract_messages",
        &[
            ("contract", "orders"),
            ("operation", "listOrders"),
            ("direction", "request"),
            ("outcome", "valid"),
        ],
    ),
    (
        "/v1/orders",
        "treaty_contract_violations",
        &[
            ("contract", "orders"),
            ("operation", "listOrders"),
            ("direction", "response"),
            ("location", "header"),
            ("keyword", "mediaType"),
        ],
    ),
    (
        "/v1/broken",
        "treaty_contract_messages",
        &[("operation", "_unknown"), ("outcome", "unknown")],
    ),
];

/// Where a request is sent with an idempotency key, always the same one.
const KEYED: &str = "/v1/keyed";

/// The label that the policy of the config adds, and for which the config has a tag.
const OF_THE_EXAMPLE: &str = "plan";

/// The config with every filter, in front of an upstream; and beside it a listener and a filter that Envoy takes from files, as it would from a control plane.
struct Watched {
    envoy: Envoy,
    folder: tempfile::TempDir,
    _upstream: Upstream,
}

const EXTENSION: &str = "version-negotiation";

/// A policy of that filter, and one that it refuses.
const SOUND: &str = r#"{"version": 1, "mode": "report", "rules": [{"name": "all", "settings": {
    "scheme": "integer",
    "sources": [{"from": "header", "name": "api-version"}],
    "versions": [{"version": "1"}]
}}]}"#;
const REFUSED: &str = r#"{"version": 1, "mode": "never"}"#;

impl Watched {
    fn start() -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(|seen| match seen.path.as_str() {
            "/v1/broken" => Answer::status(500).chunk("broken"),
            _ => Answer::status(200).chunk("served"),
        });
        let mut config = Config::checked_in("all-filters")
            .modules_from_dist()
            .on_free_ports();
        for cluster in ["orders_blue", "orders_green", "payments"] {
            config = config.endpoints(cluster, &[upstream.address()]);
        }
        let mut config: Value = config.into();
        let folder = tempfile::tempdir().unwrap();
        let path = |file: &str| json!({"path_config_source": {"path": folder.path().join(file)}});
        config["node"] = json!({"id": "watched", "cluster": "watched"});
        config["dynamic_resources"] = json!({"lds_config": path("lds.json")});
        let discovered = json!({"name": EXTENSION, "config_discovery": {
            "config_source": path("ecds.json"),
            "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
        }});
        let mut listener: Value = Listener::new("discovered")
            .filter(discovered)
            .route(Route::direct("/", 200, "direct"))
            .into();
        listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
        publish(folder.path(), "lds.json", &listener);
        publish_policy(folder.path(), SOUND);
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        Self {
            envoy,
            folder,
            _upstream: upstream,
        }
    }

    fn ask(&self, path: &str) {
        let request = match path {
            KEYED => Request::post(path, "one").header("idempotency-key", "the-only-key"),
            _ => Request::get(path),
        };
        let request = request
            .authority("orders.example.com")
            .header("x-consumer", r#"/v1/{}"\"#);
        Client::http1(self.envoy.address("edge")).send(request);
    }
}

/// Puts a resource where Envoy watches, in one step.
fn publish(folder: &Path, file: &str, resource: &Value) {
    let written = folder.join("new");
    fs::write(&written, json!({"resources": [resource]}).to_string()).unwrap();
    fs::rename(written, folder.join(file)).unwrap();
}

fn publish_policy(folder: &Path, policy: &str) {
    let filter: Value = WasmFilter::new(EXTENSION).policy(policy).into();
    let resource = json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": EXTENSION,
        "typed_config": filter["typed_config"],
    });
    publish(folder, "ecds.json", &resource);
}

#[test]
fn prometheus_sees_what_the_filters_count_under_its_labels() {
    let watched = Watched::start();
    for (path, ..) in EXPECTED {
        watched.ask(path);
    }
    let prometheus = Prometheus::scraping(&[watched.envoy.admin()]);
    for (_, metric, labels) in EXPECTED {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("treaty_{name}={value:?}"))
            .collect();
        let series = format!("{metric}{{{}}} > 0", labels.join(","));
        prometheus.wait_for(&series, SOON);
    }

    // A label without a tag would stay in the name.
    let known = definitions::series();
    for found in prometheus.query("{__name__=~'treaty_.+'}") {
        let labels = known
            .get(found.label("__name__"))
            .unwrap_or_else(|| panic!("nobody defines {found:?}"));
        let of_prometheus = ["__name__", "job", "instance"];
        let unknown = found
            .labels
            .keys()
            .filter(|label| **label != format!("treaty_{OF_THE_EXAMPLE}"))
            .find(|label| !labels.contains(label) && !of_prometheus.contains(&label.as_str()));
        assert_eq!(unknown, None, "{found:?}");
    }
}

#[test]
fn a_policy_that_is_refused_is_an_alert_within_seconds() {
    let watched = Watched::start();
    let prometheus = Prometheus::scraping(&[watched.envoy.admin()]);
    prometheus.wait_for(
        "envoy_extension_config_discovery_http_filter_update_rejected == 0",
        SOON,
    );
    assert_eq!(prometheus.query("ALERTS"), []);

    publish_policy(watched.folder.path(), REFUSED);

    for alert in [
        r#"ALERTS{alertname="TreatyUpdateRejected",extension_config="version-negotiation",alertstate="firing"}"#,
        r#"ALERTS{alertname="TreatyPolicyRejected",treaty_filter="version-negotiation",alertstate="firing"}"#,
    ] {
        prometheus.wait_for(alert, SOON);
    }
}

#[test]
fn envoy_has_what_the_rules_and_the_dashboard_ask_of_it() {
    let watched = Watched::start();
    watched.ask("/v1/orders");
    let scraped = watched.envoy.admin_get("/stats/prometheus");
    let has = |name: &str, label: Option<&str>| {
        scraped.lines().any(|line| {
            line.split_once('{').is_some_and(|(own, labels)| {
                own == name && label.is_none_or(|label| labels.contains(&format!("{label}=")))
            })
        })
    };
    let rules = document("alerts.yaml");
    let rules = items(&rules["groups"]).flat_map(|group| items(&group["rules"]));
    let expressions = rules
        .map(|rule| text(&rule["expr"]).to_owned())
        .chain(dashboard::expressions());
    let mut asked = BTreeSet::new();
    for expression in expressions {
        let of = Asked::by(&expression);
        asked.extend(of.metrics.into_iter().map(|metric| (metric, None)));
        let selected = of.selected.into_iter();
        asked.extend(selected.map(|(metric, label)| (metric, Some(label))));
    }
    asked.retain(|(metric, _)| metric.starts_with("envoy_"));
    assert!(!asked.is_empty());
    for (metric, label) in asked {
        assert!(has(&metric, label.as_deref()), "{metric} {label:?}");
    }
    assert!(has("envoy_wasm_vm_reload_success", Some("wasm_plugin")));
}

#[test]
fn the_threshold_of_latency_is_the_bound_of_a_bucket() {
    let rules = document("alerts.yaml");
    let mut rules = items(&rules["groups"]).flat_map(|group| items(&group["rules"]));
    let slow = rules
        .find(|rule| rule["record"] == "service:treaty_requests_slow:rate5m")
        .expect("the rule that counts slow requests");
    let (_, after) = text(&slow["expr"])
        .split_once("le=~\"")
        .expect("a threshold");
    let threshold = after.split('(').next().unwrap_or_default();

    // Every histogram without buckets of its own has the same.
    let scraped = Watched::start().envoy.admin_get("/stats/prometheus");
    let bucket = format!("envoy_listener_manager_lds_update_duration_bucket{{le=\"{threshold}\"}}");
    assert!(scraped.contains(&bucket), "no {bucket}");
}

/// What promtool holds against names that are not ours to choose: Envoy writes no help, and adds no
/// `_total` to a counter. Durations are in milliseconds, as Envoy's own are.
const NOT_OURS: [&str; 3] = [
    "no help text",
    r#"counter metrics should have "_total" suffix"#,
    "metric names should not contain abbreviated units",
];

#[test]
fn promtool_holds_nothing_new_against_what_envoy_shows() {
    let watched = Watched::start();
    for (path, ..) in EXPECTED {
        watched.ask(path);
    }
    let scraped = watched.envoy.admin_get("/stats/prometheus");
    let Err(held) = promtool(&super::folder(), &["check", "metrics"], &scraped) else {
        return;
    };
    for line in held.lines() {
        let (name, fault) = line.split_once(' ').unwrap_or((line, ""));
        let is_ours = !name.starts_with("envoy_");
        assert!(!is_ours || NOT_OURS.contains(&fault), "{line}");
    }
}
