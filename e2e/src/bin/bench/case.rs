//! The cases: what stands in the filter chain, what it is asked, and what it must do.

use std::net::SocketAddr;
use std::path::PathBuf;

use e2e::{Cluster, Config, Listener, Route, WasmFilter, dist};
use serde_json::{Value, json};

use crate::check;
use crate::load::Request;
use crate::rig::Origin;
use crate::stores::{Keeper, Stores};

/// The listener that answers by itself.
pub(crate) const DIRECT: &str = "direct";

/// The listener that asks an upstream.
pub(crate) const PROXIED: &str = "proxied";

pub(crate) const NO_FILTER: &str = "no filter";
pub(crate) const CONTROL: &str = "no filter, a second time (the noise)";
pub(crate) const EMPTY: &str = "empty wasm filter";
pub(crate) const UNMATCHED: &str = "version-negotiation, no rule matches";
pub(crate) const FULL: &str = "version-negotiation, full work";
pub(crate) const REPORT: &str = "version-negotiation, full work in report mode";
pub(crate) const LUA: &str = "Lua, the same visible work";
pub(crate) const CONSTANTS: &str = "header_mutation, the same fields as constants";
pub(crate) const PASSED: &str = "error-translation, a 200 passing through";
pub(crate) const SANITISED: &str = "error-translation, a 200 that loses a field";
pub(crate) const TRANSLATED: &str = "error-translation, a 500 translated";
pub(crate) const LUA_TRANSLATED: &str = "Lua, the same rewrite of a 500";
pub(crate) const FIXED: &str = "custom_response, one problem for every 500";
pub(crate) const LOCAL: &str = "local_reply_config, the same for the proxy's own";
pub(crate) const UNTAGGED: &str = "telemetry-tagging, no rule matches";
pub(crate) const TRACED: &str = "telemetry-tagging, trace context only";
pub(crate) const TAGGED: &str = "telemetry-tagging, ten tags";
pub(crate) const TAGGED_UNGUARDED: &str =
    "telemetry-tagging, ten tags that nothing is looked for in";
pub(crate) const LUA_TAGGED: &str = "Lua, the same ten tags";
pub(crate) const UNKEYED: &str = "idempotency-keys, no key";
pub(crate) const UNKEYED_ELSEWHERE: &str =
    "idempotency-keys, no key in a field of the policy's own";
pub(crate) const KEYED_LOCAL: &str = "idempotency-keys, a new key, local";
pub(crate) const KEYED_ETCD: &str = "idempotency-keys, a new key, etcd";
pub(crate) const KEYED_REDIS: &str = "idempotency-keys, a new key, Redis";
pub(crate) const REPLAYED_LOCAL: &str = "idempotency-keys, a replay, local";
pub(crate) const REPLAYED_ETCD: &str = "idempotency-keys, a replay, etcd";
pub(crate) const BUFFERED: &str = "buffer filter, a content of 2 KB";
pub(crate) const HELD: &str = "a wasm filter that only waits for the 2 KB";
pub(crate) const LUA_BODY: &str = "Lua body(), the same wait";
pub(crate) const NAIVE: &str = "naive validation of the 2 KB";
pub(crate) const CHECKED: &str = "contract-validation, a content of 2 KB";
pub(crate) const PARAMETERS: &str = "contract-validation, six parameters";
pub(crate) const UNBOUND: &str = "contract-validation, no rule matches";
pub(crate) const ANSWERED: &str = "contract-validation, an answer of 2 KB";

/// What is asked for, and with it what the answer is.
const SERVED: &str = "/v1/orders/42";
const FAILING: &str = "/v1/orders/broken";
const TAGGABLE: &str = "/v1/orders/42?view=Full&page=2&sort=-created";
const PAYABLE: &str = "/v1/payments";
const PAID: &str = "/v1/payments/latest";

/// What is said of the trace: as the measured requests say it, and so that it needs mending.
const TRACE: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
const STATE: &str = "tracestate: congo=t61rcWkgMzE,rojo=00f067aa0ba902b7\r\n";
const FAULTY: &str = "traceparent: cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-x\r\n";

/// The lines of a `POST` without content: without a key, with one that is used once, in a field of
/// the policy's own, and with one that was used before.
const EMPTY_CONTENT: &str = "content-length: 0\r\n";
const NEW_KEY: &str = "content-length: 0\r\nidempotency-key: {new}\r\n";
const NEW_KEY_ELSEWHERE: &str = "content-length: 0\r\nx-operation: {new}\r\n";
const OLD_KEY: &str =
    "content-length: 0\r\nidempotency-key: 0f1c3b9a-5d57-4a86-9b0e-6f3c2a9d8e11\r\n";

/// A content of 2 KB that the contract allows, and one that it does not.
const PAYMENT: &str = include_str!("payment-content.json");
const NO_PAYMENT: &str = "[]";
const JSON_CONTENT: &str = "content-type: application/json\r\n";

/// What a service says when it fails.
const FAILURE: &str =
    r#"{"error":{"code":"insufficient_stock","message":"only 3 left of this book"}}"#;

/// One Envoy, and what it is asked.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) module: Option<Module>,
    filter: Option<Value>,
    /// What it lays over the HTTP connection manager.
    manager: Value,
    method: &'static str,
    host: &'static str,
    path: &'static str,
    /// What it says of the trace, as lines.
    trace: &'static str,
    /// The lines that its request has beyond those of every request.
    more: &'static str,
    /// Its content; none where it is empty.
    content: &'static str,
    pub(crate) work: Vec<&'static str>,
    /// The metric in which it counts its requests.
    pub(crate) counts: Option<&'static str>,
    /// On whose answers it does its work.
    pub(crate) origins: &'static [Origin],
    /// Where it keeps records.
    keeper: Option<Keeper>,
    /// Whether its request repeats an earlier one.
    pub(crate) repeats: bool,
    /// Shows that it is in force, where the work that is measured is to change nothing.
    pub(crate) proof: Option<Proof>,
}

/// What becomes of a request that differs only in what it says of the trace, in its own lines and in
/// its content.
#[derive(Debug)]
pub(crate) struct Proof {
    trace: &'static str,
    more: &'static str,
    content: &'static str,
    pub(crate) work: Vec<&'static str>,
}

/// A file that has to be built first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Module {
    file: &'static str,
    target: &'static str,
}

/// An own module of the tests, and what is shipped.
pub(crate) const EMPTY_MODULE: Module = Module {
    file: "test/empty.wasm",
    target: "make test-modules",
};
pub(crate) const VERSION_NEGOTIATION: Module = Module {
    file: "version-negotiation.wasm",
    target: "make build",
};
pub(crate) const ERROR_TRANSLATION: Module = Module {
    file: "error-translation.wasm",
    target: "make build",
};
pub(crate) const TELEMETRY_TAGGING: Module = Module {
    file: "telemetry-tagging.wasm",
    target: "make build",
};
pub(crate) const IDEMPOTENCY_KEYS: Module = Module {
    file: "idempotency-keys.wasm",
    target: "make build",
};
pub(crate) const CONTRACT_VALIDATION: Module = Module {
    file: "contract-validation.wasm",
    target: "make build",
};
const PROBE: Module = Module {
    file: "test/probe.wasm",
    target: "make test-modules",
};
pub(crate) const NAIVE_VALIDATION: Module = Module {
    file: "test/naive-validation.wasm",
    target: "make naive",
};
pub(crate) const ALL_FILTERS: Module = Module {
    file: "all-filters.wasm",
    target: "make build",
};

/// A base and what is held against it, slice by slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) base: &'static str,
    pub(crate) case: &'static str,
}

/// All cases, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = of_requests();
    cases.extend(of_errors());
    cases.extend(of_telemetry());
    cases.extend(of_keys());
    cases.extend(of_contracts());
    cases
}

/// Requests that are served.
fn of_requests() -> Vec<Case> {
    let nothing = check::no_work;
    let version_negotiation = |name, mode, work| Case {
        module: Some(VERSION_NEGOTIATION),
        ..Case::new(name, Some(version_negotiation(mode).into()), work)
    };
    let counting = |case| Case {
        counts: Some(check::REQUESTS),
        ..case
    };
    vec![
        Case::new(NO_FILTER, None, nothing()),
        Case::new(CONTROL, None, nothing()),
        Case {
            module: Some(EMPTY_MODULE),
            ..Case::new(EMPTY, Some(empty().into()), nothing())
        },
        Case {
            host: "shop.example.com",
            ..version_negotiation(UNMATCHED, "enforce", nothing())
        },
        counting(version_negotiation(FULL, "enforce", check::full_work())),
        counting(version_negotiation(
            REPORT,
            "report",
            check::reported_work(),
        )),
        Case::new(
            LUA,
            Some(lua(include_str!("version.lua"))),
            check::full_work(),
        ),
        Case::new(CONSTANTS, Some(constants()), check::constants()),
    ]
}

/// Requests that fail, and what those pay for it that do not.
fn of_errors() -> Vec<Case> {
    let error_translation = |name, policy: &Value, work| Case {
        module: Some(ERROR_TRANSLATION),
        ..Case::new(name, Some(error_translation(policy).into()), work)
    };
    let failing = |case| Case {
        path: FAILING,
        ..case
    };
    let mut sanitising = problem_policy();
    sanitising["defaults"] = json!({"internalHeaders": ["x-internal-*"]});
    vec![
        error_translation(PASSED, &problem_policy(), check::no_work()),
        error_translation(SANITISED, &sanitising, check::sanitised()),
        Case {
            counts: Some(check::ERRORS),
            ..failing(error_translation(
                TRANSLATED,
                &problem_policy(),
                check::translated(),
            ))
        },
        failing(Case::new(
            LUA_TRANSLATED,
            Some(lua(include_str!("problem.lua"))),
            check::translated(),
        )),
        failing(Case::new(
            FIXED,
            Some(custom_response()),
            check::one_for_all(),
        )),
        Case {
            manager: local_replies(),
            origins: &[Origin::Direct],
            ..failing(Case::new(LOCAL, None, check::one_for_all_seen()))
        },
    ]
}

/// Requests that are served, and told of.
fn of_telemetry() -> Vec<Case> {
    let telemetry_tagging = |name, policy: &Value, work| Case {
        module: Some(TELEMETRY_TAGGING),
        ..Case::new(name, Some(telemetry_tagging(policy).into()), work)
    };
    let taggable = |case| Case {
        path: TAGGABLE,
        more: "x-tenant: Shop-Europe\r\nx-plan: G\r\ncookie: session=8c2f1a; theme=d\r\n",
        ..case
    };
    let mut unguarded = tags_policy();
    unguarded["personalData"] = json!({"kinds": []});
    vec![
        Case {
            host: "shop.example.com",
            ..telemetry_tagging(UNTAGGED, &tags_policy(), check::no_work())
        },
        Case {
            more: STATE,
            counts: Some(check::TRACES),
            proof: Some(Proof {
                trace: FAULTY,
                more: STATE,
                content: "",
                work: check::trace_mended(),
            }),
            ..telemetry_tagging(TRACED, &trace_policy(), check::trace_kept())
        },
        taggable(telemetry_tagging(TAGGED, &tags_policy(), check::ten_tags())),
        taggable(telemetry_tagging(
            TAGGED_UNGUARDED,
            &unguarded,
            check::ten_tags(),
        )),
        taggable(Case::new(
            LUA_TAGGED,
            Some(lua(include_str!("tags.lua"))),
            check::ten_tags(),
        )),
    ]
}

/// Requests that change something, with and without keys.
fn of_keys() -> Vec<Case> {
    let idempotency_keys = |name, keeper, policy: &Value, work| Case {
        module: Some(IDEMPOTENCY_KEYS),
        method: "POST",
        counts: Some(check::KEYED),
        keeper: Some(keeper),
        ..Case::new(name, Some(idempotency_keys(policy).into()), work)
    };
    let unkeyed = |name, policy: &Value, key| Case {
        more: EMPTY_CONTENT,
        proof: Some(Proof {
            trace: TRACE,
            more: key,
            content: "",
            work: check::claimed(),
        }),
        ..idempotency_keys(name, Keeper::Local, policy, check::no_work())
    };
    // What Envoy answers itself is nobody's outcome, and is not kept.
    let keyed = |name, keeper| Case {
        more: NEW_KEY,
        origins: &[Origin::Upstream],
        ..idempotency_keys(name, keeper, &keys_policy(keeper), check::claimed())
    };
    let replayed = |name, keeper| Case {
        more: OLD_KEY,
        origins: &[Origin::Upstream],
        repeats: true,
        ..idempotency_keys(name, keeper, &kept_policy(keeper), check::replayed())
    };
    let mut elsewhere = keys_policy(Keeper::Local);
    elsewhere["defaults"]["key"] = json!({"from": "header", "name": "x-operation"});
    vec![
        unkeyed(UNKEYED, &keys_policy(Keeper::Local), NEW_KEY),
        unkeyed(UNKEYED_ELSEWHERE, &elsewhere, NEW_KEY_ELSEWHERE),
        keyed(KEYED_LOCAL, Keeper::Local),
        keyed(KEYED_ETCD, Keeper::Etcd),
        keyed(KEYED_REDIS, Keeper::Valkey),
        replayed(REPLAYED_LOCAL, Keeper::Local),
        replayed(REPLAYED_ETCD, Keeper::Etcd),
    ]
}

/// Requests and answers that are held to a contract.
fn of_contracts() -> Vec<Case> {
    let paying = |case| Case {
        method: "POST",
        path: PAYABLE,
        more: JSON_CONTENT,
        content: PAYMENT,
        ..case
    };
    let refused = |more, content, work| {
        Some(Proof {
            trace: TRACE,
            more,
            content,
            work,
        })
    };
    let contract_validation = |name, policy: &Value, work| Case {
        module: Some(CONTRACT_VALIDATION),
        counts: Some(check::CONTRACTS),
        ..Case::new(name, Some(contract_validation(policy).into()), work)
    };
    let paid = || {
        vec![
            "x-seen-path: /v1/payments",
            check::TRACE_SEEN,
            check::INTERNAL,
        ]
    };
    vec![
        paying(Case::new(BUFFERED, Some(buffer()), paid())),
        Case {
            module: Some(PROBE),
            more: "content-type: application/json\r\nx-probe: hold=4096\r\n",
            ..paying(Case::new(HELD, Some(holding().into()), paid()))
        },
        paying(Case::new(
            LUA_BODY,
            Some(lua(include_str!("content.lua"))),
            paid(),
        )),
        Case {
            module: Some(NAIVE_VALIDATION),
            proof: refused(JSON_CONTENT, NO_PAYMENT, check::refused_naively()),
            ..paying(Case::new(NAIVE, Some(naive_validation().into()), paid()))
        },
        Case {
            proof: refused(JSON_CONTENT, NO_PAYMENT, check::content_refused()),
            ..paying(contract_validation(CHECKED, &contract_policy(), paid()))
        },
        Case {
            path: TAGGABLE,
            more: "x-plan: G\r\ncookie: session=8c2f1a; theme=d\r\n",
            proof: refused(
                "x-plan: Platinum-2\r\ncookie: theme=x\r\n",
                "",
                check::parameters_refused(),
            ),
            ..contract_validation(PARAMETERS, &contract_policy(), check::asked())
        },
        Case {
            host: "shop.example.com",
            counts: None,
            ..contract_validation(UNBOUND, &contract_policy(), check::no_work())
        },
        // What Envoy answers itself is held to nothing.
        Case {
            path: PAID,
            origins: &[Origin::Upstream],
            ..contract_validation(ANSWERED, &answers_policy(), check::answered())
        },
    ]
}

/// What is measured: every case against no filter, and those that an aim is about against the very
/// thing that the aim names.
pub(crate) fn pairs() -> Vec<Pair> {
    let others = all().into_iter().skip(1);
    let rows = others.map(|case| (NO_FILTER, case.name));
    rows.chain([
        (EMPTY, UNMATCHED),
        (EMPTY, FULL),
        (LUA, FULL),
        (EMPTY, PASSED),
        (LUA_TRANSLATED, TRANSLATED),
        (EMPTY, UNTAGGED),
        (EMPTY, TRACED),
        (LUA_TAGGED, TAGGED),
        (EMPTY, TAGGED),
        (EMPTY, UNKEYED),
        (EMPTY, UNKEYED_ELSEWHERE),
        (EMPTY, UNBOUND),
        (EMPTY, PARAMETERS),
        (BUFFERED, HELD),
        (BUFFERED, LUA_BODY),
        (BUFFERED, NAIVE),
        (BUFFERED, CHECKED),
        (NAIVE, CHECKED),
    ])
    .map(|(base, case)| Pair { base, case })
    .collect()
}

impl Case {
    fn new(name: &'static str, filter: Option<Value>, work: Vec<&'static str>) -> Self {
        Self {
            name,
            module: None,
            filter,
            manager: json!({}),
            method: "GET",
            host: "orders.example.com",
            path: SERVED,
            trace: TRACE,
            more: "",
            content: "",
            work,
            counts: None,
            origins: &[Origin::Direct, Origin::Upstream],
            keeper: None,
            repeats: false,
            proof: None,
        }
    }

    /// Whether its request has a content.
    pub(crate) fn has_content(&self) -> bool {
        !self.content.is_empty()
    }

    /// What its Envoy runs.
    pub(crate) fn config(&self, upstream: SocketAddr, stores: &Stores) -> Config {
        let config = config(self.filter.as_ref(), &self.manager, upstream);
        match self.keeper {
            Some(keeper) => stores.join(keeper, config),
            None => config,
        }
    }

    /// Where the cases keep records.
    pub(crate) fn keepers(cases: &[&Self]) -> Vec<Keeper> {
        cases.iter().filter_map(|case| case.keeper).collect()
    }

    /// The request, with more header fields where a check wants them.
    pub(crate) fn request(&self, more: &str) -> Request {
        self.request_in(self.trace, self.more, more, self.content)
    }

    /// The request that a proof needs.
    pub(crate) fn request_of(&self, proof: &Proof, more: &str) -> Request {
        self.request_in(proof.trace, proof.more, more, proof.content)
    }

    fn request_in(&self, trace: &str, own: &str, more: &str, content: &str) -> Request {
        let Self {
            method, path, host, ..
        } = self;
        let length = match content.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        let text = format!(
            "{method} {path} HTTP/1.1\r\n\
             host: {host}\r\n\
             user-agent: treaty-bench/1.0\r\n\
             accept: application/json\r\n\
             accept-language: en-GB,en;q=0.9\r\n\
             accept-encoding: gzip, br\r\n\
             cache-control: no-cache\r\n\
             authorization: Bearer 0123456789abcdef0123456789abcdef\r\n\
             {trace}\
             x-consumer: shop\r\n\
             x-user-id: 8c2f1a\r\n\
             x-request-id: 7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11\r\n\
             {own}{length}{more}\r\n{content}"
        );
        Request::new(&text)
    }
}

impl Module {
    pub(crate) fn path(self) -> PathBuf {
        dist().join(self.file)
    }

    /// The path, or how to get there.
    pub(crate) fn built(self) -> crate::Result<PathBuf> {
        let path = self.path();
        if path.is_file() {
            return Ok(path);
        }
        let target = self.target;
        Err(format!("{} is missing: run `{target}`", path.display()).into())
    }
}

/// A config with one filter, or none, before the router: once with an answer of its own, once in
/// front of an upstream.
pub(crate) fn config(filter: Option<&Value>, manager: &Value, upstream: SocketAddr) -> Config {
    let listener = |name, routes: Vec<Route>| {
        let listener = Listener::new(name)
            .with(manager.clone())
            .filter(check::teller());
        let listener = filter
            .into_iter()
            .fold(listener, |listener, filter| listener.filter(filter.clone()));
        // The first routes are for checks only.
        let telling: Vec<Route> = routes.iter().cloned().map(check::telling).collect();
        let routes = telling.into_iter().chain(routes);
        routes.fold(listener, Listener::route)
    };
    Config::new()
        .listener(listener(DIRECT, answers()))
        .listener(listener(PROXIED, vec![Route::prefix("/", "upstream")]))
        .cluster(Cluster::new("upstream", upstream))
}

/// What a service answers, as routes.
pub(crate) fn answers() -> Vec<Route> {
    let with = |route: Route, name: &str, value: &str| {
        route.with(json!({"response_headers_to_add": [{
            "header": {"key": name, "value": value},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }]}))
    };
    let failure = Route::direct(FAILING, 500, FAILURE);
    vec![
        with(failure, "content-type", "application/json"),
        with(
            Route::direct(PAID, 200, PAYMENT),
            "content-type",
            "application/json",
        ),
        with(Route::direct("/", 200, "hi"), "x-internal-host", "node-7"),
    ]
}

/// The filter that does nothing.
pub(crate) fn empty() -> WasmFilter {
    WasmFilter::new("empty").module(&EMPTY_MODULE.path())
}

/// The filter under `policy.json`.
pub(crate) fn version_negotiation(mode: &str) -> WasmFilter {
    WasmFilter::new("version-negotiation").policy(&policy(mode).to_string())
}

/// The filter under `problem.json`, or what a case makes of it.
pub(crate) fn error_translation(policy: &Value) -> WasmFilter {
    WasmFilter::new("error-translation")
        .policy(&policy.to_string())
        .holding_heads()
}

/// The filter under `tags.json` or `trace.json`, or what a case makes of them.
pub(crate) fn telemetry_tagging(policy: &Value) -> WasmFilter {
    WasmFilter::new("telemetry-tagging").policy(&policy.to_string())
}

/// The filter under `keys.json`, or what a case makes of it.
pub(crate) fn idempotency_keys(policy: &Value) -> WasmFilter {
    WasmFilter::new("idempotency-keys")
        .policy(&policy.to_string())
        .holding_heads()
}

/// The filter under `contract.json`, or what a case makes of it.
pub(crate) fn contract_validation(policy: &Value) -> WasmFilter {
    WasmFilter::new("contract-validation")
        .policy(&policy.to_string())
        .holding_heads()
}

/// The schema of `contract.json` alone, in the module that anybody would first write.
pub(crate) fn naive_validation() -> WasmFilter {
    let policy = contract_policy();
    let components = &policy["contracts"][0]["openapi"]["components"];
    let schema = json!({"$ref": "#/components/schemas/Payment", "components": components});
    WasmFilter::new("naive-validation")
        .module(&NAIVE_VALIDATION.path())
        .policy(&schema.to_string())
        .holding_heads()
}

/// A filter on Treaty's shell that only waits.
fn holding() -> WasmFilter {
    WasmFilter::new("probe")
        .module(&PROBE.path())
        .policy(r#"{"version": 1, "held": true}"#)
        .holding_heads()
}

/// Envoy's own filter that waits for contents.
pub(crate) fn buffer() -> Value {
    json!({
        "name": "envoy.filters.http.buffer",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
            "max_request_bytes": 1_048_576,
        },
    })
}

/// All of them as a bundle.
pub(crate) fn all_filters() -> WasmFilter {
    let filters = json!({
        "contract-validation": contract_policy(),
        "error-translation": problem_policy(),
        "idempotency-keys": kept_policy(Keeper::Local),
        "telemetry-tagging": tags_policy(),
        "version-negotiation": policy("enforce"),
    });
    WasmFilter::new("all-filters")
        .policy(&json!({"version": 1, "filters": filters}).to_string())
        .holding_heads()
}

pub(crate) fn problem_policy() -> Value {
    serde_json::from_str(include_str!("problem.json")).expect("problem.json is JSON")
}

pub(crate) fn tags_policy() -> Value {
    serde_json::from_str(include_str!("tags.json")).expect("tags.json is JSON")
}

/// `keys.json`, for keys that are used once. In the proxy they live for seconds, or they would fill it.
fn keys_policy(keeper: Keeper) -> Value {
    let mut policy = kept_policy(keeper);
    if keeper == Keeper::Local {
        policy["defaults"]["claimTtl"] = "2s".into();
        policy["defaults"]["retention"] = "3s".into();
    }
    policy
}

/// `keys.json` with its store.
pub(crate) fn kept_policy(keeper: Keeper) -> Value {
    let mut policy: Value =
        serde_json::from_str(include_str!("keys.json")).expect("keys.json is JSON");
    policy["stores"] = json!([keeper.settings()]);
    policy
}

fn trace_policy() -> Value {
    serde_json::from_str(include_str!("trace.json")).expect("trace.json is JSON")
}

pub(crate) fn contract_policy() -> Value {
    serde_json::from_str(include_str!("contract.json")).expect("contract.json is JSON")
}

/// `contract.json` for every answer, and no request.
fn answers_policy() -> Value {
    let mut policy = contract_policy();
    policy["rules"][0]["settings"] = json!({
        "request": {"mode": "off"},
        "response": {"mode": "enforce", "sample": 100},
    });
    policy
}

fn policy(mode: &str) -> Value {
    let mut policy: Value =
        serde_json::from_str(include_str!("policy.json")).expect("policy.json is JSON");
    policy["mode"] = mode.into();
    policy
}

fn lua(code: &str) -> Value {
    json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": code},
        },
    })
}

fn constants() -> Value {
    let set = |field: &str| {
        let (key, value) = field.split_once(": ").expect("name and value");
        json!({"append": {
            "header": {"key": key, "value": value},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }})
    };
    let response: Vec<_> = check::RESPONSE_FIELDS.into_iter().map(set).collect();
    json!({
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.\
                      header_mutation.v3.HeaderMutation",
            "mutations": {
                "request_mutations": [set("x-treaty-version: 1")],
                "response_mutations": response,
            },
        },
    })
}

/// An answer that says of every 500 the same.
fn fixed_problem() -> Value {
    json!({
        "content_type": "application/problem+json",
        "json_format": {
            "type": "https://example.com/problems/internal",
            "title": "Internal Server Error",
            "status": "%RESPONSE_CODE%",
            "detail": "Something failed.",
            "requestId": "%REQ(X-REQUEST-ID)%",
        },
    })
}

fn custom_response() -> Value {
    json!({
        "name": "envoy.filters.http.custom_response",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.custom_response.v3.\
                      CustomResponse",
            "custom_response_matcher": {"matcher_list": {"matchers": [{
                "predicate": {"single_predicate": {
                    "input": {"name": "status", "typed_config": {
                        "@type": "type.googleapis.com/envoy.type.matcher.v3.\
                                  HttpResponseStatusCodeMatchInput",
                    }},
                    "value_match": {"exact": "500"},
                }},
                "on_match": {"action": {"name": "problem", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.http.custom_response.\
                              local_response_policy.v3.LocalResponsePolicy",
                    "body_format": fixed_problem(),
                    // It does not read the format's own.
                    "response_headers_to_add": [{
                        "header": {"key": "content-type", "value": "application/problem+json"},
                        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                    }],
                }}},
            }]}},
        },
    })
}

fn local_replies() -> Value {
    json!({"local_reply_config": {"mappers": [{
        "filter": {"status_code_filter": {"comparison": {
            "op": "EQ",
            "value": {"default_value": 500, "runtime_key": "none"},
        }}},
        "body_format_override": fixed_problem(),
    }]}})
}
