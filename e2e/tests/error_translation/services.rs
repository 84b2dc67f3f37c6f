//! What the example services in Go and Rust fail with, in debug and in release: not one line of a
//! trace reaches a client.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use e2e::{
    Client, Cluster, Config, Envoy, ForeignClient, Listener, Options, Peer, Protocol, Request,
    Response, Route, Rpc, Service, reserve_address,
};
use serde_json::{Value, json};

use crate::bench::{FORMS, filter, lock, policy};
use crate::judge::{everything, problem_of};
use crate::told::{self, CASE, Told};

/// A line of a trace that is shorter says nothing of where it is from.
const LINE: usize = 12;

/// The services by their names, behind an Envoy with the filter.
struct Services {
    envoy: Envoy,
    running: [(&'static str, Service); 3],
    told: Told,
}

/// The services that tests share which run at the same time.
fn services() -> Arc<Services> {
    static SHARED: Mutex<Weak<Services>> = Mutex::new(Weak::new());
    let mut shared = lock(&SHARED);
    shared.upgrade().unwrap_or_else(|| {
        let services = Arc::new(Services::start());
        *shared = Arc::downgrade(&services);
        services
    })
}

impl Services {
    /// Starts the services, and an Envoy that chooses among them by the host.
    fn start() -> Self {
        let told = Told::default();
        let nowhere = Peer::at(reserve_address());
        let running = [
            ("orders", Service::orders(nowhere)),
            ("payments", Service::payments(nowhere)),
            ("release", Service::payments_in_release(nowhere)),
        ];
        let mut config = Config::new();
        for (name, service) in &running {
            let grpc = Cluster::new(&format!("{name}-grpc"), service.grpc());
            config = config
                .cluster(Cluster::new(name, service.http()))
                .cluster(grpc.protocol(Protocol::Http2));
        }
        for form in FORMS {
            let mut listener = told
                .by(Listener::new(form))
                .filter(filter(form, &policy(form)));
            for (name, _) in &running {
                let authority = format!("{name}.example.com");
                let to = |prefix, cluster| {
                    Route::prefix(prefix, cluster).when_header(":authority", &authority)
                };
                listener = listener
                    .route(to("/acme.", &format!("{name}-grpc")))
                    .route(to("/", name));
            }
            config = config.listener(listener);
        }
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        Self {
            envoy,
            running,
            told,
        }
    }

    /// The answer of a service as it is, and then through the filter in both forms and over both
    /// versions of HTTP.
    fn answers(&self, service: &str, request: &Request) -> (Response, Vec<Response>) {
        let (_, running) = self
            .running
            .iter()
            .find(|(name, _)| *name == service)
            .unwrap();
        let original = Client::http1(running.http()).send(request.clone());
        let request = request.clone().authority(&format!("{service}.example.com"));
        let through = FORMS.iter().flat_map(|form| {
            [Client::http1, Client::http2]
                .map(|client| client(self.envoy.address(form)).send(request.clone()))
        });
        (original, through.collect())
    }
}

/// The lines of a content, and of the texts in it where it is JSON.
fn lines(content: &str) -> Vec<String> {
    let mut texts = vec![content.to_owned()];
    if let Ok(document) = serde_json::from_str::<Value>(content) {
        let members = document.as_object().cloned().unwrap_or_default();
        texts.extend(
            members
                .values()
                .filter_map(Value::as_str)
                .map(str::to_owned),
        );
    }
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    lines
        .filter(|line| line.len() >= LINE)
        .map(str::to_owned)
        .collect()
}

/// Asserts that no line of a content, and no long word of it, is in what a client gets.
fn assert_nothing_of(original: &str, shown: &str) {
    let lines = lines(original);
    assert!(lines.len() > 5, "no trace: {original}");
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    let words = words.filter(|word| word.len() >= LINE);
    for part in lines.iter().map(String::as_str).chain(words) {
        assert!(!shown.contains(part), "{part:?} in {shown}");
    }
}

const PANICS: [(&str, &[&str]); 3] = [
    ("orders", &["text", "gin"]),
    ("payments", &["text", "std", "json"]),
    ("release", &["text", "std", "json"]),
];

#[test]
fn no_line_of_a_panic_reaches_a_client() {
    let services = services();
    for (service, shapes) in PANICS {
        for shape in shapes {
            let path = format!("/panic?recovered=1&shape={shape}");
            let (original, through) = services.answers(service, &Request::get(&path));
            for response in through {
                let problem = problem_of(500, &response);
                assert_nothing_of(&original.text(), &everything(&response));
                let detail = problem["detail"].as_str().unwrap();
                assert!(
                    detail.contains("request id"),
                    "{service}, {shape}: {problem}"
                );
            }
        }
    }
}

#[test]
fn no_line_of_a_panic_reaches_a_client_of_grpc() {
    let services = services();
    let rpc =
        |service: &str, method: &str| Rpc::new(method).authority(&format!("{service}.example.com"));
    for (form, client) in FORMS
        .iter()
        .flat_map(|form| ForeignClient::GRPC.map(|own| (form, own)))
    {
        let address = services.envoy.address(form);
        // Recovered by an interceptor, which tells the panic's text.
        let decoded = client.call(address, &rpc("orders", "/acme.orders.v2.Orders/Panic"));
        let shown = format!("{form}, {client:?}: {decoded}");
        assert_eq!(decoded["code"], "INTERNAL", "{shown}");
        assert!(
            !shown.contains("index out of range") && !shown.contains("runtime"),
            "{shown}"
        );
        for service in ["payments", "release"] {
            // The stream is reset: what the client reads is the proxy's.
            let decoded = client.call(address, &rpc(service, "/acme.payments.v2.Payments/Panic"));
            let shown = format!("{form}, {client:?}: {decoded}");
            assert_eq!(decoded["code"], "UNAVAILABLE", "{shown}");
            assert!(
                shown.contains("UPSTREAM_RESET") && !shown.contains("ledger"),
                "{shown}"
            );
        }
    }
}

#[test]
fn what_a_go_service_recovers_is_a_panic_in_the_words_of_the_client() {
    let services = services();
    let (_, running) = &services.running[0];
    let client = ForeignClient::GrpcGo;
    let rpc = Rpc::new("/acme.orders.v2.Orders/Panic").authority("orders.example.com");
    let original = client.call(running.grpc(), &rpc);
    assert!(
        original["message"]
            .as_str()
            .unwrap()
            .contains("index out of range"),
        "{original}"
    );
    let decoded = client.call(services.envoy.address("held"), &rpc);
    assert!(
        decoded["message"].as_str().unwrap().contains("request id"),
        "{decoded}"
    );
}

#[test]
fn a_panic_that_nobody_recovers_is_a_clean_problem() {
    let services = services();
    for (service, form) in ["orders", "payments", "release"]
        .iter()
        .flat_map(|service| FORMS.map(|form| (service, form)))
    {
        for client in [Client::http1, Client::http2] {
            let request = Request::get("/panic").authority(&format!("{service}.example.com"));
            let response = client(services.envoy.address(form)).send(request);
            let problem = problem_of(503, &response);
            let kind = "https://errors.example.com/error-translation/upstream-reset";
            assert_eq!(problem["type"], kind, "{service}, {form}");
            assert_eq!(problem["retryable"], true, "GET may be repeated");
        }
    }
}

#[test]
fn a_failure_tells_nothing_of_where_the_database_is() {
    let services = services();
    let shapes = [
        ("orders", vec!["text", "gin", "echo", "problem"]),
        ("payments", vec!["text", "thiserror", "problem"]),
        ("release", vec!["text", "thiserror", "problem"]),
    ];
    for (service, shape) in shapes
        .iter()
        .flat_map(|(service, shapes)| shapes.iter().map(move |shape| (*service, shape)))
    {
        for status in [400, 404, 409, 422, 429, 500, 502, 503] {
            let path = format!("/fail?status={status}&shape={shape}");
            let (original, through) = services.answers(service, &Request::get(&path));
            assert!(original.text().contains(":5432"), "{}", original.text());
            for response in through {
                problem_of(status, &response);
                let shown = everything(&response);
                for secret in ["10.0.3.", ":5432", "postgres:", "payments@"] {
                    assert!(
                        !shown.contains(secret),
                        "{service}, {path}: {secret} in {shown}"
                    );
                }
            }
        }
    }
}

#[test]
fn details_for_developers_stay_with_the_services() {
    let services = services();
    for (service, method) in [
        ("orders", "/acme.orders.v2.Orders/Fail"),
        ("payments", "/acme.payments.v2.Payments/Fail"),
    ] {
        let rpc = Rpc::new(method)
            .authority(&format!("{service}.example.com"))
            .message(json!({"code": 14, "message": "store is down", "withDetails": true}));
        for (form, client) in FORMS
            .iter()
            .flat_map(|form| ForeignClient::GRPC.map(|own| (form, own)))
        {
            let decoded = client.call(services.envoy.address(form), &rpc);
            let shown = format!("{form}, {client:?}: {decoded}");
            assert_eq!(decoded["code"], "UNAVAILABLE", "{shown}");
            assert_eq!(decoded["message"], "store is down", "{shown}");
            let details = decoded["details"].as_array().unwrap().iter();
            let types: Vec<_> = details.map(|detail| detail["type"].as_str()).collect();
            assert!(types.contains(&Some("google.rpc.ErrorInfo")), "{shown}");
            assert!(types.contains(&Some("google.rpc.RetryInfo")), "{shown}");
            assert!(!types.contains(&Some("google.rpc.DebugInfo")), "{shown}");
        }
    }
}

#[test]
fn a_rejection_by_axum_stays_readable() {
    let services = services();
    let request =
        |body: &str| Request::post("/v2/payments", body).header("content-type", "application/json");
    for (body, status, part) in [
        (
            r#"{"order_id":"#,
            400,
            "Failed to parse the request body as JSON",
        ),
        (
            r#"{"order_id":[]}"#,
            422,
            "Failed to deserialize the JSON body",
        ),
        (r#"{"order_id":"1"}"#, 422, "missing field"),
    ] {
        let (original, through) = services.answers("payments", &request(body));
        assert_eq!(original.status, status, "{}", original.text());
        for response in through {
            let problem = problem_of(status, &response);
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(detail.contains(part), "{problem}");
        }
    }
    let bare = Request::post("/v2/payments", "{}");
    for response in services.answers("payments", &bare).1 {
        let problem = problem_of(415, &response);
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("application/json")
        );
    }
}

#[test]
fn operators_read_in_logs_what_clients_do_not() {
    let services = services();
    for (service, kind, trace) in [
        ("orders", "goPanic", "crash.firstLine"),
        ("payments", "rustPanic", "payments::crash::now"),
    ] {
        for form in FORMS {
            let case = told::name();
            let request = Request::get("/panic?recovered=1")
                .authority(&format!("{service}.example.com"))
                .header(CASE, &case);
            let response = Client::http1(services.envoy.address(form)).send(request);
            let id = problem_of(500, &response)["requestId"]
                .as_str()
                .unwrap()
                .to_owned();
            let line = services.told.next(&case);
            assert_eq!(line["redacted"], kind, "{line}");
            let told = [&line["source"], &line["outcome"], &line["type"]];
            assert_eq!(told, ["upstream", "translated", "upstream"]);
            let begin = format!("request={id} redacted={kind} original=panic");
            services.envoy.wait_for_log(&begin, Duration::from_secs(2));
            let log = services.envoy.log();
            let line = log.lines().find(|line| line.contains(&begin)).unwrap();
            assert!(line.contains(trace), "{line}");
        }
    }
}
