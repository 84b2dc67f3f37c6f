//! What the example services in Go and Rust promise, keep and break.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use e2e::{Client, Envoy, Request, Response, Route};
use serde_json::{Value, json};

use crate::published::{
    Running, SERVICES, SOON, Told, contract, envoy, listener, operations, policy,
};

/// The header field that names a request in the access log.
const CASE: &str = "x-case";

/// Where an answer tells in report mode how many violations there were.
const REPORTED: &str = "x-treaty-contract-violations";

/// An id that a double does not hold: 2^53 + 1.
const LARGE: &str = "9007199254740993";

/// The ways in which both services break their contract when they are asked to, and what is told
/// of each.
const BREAKS: [(&str, &str); 7] = [
    ("missing-field", "response body required"),
    ("wrong-type", "response body type"),
    ("truncated", "response body malformed"),
    ("extra-status", "response status undeclared"),
    ("extra-media-type", "response header mediaType"),
    ("bad-header", "response header type"),
    ("missing-header", "response header required"),
];

/// Both services behind an Envoy, with a listener for each of them and each way to hold it to its
/// contract. The contract has the name of its listener, so that metrics tell them apart.
struct Bench {
    envoy: Envoy,
    running: Running,
    told: Told,
}

/// The bench that tests share which run at the same time.
fn bench() -> Arc<Bench> {
    static SHARED: Mutex<Weak<Bench>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let bench = Arc::new(Bench::start());
        *shared = Arc::downgrade(&bench);
        bench
    })
}

/// The ways to hold a service to its contract: the mode and the settings of each.
fn ways() -> [(&'static str, &'static str, Value); 4] {
    let all = json!({
        "response": {"mode": "enforce", "sample": 100, "undeclared": "reject"},
        "reportHeader": true,
    });
    let portable = json!({"nullForArray": "repair", "largeInteger": "report"});
    [
        ("honest", "enforce", all.clone()),
        ("report", "report", all.clone()),
        ("enforce", "enforce", all),
        (
            "portable",
            "enforce",
            json!({
                "request": {"portability": portable},
                "response": {"mode": "enforce", "sample": 100, "portability": portable},
                "reportHeader": true,
            }),
        ),
    ]
}

impl Bench {
    fn start() -> Self {
        let running = Running::start();
        let told = Told::new();
        let mut config = running.clusters();
        for service in SERVICES {
            for (way, mode, settings) in ways() {
                let name = format!("{service}-{way}");
                let policy = policy(service, &name, mode, &settings);
                let listener = listener(&name, &policy).route(Route::prefix("/", service));
                config = config.listener(told.by(listener, CASE));
            }
        }
        Self {
            envoy: envoy(config),
            running,
            told,
        }
    }

    /// The answer of a service itself.
    fn direct(&self, service: &str, request: Request) -> Response {
        Client::http1(self.running.of(service).http()).send(request)
    }

    /// The answer at a listener, and what the access log says of it.
    fn through(&self, listener: &str, request: Request) -> (Response, Value) {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let case = format!("case-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let request = request.header(CASE, &case);
        let response = Client::http1(self.envoy.address(listener)).send(request);
        (response, self.told.of(&case))
    }

    /// How often something was counted of a contract, by the labels behind it.
    fn counted(&self, metric: &str, contract: &str) -> BTreeMap<String, u64> {
        let begin = format!("wasmcustom.{metric};contract={contract};");
        let counters = self.envoy.counters().into_iter();
        let counted = counters.filter(|(_, count)| *count > 0);
        counted
            .filter_map(|(name, count)| Some((name.strip_prefix(&begin)?.to_owned(), count)))
            .collect()
    }

    fn violations(&self, contract: &str) -> BTreeMap<String, u64> {
        self.counted("treaty_contract_violations", contract)
    }

    fn messages(&self, contract: &str) -> BTreeMap<String, u64> {
        self.counted("treaty_contract_messages", contract)
    }
}

fn json_body(method: &str, path: &str, body: &Value) -> Request {
    Request::new(method, path)
        .header("content-type", "application/json")
        .chunk(body.to_string())
}

/// What clients of orders ask every day: the operation, the request and the status.
fn orders_traffic() -> Vec<(&'static str, Request, u16)> {
    let get = Request::get;
    let order_v1 = json!({"amount_minor": 500, "currency": "EUR", "lines": ["tea"]});
    let order_v2 = json!({"total": {"currency": "EUR", "minor_units": 500}, "lines": []});
    let lines = json_body("PUT", "/v2/orders/1/lines", &json!(["tea", "milk"]));
    vec![
        (
            "createOrderV1",
            json_body("POST", "/v1/orders", &order_v1),
            201,
        ),
        ("getOrderV1", get("/v1/orders/1"), 200),
        ("getOrderV1", get("/v1/orders/9007199254740993"), 200),
        ("getOrderV1", get("/v1/orders/77"), 404),
        ("getPaymentOfOrderV1", get("/v1/orders/1/payment"), 200),
        (
            "watchOrdersV1",
            get("/v1/events?count=3&interval_ms=1"),
            200,
        ),
        ("listOrdersV2", get("/v2/orders"), 200),
        ("listOrdersV2", get("/v2/orders?empty=1"), 200),
        (
            "createOrderV2",
            json_body("POST", "/v2/orders", &order_v2).header("idempotency-key", "\"k-1\""),
            201,
        ),
        ("getOrderV2", get("/v2/orders/2"), 200),
        ("getOrderV2", get("/v2/orders/77"), 404),
        ("replaceLinesV2", lines.clone().header("if-match", "*"), 200),
        ("replaceLinesV2", lines.header("if-match", "\"999\""), 412),
        ("getPaymentOfOrderV2", get("/v2/orders/1/payment"), 200),
        ("getPaymentOfOrderV2", get("/v2/orders/77/payment"), 404),
        (
            "getPaymentOfOrderOverGrpc",
            get("/v2/orders/1/payment-grpc"),
            200,
        ),
        (
            "watchOrdersV2",
            get("/v2/events?count=3&interval_ms=1"),
            200,
        ),
        ("fail", get("/fail"), 503),
        ("fail", get("/fail?status=404&shape=gin"), 404),
        ("fail", get("/fail?status=429&shape=echo"), 429),
        ("fail", get("/fail?status=500&shape=problem"), 500),
        ("panic", get("/panic?recovered=1&shape=gin"), 500),
    ]
}

/// What clients of payments ask every day.
fn payments_traffic() -> Vec<(&'static str, Request, u16)> {
    let get = Request::get;
    let payment = |order: Value| json!({"order_id": order, "amount_minor": 5, "currency": "EUR"});
    let create = |path: &str, order: Value| json_body("POST", path, &payment(order));
    vec![
        ("listPaymentsV1", get("/v1/payments"), 200),
        ("listPaymentsV1", get("/v1/payments?empty=1"), 200),
        ("createPaymentV1", create("/v1/payments", json!(1)), 201),
        ("getPaymentV1", get("/v1/payments/1"), 200),
        ("getPaymentV1", get("/v1/payments/404"), 404),
        ("getPaymentByOrderV1", get("/v1/payments/by-order/2"), 200),
        ("getOrderV1", get("/v1/orders/1"), 200),
        (
            "watchPaymentsV1",
            get("/v1/events?count=3&interval_ms=1"),
            200,
        ),
        ("listPaymentsV2", get("/v2/payments"), 200),
        ("listPaymentsV2", get("/v2/payments?empty=1"), 200),
        ("createPaymentV2", create("/v2/payments", json!("1")), 201),
        (
            "createPaymentV2",
            create("/v2/payments?ms=1", json!(1)),
            201,
        ),
        ("getPaymentV2", get("/v2/payments/9007199254740993"), 200),
        ("getPaymentV2", get("/v2/payments/404"), 404),
        ("getPaymentByOrderV2", get("/v2/payments/by-order/1"), 200),
        ("listOrdersV2", get("/v2/orders"), 200),
        ("getOrderV2", get("/v2/orders/2"), 200),
        ("getOrderV2", get("/v2/orders/77"), 404),
        (
            "watchPaymentsV2",
            get("/v2/events?count=3&interval_ms=1"),
            200,
        ),
        ("fail", get("/fail"), 503),
        ("fail", get("/fail?status=404&shape=axum"), 404),
        ("fail", get("/fail?status=429&shape=thiserror"), 429),
        ("fail", get("/fail?status=500&shape=problem"), 500),
        ("panic", get("/panic?recovered=1&shape=json"), 500),
    ]
}

/// What both serve for tests.
fn common_traffic() -> Vec<(&'static str, Request, u16)> {
    let echo = |body: &str| Request::post("/echo?h=x-a:1&h=x-b:2", body);
    vec![
        ("answerLate", Request::get("/slow?ms=1"), 200),
        ("echo", echo("hi").header("content-type", "text/plain"), 200),
        (
            "echo",
            Request::post("/echo", "").header("x-echo-status", "503"),
            503,
        ),
        ("readExecutions", Request::get("/executions/k-1"), 200),
        ("addExecution", Request::post("/executions/k-1", ""), 200),
        (
            "resetExecutions",
            Request::new("DELETE", "/executions"),
            204,
        ),
        ("health", Request::get("/healthz"), 200),
    ]
}

#[test]
fn what_keeps_to_its_contract_passes_untouched() {
    let bench = bench();
    let traffic = [orders_traffic(), payments_traffic()];
    for (service, mut traffic) in SERVICES.into_iter().zip(traffic) {
        traffic.extend(common_traffic());
        let name = format!("{service}-honest");
        let mut asked = BTreeSet::new();
        for (operation, request, status) in traffic {
            let shown = format!("{service}: {} {}", request.method, request.path);
            let (response, line) = bench.through(&name, request);
            assert_eq!(response.status, status, "{shown}: {}", response.text());
            assert!(response.complete, "{shown}");
            assert!(!response.headers.has(REPORTED), "{shown}");
            assert_eq!(line["violations"], json!(null), "{shown}: {line}");
            asked.insert(operation.to_owned());
        }
        // The orders of version 1 are the one list that breaks its contract without being asked
        // to, because an order without lines is in it.
        asked.insert("listOrdersV1".to_owned());
        let declared: BTreeSet<_> = operations(service).into_iter().collect();
        assert_eq!(asked, declared);

        assert_eq!(bench.violations(&name), BTreeMap::new());
        let messages = bench.messages(&name);
        for operation in declared.iter().filter(|name| *name != "listOrdersV1") {
            for direction in ["request", "response"] {
                let begin = format!("operation={operation};direction={direction};outcome=");
                let outcomes: Vec<_> = messages
                    .keys()
                    .filter_map(|name| name.strip_prefix(&begin))
                    .collect();
                assert_eq!(outcomes, ["valid"], "{begin}");
            }
        }
    }
}

/// An operation of each service whose answer is asked to be broken.
fn broken(service: &str, way: &str) -> Request {
    Request::get(&format!("/v2/{service}/1")).header("x-break", way)
}

fn operation(service: &str) -> &'static str {
    if service == "orders" {
        "getOrderV2"
    } else {
        "getPaymentV2"
    }
}

#[test]
fn in_report_what_breaks_its_contract_is_told_and_passes() {
    let bench = bench();
    for service in SERVICES {
        let name = format!("{service}-report");
        for (way, violation) in BREAKS {
            let before = bench.violations(&name);
            let direct = bench.direct(service, broken(service, way));
            let (response, line) = bench.through(&name, broken(service, way));
            let shown = format!("{service}, {way}: {line}");
            assert_eq!(response.status, direct.status, "{shown}");
            assert_eq!(response.body, direct.body, "{shown}");
            assert_eq!(response.headers.text(REPORTED), Some("1"), "{shown}");
            assert_eq!(line["operation"], operation(service), "{shown}");
            assert_eq!(line["violations"], violation, "{shown}");
            let refusal = "contract_validation.response_breaks_contract";
            assert_eq!(line["refusal"], refusal, "{shown}");

            let words: Vec<_> = violation.split(' ').collect();
            let counter = format!(
                "operation={};direction={};location={};keyword={}",
                operation(service),
                words[0],
                words[1],
                words[2]
            );
            let count = |counted: &BTreeMap<String, u64>| {
                counted.get(&counter).copied().unwrap_or_default()
            };
            let after = bench.violations(&name);
            assert_eq!(count(&after), count(&before) + 1, "{counter} of {after:?}");
        }
        let invalid = format!(
            "operation={};direction=response;outcome=invalid",
            operation(service)
        );
        let messages = bench.messages(&name);
        assert_eq!(messages[&invalid], BREAKS.len() as u64, "{messages:?}");
    }
}

#[test]
fn in_enforce_what_breaks_its_contract_is_withheld_and_only_operators_read_why() {
    let bench = bench();
    for service in SERVICES {
        let name = format!("{service}-enforce");
        for (way, violation) in BREAKS {
            let (response, line) = bench.through(&name, broken(service, way));
            let shown = format!("{service}, {way}: {} {line}", response.text());
            assert_eq!(response.status, 502, "{shown}");
            let media_type = response.headers.text("content-type");
            assert_eq!(media_type, Some("application/problem+json"), "{shown}");
            let problem = response.json();
            assert_eq!(problem["contract"], name, "{shown}");
            let kind = "https://errors.example.com/contract-validation/response-breaks-contract";
            assert_eq!(problem["type"], kind, "{shown}");
            assert_eq!(problem["errors"], json!(null), "{shown}");
            let text = response.text();
            for detail in ["minor_units", "currency", "EUR", "service-version", "/1"] {
                assert!(!text.contains(detail), "{shown}");
            }
            assert_eq!(line["violations"], violation, "{shown}");
        }
        let refused = format!(
            "operation={};direction=response;outcome=refused",
            operation(service)
        );
        assert_eq!(bench.messages(&name)[&refused], BREAKS.len() as u64);
        let logged = format!(
            "response of {} breaks contract {name}: body",
            operation(service)
        );
        bench.envoy.wait_for_log(&logged, SOON);
    }
}

#[test]
fn a_nil_slice_becomes_an_empty_list_and_nothing_else_changes() {
    let bench = bench();
    for service in SERVICES {
        let name = format!("{service}-portable");
        for (path, null, list) in [
            (
                "/v1/orders?empty=1",
                r#"{"orders":null}"#,
                r#"{"orders":[]}"#,
            ),
            ("/v1/orders/2", r#""lines":null"#, r#""lines":[]"#),
            ("/v1/orders", r#""lines":null"#, r#""lines":[]"#),
        ] {
            let direct = bench.direct(service, Request::get(path)).text();
            assert!(direct.contains(null), "{service} {path}: {direct}");
            let (response, line) = bench.through(&name, Request::get(path));
            let shown = format!("{service} {path}: {} {line}", response.text());
            assert_eq!(response.status, 200, "{shown}");
            assert_eq!(response.text(), direct.replace(null, list), "{shown}");
            let length = response.headers.text("content-length");
            let length = length.map(|length| length.parse::<usize>().unwrap());
            assert!(length.is_none_or(|length| length == response.body.len()));
            let violations = line["violations"].as_str().unwrap();
            assert!(violations.contains("response body nullForArray"), "{shown}");
        }
        let messages = bench.messages(&name);
        let repaired = "operation=getOrderV1;direction=response;outcome=repaired";
        assert_eq!(messages[repaired], 1, "{messages:?}");

        // Without the repair it is what the schema says it is.
        let (response, line) = bench.through(
            &format!("{service}-report"),
            Request::get("/v1/orders?empty=1"),
        );
        assert_eq!(response.text().trim_end(), r#"{"orders":null}"#);
        assert_eq!(line["violations"], "response body type");
    }
}

#[test]
fn an_integer_beyond_a_double_is_told_and_keeps_its_digits() {
    let bench = bench();
    for (service, path) in [("orders", "/v1/orders/"), ("payments", "/v1/payments/")] {
        let request = Request::get(&format!("{path}{LARGE}"));
        let (response, line) = bench.through(&format!("{service}-portable"), request);
        assert_eq!(response.status, 200);
        assert!(response.text().contains(&format!(r#""id":{LARGE}"#)));
        let violations = line["violations"].as_str().unwrap();
        assert!(violations.contains("response body largeInteger"), "{line}");
    }

    let payment = format!(r#"{{"order_id":{LARGE},"amount_minor":5,"currency":"EUR"}}"#);
    let request = Request::post("/v1/payments", payment).header("content-type", "application/json");
    let (response, line) = bench.through("payments-portable", request);
    assert_eq!(response.status, 201, "{}", response.text());
    let violations = line["violations"].as_str().unwrap();
    assert!(
        violations.starts_with("request body largeInteger"),
        "{line}"
    );
    assert_eq!(response.headers.text(REPORTED), Some("2"), "{line}");
}

#[test]
fn a_request_that_breaks_the_contract_reaches_no_service() {
    let bench = bench();
    let order = json!({"amount_minor": -1, "currency": "EUR", "lines": []});
    let lines = || json_body("PUT", "/v2/orders/1/lines", &json!([]));
    for (request, status, error) in [
        (lines(), 428, ("header", "required")),
        (lines().header("if-match", "1"), 400, ("header", "pattern")),
        (
            json_body("POST", "/v1/orders", &order),
            422,
            ("body", "minimum"),
        ),
        (
            Request::post("/v1/orders", "{}").header("content-type", "text/csv"),
            415,
            ("header", "mediaType"),
        ),
        (Request::get("/v1/orders?empty=2"), 400, ("query", "enum")),
        (Request::get("/v2/orders/one"), 400, ("path", "pattern")),
    ] {
        let shown = format!("{} {}", request.method, request.path);
        let (response, line) = bench.through("orders-enforce", request);
        let shown = format!("{shown}: {} {line}", response.text());
        assert_eq!(response.status, status, "{shown}");
        let problem = response.json();
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{shown}");
        assert_eq!(
            (errors[0]["in"].as_str(), errors[0]["keyword"].as_str()),
            (Some(error.0), Some(error.1)),
            "{shown}"
        );
        assert_eq!(line["upstream"], json!(null), "{shown}");
    }
}

#[test]
fn the_contracts_say_which_version_of_openapi_they_are() {
    // Both dialects are to be among the contracts that tests hold services to.
    let versions = SERVICES.map(|service| contract(service)["openapi"].clone());
    assert_eq!(versions, [json!("3.1.1"), json!("3.0.4")]);
}
