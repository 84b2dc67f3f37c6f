//! The `local_reply_config` that is rendered from a policy of error-translation, in a real Envoy:
//! what no filter sees becomes a problem, and everything else stays as it is.

use std::time::Duration;

use e2e::{
    Answer, Client, Cluster, Config, Ending, Envoy, Listener, Options, Protocol, Request, Response,
    Route, Upstream, WasmFilter, dist, parse_response, raw,
};
use error_translation::{ErrorTranslation, local_reply_config};
use kit::filter::Filter;
use kit::policy::Document;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);

/// Two listeners that differ in nothing but the `local_reply_config`, with a filter that holds
/// heads and refuses, and an upstream that fails in mid-body.
struct Bench {
    envoy: Envoy,
    _upstream: Upstream,
}

impl Bench {
    fn new(policy: &Value) -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(|seen| match seen.path.as_str() {
            "/broken" => broken(),
            "/grpc.Broken/Off" => broken().header("content-type", "application/grpc"),
            "/stalled" => broken().pace(Duration::from_secs(30)),
            "/large" => Answer::status(500).chunk(vec![b'x'; 100_000]),
            _ => Answer::status(500).chunk("secret"),
        });
        let policy = Document::parse(policy.to_string().as_bytes()).unwrap();
        let rendered = local_reply_config(&ErrorTranslation::load(&policy).unwrap());
        let config = Config::new()
            .listener(listener("plain"))
            .listener(listener("edge").with(json!({"local_reply_config": rendered})))
            .cluster(
                Cluster::new("upstream", upstream.address())
                    .protocol(Protocol::AsClient)
                    .with(json!({"per_connection_buffer_limit_bytes": 16_384})),
            );
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        Self {
            envoy,
            _upstream: upstream,
        }
    }

    fn send(&self, listener: &str, request: Request) -> Response {
        Client::http2(self.envoy.address(listener)).send(request)
    }

    fn raw(&self, listener: &str, octets: &[u8]) -> Response {
        let received = raw(self.envoy.address(listener), octets, SOON);
        parse_response(&received).unwrap_or_else(|| panic!("no response in {received:?}"))
    }
}

fn broken() -> Answer {
    Answer::status(500)
        .header("content-type", "application/json")
        .chunk("secret")
        .chunk("more")
        .ending(Ending::Reset)
}

fn listener(name: &str) -> Listener {
    let probe = WasmFilter::new("probe")
        .module(&dist().join("test/probe.wasm"))
        .policy(r#"{"version": 1, "held": true}"#)
        .holding_heads();
    Listener::new(name)
        .filter(probe)
        .route(Route::direct("/direct", 503, "as configured"))
        .route(Route::prefix("/stalled", "upstream").with(json!({"route": {"timeout": "0.3s"}})))
        .route(Route::prefix("/", "upstream"))
        .with(json!({
            "normalize_path": true,
            "path_with_escaped_slashes_action": "REJECT_REQUEST",
            "request_headers_timeout": "0.3s",
        }))
}

fn held(request: Request) -> Request {
    request.header("x-probe", "rhold=200000")
}

fn policy() -> Value {
    json!({"version": 1, "form": "held", "rules": [{"name": "all", "match": {}}]})
}

/// That the answer is a problem of this kind and says nothing of what the upstream said.
fn assert_problem(response: &Response, status: u16, kind: &str) {
    assert_eq!(response.status, status, "{kind}: {}", response.text());
    let media_type = response.headers.text("content-type");
    assert_eq!(media_type, Some("application/problem+json"), "{kind}");
    assert_eq!(response.headers.text("cache-control"), Some("no-store"));
    let problem = response.json();
    let uri = format!("https://treaty.dev/problems/error-translation/{kind}");
    assert_eq!(problem["type"], uri);
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    assert!(problem["retryable"].is_boolean());
    assert!(!response.text().contains("secret"));
}

#[test]
fn an_upstream_that_fails_while_its_head_is_held_becomes_a_problem() {
    let bench = Bench::new(&policy());
    // Over HTTP/1.1 a body that ends too soon breaks the protocol; over HTTP/2 it is a reset.
    let request = held(Request::get("/broken"));
    let response = Client::http1(bench.envoy.address("edge")).send(request);
    assert_problem(&response, 502, "upstream-protocol-error");
    assert!(response.json()["requestId"].is_string());
    assert_eq!(response.json()["retryable"], true);

    let response = bench.send("edge", held(Request::get("/broken")));
    assert_problem(&response, 503, "upstream-reset");
    let response = bench.send("edge", held(Request::post("/broken", "{}")));
    assert_problem(&response, 503, "upstream-reset");
    assert_eq!(response.json()["retryable"], false);
    let response = bench.send("edge", held(Request::get("/stalled")));
    assert_problem(&response, 504, "upstream-timeout");
}

#[test]
fn what_fails_before_the_first_filter_becomes_a_problem() {
    let bench = Bench::new(&policy());
    let long = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "a".repeat(70_000)
    );
    for (request, status, kind) in [
        ("BLAH BLAH BLAH\r\n\r\n", 400, "bad-request"),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nno field\r\n\r\n",
            400,
            "bad-request",
        ),
        (
            "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
            400,
            "bad-request",
        ),
        ("GET /a%2fb HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bad-request"),
        (
            "GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: x\r\n\r\n",
            501,
            "bad-request",
        ),
        ("GET / HTTP/1.1\r\nhost: a", 408, "request-timeout"),
        ("GET / HTTP/1.0\r\nhost: a\r\n\r\n", 426, "upgrade-required"),
        (&long, 431, "request-headers-too-large"),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
            403,
            "upgrade-refused",
        ),
    ] {
        assert_problem(&bench.raw("edge", request.as_bytes()), status, kind);
    }
    let response = bench.send("edge", Request::get("/a%2fb"));
    assert_problem(&response, 400, "bad-request");
}

#[test]
fn what_is_meant_to_be_stays_octet_for_octet() {
    let bench = Bench::new(&policy());
    let own_refusal = || Request::post("/", "bad").header("x-probe", "hold");
    let refused = bench.send("edge", own_refusal());
    assert_eq!(
        (refused.status, refused.text().as_str()),
        (400, "refused: bad_body\n")
    );
    for request in [
        own_refusal(),
        Request::get("/direct"),
        Request::get("/"),
        held(Request::get("/")),
    ] {
        let [plain, edge] = ["plain", "edge"].map(|name| bench.send(name, request.clone()));
        assert_eq!((edge.status, &edge.body), (plain.status, &plain.body));
        let names = |response: &Response| {
            let headers = &response.headers;
            ["content-type", "cache-control"].map(|name| headers.text(name).map(str::to_owned))
        };
        assert_eq!(names(&edge), names(&plain));
    }
}

#[test]
fn clients_of_grpc_keep_the_status_that_envoy_gives_them() {
    let bench = Bench::new(&policy());
    let grpc = |path| held(Request::post(path, "").header("content-type", "application/grpc"));
    for path in ["/grpc.Broken/Off", "/a%2fb"] {
        let [plain, edge] = ["plain", "edge"].map(|name| bench.send(name, grpc(path)));
        assert_eq!(edge.status, 200);
        assert!(edge.headers.has("grpc-status"));
        for field in ["grpc-status", "grpc-message", "content-type"] {
            assert_eq!(edge.headers.text(field), plain.headers.text(field));
        }
    }
}

#[test]
fn the_catalogue_has_a_say_in_it() {
    let bench = Bench::new(&json!({
        "version": 1,
        "form": "held",
        "rules": [{"name": "all", "match": {}}],
        "problemBase": "https://errors.example.com",
        "catalog": [
            {
                "name": "late",
                "when": {"failures": ["upstream-timeout"]},
                "then": {
                    "type": "late",
                    "title": "100 % late",
                    "detail": "It was {status}; quote {requestId}.",
                    "status": 503,
                    "retryAfter": "7s",
                    "retryable": true,
                    "extensions": {"own": {"value": {"deep": [1, true, "50 %"]}}},
                },
            },
            {
                "name": "nonsense",
                "when": {"failures": ["bad-request"]},
                "answer": {
                    "status": 400,
                    "contentType": "text/plain",
                    "body": "100 % nonsense",
                },
            },
        ],
    }));

    let late = bench.send("edge", held(Request::post("/stalled", "{}")));
    assert_eq!(late.status, 503);
    assert_eq!(late.headers.text("retry-after"), Some("7"));
    let problem = late.json();
    assert_eq!(problem["type"], "https://errors.example.com/late");
    assert_eq!(problem["title"], "100 % late");
    assert_eq!(problem["status"], 503);
    assert_eq!(problem["retryable"], true);
    assert_eq!(problem["own"], json!({"deep": [1, true, "50 %"]}));
    let id = problem["requestId"].as_str().unwrap();
    assert_eq!(problem["detail"], format!("It was 503; quote {id}."));

    let nonsense = bench.raw("edge", b"BLAH BLAH BLAH\r\n\r\n");
    assert_eq!(
        (nonsense.status, nonsense.text().as_str()),
        (400, "100 % nonsense")
    );
    assert_eq!(nonsense.headers.text("content-type"), Some("text/plain"));
    assert_eq!(nonsense.headers.text("x-treaty-degraded"), Some("nonsense"));
}
