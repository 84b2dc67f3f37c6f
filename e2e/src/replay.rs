//! Policy cases in a real Envoy: the same files that `treaty test` runs natively.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};
use treaty::case::{
    self, Case, ExpectedUpstream, Mismatch, Observed, SeenRequest, SeenResponse, Subject,
};

use crate::access_log::AccessLog;
use crate::client::{Client, Request, Response};
use crate::config::{Cluster, Config, Listener, Protocol, Route, WasmFilter};
use crate::envoy::{Envoy, Options};
use crate::fields::Fields;
use crate::upstream::{Answer, Seen, Upstream};

const LOGGED_WITHIN: Duration = Duration::from_secs(5);

/// Where a case says that a property is dynamic metadata, which Envoy's own `set_metadata` filter
/// can set: `metadata.filter_metadata.<namespace>.<key>`.
const METADATA: &str = "metadata.filter_metadata.";

/// The namespace of Envoy's `jwt_authn`.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// A case that is not as expected in Envoy.
#[derive(Debug)]
pub struct Failure {
    /// The file and line of the case, and its name.
    pub case: String,
    /// What differs; never nothing.
    pub mismatches: Vec<Mismatch>,
}

/// What became of the cases.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many are as expected.
    pub passed: usize,
    /// How many say that only a native run can show them, and why.
    pub native_only: usize,
    /// Those that are not as expected.
    pub failures: Vec<Failure>,
}

/// Replays cases, one after the other, in one Envoy.
///
/// `deploy` says which filters make up what a case runs: one module, a bundle, or a chain.
pub fn replay(cases: &[Case], deploy: &dyn Fn(&Subject) -> Vec<WasmFilter>) -> Outcome {
    let (native, cases): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| case.native_because.is_some());
    let mut stage = Stage::new(&cases, deploy);
    let mut outcome = Outcome {
        native_only: native.len(),
        ..Outcome::default()
    };
    for case in cases {
        let mismatches = stage.run(case);
        if mismatches.is_empty() {
            outcome.passed += 1;
        } else {
            outcome.failures.push(Failure {
                case: format!("{}:{} · {}", case.file.display(), case.line, case.name),
                mismatches,
            });
        }
    }
    outcome
}

impl Outcome {
    /// Prints every failure and a count.
    ///
    /// # Panics
    /// A case failed, or none ran.
    pub fn conclude(&self, what: &str) {
        for failure in &self.failures {
            eprintln!("{}", failure.case);
            for mismatch in &failure.mismatches {
                eprintln!("  {mismatch}");
            }
        }
        eprintln!(
            "{what}: {} passed, {} failed, {} native only",
            self.passed,
            self.failures.len(),
            self.native_only
        );
        assert!(self.failures.is_empty() && self.passed > 0, "{what}");
    }
}

/// One Envoy with a listener for each policy, and an upstream that answers as the current case says.
struct Stage {
    envoy: Envoy,
    upstream: Upstream,
    log: AccessLog,
    setups: Vec<Setup>,
    counters: BTreeMap<String, u64>,
}

/// What a case needs of its listener.
#[derive(Clone, PartialEq)]
struct Setup {
    subject: Subject,
    properties: BTreeMap<String, Vec<u8>>,
}

impl Stage {
    fn new(cases: &[&Case], deploy: &dyn Fn(&Subject) -> Vec<WasmFilter>) -> Self {
        let upstream = Upstream::start();
        let log = AccessLog::new();
        let facts: BTreeSet<&String> = cases
            .iter()
            .flat_map(|case| case.expect.facts.keys())
            .collect();
        let mut setups: Vec<Setup> = Vec::new();
        for case in cases {
            let setup = Setup::of(case);
            if !setups.contains(&setup) {
                setups.push(setup);
            }
        }
        let mut config = Config::new()
            .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient));
        for (index, setup) in setups.iter().enumerate() {
            let listener = setup.listener(&listener_name(index), deploy);
            config = config.listener(listener.access_log(&log, log_format(&facts)));
        }
        let envoy = Envoy::start(config, &Options::default())
            .unwrap_or_else(|error| panic!("the policies of the cases: {error}"));
        Self {
            envoy,
            upstream,
            log,
            setups,
            counters: BTreeMap::new(),
        }
    }

    fn run(&mut self, case: &Case) -> Vec<Mismatch> {
        let setup = Setup::of(case);
        let index = self
            .setups
            .iter()
            .position(|known| *known == setup)
            .expect("every case has a listener");
        // Reading every counter takes longer than the case itself.
        if !case.expect.metrics.is_empty() {
            self.counters = self.envoy.counters();
        }
        self.upstream.take_seen();
        self.upstream.set(answer(&case.upstream));
        let client = Client::http2(self.envoy.address(&listener_name(index)));
        let response = match client.try_send(request(case)) {
            Ok(response) => response,
            Err(error) => return vec![Mismatch::new("request", "an answer", error.to_string())],
        };
        let Some(line) = self.log.next_line(LOGGED_WITHIN) else {
            return vec![Mismatch::new("access log", "a line", "nothing")];
        };
        case::judge(&case.expect, &self.observe(case, response, &line))
    }

    fn observe(&mut self, case: &Case, response: Response, line: &Value) -> Observed {
        let asked = matches!(case.expect.upstream, Some(ExpectedUpstream::Nothing));
        if asked {
            // What must not arrive is given the time to.
            std::thread::sleep(Duration::from_millis(2));
        }
        let upstream = self.upstream.take_seen().into_iter().next().map(seen);
        let details = line["details"]
            .as_str()
            .filter(|details| details.starts_with("treaty."))
            .map(str::to_owned);
        let told = line["facts"].as_object().into_iter().flatten();
        let facts = told
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let metrics = if case.expect.metrics.is_empty() {
            BTreeMap::new()
        } else {
            self.counted()
        };
        Observed {
            upstream,
            response: SeenResponse {
                status: response.status,
                headers: response.headers.0,
                body: response.body,
                trailers: response.trailers.0,
            },
            facts,
            metrics,
            details,
        }
    }
}

impl Stage {
    /// What was counted since the counters were read.
    fn counted(&self) -> BTreeMap<String, u64> {
        let counters = self.envoy.counters().into_iter();
        counters
            .filter_map(|(name, value)| {
                let before = self.counters.get(&name).copied().unwrap_or_default();
                let name = name.strip_prefix("wasmcustom.")?;
                (value > before).then(|| (name.to_owned(), value - before))
            })
            .collect()
    }
}

impl Setup {
    fn of(case: &Case) -> Self {
        assert!(
            case.calls.is_empty(),
            "{} · {}: calls are answered natively only; say `only: native`",
            case.file.display(),
            case.name
        );
        let properties = case
            .properties
            .iter()
            .map(|(path, value)| (path.clone(), value.0.clone()))
            .collect();
        Self {
            subject: case.subject.clone(),
            properties,
        }
    }

    fn listener(&self, name: &str, deploy: &dyn Fn(&Subject) -> Vec<WasmFilter>) -> Listener {
        let mut listener = Listener::new(name);
        let mut route = Route::prefix("/", "upstream");
        for (path, value) in &self.properties {
            let value = String::from_utf8_lossy(value);
            if path == "xds.route_name" {
                route = route.named(&value);
                continue;
            }
            let path = path.strip_prefix(METADATA).unwrap_or_else(|| {
                panic!("{path} cannot be set in Envoy: say `only: native`, or use {METADATA}…")
            });
            listener = listener.filter(set_metadata(path, &value));
        }
        for filter in deploy(&self.subject) {
            listener = listener.filter(filter);
        }
        listener.route(route)
    }
}

fn listener_name(index: usize) -> String {
    format!("case-{index}")
}

/// Sets a value in the dynamic metadata. Namespaces have dots in their names: the claims of a token
/// stand as objects below theirs, other namespaces have values alone.
fn set_metadata(path: &str, value: &str) -> Value {
    let claim = path
        .strip_prefix(JWT_AUTHN)
        .and_then(|path| path.strip_prefix('.'));
    let (namespace, path) = match claim {
        Some(claim) => (JWT_AUTHN, claim),
        None => path
            .rsplit_once('.')
            .unwrap_or_else(|| panic!("{path} names no value")),
    };
    let nested = |value: Value, key: &str| json!({ key: value });
    let value = path.rsplit('.').fold(json!(value), nested);
    json!({
        "name": format!("set-{namespace}-{path}"),
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config",
            "metadata": [{"metadata_namespace": namespace, "value": value}],
        },
    })
}

fn log_format(facts: &BTreeSet<&String>) -> Value {
    let facts: Map<String, Value> = facts
        .iter()
        .map(|name| {
            let state = format!("%FILTER_STATE(wasm.{name}:PLAIN)%");
            ((*name).clone(), state.into())
        })
        .collect();
    json!({"details": "%RESPONSE_CODE_DETAILS%", "facts": facts})
}

fn request(case: &Case) -> Request {
    let given = &case.request;
    let text = |octets: &case::Octets| {
        String::from_utf8(octets.0.clone()).unwrap_or_else(|_| {
            panic!(
                "{}: a path or host that is not UTF-8 is for a test of its own",
                case.name
            )
        })
    };
    let mut request =
        Request::new(&given.method, &text(&given.path)).authority(&text(&given.authority));
    request.headers = Fields(given.headers.0.clone());
    if let Some(trailers) = &given.trailers {
        request.trailers = Fields(trailers.0.clone());
    }
    if let Some(body) = &given.body {
        let part = given.chunks.map_or(usize::MAX, usize::from);
        request.body = body.0.chunks(part).map(<[u8]>::to_vec).collect();
    }
    request
}

fn answer(given: &case::Upstream) -> Answer {
    let mut answer = Answer::status(given.status);
    answer.headers = Fields(given.headers.0.clone());
    if let Some(body) = &given.body {
        answer = answer.chunk(body.0.clone());
    }
    if let Some(trailers) = &given.trailers {
        answer.trailers = Fields(trailers.0.clone());
    }
    answer
}

fn seen(seen: Seen) -> SeenRequest {
    SeenRequest {
        method: seen.method.into_bytes(),
        authority: seen.authority.into_bytes(),
        path: seen.path.into_bytes(),
        headers: seen.headers.0,
        body: seen.body,
        trailers: seen.trailers.0,
    }
}
