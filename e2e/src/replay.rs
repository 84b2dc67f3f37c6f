//! Policy cases in a real Envoy: the same files that `treaty test` runs natively.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use treaty::case::{
    self, Break, Case, Mismatch, Observed, SeenRequest, SeenResponse, Step, Subject,
};

use crate::access_log::AccessLog;
use crate::client::{Client, Request, Response, SendError};
use crate::config::{Cluster, Config, Listener, Protocol, Route, WasmFilter};
use crate::envoy::{Envoy, Options};
use crate::fields::Fields;
use crate::poll::poll;
use crate::upstream::{Answer, Ending, Seen, Upstream};

const LOGGED_WITHIN: Duration = Duration::from_secs(5);

/// How long a request may take to its upstream, where something is to happen while it is there.
const ARRIVES_WITHIN: Duration = Duration::from_secs(5);

/// What the names of all stats begin with that modules define.
const MODULE_STATS: &str = "wasmcustom.";

/// What the names of all facts begin with.
const FACTS: &str = "treaty.";

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

/// Where the exchanges of cases take place: a proxy with a listener for what each of them needs.
pub trait Site {
    /// Where a client reaches the listener for an exchange.
    fn address(&self, setup: &Setup) -> SocketAddr;

    /// The counters of the proxy as they stand.
    fn counters(&self) -> BTreeMap<String, u64>;
}

/// What an exchange needs of its listener.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// What runs there.
    pub subject: Subject,
    /// What the proxy knows of the exchange, by the path of the property.
    pub properties: BTreeMap<String, Vec<u8>>,
}

/// Replays cases, one after the other, in one Envoy.
///
/// `deploy` says which filters make up what a case runs: one module, a bundle, or a chain.
pub fn replay(cases: &[Case], deploy: &dyn Fn(&Subject) -> Vec<WasmFilter>) -> Outcome {
    let (native, cases): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| case.native_because.is_some());
    let upstream = Upstream::start();
    let mut log = AccessLog::new();
    let listeners = Listeners::new(&cases, deploy, &upstream, &log);
    Outcome {
        native_only: native.len(),
        ..replay_at(&listeners, &upstream, &mut log, &cases)
    }
}

/// Replays cases, one after the other, at a site that others have set up: its proxy sends requests
/// to this upstream and writes a line of [`log_format()`] for each to this log.
pub fn replay_at(
    site: &dyn Site,
    upstream: &Upstream,
    log: &mut AccessLog,
    cases: &[&Case],
) -> Outcome {
    let mut stage = Stage {
        site,
        upstream,
        log,
    };
    let mut outcome = Outcome::default();
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

/// What a line of the access log has to tell of each exchange, so that these cases can be judged: an
/// object of texts, as every control plane can carry it.
pub fn log_format(cases: &[&Case]) -> Value {
    let exchanges = cases.iter().flat_map(|case| case.exchanges());
    let told = exchanges.flat_map(|(_, step)| step.expect.facts.keys());
    let names: BTreeSet<&String> = told.collect();
    let facts = names.into_iter().map(|name| {
        let state = format!("%FILTER_STATE(wasm.{name}:PLAIN)%");
        (name.clone(), state)
    });
    let own = [
        ("details", "%RESPONSE_CODE_DETAILS%"),
        ("sent", "%UPSTREAM_HEADER_BYTES_SENT%"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    facts.chain(own).collect()
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

/// One Envoy with a listener for each setup.
struct Listeners {
    envoy: Envoy,
    setups: Vec<Setup>,
    /// Those of the setups, in their order.
    addresses: Vec<SocketAddr>,
}

impl Listeners {
    fn new(
        cases: &[&Case],
        deploy: &dyn Fn(&Subject) -> Vec<WasmFilter>,
        upstream: &Upstream,
        log: &AccessLog,
    ) -> Self {
        let mut setups: Vec<Setup> = Vec::new();
        for case in cases {
            for (_, step) in case.exchanges() {
                let setup = Setup::of(case, step);
                if !setups.contains(&setup) {
                    setups.push(setup);
                }
            }
        }
        let mut config = Config::new()
            .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient));
        let format = log_format(cases);
        for (index, setup) in setups.iter().enumerate() {
            let listener = setup.listener(&listener_name(index), deploy);
            config = config.listener(listener.access_log(log, format.clone()));
        }
        let mut config = Value::from(config);
        // Each of these hundreds of listeners would have a hundred stats of its own.
        config["stats_config"] =
            json!({"stats_matcher": {"inclusion_list": {"patterns": [{"prefix": MODULE_STATS}]}}});
        let envoy = Envoy::start(config, &Options::default())
            .unwrap_or_else(|error| panic!("the policies of the cases: {error}"));
        let addresses = envoy.addresses();
        let address = |index| addresses[&listener_name(index)];
        Self {
            addresses: (0..setups.len()).map(address).collect(),
            envoy,
            setups,
        }
    }
}

impl Site for Listeners {
    fn address(&self, setup: &Setup) -> SocketAddr {
        let index = self.setups.iter().position(|known| known == setup);
        let index = index.expect("every exchange has a listener");
        self.addresses[index]
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        self.envoy.module_counters()
    }
}

/// A site, and an upstream that answers as the current case says.
struct Stage<'a> {
    site: &'a dyn Site,
    upstream: &'a Upstream,
    log: &'a mut AccessLog,
}

impl Stage<'_> {
    fn run(&mut self, case: &Case) -> Vec<Mismatch> {
        let mut observed = Vec::new();
        for (name, step) in case.numbered_steps() {
            match self.play(case, step) {
                Ok(seen) => observed.extend(seen),
                Err(mismatch) => return vec![mismatch.within(&name)],
            }
        }
        case.judge(&observed)
    }

    /// Plays a step, with what happens while its upstream has the request.
    fn play(&mut self, case: &Case, step: &Step) -> Result<Vec<Observed>, Mismatch> {
        let mut counted = Counters::new();
        let mut before = self.counters(step);
        self.upstream.take_seen();
        let is_held = step.request.aborts || !step.upstream.meanwhile.is_empty();
        let release = self.answer(step, is_held);
        let client = self.client(case, step);
        let exchange = client
            .begin(request(case, step))
            .map_err(|error| no_answer(&error))?;

        let mut arrived = None;
        let mut inner = Ok(Vec::new());
        if is_held {
            arrived = poll(ARRIVES_WITHIN, || {
                self.upstream.seen().pop().filter(is_complete)
            });
            add(&mut counted, &before, &self.counters(step));
            inner = match &arrived {
                Some(_) => self.play_meanwhile(case, step),
                None => Err(Mismatch::new(
                    "upstream",
                    "a request, for what is to happen before its answer",
                    "none",
                )),
            };
            before = self.counters(step);
        }
        // Whatever came of that, the exchange is brought to its end and its line is read, so that
        // the next case does not take it for its own.
        let response = if step.request.aborts {
            drop(exchange);
            Ok(SeenResponse::default())
        } else {
            drop(release);
            exchange
                .rest()
                .map(seen_response)
                .map_err(|error| no_answer(&error))
        };
        let line = self.log.next_line(LOGGED_WITHIN);
        let mut inner = inner?;
        let response = response?;
        let line = line.ok_or_else(|| Mismatch::new("access log", "a line", "nothing"))?;
        let mut observed = self.observe(arrived, response, &line);
        add(&mut counted, &before, &self.counters(step));
        observed.metrics = counted;
        inner.insert(0, observed);
        Ok(inner)
    }

    fn play_meanwhile(&mut self, case: &Case, step: &Step) -> Result<Vec<Observed>, Mismatch> {
        let mut observed = Vec::new();
        for (name, step) in step.meanwhile() {
            let seen = self.play(case, step);
            observed.extend(seen.map_err(|mismatch| mismatch.within(&name))?);
        }
        Ok(observed)
    }

    /// Gives the upstream its answer. One that is held waits until what this returns is dropped.
    fn answer(&self, step: &Step, is_held: bool) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel();
        let answer = answer(&step.upstream);
        if is_held {
            let held = Mutex::new(held);
            self.upstream.set_handler(move |_| {
                // Nothing is ever sent, so this ends when the sender is dropped.
                let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = held.recv();
                answer.clone()
            });
        } else {
            self.upstream.set(answer);
        }
        release
    }

    fn client(&self, case: &Case, step: &Step) -> Client {
        let address = self.site.address(&Setup::of(case, step));
        match step.upstream.breaks {
            None => Client::http2(address),
            // The upstream speaks what the client does, and in HTTP/2 only a stream would end.
            Some(_) => Client::http1(address),
        }
    }

    /// What was seen of an exchange, but for what was counted.
    fn observe(&self, arrived: Option<Seen>, response: SeenResponse, line: &Value) -> Observed {
        let arrived = arrived.or_else(|| self.arrived(line));
        let details = line["details"]
            .as_str()
            .filter(|details| details.starts_with("treaty."))
            .map(str::to_owned);
        let told = line.as_object().into_iter().flatten();
        let facts = told
            .filter(|(name, _)| name.starts_with(FACTS))
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        Observed {
            upstream: arrived.map(seen),
            response,
            facts,
            metrics: Counters::new(),
            details,
        }
    }

    /// What arrived at the upstream. A head that was sent is waited for: its exchange may have ended
    /// before it was read, and the next one would take it for its own.
    fn arrived(&self, line: &Value) -> Option<Seen> {
        let take = || self.upstream.take_seen().into_iter().next();
        match line["sent"].as_u64().expect("a number of octets") {
            0 => take(),
            1.. => poll(ARRIVES_WITHIN, take),
        }
    }

    /// The counters as they stand; none where nothing is expected of them, because reading them all
    /// takes longer than the exchange itself.
    fn counters(&self, step: &Step) -> Counters {
        if step.expect.metrics.is_empty() {
            return Counters::new();
        }
        self.site.counters()
    }
}

type Counters = BTreeMap<String, u64>;

/// Adds what was counted of Treaty's metrics from one time to another.
fn add(counted: &mut Counters, before: &Counters, after: &Counters) {
    for (name, value) in after {
        let more = value.saturating_sub(before.get(name).copied().unwrap_or_default());
        if let (Some(name), 1..) = (name.strip_prefix(MODULE_STATS), more) {
            *counted.entry(name.to_owned()).or_default() += more;
        }
    }
}

fn is_complete(seen: &Seen) -> bool {
    seen.complete
}

fn no_answer(error: &SendError) -> Mismatch {
    Mismatch::new("request", "an answer", error.to_string())
}

fn seen_response(response: Response) -> SeenResponse {
    SeenResponse {
        status: response.status,
        headers: response.headers.0,
        body: response.body,
        trailers: response.trailers.0,
    }
}

impl Setup {
    fn of(case: &Case, step: &Step) -> Self {
        assert!(
            step.calls.is_empty(),
            "{} · {}: calls are answered natively only; say `only: native`",
            case.file.display(),
            case.name
        );
        let properties = step
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

fn request(case: &Case, step: &Step) -> Request {
    let given = &step.request;
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
        let part = given.chunks.map_or(usize::MAX, usize::from);
        answer.body = body.0.chunks(part).map(<[u8]>::to_vec).collect();
    }
    if let Some(trailers) = &given.trailers {
        answer.trailers = Fields(trailers.0.clone());
    }
    answer.ending(match given.breaks {
        None => Ending::Finish,
        Some(Break::BeforeHead) => Ending::ResetBeforeHead,
        Some(Break::InBody) => Ending::Reset,
    })
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
