//! Who answered. An answer of the proxy's own frees a key where the upstream has surely not seen
//! the request, and only there: anything else would let it run twice.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use e2e::{
    Answer, Client, Cluster, Config, Ending, Envoy, Listener, Options, Protocol, Request, Route,
    Seen, Upstream, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{Executions, Told, filter, keyed, policy, reason};

/// Where, by the listener (which has the name of the filter behind ours, if there is one) and the
/// path; the response flags, and how often the router has tried; how often the upstream has begun to
/// carry the request out; how the key ends; the code details, as far as they are fixed.
///
/// `UO` stands beside the flag of the cause where a retry was wanted and the cluster allows no more:
/// one attempt, which was sent. After several attempts the flags are those of the last.
const ANSWERS: &str = "
routes /nothing           NR      0 0 released route_not_found
routes /nowhere           NC      0 0 released cluster_not_found
routes /direct            -       0 0 released direct_response
routes /empty             UH      1 0 released no_healthy_upstream
routes /refused           UF      1 0 released before_response{remote_connection_failure
routes /refused/no-retry  UO,UF   1 0 released before_response{remote_connection_failure
routes /silent            UF      1 0 released before_response{connection_timeout}
routes /refusing          UR      1 0 released before_response{remote_refused_stream_reset}
routes /full              UO      1 0 released before_response{overflow}
routes /queued            UO      1 0 released before_response{overflow}
routes /shed              UDO     0 0 released unconditional_drop_overload
routes /maintained        UO      0 0 released maintenance_mode
rbac   /up                -       0 0 released rbac_access_denied_matched_policy
fault  /up                FI      0 0 released fault_filter_abort
limit  /up                RL      0 0 released local_rate_limited
authz  /up                UAEX    0 0 released ext_authz_error
lua    /up                -       0 0 released lua_response
routes /refused/retried   URX,UF  3 0 unknown  before_response{remote_connection_failure
routes /silent/timeout    UT      1 0 unknown  response_timeout
routes /limited           -       1 0 unknown  lua_response
routes /garbage           UPE     1 1 unknown  before_response{protocol_error}
routes /reset             UC      1 1 unknown  before_response{connection_termination}
routes /reset/no-retry    UO,UC   1 1 unknown  before_response{connection_termination}
routes /reset/ejected     UH      2 1 unknown  no_healthy_upstream
routes /reset-h2          UR      1 1 unknown  before_response{remote_reset}
routes /reset-h2/no-retry UO,UR   1 1 unknown  before_response{remote_reset}
routes /dying             URX,UF  2 1 unknown  before_response{remote_connection_failure
routes /torn              UPE     1 1 unknown  upstream_reset_after_response_started{protocol_error}
routes /torn-h2           UR      1 1 unknown  upstream_reset_after_response_started{remote_reset}
routes /slow/timeout      UT      1 1 unknown  response_timeout
routes /slow/try          UT      1 1 unknown  upstream_per_try_timeout
routes /slow/no-retry     UO,UT   1 1 unknown  upstream_per_try_timeout
routes /slow/idle         SI      1 1 unknown  stream_idle_timeout
routes /slow/long         -       1 1 unknown  max_duration_timeout
routes /failing/no-retry  UO      1 1 unknown  via_upstream
lua-late /large           -       1 1 unknown  response_payload_too_large
";

#[test]
fn a_key_is_freed_only_where_the_upstream_has_surely_not_seen_the_request() {
    let mut bench = Bench::start();
    let mut wrong = Vec::new();
    for line in ANSWERS.lines().skip(1) {
        let expected: Vec<_> = line.split_whitespace().collect();
        let told = bench.ask_twice(expected[0], expected[1]);
        if told != expected {
            wrong.push(told.join(" "));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// An Envoy that answers in every way there is, each on a path or a listener of its own.
struct Bench {
    envoy: Envoy,
    told: Told,
    executions: Executions,
    _upstream: Upstream,
}

impl Bench {
    fn start() -> Self {
        let (told, executions) = (Told::default(), Executions::default());
        let upstream = upstream(&executions);
        let at = |name: &str| Cluster::new(name, upstream.address());
        let endpoints = |more: Value| json!({"load_assignment": more});
        let breakers = |most: Value| json!({"circuit_breakers": {"thresholds": [most]}});
        let mut config = Config::new()
            .cluster(at("up"))
            .cluster(at("up-h2").protocol(Protocol::Http2))
            .cluster(at("no-retry").with(breakers(json!({"max_retries": 0}))))
            .cluster(
                at("no-retry-h2")
                    .protocol(Protocol::Http2)
                    .with(breakers(json!({"max_retries": 0}))),
            )
            .cluster(at("full").with(breakers(json!({"max_requests": 0}))))
            .cluster(at("queued").with(breakers(
                json!({"max_connections": 0, "max_pending_requests": 0}),
            )))
            .cluster(at("maintained"))
            .cluster(
                at("shed").with(endpoints(json!({"policy": {"drop_overloads": [{
                    "category": "all",
                    "drop_percentage": {"numerator": 100, "denominator": "HUNDRED"},
                }]}}))),
            )
            .cluster(at("empty").with(endpoints(json!({"cluster_name": "empty", "endpoints": []}))))
            .cluster(at("ejected").with(json!({
                "outlier_detection": {"consecutive_5xx": 1, "max_ejection_percent": 100},
                "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
            })))
            .cluster(at("limited").with(limited()))
            .cluster(Cluster::new("refused", reserve_address()))
            .cluster(
                Cluster::new("refused-no-retry", reserve_address())
                    .with(breakers(json!({"max_retries": 0}))),
            )
            .cluster(Cluster::new("silent", silent()).with(tls("0.2s")))
            .cluster(Cluster::new("silent-long", silent()).with(tls("5s")))
            .cluster(Cluster::new("dying", dying(&executions)))
            .cluster(Cluster::new(
                "garbage",
                canned(b"GARBAGE\r\n\r\n", &executions),
            ))
            .cluster(
                Cluster::new("refusing", canned(REFUSED_STREAM, &executions))
                    .protocol(Protocol::Http2),
            )
            .listener(routes(told.by(listener("routes"))));
        for (name, filter) in filters() {
            let behind = told.by(listener(name)).filter(filter);
            config = config.listener(behind.route(Route::prefix("/", "up")));
        }
        let mut config = Value::from(config);
        config["layered_runtime"] = json!({"layers": [{
            "name": "static", "static_layer": {"upstream.maintenance_mode.maintained": 100}
        }]});
        let mut bench = Self {
            envoy: Envoy::start(config, &Options::default())
                .unwrap_or_else(|error| panic!("{error}")),
            told,
            executions,
            _upstream: upstream,
        };
        // Envoy 1.36 takes no limit of nothing, so there is one of one request, which this is.
        Client::http1(bench.envoy.address("limit")).send(Request::get("/up"));
        bench.told.next();
        bench
    }

    /// Asks twice with one key, and says what came of the first request, as [`ANSWERS`] do. The
    /// second one has to come to the same.
    fn ask_twice(&mut self, listener: &str, path: &str) -> Vec<String> {
        let key = format!("{listener}{path}");
        let client = Client::http2(self.envoy.address(listener));
        client.send(keyed(path, &key));
        let told = self.told.next();
        let executions = self.executions.of(&key);
        let text = |name: &str| told[name].as_str().unwrap_or("-").to_owned();
        let (end, flags, details) = (text("end"), text("flags"), text("details"));

        let second = client.send(keyed(path, &key));
        let outcome = self.told.next()["outcome"].take();
        if end == "unknown" {
            assert_eq!(outcome, "outcome_unknown", "{key}");
            assert_eq!(reason(&second), "outcome-unknown", "{key}");
            assert_eq!(self.executions.of(&key), executions, "{key}");
        } else {
            assert_eq!(outcome, "claimed", "{key}");
            assert_eq!(self.executions.of(&key), 0, "{key}");
        }
        vec![
            listener.to_owned(),
            path.to_owned(),
            flags,
            told["attempts"].as_u64().unwrap_or_default().to_string(),
            executions.to_string(),
            end,
            fixed(&details),
        ]
    }
}

/// Code details without the parts that name addresses and errors of the system.
fn fixed(details: &str) -> String {
    details
        .replace("upstream_reset_before_response_started", "before_response")
        .split(['|', '['])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn listener(name: &str) -> Listener {
    let little = json!({"http2_protocol_options": {"initial_stream_window_size": 65535}});
    Listener::new(name)
        .with(little)
        .filter(filter(&policy(json!({}))))
}

/// The routes of failures, in which the path of each begins with the name of its cluster.
fn routes(listener: Listener) -> Listener {
    let to = |path: &str, cluster: &str, more: Value| {
        Route::prefix(path, cluster).with(json!({"route": more}))
    };
    let retries = |on: &str, more: Value| {
        let mut retries = json!({"retry_on": on, "num_retries": 2});
        retries
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"retry_policy": retries})
    };
    let once = json!({"num_retries": 1});
    let per_try = json!({"per_try_timeout": "0.2s"});
    let failing = "connect-failure,reset,5xx";
    let listener = listener
        .route(to(
            "/refused/no-retry",
            "refused-no-retry",
            retries("connect-failure", json!({})),
        ))
        .route(to(
            "/refused/retried",
            "refused",
            retries("connect-failure", json!({})),
        ))
        .route(to(
            "/silent/timeout",
            "silent-long",
            json!({"timeout": "0.3s"}),
        ))
        .route(to(
            "/reset/no-retry",
            "no-retry",
            retries("reset", json!({})),
        ))
        .route(to(
            "/reset-h2/no-retry",
            "no-retry-h2",
            retries("reset", json!({})),
        ))
        .route(to("/reset/ejected", "ejected", retries("reset", json!({}))))
        .route(to("/reset-h2", "up-h2", json!({})))
        .route(to("/torn-h2", "up-h2", json!({})))
        .route(to("/dying", "dying", retries(failing, once)))
        .route(to("/slow/timeout", "up", json!({"timeout": "0.2s"})))
        .route(to("/slow/try", "up", json!({"retry_policy": per_try})))
        .route(to("/slow/no-retry", "no-retry", retries("5xx", per_try)))
        .route(to(
            "/slow/idle",
            "up",
            json!({"timeout": "0s", "idle_timeout": "0.2s"}),
        ))
        .route(to(
            "/slow/long",
            "up",
            json!({
                "timeout": "0s", "max_stream_duration": {"max_stream_duration": "0.2s"}
            }),
        ))
        .route(to(
            "/failing/no-retry",
            "no-retry",
            retries("5xx", json!({})),
        ))
        .route(to("/reset", "up", json!({})))
        .route(to("/torn", "up", json!({})))
        .route(Route::direct("/direct", 200, "direct"))
        .with(json!({"route_config": {"validate_clusters": false}}));
    let clusters = [
        "nowhere",
        "empty",
        "refused",
        "silent",
        "full",
        "queued",
        "shed",
        "maintained",
        "refusing",
        "garbage",
        "limited",
    ];
    clusters.iter().fold(listener, |listener, cluster| {
        listener.route(Route::prefix(&format!("/{cluster}"), cluster))
    })
}

/// What carries requests out, or begins to.
fn upstream(executions: &Executions) -> Upstream {
    let upstream = Upstream::start();
    let executions = executions.clone();
    upstream.set_handler(move |request: &Seen| {
        executions.count(request.headers.text("idempotency-key").unwrap_or_default());
        let answer = Answer::status(201).chunk("done");
        match request.path.split('/').nth(1) {
            Some("slow") => answer.delay(Duration::from_secs(5)),
            Some("reset" | "reset-h2") => answer.ending(Ending::ResetBeforeHead),
            Some("torn" | "torn-h2") => answer.ending(Ending::Reset),
            // More than Envoy holds for a filter that wants it whole.
            Some("large") => answer.chunk(vec![b'x'; 1 << 20]),
            Some("failing") => Answer::status(503),
            _ => answer,
        }
    });
    upstream
}

/// RFC 9113: an empty SETTINGS, its acknowledgement, and `REFUSED_STREAM` for the first stream.
const REFUSED_STREAM: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0\
                                \0\0\x04\x03\0\0\0\0\x01\0\0\0\x07";

/// An upstream that answers whatever comes with these octets.
fn canned(octets: &'static [u8], executions: &Executions) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let executions = executions.clone();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let executions = executions.clone();
            thread::spawn(move || {
                receive(&mut stream, &executions);
                // HTTP/2 sends its preface first and the request perhaps after it.
                thread::sleep(Duration::from_millis(100));
                let _ = stream.write_all(octets);
                let _ = stream.read(&mut [0; 4096]);
            });
        }
    });
    address
}

/// An upstream that takes one request, and is gone then.
fn dying(executions: &Executions) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let executions = executions.clone();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        receive(&mut stream, &executions);
    });
    address
}

/// Reads what comes first, and counts a request that can be read.
fn receive(stream: &mut TcpStream, executions: &Executions) {
    let mut octets = [0; 4096];
    let count = stream.read(&mut octets).unwrap_or_default();
    let text = String::from_utf8_lossy(&octets[..count]).into_owned();
    let key = text
        .lines()
        .find_map(|line| line.strip_prefix("idempotency-key: "));
    if let Some(key) = key {
        executions.count(key);
    }
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

/// A filter that answers in the place of the upstream, once the router has chosen it.
fn limited() -> Value {
    let codec = json!({"name": "codec", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"
    }});
    json!({"typed_extension_protocol_options": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "http_filters": [refusing(), codec],
        }
    }})
}

/// A filter that refuses whatever comes.
fn refusing() -> Value {
    lua("function envoy_on_request(h) h:respond({[\":status\"] = \"403\"}, \"no\") end")
}

fn lua(code: &str) -> Value {
    let code = json!({"default_source_code": {"inline_string": code}});
    filter_of("lua.v3.Lua", code)
}

/// Filters that answer in the place of the upstream, by the name of their listener.
fn filters() -> Vec<(&'static str, Value)> {
    let any = json!({"permissions": [{"any": true}], "principals": [{"any": true}]});
    let always = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
    vec![
        (
            "rbac",
            filter_of(
                "rbac.v3.RBAC",
                json!({"rules": {"action": "DENY", "policies": {"all": any}}}),
            ),
        ),
        (
            "fault",
            filter_of(
                "fault.v3.HTTPFault",
                json!({"abort": {"http_status": 503, "percentage": {"numerator": 100}}}),
            ),
        ),
        (
            "limit",
            filter_of(
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
            "authz",
            filter_of(
                "ext_authz.v3.ExtAuthz",
                json!({
                    "grpc_service": {"envoy_grpc": {"cluster_name": "refused"}},
                    "transport_api_version": "V3",
                }),
            ),
        ),
        ("lua", refusing()),
        (
            "lua-late",
            lua("function envoy_on_response(h) h:body() end"),
        ),
    ]
}

fn filter_of(kind: &str, mut config: Value) -> Value {
    config["@type"] = format!("type.googleapis.com/envoy.extensions.filters.http.{kind}").into();
    json!({"name": kind, "typed_config": config})
}
