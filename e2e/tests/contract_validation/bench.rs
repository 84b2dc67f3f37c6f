//! A contract of the tests' own, a proxy that holds an upstream to it in both forms, and what is
//! told of each exchange.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use e2e::{
    Client, Cluster, Config, Envoy, Listener, Options, Protocol, Request, Response, Route, Seen,
    Upstream, Version, WasmFilter,
};
use serde_json::{Value, json};

use crate::published::Told;

/// For what is there within milliseconds, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// The field that names a request at its upstream and in the access log.
const CASE: &str = "x-case";

/// The ways in which contents are waited for, which are the names of listeners too.
pub(crate) const FORMS: [&str; 2] = ["held", "streamed"];

/// What stands in contents, and must stand nowhere else: neither in answers nor in the log.
pub(crate) const CANARY: &str = "hush-7f2c";

/// The contract: orders, which are created, replaced and read, and a few other contents.
pub(crate) fn contract() -> Value {
    let of = |media_type: &str, schema: Value| json!({"content": {media_type: {"schema": schema}}});
    let order = || {
        of(
            "application/json",
            json!({"$ref": "#/components/schemas/Order"}),
        )
    };
    let takes = |body: Value| {
        let mut body = body;
        body["required"] = true.into();
        body
    };
    let answers = |status: &str, answer: Value| {
        let mut answer = answer;
        answer["description"] = "What came of it.".into();
        json!({status: answer})
    };
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}});
    let limit =
        json!({"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}});
    let tags = json!({"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string", "maxLength": 8}}});
    let session = json!({"name": "session", "in": "cookie", "schema": {"type": "integer"}});
    let tag =
        json!({"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"}});
    json!({
        "openapi": "3.1.1",
        "info": {"title": "shop", "version": "1.0.0"},
        "paths": {
            "/orders": {"post": {
                "operationId": "createOrder",
                "requestBody": takes(order()),
                "responses": answers("201", order()),
            }},
            "/orders/{id}": {
                "parameters": [id],
                "get": {
                    "operationId": "getOrder",
                    "parameters": [limit, tags, session],
                    "responses": answers("200", order()),
                },
                "put": {
                    "operationId": "replaceOrder",
                    "parameters": [tag],
                    "requestBody": takes(order()),
                    "responses": answers("200", order()),
                },
            },
            "/forms": {"post": {
                "operationId": "sendForm",
                "requestBody": takes(of(
                    "application/x-www-form-urlencoded",
                    json!({"$ref": "#/components/schemas/Order"}),
                )),
                "responses": answers("200", json!({})),
            }},
            "/files": {"post": {
                "operationId": "sendFile",
                "requestBody": takes(of("application/octet-stream", json!({"maxLength": 1000}))),
                "responses": answers("200", json!({})),
            }},
            "/events": {"get": {
                "operationId": "watch",
                "responses": answers("200", of("text/event-stream", json!({"type": "string"}))),
            }},
        },
        "components": {"schemas": {"Order": {
            "type": "object",
            "required": ["item", "count"],
            "properties": {
                "item": {"type": "string", "maxLength": 40},
                "count": {"type": "integer", "minimum": 1, "maximum": 100},
                "note": {"type": "string"},
                "lines": {"type": "array", "items": {"type": "integer"}},
                "prices": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
        }}},
    })
}

/// A policy that holds requests to the contract; responses, if these settings say so.
pub(crate) fn policy(form: &str, settings: &Value) -> Value {
    let mut settings = settings.clone();
    if settings["response"].is_null() {
        settings["response"] = json!({"mode": "off"});
    }
    json!({
        "version": 1,
        "mode": "enforce",
        "form": form,
        "problemBase": "https://errors.example.com",
        "contracts": [{"name": "shop", "openapi": contract()}],
        "defaults": settings,
        "rules": [{"name": "all"}],
    })
}

/// The filter with a policy.
pub(crate) fn filter(policy: &Value) -> WasmFilter {
    let filter = WasmFilter::new("contract-validation").policy(&policy.to_string());
    if policy["form"] == "streamed" {
        filter
    } else {
        filter.holding_heads()
    }
}

/// An order that keeps to the contract.
pub(crate) fn order() -> Value {
    json!({"item": "tea", "count": 2})
}

/// A request that creates an order with this content.
pub(crate) fn create(content: impl Into<Vec<u8>>) -> Request {
    Request::post("/orders", content).header("content-type", "application/json")
}

/// One proxy in front of an upstream that a test scripts, with a listener for each policy.
pub(crate) struct Bench {
    pub(crate) envoy: Envoy,
    pub(crate) upstream: Upstream,
    pub(crate) told: Told,
    /// See [`Envoy::resets_tell`].
    resets_tell: bool,
}

/// What became of an exchange.
pub(crate) struct Outcome {
    pub(crate) response: Response,
    /// What of it reached the upstream.
    pub(crate) reached: Vec<Seen>,
    resets_tell: bool,
    case: String,
}

/// The bench that tests share which run at the same time: the filter in both forms, with requests
/// enforced. Its upstream answers 200.
pub(crate) fn bench() -> Arc<Bench> {
    static SHARED: Mutex<Weak<Bench>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let policies = FORMS.map(|form| (form, policy(form, &json!({}))));
        let bench = Arc::new(Bench::start(&policies));
        *shared = Arc::downgrade(&bench);
        bench
    })
}

impl Bench {
    /// Starts a proxy with these listeners.
    pub(crate) fn start(listeners: &[(&str, Value)]) -> Self {
        let listeners = listeners.iter();
        let filters: Vec<_> = listeners
            .map(|(name, policy)| (*name, vec![filter(policy)]))
            .collect();
        Self::with(&filters, Protocol::AsClient)
    }

    /// Starts a proxy with these filters on each of its listeners, and speaks so to its upstream.
    pub(crate) fn with(listeners: &[(&str, Vec<WasmFilter>)], protocol: Protocol) -> Self {
        let (upstream, told) = (Upstream::start(), Told::new());
        let cluster = Cluster::new("upstream", upstream.address()).protocol(protocol);
        let mut config = Config::new().cluster(cluster.roomy());
        for (name, filters) in listeners {
            let listener = told.by(Listener::new(name), CASE);
            let listener = listener.with(json!({
                "upgrade_configs": [{"upgrade_type": "websocket"}],
            }));
            let listener = filters.iter().cloned().fold(listener, Listener::filter);
            let endless = json!({"route": {"timeout": "0s"}});
            config = config.listener(listener.route(Route::prefix("/", "upstream").with(endless)));
        }
        let envoy = start(config);
        Self {
            resets_tell: envoy.resets_tell(),
            envoy,
            upstream,
            told,
        }
    }

    /// Clients of a listener, by the HTTP that they speak.
    pub(crate) fn clients(&self, listener: &str) -> [(&'static str, Client); 2] {
        let address = self.envoy.address(listener);
        [
            ("http1", Client::http1(address)),
            ("http2", Client::http2(address)),
        ]
    }

    /// Sends a request, and tells what became of it.
    pub(crate) fn send(&self, client: &Client, request: Request) -> Outcome {
        let case = new_case();
        let response = client.send(request.header(CASE, &case));
        self.outcome(case, response)
    }

    /// The same for a request whose content comes in these parts.
    pub(crate) fn send_parts(&self, client: &Client, request: Request, parts: &[&[u8]]) -> Outcome {
        let case = new_case();
        let mut exchange = client.open(request.header(CASE, &case)).unwrap();
        for part in parts {
            exchange.push(*part);
        }
        exchange.finish();
        let response = exchange.rest().unwrap_or_else(|error| panic!("{error}"));
        self.outcome(case, response)
    }

    /// What the access log says of an exchange.
    pub(crate) fn told(&self, outcome: &Outcome) -> Value {
        self.told.of(&outcome.case)
    }

    /// What reached the upstream of the exchange of this name.
    pub(crate) fn reached(&self, case: &str) -> Vec<Seen> {
        let seen = self.upstream.seen().into_iter();
        seen.filter(|seen| seen.headers.text(CASE) == Some(case))
            .collect()
    }

    /// Asserts that a request which reached the upstream broke off there.
    pub(crate) fn assert_broken_off(&self, seen: &Seen, case: &str) {
        assert_broken_off(seen, self.resets_tell, case);
    }

    /// Asserts that the VM has outlived all that came, and that its log has nothing of contents.
    pub(crate) fn assert_well(&self) {
        for (name, value) in self.envoy.counters() {
            assert!(!name.contains("vm_reload") || value == 0, "{name}: {value}");
        }
        assert_eq!(self.envoy.admin_get("/ready").trim(), "LIVE");
        let log = self.envoy.log();
        assert!(!log.contains(CANARY), "contents in the log");
    }

    /// How often something was counted, by the labels behind the contract.
    pub(crate) fn counted(&self, metric: &str) -> Vec<(String, u64)> {
        let begin = format!("wasmcustom.treaty_contract_{metric};contract=shop;");
        let counters = self.envoy.counters().into_iter();
        let counted = counters.filter(|(_, count)| *count > 0);
        counted
            .filter_map(|(name, count)| Some((name.strip_prefix(&begin)?.to_owned(), count)))
            .collect()
    }

    fn outcome(&self, case: String, response: Response) -> Outcome {
        Outcome {
            reached: self.reached(&case),
            resets_tell: self.resets_tell,
            response,
            case,
        }
    }
}

impl Outcome {
    /// Asserts that the request was refused with a problem of this status and type, that nothing of
    /// it reached the upstream but, in the streamed form, its head, and that the problem repeats
    /// nothing of the content. Gives the problem.
    pub(crate) fn assert_refused(
        &self,
        form: &str,
        status: u16,
        reason: &str,
        case: &str,
    ) -> Value {
        let text = self.response.text();
        assert_eq!(self.response.status, status, "{form}, {case}: {text}");
        assert!(
            self.response.complete,
            "{form}, {case}: {:?}",
            self.response
        );
        let media_type = self.response.headers.text("content-type");
        assert_eq!(
            media_type,
            Some("application/problem+json"),
            "{form}, {case}"
        );
        let problem = self.response.json();
        let kind = format!("https://errors.example.com/contract-validation/{reason}");
        assert_eq!(problem["type"], kind, "{form}, {case}: {problem}");
        assert_eq!(problem["status"], status, "{form}, {case}: {problem}");
        assert!(!text.contains(CANARY), "{form}, {case}: {text}");
        assert!(
            self.reached.len() <= usize::from(form == "streamed"),
            "{form}, {case}: the upstream saw it {} times",
            self.reached.len()
        );
        for seen in &self.reached {
            assert_eq!(
                seen.body,
                b"",
                "{form}, {case}: {}",
                seen.body.escape_ascii()
            );
            assert_broken_off(seen, self.resets_tell, &format!("{form}, {case}"));
        }
        problem
    }

    /// Asserts that the request passed, with its content octet for octet.
    pub(crate) fn assert_passed(&self, content: &[u8], case: &str) {
        assert_eq!(
            self.response.status,
            200,
            "{case}: {}",
            self.response.text()
        );
        assert_eq!(self.reached.len(), 1, "{case}");
        let seen = &self.reached[0];
        assert!(seen.body == content, "{case}: {}", seen.body.escape_ascii());
        assert!(seen.complete, "{case}");
    }
}

fn assert_broken_off(seen: &Seen, resets_tell: bool, case: &str) {
    let is_told = resets_tell || seen.version == Version::HTTP_11;
    assert!(
        !seen.complete || !is_told,
        "{case}: the upstream saw its end"
    );
}

/// A name for an exchange that no other has.
pub(crate) fn new_case() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("case-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The first violation of a problem: where, and in what.
pub(crate) fn first_error(problem: &Value) -> (&str, &str) {
    let error = &problem["errors"][0];
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    (text("in"), text("keyword"))
}

/// Starts an Envoy.
pub(crate) fn start(config: impl Into<Value>) -> Envoy {
    // Five modules one after the other on a busy machine take their time.
    let options = Options {
        ready_within: Duration::from_mins(2),
        ..Options::default()
    };
    Envoy::start(config, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// The resident memory of an Envoy, in mebibytes.
pub(crate) fn memory(envoy: &Envoy) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", envoy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().unwrap() / 1024
}

/// Waits until something is so; panics with this text if it does not come.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
