//! What the access log tells, request by request, though the tests share it.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use e2e::{AccessLog, Listener};
use serde_json::{Value, json};

use crate::bench::{SOON, lock};

/// The header field that names the case of a request.
pub(crate) const CASE: &str = "x-case";

/// A name that no other case has.
pub(crate) fn name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("case-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// An access log, and the lines of it that nobody has asked for yet.
#[derive(Default)]
pub(crate) struct Told(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    log: AccessLog,
    by_case: HashMap<String, VecDeque<Value>>,
}

impl Told {
    /// Has a listener tell what became of its requests.
    pub(crate) fn by(&self, listener: Listener) -> Listener {
        let fact = |name: &str| format!("%FILTER_STATE(wasm.treaty.error_{name}:PLAIN)%");
        let fields = json!({
            "case": format!("%REQ({CASE})%"),
            "details": "%RESPONSE_CODE_DETAILS%",
            "type": fact("type"),
            "source": fact("source"),
            "dialect": fact("dialect"),
            "outcome": fact("outcome"),
            "redacted": fact("redacted"),
            "status": fact("status"),
        });
        listener.access_log(&lock(&self.0).log, fields)
    }

    /// What became of the next request of a case.
    pub(crate) fn next(&self, case: &str) -> Value {
        let mut lines = lock(&self.0);
        loop {
            if let Some(line) = lines.by_case.get_mut(case).and_then(VecDeque::pop_front) {
                return line;
            }
            let line = lines.log.next_line(SOON).expect("a line in the access log");
            let case = line["case"].as_str().unwrap_or_default().to_owned();
            lines.by_case.entry(case).or_default().push_back(line);
        }
    }
}
