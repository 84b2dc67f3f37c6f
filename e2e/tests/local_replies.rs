//! Every failure that Envoy answers for itself, provoked for real, behind error-translation.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use e2e::{
    Answer, Client, Cluster, Config, Ending, Envoy, Listener, Options, Protocol, Request, Response,
    Route, Upstream, WasmFilter, reserve_address,
};
use serde_json::{Value, json};

/// One Envoy in which everything fails, each failure on a path or a listener of its own.
struct Bench {
    envoy: Envoy,
    _upstreams: Vec<Upstream>,
}

impl Bench {
    fn new() -> Self {
        let slow = Upstream::start();
        slow.set(Answer::status(200).delay(Duration::from_secs(30)));
        let broken = Upstream::start();
        broken.set(Answer::status(200).ending(Ending::ResetBeforeHead));
        let up = Upstream::start();
        let mut config = Config::new()
            .listener(routes())
            .cluster(Cluster::new("up", up.address()))
            .cluster(Cluster::new("slow", slow.address()))
            .cluster(Cluster::new("broken", broken.address()))
            .cluster(Cluster::new("broken-h2", broken.address()).protocol(Protocol::Http2))
            .cluster(Cluster::new("refused", reserve_address()))
            .cluster(Cluster::new("silent", silent()).with(tls("0.2s")))
            .cluster(Cluster::new("garbage", canned(b"GARBAGE\r\n\r\n")))
            .cluster(Cluster::new("refusing", canned(REFUSED_STREAM)).protocol(Protocol::Http2))
            .cluster(Cluster::new("empty", up.address()).with(assignment(&json!({
                "cluster_name": "empty", "endpoints": []
            }))))
            .cluster(Cluster::new("full", up.address()).with(json!({
                "circuit_breakers": {"thresholds": [{"max_requests": 0}]}
            })))
            .cluster(Cluster::new("shed", up.address()).with(assignment(&json!({
                "policy": {"drop_overloads": [{
                    "category": "all",
                    "drop_percentage": {"numerator": 100, "denominator": "HUNDRED"},
                }]}
            }))))
            .cluster(Cluster::new("maintained", up.address()));
        for (name, filter) in filters() {
            config = config.listener(behind(name, filter));
        }
        let mut config = Value::from(config);
        config["layered_runtime"] = json!({"layers": [{
            "name": "static", "static_layer": {"upstream.maintenance_mode.maintained": 100}
        }]});
        Self {
            envoy: Envoy::start(config, &Options::default()).unwrap(),
            _upstreams: vec![slow, broken, up],
        }
    }

    fn send(&self, listener: &str, request: Request) -> Response {
        Client::http2(self.envoy.address(listener)).send(request)
    }
}

/// RFC 9113: an empty SETTINGS, its acknowledgement, and `REFUSED_STREAM` for the first stream.
const REFUSED_STREAM: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0\
                                \0\0\x04\x03\0\0\0\0\x01\0\0\0\x07";

/// An upstream that answers whatever comes with these octets.
fn canned(octets: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut request = [0; 4096];
                // HTTP/2 sends its preface first and the request perhaps after it.
                let _ = stream.read(&mut request);
                thread::sleep(Duration::from_millis(100));
                let _ = stream.write_all(octets);
                let _ = stream.read(&mut request);
            });
        }
    });
    address
}

/// An upstream that takes connections and says nothing.
fn silent() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::mem::forget(listener);
    address
}

fn tls(timeout: &str) -> Value {
    json!({
        "connect_timeout": timeout,
        "transport_socket": {"name": "tls", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.\
                      UpstreamTlsContext"
        }},
    })
}

fn assignment(more: &Value) -> Value {
    json!({"load_assignment": more})
}

fn translated(name: &str) -> Listener {
    let policy = json!({
        "version": 1,
        "mode": "enforce",
        "form": "held",
        "rules": [{"name": "all", "match": {}}],
    });
    let filter = WasmFilter::new("error-translation")
        .policy(&policy.to_string())
        .holding_heads();
    Listener::new(name).filter(filter)
}

fn routes() -> Listener {
    let to = |cluster: &str| Route::prefix(&format!("/{cluster}/"), cluster);
    let slow = |path: &str, more: Value| {
        Route::prefix(&format!("/{path}/"), "slow").with(json!({"route": more}))
    };
    let clusters = [
        "refused",
        "silent",
        "broken",
        "broken-h2",
        "refusing",
        "garbage",
        "empty",
        "full",
        "shed",
        "maintained",
        "nowhere",
    ];
    let listener = clusters
        .iter()
        .fold(translated("routes"), |listener, cluster| {
            listener.route(to(cluster))
        });
    listener
        .route(slow("timeout", json!({"timeout": "0.2s"})))
        .route(slow(
            "try",
            json!({"retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.2s"}}),
        ))
        .route(slow(
            "idle",
            json!({"timeout": "0s", "idle_timeout": "0.2s"}),
        ))
        .route(slow(
            "long",
            json!({
                "timeout": "0s", "max_stream_duration": {"max_stream_duration": "0.2s"}
            }),
        ))
        .with(json!({"route_config": {"validate_clusters": false}}))
}

fn behind(name: &str, filter: Value) -> Listener {
    let limits = json!([{"actions": [{"generic_key": {"descriptor_value": "all"}}]}]);
    translated(name)
        .filter(filter)
        .route(Route::prefix("/", "up").with(json!({"route": {"rate_limits": limits}})))
}

/// Filters that fail or refuse, by the name of their listener.
fn filters() -> Vec<(&'static str, Value)> {
    let always = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
    let grpc = json!({"envoy_grpc": {"cluster_name": "refused"}});
    let any = json!({"permissions": [{"any": true}], "principals": [{"any": true}]});
    vec![
        (
            "rate-limit",
            filter(
                "local_ratelimit.v3.LocalRateLimit",
                json!({
                    "stat_prefix": "limit",
                    "token_bucket": {"max_tokens": 1, "fill_interval": "3600s"},
                    "filter_enabled": always,
                    "filter_enforced": always,
                }),
            ),
        ),
        (
            "rate-limit-service",
            filter(
                "ratelimit.v3.RateLimit",
                json!({
                    "domain": "all",
                    "failure_mode_deny": true,
                    "rate_limit_service": {"grpc_service": grpc, "transport_api_version": "V3"},
                }),
            ),
        ),
        (
            "rbac",
            filter(
                "rbac.v3.RBAC",
                json!({
                    "rules": {"action": "DENY", "policies": {"secret policy": any}},
                }),
            ),
        ),
        (
            "jwt",
            filter(
                "jwt_authn.v3.JwtAuthentication",
                json!({
                    "providers": {"issuer": {
                        "issuer": "issuer",
                        "local_jwks": {"inline_string":
                            r#"{"keys":[{"kty":"oct","alg":"HS256","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}]}"#
                        },
                    }},
                    "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "issuer"}}],
                }),
            ),
        ),
        (
            "authz",
            filter(
                "ext_authz.v3.ExtAuthz",
                json!({
                    "grpc_service": grpc, "transport_api_version": "V3",
                }),
            ),
        ),
        (
            "buffer",
            filter("buffer.v3.Buffer", json!({"max_request_bytes": 8})),
        ),
        (
            "ext-proc",
            filter(
                "ext_proc.v3.ExternalProcessor",
                json!({"grpc_service": grpc}),
            ),
        ),
        (
            "fault",
            filter(
                "fault.v3.HTTPFault",
                json!({
                    "abort": {"http_status": 503, "percentage": {"numerator": 100}},
                }),
            ),
        ),
    ]
}

fn filter(kind: &str, mut config: Value) -> Value {
    config["@type"] = format!("type.googleapis.com/envoy.extensions.filters.http.{kind}").into();
    json!({"name": kind, "typed_config": config})
}

/// Each failure: the listener and the path that provoke it, the status that Envoy gives it, what
/// it is called, whether to try again, and the code of gRPC.
const FAILURES: &[(&str, &str, u16, &str, bool, &str)] = &[
    ("routes", "/nothing", 404, "no-route", false, "12"),
    ("routes", "/nowhere/", 503, "no-destination", true, "14"),
    ("routes", "/empty/", 503, "no-healthy-upstream", true, "14"),
    ("routes", "/refused/", 503, "connect-failure", true, "14"),
    ("routes", "/silent/", 503, "connect-timeout", true, "14"),
    ("routes", "/refusing/", 503, "stream-refused", true, "14"),
    ("routes", "/broken/", 503, "upstream-reset", false, "14"),
    ("routes", "/broken-h2/", 503, "upstream-reset", false, "14"),
    (
        "routes",
        "/garbage/",
        502,
        "upstream-protocol-error",
        false,
        "13",
    ),
    ("routes", "/timeout/", 504, "upstream-timeout", false, "4"),
    ("routes", "/try/", 504, "upstream-timeout", false, "4"),
    ("routes", "/long/", 504, "duration-exceeded", false, "4"),
    ("routes", "/idle/", 504, "stream-idle-timeout", false, "4"),
    ("routes", "/full/", 503, "overflow", true, "14"),
    ("routes", "/shed/", 503, "overloaded", true, "14"),
    ("routes", "/maintained/", 503, "maintenance", true, "14"),
    ("rate-limit", "/", 429, "rate-limited", true, "8"),
    (
        "rate-limit-service",
        "/",
        500,
        "rate-limit-unavailable",
        true,
        "14",
    ),
    ("rbac", "/", 403, "access-denied", false, "7"),
    ("jwt", "/", 401, "unauthenticated", false, "16"),
    ("authz", "/", 403, "authorization-unavailable", true, "14"),
    ("ext-proc", "/", 500, "filter-failure", false, "13"),
    ("fault", "/", 503, "injected-fault", true, "14"),
];

#[test]
fn every_failure_of_the_proxy_becomes_its_problem() {
    let bench = Bench::new();
    assert_eq!(bench.send("rate-limit", Request::get("/")).status, 200);
    for (listener, path, status, kind, retryable, _) in FAILURES {
        let response = bench.send(listener, Request::post(path, "{}"));

        assert_eq!(response.status, *status, "{kind}: {}", response.text());
        let media_type = response.headers.text("content-type");
        assert_eq!(media_type, Some("application/problem+json"), "{kind}");
        let problem = response.json();
        let uri = format!("https://treaty.dev/problems/error-translation/{kind}");
        assert_eq!(problem["type"], uri);
        assert_eq!(problem["status"], *status, "{kind}");
        assert_eq!(problem["retryable"], *retryable, "{kind}");
        assert!(problem["requestId"].is_string(), "{kind}");
        assert!(!response.text().contains("secret"), "{kind}");
    }
}

#[test]
fn clients_of_grpc_learn_what_happened() {
    let bench = Bench::new();
    assert_eq!(bench.send("rate-limit", Request::get("/")).status, 200);
    for (listener, path, _, kind, _, code) in FAILURES {
        let call = Request::post(path, vec![0; 5])
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let response = bench.send(listener, call);

        assert_eq!(response.status, 200, "{kind}");
        assert_eq!(
            response.headers.text("content-type"),
            Some("application/grpc"),
            "{kind}"
        );
        let told = |name| response.headers.text(name).or(response.trailers.text(name));
        assert_eq!(told("grpc-status"), Some(*code), "{kind}");
        assert!(told("grpc-status-details-bin").is_some(), "{kind}");
        let message = told("grpc-message").unwrap_or_default();
        assert!(
            !message.contains("upstream") && !message.contains("reset"),
            "{kind}: {message}"
        );
        assert!(response.body.is_empty(), "{kind}");
    }
}

#[test]
fn a_request_that_may_be_sent_twice_may_be_repeated() {
    let bench = Bench::new();
    for path in ["/broken/", "/garbage/", "/timeout/", "/idle/"] {
        let problem = bench.send("routes", Request::get(path)).json();
        assert_eq!(problem["retryable"], true, "{path}");
    }
}

#[test]
fn a_request_that_is_too_large_becomes_a_problem() {
    let bench = Bench::new();
    // Over HTTP/2 the end comes with the content, which is then not held.
    let client = Client::http1(bench.envoy.address("buffer"));
    let response = client.send(Request::post("/", "more than eight octets"));

    assert_eq!(response.status, 413);
    let uri = "https://treaty.dev/problems/error-translation/request-too-large";
    assert_eq!(response.json()["type"], uri);
}
