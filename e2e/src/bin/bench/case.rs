//! The cases: what stands in the filter chain, what it is asked, and what it must do.

use std::net::SocketAddr;
use std::path::PathBuf;

use e2e::{Cluster, Config, Listener, Route, WasmFilter, dist};
use serde_json::{Value, json};

use crate::check;
use crate::load::BODY;

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

/// One Envoy, and what it is asked.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) module: Option<Module>,
    filter: Option<Value>,
    host: &'static str,
    pub(crate) work: Vec<&'static str>,
    /// Whether it counts its requests in a metric.
    pub(crate) counts: bool,
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
    let nothing = || vec!["x-seen-path: /v1/orders/42"];
    let orders = "orders.example.com";
    let case = |name, filter, work| Case {
        name,
        module: None,
        filter,
        host: orders,
        work,
        counts: false,
    };
    let version_negotiation = |name, mode, work| Case {
        module: Some(VERSION_NEGOTIATION),
        ..case(name, Some(version_negotiation(mode).into()), work)
    };
    vec![
        case(NO_FILTER, None, nothing()),
        case(CONTROL, None, nothing()),
        Case {
            module: Some(EMPTY_MODULE),
            ..case(EMPTY, Some(empty().into()), nothing())
        },
        Case {
            host: "shop.example.com",
            ..version_negotiation(UNMATCHED, "enforce", nothing())
        },
        Case {
            counts: true,
            ..version_negotiation(FULL, "enforce", check::full_work())
        },
        Case {
            counts: true,
            ..version_negotiation(REPORT, "report", check::reported_work())
        },
        case(LUA, Some(lua()), check::full_work()),
        case(CONSTANTS, Some(constants()), check::constants()),
    ]
}

/// What is measured: every case against no filter, and those that an aim is about against the very
/// thing that the aim names.
pub(crate) fn pairs() -> Vec<Pair> {
    let rows = [CONTROL, EMPTY, UNMATCHED, FULL, REPORT, LUA, CONSTANTS]
        .map(|case| (NO_FILTER, case))
        .into_iter();
    rows.chain([(EMPTY, UNMATCHED), (EMPTY, FULL), (LUA, FULL)])
        .map(|(base, case)| Pair { base, case })
        .collect()
}

impl Case {
    /// What its Envoy runs.
    pub(crate) fn config(&self, upstream: SocketAddr) -> Config {
        config(self.filter.as_ref(), upstream)
    }

    /// The request, with more header fields where a check wants them.
    pub(crate) fn request(&self, more: &str) -> Vec<u8> {
        format!(
            "GET /v1/orders/42 HTTP/1.1\r\n\
             host: {}\r\n\
             user-agent: treaty-bench/1.0\r\n\
             accept: application/json\r\n\
             accept-language: en-GB,en;q=0.9\r\n\
             accept-encoding: gzip, br\r\n\
             cache-control: no-cache\r\n\
             authorization: Bearer 0123456789abcdef0123456789abcdef\r\n\
             traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
             x-consumer: shop\r\n\
             x-user-id: 8c2f1a\r\n\
             {more}\r\n",
            self.host
        )
        .into_bytes()
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
pub(crate) fn config(filter: Option<&Value>, upstream: SocketAddr) -> Config {
    let listener = |name, route: Route| {
        // The first route is for checks only.
        let listener = Listener::new(name)
            .route(check::telling(route.clone()))
            .route(route);
        match filter {
            Some(filter) => listener.filter(filter.clone()),
            None => listener,
        }
    };
    Config::new()
        .listener(listener(DIRECT, Route::direct("/", 200, BODY)))
        .listener(listener(PROXIED, Route::prefix("/", "upstream")))
        .cluster(Cluster::new("upstream", upstream))
}

/// The filter that does nothing.
pub(crate) fn empty() -> WasmFilter {
    WasmFilter::new("empty").module(&EMPTY_MODULE.path())
}

/// The filter under `policy.json`.
pub(crate) fn version_negotiation(mode: &str) -> WasmFilter {
    WasmFilter::new("version-negotiation").policy(&policy(mode).to_string())
}

/// The same as the only filter of the bundle.
pub(crate) fn all_filters() -> WasmFilter {
    let policy = json!({"version": 1, "filters": {"version-negotiation": policy("enforce")}});
    WasmFilter::new("all-filters").policy(&policy.to_string())
}

fn policy(mode: &str) -> Value {
    let mut policy: Value =
        serde_json::from_str(include_str!("policy.json")).expect("policy.json is JSON");
    policy["mode"] = mode.into();
    policy
}

fn lua() -> Value {
    json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": include_str!("version.lua")},
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
