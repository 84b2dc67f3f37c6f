//! What the tests share: policies, an upstream that counts, and what Envoy tells of each request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use e2e::{AccessLog, Listener, Request, Response, WasmFilter};
use serde_json::{Value, json};

/// For what is there within milliseconds, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// A policy of one rule, for every request, with these settings. Its store is the proxy's own.
pub(crate) fn policy(settings: Value) -> Value {
    let mut settings = settings;
    settings["scope"] = json!({"shared": true});
    json!({
        "version": 1,
        "mode": "enforce",
        "defaults": settings,
        "rules": [{"name": "all"}],
    })
}

/// The filter in its held form, with a policy.
pub(crate) fn filter(policy: &Value) -> WasmFilter {
    WasmFilter::new("idempotency-keys")
        .policy(&policy.to_string())
        .holding_heads()
}

/// A request with a key.
pub(crate) fn keyed(path: &str, key: &str) -> Request {
    Request::post(path, "{}").header("idempotency-key", key)
}

/// The last part of the type of a problem: why a request was refused.
pub(crate) fn reason(response: &Response) -> String {
    let kind = response.json()["type"].take();
    let kind = kind.as_str().expect("a problem has a type");
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

/// How often an upstream has carried out the request of each key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Executions(Arc<Mutex<HashMap<String, u32>>>);

impl Executions {
    /// Counts one; says which it is.
    pub(crate) fn count(&self, key: &str) -> u32 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// How often the request of this key was carried out.
    pub(crate) fn of(&self, key: &str) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(key).copied().unwrap_or_default()
    }
}

/// What the access log says of requests.
#[derive(Debug, Default)]
pub(crate) struct Told(AccessLog);

impl Told {
    /// Has a listener log each request here.
    pub(crate) fn by(&self, listener: Listener) -> Listener {
        let fact = |name: &str| format!("%FILTER_STATE(wasm.treaty.{name}:PLAIN)%");
        listener.access_log(
            &self.0,
            json!({
                "outcome": fact("idempotency_outcome"),
                "end": fact("idempotency_end"),
                "refusal": fact("refusal"),
                "details": "%RESPONSE_CODE_DETAILS%",
                "flags": "%RESPONSE_FLAGS%",
                "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
            }),
        )
    }

    /// What is said of the next request.
    pub(crate) fn next(&mut self) -> Value {
        self.0.next_line(SOON).expect("each request is logged")
    }
}
