//! Together with `version-negotiation`: as a chain of modules and as a bundle, in both forms.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Listener, Options, Protocol, Request, Response, Route,
    Seen, Upstream, WasmFilter, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{FORMS, SOON, filter, lock, policy};
use crate::judge::problem_of;
use crate::told::{self, CASE, Told};

/// One upstream behind `version-negotiation` alone, and behind both filters in each way.
struct Composed {
    envoy: Envoy,
    _upstream: Upstream,
    told: Told,
}

/// What tests share which run at the same time.
fn composed() -> Arc<Composed> {
    static SHARED: Mutex<Weak<Composed>> = Mutex::new(Weak::new());
    let mut shared = lock(&SHARED);
    shared.upgrade().unwrap_or_else(|| {
        let composed = Arc::new(Composed::start());
        *shared = Arc::downgrade(&composed);
        composed
    })
}

fn negotiation() -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "services": [{"name": "orders", "hosts": ["orders.example.com"], "runtime": "go"}],
        "rules": [{"name": "orders", "service": "orders", "settings": {
            "scheme": "integer",
            "sources": [
                {"from": "path", "template": "/v{version}/**"},
                {"from": "header", "name": "api-version"},
            ],
            "default": {"use": "newest"},
            "versions": [{"version": "1"}, {"version": "2"}],
        }}],
    })
}

/// Both filters, the outer one first.
fn chain(form: &str, outer: &Value) -> [WasmFilter; 2] {
    let inner = WasmFilter::new("version-negotiation").policy(&negotiation().to_string());
    [filter(form, outer), inner]
}

fn bundle(form: &str, outer: &Value) -> WasmFilter {
    let policy = json!({"version": 1, "filters": {
        "version-negotiation": negotiation(), "error-translation": outer
    }});
    let bundle = WasmFilter::new("all-filters").policy(&policy.to_string());
    if form == "held" {
        bundle.holding_heads()
    } else {
        bundle
    }
}

fn listener(name: &str, filters: impl IntoIterator<Item = WasmFilter>) -> Listener {
    let listener = filters
        .into_iter()
        .fold(Listener::new(name), Listener::filter);
    listener
        .route(Route::prefix("/", "upstream"))
        .with(json!({"preserve_external_request_id": true}))
}

/// What the upstream answers, by the name that `x-answer` says.
fn answer(seen: &Seen) -> Answer {
    let text = |status: u16, media_type: &str, content: &str| {
        Answer::status(status)
            .header("content-type", media_type)
            .chunk(content)
    };
    let grpc = || Answer::default().header("content-type", "application/grpc");
    match seen.headers.text("x-answer").unwrap_or_default() {
        "json" => text(
            409,
            "application/json",
            r#"{"error":{"code":"taken","message":"gone"}}"#,
        ),
        "page" => text(502, "text/html", "<title>Bad gateway</title>"),
        "panic" => text(500, "text/plain", "panic: x\n\ngoroutine 1 [running]:"),
        "empty" => Answer::status(503).header("retry-after", "3"),
        "long" => text(500, "text/plain", &"x".repeat(200_000)),
        "parts" => text(500, "text/plain", "one")
            .chunk("two")
            .trailer("x-trailer", "1"),
        "encoded" => text(500, "text/plain", "x").header("content-encoding", "gzip"),
        "call" => grpc()
            .header("grpc-status", "5")
            .header("grpc-message", "no order"),
        "stream" => grpc()
            .chunk([0; 5])
            .trailer("grpc-status", "8")
            .trailer("grpc-message", "full"),
        _ => Answer::default().chunk("served"),
    }
}

const ANSWERS: [&str; 10] = [
    "json", "page", "panic", "empty", "long", "parts", "encoded", "call", "stream", "",
];

impl Composed {
    fn start() -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(answer);
        let told = Told::default();
        let [_, alone] = chain("held", &policy("held"));
        let mut config = Config::new()
            .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient))
            .listener(listener("alone", [alone]));
        for form in FORMS {
            let outer = policy(form);
            let chain = listener(&format!("chain {form}"), chain(form, &outer));
            let bundle = listener(&format!("bundle {form}"), [bundle(form, &outer)]);
            config = config.listener(told.by(chain)).listener(told.by(bundle));
        }
        Self {
            envoy: Envoy::start(config, &Options::default()).unwrap(),
            _upstream: upstream,
            told,
        }
    }

    fn send(&self, listener: &str, request: &Request) -> Response {
        let request = request.clone().authority("orders.example.com");
        let request = request.header("x-request-id", "7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11");
        let mut response = Client::http2(self.envoy.address(listener)).send(request);
        let of_the_moment = ["date", "x-envoy-upstream-service-time"];
        response
            .headers
            .0
            .retain(|(name, _)| !of_the_moment.contains(&name.as_str()));
        response.headers.0.sort();
        response
    }
}

/// Requests in every protocol.
fn requests(path: &str) -> impl Iterator<Item = Request> {
    let media_types = [
        "application/grpc",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/connect+json",
        "application/proto",
    ];
    let rpc = media_types.map(|media_type| {
        Request::post(path, [0; 5])
            .header("content-type", media_type)
            .header("connect-protocol-version", "1")
    });
    [
        Request::get(path),
        Request::get(path).header("accept", "application/xml"),
    ]
    .into_iter()
    .chain(rpc)
}

fn assert_same(own: &Response, other: &Response, shown: &str) {
    assert_eq!(own.status, other.status, "{shown}");
    assert_eq!(own.headers, other.headers, "{shown}");
    assert_eq!(own.text(), other.text(), "{shown}");
    assert_eq!(own.trailers, other.trailers, "{shown}");
}

#[test]
fn refusals_of_version_negotiation_stay_octet_for_octet() {
    let composed = composed();
    for request in requests("/v9/orders") {
        let alone = composed.send("alone", &request);
        for listener in FORMS
            .iter()
            .flat_map(|form| [format!("chain {form}"), format!("bundle {form}")])
        {
            let through = composed.send(&listener, &request);
            assert_same(&through, &alone, &format!("{listener}: {request:?}"));
        }
    }
    let refused = composed.send("chain held", &Request::get("/v9/orders"));
    assert_eq!(
        refused.json()["type"].as_str().unwrap().rsplit('/').next(),
        Some("unknown-version")
    );
}

#[test]
fn a_refusal_is_told_as_one() {
    let composed = composed();
    for listener in FORMS
        .iter()
        .flat_map(|form| [format!("chain {form}"), format!("bundle {form}")])
    {
        let case = told::name();
        composed.send(&listener, &Request::get("/v9/orders").header(CASE, &case));
        let line = composed.told.next(&case);
        assert_eq!(
            line["details"], "treaty.version_negotiation.unknown_version",
            "{listener}"
        );
        let told = [&line["type"], &line["source"], &line["outcome"]];
        assert_eq!(
            told,
            ["refusal", "treaty", "left_alone_refusal"],
            "{listener}: {line}"
        );
    }
}

#[test]
fn a_bundle_answers_as_the_chain_of_its_modules() {
    let composed = composed();
    for (form, name) in FORMS
        .iter()
        .flat_map(|form| ANSWERS.map(|name| (form, name)))
    {
        for request in requests("/v1/orders") {
            let request = request.header("x-answer", name);
            let [chain, bundle] =
                ["chain", "bundle"].map(|way| composed.send(&format!("{way} {form}"), &request));
            assert_same(&chain, &bundle, &format!("{form}, {name}: {request:?}"));
        }
    }
}

#[test]
fn a_problem_tells_the_service_and_the_version_that_answered() {
    let composed = composed();
    for listener in FORMS
        .iter()
        .flat_map(|form| [format!("chain {form}"), format!("bundle {form}")])
    {
        for (path, version) in [("/v1/orders", "1"), ("/v2/orders", "2"), ("/orders", "2")] {
            for (name, status) in [("json", 409), ("empty", 503), ("panic", 500)] {
                let response =
                    composed.send(&listener, &Request::get(path).header("x-answer", name));
                let problem = problem_of(status, &response);
                let told = [&problem["service"], &problem["apiVersion"]];
                assert_eq!(told, ["orders", version], "{listener}, {path}: {problem}");
                assert_eq!(
                    response.headers.text("x-treaty-version"),
                    Some(version),
                    "{listener}"
                );
            }
        }
    }
}

/// A policy whose problems tell which revision of it made them.
fn revision(number: u32) -> Value {
    let mut policy = policy("held");
    policy["revision"] = format!("r{number}").into();
    policy["catalog"] = json!([{
        "name": "any",
        "then": {"title": format!("Revision {number}"), "type": "any"},
    }]);
    policy
}

/// Puts listeners where Envoy watches, in one step.
fn publish(folder: &Path, listeners: [(Listener, SocketAddr); 2]) {
    let resources = listeners.map(|(listener, address)| {
        let mut listener: Value = listener.at(address).into();
        listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
        listener
    });
    let written = folder.join("lds.new");
    fs::write(&written, json!({"resources": resources}).to_string()).unwrap();
    fs::rename(written, folder.join("lds.json")).unwrap();
}

#[test]
fn a_change_of_policy_loses_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    upstream.set_handler(answer);
    let addresses = [reserve_address(), reserve_address()];
    let publish = |policy: &Value| {
        let chain = listener("chain", chain("held", policy));
        let bundle = listener("bundle", [bundle("held", policy)]);
        publish(
            folder.path(),
            [(chain, addresses[0]), (bundle, addresses[1])],
        );
    };
    publish(&revision(1));
    let mut config: Value = Config::new()
        .cluster(Cluster::new("upstream", upstream.address()))
        .into();
    config["node"] = json!({"id": "reload", "cluster": "test"});
    config["dynamic_resources"] = json!({"lds_config": {"resource_api_version": "V3",
        "path_config_source": {"path": folder.path().join("lds.json"),
            "watched_directory": {"path": folder.path()}}}});
    let envoy = Envoy::start(config, &Options::default()).unwrap();

    let title = |address| {
        let request = Request::get("/v1/orders")
            .authority("orders.example.com")
            .header("x-answer", "panic");
        let response = Client::http1(address).send(request);
        assert_eq!(response.status, 500, "{}", response.text());
        let problem = response.json();
        assert_eq!(problem["service"], "orders", "{problem}");
        problem["title"].as_str().unwrap().to_owned()
    };
    let over = AtomicBool::new(false);
    thread::scope(|threads| {
        let traffic = addresses.map(|address| {
            let over = &over;
            threads.spawn(move || {
                let mut sent = 0;
                while !over.load(Ordering::Relaxed) {
                    assert!(title(address).starts_with("Revision "));
                    sent += 1;
                }
                sent
            })
        });
        for number in 2..=4 {
            publish(&revision(number));
            let begun = Instant::now();
            while addresses
                .iter()
                .any(|address| title(*address) != format!("Revision {number}"))
            {
                assert!(begun.elapsed() < SOON, "revision {number} is not in force");
                thread::sleep(Duration::from_millis(20));
            }
        }
        let mut bad = revision(5);
        bad["catalog"][0]["then"]["status"] = 200.into();
        publish(&bad);
        envoy.wait_for_counter("listener_manager.lds.update_rejected", 1, SOON);
        assert!(
            addresses
                .iter()
                .all(|address| title(*address) == "Revision 4")
        );
        over.store(true, Ordering::Relaxed);
        for traffic in traffic {
            let sent = traffic.join().expect("no error was lost");
            assert!(sent > 5, "{sent} requests were on their way meanwhile");
        }
    });
}
