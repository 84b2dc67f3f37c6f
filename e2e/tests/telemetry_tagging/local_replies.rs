//! Where no upstream answers: tags are told and exchanges are counted all the same.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::{
    AccessLog, Answer, Client, Cluster, Config, Envoy, Listener, Request, Route, Upstream,
    reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{SOON, assert_well, fact, filter, start, tag};

struct Proof {
    envoy: Envoy,
    upstream: Upstream,
    log: AccessLog,
}

fn policy() -> Value {
    let paths = [
        "direct",
        "elsewhere",
        "nowhere",
        "down",
        "late",
        "cut",
        "none",
        "left",
        "half",
    ];
    let operations: Vec<Value> = paths
        .iter()
        .map(|path| json!({"path": format!("/{path}/{{id}}"), "operation": path}))
        .collect();
    json!({
        "version": 1,
        "mode": "enforce",
        "tags": [
            {"name": "tenant", "source": {"from": "header", "name": "x-tenant"}},
            {"name": "id", "source": {"from": "pathParameter", "name": "id"}},
            {"name": "operation", "source": {"from": "exchange", "value": "operation"}},
            {"name": "class", "source": {"from": "exchange", "value": "statusClass"}},
            {"name": "answer", "source": {"from": "responseHeader", "name": "x-answer"}},
            {"name": "end", "source": {"from": "responseTrailer", "name": "x-end"},
             "steps": [{"step": "default", "text": "none"}]},
        ],
        "defaults": {
            "traceContext": {"owner": "treaty", "create": true},
            "correlation": {"header": "x-correlation-id", "make": "uuidV7"},
            "semconv": "stable",
            "metrics": ["requests", "errors", "active"],
            "operations": operations,
        },
        "rules": [{"name": "all"}],
    })
}

impl Proof {
    fn start() -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(|seen| {
            let answer = Answer::default().header("x-answer", "here").chunk("x");
            match seen.path.as_str() {
                "/late/7" | "/left/7" => answer.delay(Duration::from_secs(3)),
                "/cut/7" => answer.ending(e2e::Ending::Reset),
                "/none/7" => answer.ending(e2e::Ending::ResetBeforeHead),
                "/half/7" => answer.chunk("y").pace(Duration::from_secs(3)),
                _ => answer,
            }
        });
        let log = AccessLog::new();
        let fields = json!({
            "status": "%RESPONSE_CODE%",
            "tenant": tag("tenant"),
            "id": tag("id"),
            "operation": tag("operation"),
            "class": tag("class"),
            "answer": tag("answer"),
            "end": tag("end"),
            "error": tag("error.type"),
            "route": tag("http.route"),
            "correlation": fact("correlation_id"),
        });
        let listener = Listener::new("edge")
            .filter(filter(&policy()))
            .route(Route::direct("/direct", 403, "no"))
            .route(Route::prefix("/elsewhere", "down").with(json!({
                "route": null, "redirect": {"path_redirect": "/there"},
            })))
            .route(Route::prefix("/down", "down"))
            .route(Route::prefix("/late", "upstream").with(json!({"route": {"timeout": "0.2s"}})))
            .route(Route::prefix("/cut", "upstream"))
            .route(Route::prefix("/none", "upstream"))
            .route(Route::prefix("/left", "upstream"))
            .route(Route::prefix("/half", "upstream"))
            .access_log(&log, fields);
        let config = Config::new()
            .listener(listener)
            .cluster(Cluster::new("upstream", upstream.address()))
            .cluster(Cluster::new("down", reserve_address()));
        Self {
            envoy: start(config),
            upstream,
            log,
        }
    }

    fn line(&mut self) -> Value {
        let mut line = self.log.next_line(SOON).expect("a line");
        let id = line["correlation"].take();
        assert_eq!(id.as_str().map(str::len), Some(36), "{line}");
        line
    }

    fn series(&self, metric: &str) -> BTreeMap<String, u64> {
        let counters = self.envoy.counters().into_iter();
        counters
            .filter_map(|(name, value)| {
                let labels = name.strip_prefix("wasmcustom.")?.strip_prefix(metric)?;
                labels.starts_with(';').then(|| (labels.to_owned(), value))
            })
            .collect()
    }
}

fn request(path: &str) -> Request {
    Request::get(path).header("x-tenant", "acme")
}

/// What is told of an exchange, but for its correlation id.
fn told(path: &str, status: u16, class: &str, error: Option<&str>, answer: Option<&str>) -> Value {
    json!({
        "status": status, "tenant": "acme", "id": "7", "operation": path, "class": class,
        "answer": answer, "end": "none", "error": error, "route": format!("/{path}/{{id}}"),
        "correlation": null,
    })
}

#[test]
fn an_answer_of_the_proxy_is_tagged_as_any() {
    let mut proof = Proof::start();
    let cases = [
        ("direct", 403, "4xx", None),
        ("elsewhere", 301, "3xx", None),
        ("nowhere", 404, "4xx", None),
        ("down", 503, "5xx", Some("503")),
        ("late", 504, "5xx", Some("504")),
        ("none", 503, "5xx", Some("503")),
    ];
    for (path, status, class, error) in cases {
        let client = Client::http1(proof.envoy.address("edge"));
        let response = client.send(request(&format!("/{path}/7")));
        assert_eq!(response.status, status, "{path}");
        assert_eq!(
            proof.line(),
            told(path, status, class, error, None),
            "{path}"
        );
        // The client can quote its id for these as well.
        assert!(response.headers.has("x-correlation-id"), "{path}");
    }
    let counted: BTreeMap<String, u64> = cases
        .iter()
        .map(|(path, _, class, _)| {
            (
                format!(
                    ";service=all;route=/{path}/{{id}};method=GET;status_class={class};version=-"
                ),
                1,
            )
        })
        .collect();
    assert_eq!(proof.series("treaty_requests"), counted);
    assert_eq!(proof.series("treaty_request_errors").len(), 3);
    assert_well(&proof.envoy);
}

#[test]
fn an_answer_that_breaks_off_is_an_error_of_the_server() {
    let mut proof = Proof::start();
    let response = Client::http1(proof.envoy.address("edge")).send(request("/cut/7"));
    assert!(!response.complete);
    assert_eq!(
        proof.line(),
        told("cut", 200, "2xx", Some("incomplete_response"), Some("here"))
    );
    let errors = proof.series("treaty_request_errors");
    let expected =
        ";service=all;route=/cut/{id};method=GET;error_type=incomplete_response;version=-";
    assert_eq!(errors.get(expected), Some(&1), "{errors:?}");
    assert_well(&proof.envoy);
}

#[test]
fn a_client_that_leaves_is_tagged_and_no_error_of_the_server() {
    let mut proof = Proof::start();
    let client = Client::http2(proof.envoy.address("edge"));
    // Before the head of the answer, and in the midst of it.
    let exchange = client.open(request("/left/7")).unwrap();
    proof.upstream.wait_for_seen(1, SOON);
    drop(exchange);
    let line = proof.line();
    assert_eq!(line, told("left", 0, "none", None, None));

    let mut exchange = client.open(request("/half/7")).unwrap();
    exchange.finish();
    assert_eq!(exchange.next_chunk().unwrap().as_deref(), Some(&b"x"[..]));
    drop(exchange);
    assert_eq!(proof.line(), told("half", 200, "2xx", None, Some("here")));

    let begun = Instant::now();
    while proof.series("treaty_requests").len() < 2 {
        assert!(begun.elapsed() < SOON);
    }
    assert_eq!(proof.series("treaty_request_errors"), BTreeMap::new());
    assert_eq!(
        proof
            .series("treaty_requests_active")
            .into_values()
            .collect::<Vec<_>>(),
        [0]
    );
    assert_well(&proof.envoy);
}
