//! What stands in `envoy-configs/` runs as it stands.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use e2e::{
    Answer, Client, Collector, Config, Credentials, Envoy, Etcd, EtcdOptions, EtcdUser,
    EtcdVersion, Force, Options, Redis, RedisKind, Request, Response, Seen, Span, SpanKind,
    Upstream, parse_response, raw,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use treaty::render;

const SOON: Duration = Duration::from_secs(5);

/// What a config says whose filters hold heads.
const HOLDS_HEADS: &str = "allow_on_headers_stop_iteration: true";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn configs() -> Vec<PathBuf> {
    let mut configs: Vec<PathBuf> = root()
        .join("envoy-configs")
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    configs.sort();
    configs
}

/// The text of a config with everything written anew that a comment says where it comes from.
fn freshly_written(text: &str) -> String {
    let mut fresh = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        fresh.push_str(line);
        fresh.push('\n');
        let Some((key, block)) = asked_for(line.trim_start()) else {
            continue;
        };
        let mut indent = line.len() - line.trim_start().len();
        if let Some(key) = key {
            let line_of_key = lines.next().expect("a line after the comment");
            assert_eq!(line_of_key.trim(), key, "after {line}");
            fresh.push_str(line_of_key);
            fresh.push('\n');
            indent += 2;
        }
        let belongs = |line: &&str| line.trim().is_empty() || line.starts_with(&" ".repeat(indent));
        while lines.next_if(belongs).is_some() {}
        for line in block.lines() {
            fresh.push_str(format!("{:indent$}{line}", "").trim_end());
            fresh.push('\n');
        }
    }
    fresh
}

/// What a comment asks for: the key below it, if it is the value of one, and the block there.
fn asked_for(comment: &str) -> Option<(Option<&'static str>, String)> {
    let (what, from) = comment.strip_prefix("# ")?.split_once(':')?;
    let examples: Vec<PathBuf> = from
        .split_whitespace()
        .map(|path| root().join(path))
        .collect();
    let one = || examples.first().expect("an example");
    let (key, rendered) = match what {
        "local replies" => (Some("local_reply_config:"), render::local_replies(one())),
        "access log" => (Some("log_format:"), render::access_log(one())),
        "stats tags" => (Some("stats_config:"), render::stats_tags(&examples)),
        // These are members that stand last in their mapping.
        "span tags" => (None, render::span_tags(one())),
        _ => (Some("value: |"), Ok(named_policy(comment)?)),
    };
    Some((
        key,
        rendered.unwrap_or_else(|findings| panic!("{findings:?}")),
    ))
}

/// The configuration that a comment asks for: `# policy: <example>` for a module of one filter,
/// `# bundle: <example> …` for one of several, whose examples lie in folders named like the filters.
fn named_policy(comment: &str) -> Option<String> {
    let read = |example: &str| {
        fs::read_to_string(root().join(example))
            .unwrap_or_else(|error| panic!("{example}: {error}"))
    };
    if let Some(example) = comment.strip_prefix("# policy: ") {
        return Some(read(example));
    }
    let mut members = Vec::new();
    for example in comment.strip_prefix("# bundle: ")?.split(' ') {
        let filter = example.split('/').nth(1).expect("policies/<filter>/…");
        let policy = read(example).trim_end().replace('\n', "\n    ");
        members.push(format!("    \"{filter}\": {policy}"));
    }
    let members = members.join(",\n");
    Some(format!(
        "{{\n  \"version\": 1,\n  \"filters\": {{\n{members}\n  }}\n}}"
    ))
}

#[test]
fn the_configs_say_what_the_examples_do() {
    let mut stale = Vec::new();
    for config in configs() {
        let text = fs::read_to_string(&config).unwrap();
        let fresh = freshly_written(&text);
        if fresh != text {
            fs::write(&config, fresh).unwrap();
            stale.push(config);
        }
    }
    assert!(
        stale.is_empty(),
        "these were stale and have been written anew; commit them: {stale:?}"
    );
}

/// A config as it is checked in, in front of an upstream.
struct Running {
    name: String,
    /// What the config itself says of its filters and of what it has for failures.
    text: String,
    envoy: Envoy,
    upstream: Upstream,
    collector: Collector,
    /// A token of the issuer that it trusts.
    token: String,
    /// They are there as long as the config runs.
    _store: Store,
    _credentials: TempDir,
}

impl Running {
    /// Every config that this Envoy takes, as it is shipped.
    fn all() -> impl Iterator<Item = Self> {
        Self::all_with(|_| true, Force::AsShipped)
    }

    /// Every config with a filter that this Envoy takes, in force.
    fn enforcing(filter: &str) -> impl Iterator<Item = Self> {
        Self::all_with(move |text| runs(text, filter), Force::Enforced)
    }

    fn all_with(wanted: impl Fn(&str) -> bool, force: Force) -> impl Iterator<Item = Self> {
        configs().into_iter().filter_map(move |path| {
            let text = fs::read_to_string(&path).unwrap();
            let is_for_it =
                !text.contains("Needs Envoy 1.37 or later") || has_formatters_in_spans();
            (is_for_it && wanted(&text)).then(|| Self::start(&path, text, force))
        })
    }

    fn start(path: &Path, text: String, force: Force) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let upstream = Upstream::start();
        upstream.set_handler(|seen| match seen.path.as_str() {
            "/v1/broken" => Answer::status(500)
                .header("content-type", "text/plain")
                .header("server", "orders")
                .chunk("broken"),
            _ => Answer::status(200).chunk("served"),
        });
        let collector = Collector::start();
        let store = Store::of(&name);
        let folder = tempfile::tempdir().unwrap();
        let credentials = Credentials::write(folder.path());
        let token = match &*name {
            "reference" => credentials.token(&json!({"sub": "jane", "tenant": "acme"})),
            _ => token(),
        };
        let mut config = Config::from_yaml(&credentials.put_into(&text))
            .modules_from_dist()
            .on_free_ports();
        if force == Force::Enforced {
            config = config.enforced();
        }
        for cluster in clusters(&name) {
            let address = match *cluster {
                "otlp_collector" => collector.address(),
                _ => upstream.address(),
            };
            config = config.endpoints(cluster, &[address]);
        }
        if let Some((cluster, address)) = store.endpoint() {
            config = config.endpoints(cluster, &[address]);
        }
        let mut config: Value = config.into();
        in_clear(&mut config);
        // Spans wait for seconds otherwise.
        config["layered_runtime"] = json!({"layers": [{"name": "soon", "static_layer": {
            "tracing.opentelemetry.min_flush_spans": 1,
            "tracing.opentelemetry.flush_interval_ms": 100,
        }}]});
        let options = Options {
            env: SECRETS
                .map(|(name, secret)| (name.to_owned(), secret.to_owned()))
                .into(),
            ..Options::default()
        };
        let envoy =
            Envoy::start(config, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name,
            text,
            envoy,
            upstream,
            collector,
            token,
            _store: store,
            _credentials: folder,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let mut all = configs().into_iter();
        let path = all.find(|path| path.file_stem().unwrap() == name)?;
        let text = fs::read_to_string(&path).unwrap();
        Some(Self::start(&path, text, Force::AsShipped))
    }

    fn has(&self, filter: &str) -> bool {
        runs(&self.text, filter)
    }

    fn address(&self) -> SocketAddr {
        let is_edge = self.text.contains("- name: edge\n");
        self.envoy.address(if is_edge { "edge" } else { "inbound" })
    }

    fn get(&self, path: &str) -> Response {
        let request = Request::get(path)
            .authority("orders.example.com")
            .header("authorization", format!("Bearer {}", self.token));
        Client::http1(self.address()).send(request)
    }

    /// Sends a request that every policy takes for keyed.
    fn order(&self) -> Response {
        let order = json!({"amount_minor": 500, "currency": "EUR", "lines": ["book"]});
        self.send_order(&order, "8e03978e-40d5-43e8-bc93-6894a57f9324")
    }

    fn send_order(&self, order: &Value, key: &str) -> Response {
        let request = Request::post("/v1/orders", order.to_string())
            .authority("orders.example.com")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .header("authorization", format!("Bearer {}", self.token))
            .header("x-consumer", "shop")
            .header("x-customer-id", "jane");
        Client::http1(self.address()).send(request)
    }

    /// The requests that reached the upstream, without health checks.
    fn take_seen(&self) -> Vec<Seen> {
        let mut seen = self.upstream.take_seen();
        seen.retain(|seen| seen.path != "/healthz");
        seen
    }

    /// Whether a filter counted under a label.
    fn counted(&self, metric: &str, label: &str) -> bool {
        let mut counters = self.envoy.counters().into_iter();
        counters.any(|(name, value)| value > 0 && name.contains(metric) && name.contains(label))
    }

    /// Waits for what is counted behind the exchange.
    fn wait_until_counted(&self, metric: &str, label: &str) {
        let begun = Instant::now();
        while !self.counted(metric, label) {
            assert!(begun.elapsed() < SOON, "{}: no {metric} {label}", self.name);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether a config runs a filter.
fn runs(config: &str, filter: &str) -> bool {
    let mut marks = config
        .lines()
        .filter(|line| line.contains("# treaty:filter "));
    marks.any(|mark| mark.contains(filter))
}

/// Where a config keeps what must outlive the proxy.
enum Store {
    Etcd(Etcd),
    Redis(Redis),
    /// Nowhere, or in the proxy itself.
    Within,
}

/// What the configs want in the environment.
const SECRETS: [(&str, &str); 4] = [
    ("TREATY_ETCD_PASSWORD", "of etcd"),
    ("TREATY_REDIS_PASSWORD", "of-redis"),
    (
        "TREATY_SEALING_KEY",
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ),
    (
        "TREATY_SEALING_KEY_PREVIOUS",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
    ),
];

impl Store {
    /// The one that this config wants, with the user that its comment names.
    fn of(config: &str) -> Self {
        match config {
            "idempotency-keys-etcd" | "reference" => Self::Etcd(Etcd::start_with(&EtcdOptions {
                user: Some(EtcdUser {
                    name: "treaty".to_owned(),
                    password: "of etcd".to_owned(),
                    prefix: "treaty/idempotency/".to_owned(),
                }),
                ..EtcdOptions::new(EtcdVersion::V3_5)
            })),
            "idempotency-keys-redis" => {
                let user = ["--user", "treaty", "on", ">of-redis", "~*", "+@all"];
                Self::Redis(Redis::start_with(RedisKind::Redis, None, &user))
            }
            _ => Self::Within,
        }
    }

    /// The cluster that leads to it, and where it is.
    fn endpoint(&self) -> Option<(&'static str, SocketAddr)> {
        match self {
            Self::Etcd(etcd) => Some(("etcd", etcd.address())),
            Self::Redis(redis) => Some(("redis", redis.address())),
            Self::Within => None,
        }
    }
}

/// Takes TLS off, which `reference/peers.rs` is about.
fn in_clear(config: &mut Value) {
    let resources = &mut config["static_resources"];
    for cluster in resources["clusters"].as_array_mut().unwrap() {
        cluster.as_object_mut().unwrap().remove("transport_socket");
    }
    for listener in resources["listeners"].as_array_mut().unwrap() {
        for chain in listener["filter_chains"].as_array_mut().unwrap() {
            chain.as_object_mut().unwrap().remove("transport_socket");
        }
    }
}

/// A token of the issuer in the configs, under the key that stands there.
fn token() -> String {
    let part = |value: Value| BASE64.encode(value.to_string());
    let head = part(json!({"alg": "HS256", "kid": "demo"}));
    let claims = part(json!({
        "iss": "https://issuer.example.com",
        "sub": "jane",
        "tenant": "acme",
        "exp": 4_102_444_800_u64,
    }));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"demo key of the example, no secret").unwrap();
    mac.update(format!("{head}.{claims}").as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    format!("{head}.{claims}.{signature}")
}

fn clusters(config: &str) -> &'static [&'static str] {
    match config {
        "sidecar" => &["local_http", "local_grpc", "peer"],
        "telemetry-tagging-traced" => &["service", "otlp_collector"],
        _ => &["orders_blue", "orders_green", "payments"],
    }
}

/// Whether tags of spans can be formatted, which they can from Envoy 1.37 on.
fn has_formatters_in_spans() -> bool {
    let envoy = Envoy::start(Config::new(), &Options::default()).unwrap();
    let info: Value = serde_json::from_str(&envoy.admin_get("/server_info")).unwrap();
    let version = info["version"].as_str().unwrap().split('/').nth(1).unwrap();
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or_default());
    (parts.next(), parts.next()) >= (Some(1), Some(37))
}

#[test]
fn every_config_runs_and_changes_nothing() {
    for config in Running::all() {
        let name = &config.name;
        assert_eq!(config.get("/v1/orders").status, 200, "{name}");
        let seen = config.take_seen();
        assert_eq!(seen[0].headers.text("x-treaty-version"), None, "{name}");
        let failed = config.get("/v1/broken");
        let content_type = failed.headers.text("content-type");
        assert_eq!(
            (failed.status, content_type),
            (500, Some("text/plain")),
            "{name}"
        );
        assert_eq!(failed.text(), "broken", "{name}");
        if config.has("version-negotiation") {
            assert!(
                config.counted("treaty_version_requests", "outcome=would_serve"),
                "{name}"
            );
        }
        if config.has("error-translation") {
            assert_eq!(failed.headers.text("server"), Some("orders"), "{name}");
            assert!(
                config.counted("treaty_errors", "outcome=would_translate"),
                "{name}"
            );
        }
        if config.has("telemetry-tagging") {
            assert_eq!(failed.headers.text("x-correlation-id"), None, "{name}");
            assert!(
                config.counted("treaty_requests", "status_class=5xx"),
                "{name}"
            );
        }
        if config.has("contract-validation") {
            for outcome in ["outcome=valid", "outcome=unknown"] {
                assert!(
                    config.counted("treaty_contract_messages", outcome),
                    "{name} {outcome}"
                );
            }
        }
        if config.has("idempotency-keys") {
            config.take_seen();
            for outcome in ["outcome=claimed", "outcome=would_replay"] {
                let served = config.order();
                let replayed = served.headers.text("idempotent-replayed");
                assert_eq!((served.status, replayed), (200, None), "{name}");
                config.wait_until_counted("treaty_idempotency_requests", outcome);
                config.wait_until_counted("treaty_idempotency_ends", "end=kept");
            }
            assert_eq!(config.take_seen().len(), 2, "{name}");
        }
    }
}

#[test]
fn a_keyed_request_runs_once_where_the_policy_is_in_force() {
    let mut seen = 0;
    for config in Running::enforcing("idempotency-keys") {
        let name = &config.name;
        let first = config.order();
        assert_eq!((first.status, &*first.text()), (200, "served"), "{name}");
        assert_eq!(first.headers.text("idempotent-replayed"), None, "{name}");
        let second = config.order();
        let replayed = second.headers.text("idempotent-replayed");
        assert_eq!(second.text(), "served", "{name}");
        assert_eq!((second.status, replayed), (200, Some("true")), "{name}");
        assert_eq!(config.take_seen().len(), 1, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn a_request_that_breaks_its_contract_is_refused_where_the_policy_is_in_force() {
    let mut seen = 0;
    for config in Running::enforcing("contract-validation") {
        let name = &config.name;
        let wrong = json!({"amount_minor": -1, "currency": "EUR"});
        let refused = config.send_order(&wrong, "0d2f8a52-6c1f-4a0e-9d51-1f0f7c1f5b77");
        assert_eq!(refused.status, 422, "{name}: {}", refused.text());
        let problem = refused.json();
        let places: Vec<&Value> = problem["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{name}: {problem}"))
            .iter()
            .map(|error| &error["keyword"])
            .collect();
        assert_eq!(places, ["required", "minimum"], "{name}: {problem}");
        // In the streamed form the head has gone before its content is checked.
        if config.text.contains(HOLDS_HEADS) {
            assert_eq!(config.take_seen().len(), 0, "{name}");
        }
        config.take_seen();
        assert_eq!(config.order().status, 200, "{name}");
        assert_eq!(config.take_seen().len(), 1, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn configs_with_problems_have_them_for_what_no_filter_sees() {
    let mut seen = 0;
    for config in Running::all().filter(|config| config.text.contains("local_reply_config:")) {
        let name = &config.name;
        let request =
            b"GET /a%2fb HTTP/1.1\r\nhost: orders.example.com\r\nconnection: close\r\n\r\n";
        let octets = raw(config.address(), request, SOON);
        let refused = parse_response(&octets).unwrap_or_else(|| panic!("{name}: {octets:?}"));
        let content_type = refused.headers.text("content-type");
        assert_eq!(content_type, Some("application/problem+json"), "{name}");
        assert_eq!(
            (refused.status, &refused.json()["status"]),
            (400, &json!(400)),
            "{name}"
        );
        assert_eq!(config.take_seen().len(), 0, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[test]
fn labels_are_taken_out_of_the_names_of_metrics() {
    for config in Running::all() {
        let name = &config.name;
        assert_eq!(config.get("/v1/orders").status, 200, "{name}");
        let told = config.envoy.admin_get("/stats/prometheus");
        let treaty: Vec<&str> = told
            .lines()
            .filter(|line| line.starts_with("treaty_"))
            .collect();
        assert!(!treaty.is_empty(), "{name}");
        for line in treaty {
            assert!(!line.contains(';'), "{name}: a label is left in {line}");
        }
    }
}

/// What Envoy's own tags would show of the client, and what clients and services make up.
#[test]
fn the_spans_of_the_traced_config_have_the_tags_of_the_policy_and_nothing_personal() {
    if !has_formatters_in_spans() {
        return;
    }
    let personal = [
        "jane",
        "doe",
        "agent-smith",
        "127.0.0.1",
        "4111",
        "mallory",
        "zelda",
        "carl",
        "kim",
    ];
    let config = Running::named("telemetry-tagging-traced").unwrap();
    config.upstream.set_handler(|_| {
        Answer::status(200)
            .header("content-type", "application/grpc")
            .header("grpc-status", "5")
            .header("x-service", "orders")
            .header("x-service-version", "2")
    });
    let request = Request::new(
        "BREW",
        "/v1/customers/4111-1111-1111-1111?name=jane.doe@example.com",
    )
    .authority("mallory.example.com")
    .header("user-agent", "agent-smith")
    // Envoy traces only requests whose id is as long as a UUID and begins as one, and looks no
    // closer.
    .header("x-request-id", "deadbeef-jane.doe@example.com-000000")
    .header("x-client-trace-id", "zelda")
    .header("x-envoy-downstream-service-cluster", "kim")
    .header("content-type", "application/grpc")
    .header("grpc-timeout", "10S-carl")
    .header("baggage", "tenant=acme")
    .header(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
    );
    Client::http2(config.address()).send(request);
    for kind in [SpanKind::Server, SpanKind::Client] {
        let span = config
            .collector
            .wait_for_span(|span| span.kind == kind, SOON);
        for personal in personal {
            // The endpoint's own address is in the span of the call to it.
            let is_endpoint = personal == "127.0.0.1" && kind == SpanKind::Client;
            assert!(
                is_endpoint || !span.exported.contains(personal),
                "{personal}: {}",
                span.exported
            );
        }
        assert_eq!(span.trace_id, "0af7651916cd43dd8448eb211c80319c");
        let attribute = |name: &str| span.attributes.get(name).map(String::as_str);
        assert_eq!(attribute("http.url"), Some("REDACTED"));
        assert_eq!(attribute("http.method"), Some("_OTHER"));
        assert_eq!(attribute("tenant"), Some("acme"));
        assert_eq!(attribute("direction"), Some("inbound"));
        if kind == SpanKind::Server {
            assert_eq!(attribute("answered.version"), Some("2"));
        }
    }
    let request = Request::get("/v1/orders/7").authority("orders.example.com");
    Client::http2(config.address()).send(request);
    let is_it = |span: &Span| span.name == "GET /v1/orders/{id}" && span.kind == SpanKind::Server;
    let span = config.collector.wait_for_span(is_it, SOON);
    assert_eq!(span.attributes["http.route"], "/v1/orders/{id}");
    assert_eq!(span.attributes.get("grpc.path"), None);
}
