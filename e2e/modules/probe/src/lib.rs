//! A core for tests that needs a body, a call-out and a timer.
//!
//! It proves the contract that filters are written against: what it does with an exchange is said
//! by the request itself, in `x-probe`, as words with optional values: `hold=100, call`.
//!
//! | word | what it does |
//! | --- | --- |
//! | `hold[=cap]` | holds the request body (1,000 octets), refuses one with `bad`, turns `swap` into `exchange` |
//! | `tee` | counts the request body as it passes, told in the response |
//! | `call=path` | asks the policy's cluster before the request goes on, and tells its answer upstream |
//! | `grpc` | asks it over gRPC instead |
//! | `wake=ms` | lets the request wait for a timer |
//! | `late=ms` | refuses the request when the timer comes, in the name of `late` |
//! | `rhold[=cap]` | holds the response body, refuses and turns as above, and sets `:status` to 203 |
//! | `rcall=path` | asks the cluster before the response's last octets go on |
//! | `trailer` | adds a trailer to the response |
//! | `after=path` | asks the cluster once the exchange is over |
//! | `create=name` | writes a shared value if there is none, and tells upstream what came of it |
//! | `add=name` | adds one to a shared value by compare-and-swap, and tells the sum upstream |
//! | `stale=name` | writes a shared value, then once more with the number from before |
//! | `random` | tells random bits upstream |
//! | `kept` | tells upstream what the upkeep has done |
//! | `replay=status` | answers as a filter does that gives an upstream's answer once more |

mod kept;
mod shared;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use deserr::Deserr;
use kit::body::{Access, Body, BodyNeed, Size};
use kit::call::{Call, CallId, CallRequest, CallResult, GrpcCall, HttpCall};
use kit::exchange::Exchange;
use kit::fact::Fact;
use kit::filter::{Core, End, Filter, Flow, Form, Upkeep};
use kit::metric::{Metric, MetricKind};
use kit::policy::{Document, Findings};
use kit::reply::{REPLAY, Reply};

use kept::{Keeper, Kept};

/// The probe.
pub struct Probe;

/// What the probe needs to know beside the request, and what its upkeep tells its cores.
pub struct Policy {
    settings: Settings,
    kept: RefCell<Kept>,
}

#[derive(Debug, Deserr)]
#[deserr(error = Findings, rename_all = camelCase, deny_unknown_fields)]
struct Settings {
    #[deserr(rename = "version")]
    _version: u8,
    #[deserr(default, rename = "revision")]
    _revision: Option<String>,
    /// Whether bodies hold their head back.
    #[deserr(default)]
    held: bool,
    /// The cluster that calls go to.
    #[deserr(default)]
    cluster: String,
    /// The period of the upkeep, in milliseconds; 0 for none.
    #[deserr(default)]
    upkeep: u32,
}

/// How often each thing happened.
pub const EVENTS: Metric = Metric::new("treaty_probe_events", MetricKind::Counter, &["event"]);

/// What the probe saw last.
pub const SEEN: Fact = Fact::new("treaty.probe_seen", "probe", 64);

const CALL: CallId = CallId(1);
const RESPONSE_CALL: CallId = CallId(2);
const AFTER: CallId = CallId(3);

impl Filter for Probe {
    const NAME: &'static str = "probe";
    type Policy = Policy;

    fn load(document: &Document) -> Result<Policy, Findings> {
        Ok(Policy {
            settings: document.read()?,
            kept: RefCell::default(),
        })
    }

    fn form(policy: &Policy) -> Option<Form> {
        Some(if policy.settings.held {
            Form::Held
        } else {
            Form::Streamed
        })
    }

    fn start(policy: &Rc<Policy>) -> Box<dyn Core> {
        Box::new(ProbeCore {
            policy: Rc::clone(policy),
            words: Vec::new(),
            teed: 0,
        })
    }

    fn upkeep(policy: &Rc<Policy>) -> Option<Box<dyn Upkeep>> {
        (policy.settings.upkeep > 0).then(|| Box::new(Keeper(Rc::clone(policy))) as Box<_>)
    }
}

struct ProbeCore {
    policy: Rc<Policy>,
    words: Vec<(String, String)>,
    teed: usize,
}

impl ProbeCore {
    fn word(&self, name: &str) -> Option<&str> {
        self.words
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str, default: u64) -> Option<u64> {
        self.word(name)
            .map(|value| value.parse().unwrap_or(default))
    }

    fn hold(&self, name: &str) -> Option<BodyNeed> {
        let cap = self.number(name, 1000)?;
        Some(BodyNeed {
            access: Access::Hold {
                cap: usize::try_from(cap).unwrap_or(usize::MAX),
            },
            replaces: true,
        })
    }

    fn http_call(&self, id: CallId, path: &str, outlives: bool) -> Call {
        Call {
            outlives,
            ..http_call(id, &self.policy.settings.cluster, path)
        }
    }

    /// What the words that need no wait have to tell upstream.
    fn told(&self, x: &mut Exchange<'_>) -> Option<(&'static str, String)> {
        if let Some(name) = self.word("create") {
            return Some(("x-probe-shared", shared::create(name, x)));
        }
        if let Some(name) = self.word("add") {
            return Some(("x-probe-shared", shared::add(name, x)));
        }
        if let Some(name) = self.word("stale") {
            return Some(("x-probe-shared", shared::stale(name, x)));
        }
        if self.word("random").is_some() {
            return Some(("x-probe-random", format!("{:016x}", x.random())));
        }
        self.word("kept")?;
        Some(("x-probe-kept", self.policy.kept.borrow().to_string()))
    }

    fn grpc_call(&self) -> Call {
        Call {
            id: CALL,
            request: CallRequest::Grpc(GrpcCall {
                cluster: self.policy.settings.cluster.clone(),
                authority: "helper.test".into(),
                service: "probe.Helper".into(),
                method: "Ask".into(),
                metadata: vec![("x-asked-by".into(), b"probe".to_vec())],
                message: b"asked".to_vec(),
            }),
            timeout: Duration::from_millis(300),
            outlives: false,
        }
    }
}

impl Core for ProbeCore {
    fn request_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        let Some(words) = x.headers().text("x-probe") else {
            return Flow::Continue;
        };
        self.words = words
            .split(',')
            .map(|word| word.trim().split_once('=').unwrap_or((word.trim(), "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        x.count(&EVENTS, &["request"]);
        let told = self.told(x);
        if let Some(headers) = x.headers_mut() {
            headers.set("x-probe-seen", "request");
            if let Some((name, value)) = told {
                headers.set(name, value);
            }
        }
        if let Some(status) = self.number("replay", 200) {
            return replay(status);
        }
        if let Some(need) = self.hold("hold") {
            x.need_body(need);
        } else if self.word("tee").is_some() {
            x.need_body(BodyNeed {
                access: Access::Tee,
                replaces: false,
            });
        }
        if let Some(path) = self.word("call") {
            x.call(self.http_call(CALL, path, false));
            return Flow::Wait;
        }
        if self.word("grpc").is_some() {
            x.call(self.grpc_call());
            return Flow::Wait;
        }
        if let Some(millis) = self.number("wake", 0).or(self.number("late", 0)) {
            x.wake_after(Duration::from_millis(millis));
            return Flow::Wait;
        }
        Flow::Continue
    }

    fn request_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        if self.word("tee").is_some() {
            self.teed += body.bytes().len();
            return Flow::Continue;
        }
        judge(body, x)
    }

    fn request_trailers(&mut self, x: &mut Exchange<'_>) -> Flow {
        if let (true, Some(trailers)) = (self.word("tee").is_some(), x.trailers_mut()) {
            trailers.set("x-probe-trailer", "seen");
        }
        Flow::Continue
    }

    fn response_head(&mut self, x: &mut Exchange<'_>) -> Flow {
        if self.words.is_empty() {
            return Flow::Continue;
        }
        x.tell(&SEEN, &format!("{} octets", self.teed));
        if let Some(headers) = x.headers_mut() {
            headers.set("x-probe-teed", self.teed.to_string());
            headers.remove("x-probe-unwanted");
        }
        if let Some(need) = self.hold("rhold") {
            x.need_body(need);
        } else if self.word("rcall").is_some() || self.word("trailer").is_some() {
            x.need_body(BodyNeed {
                access: Access::Tee,
                replaces: false,
            });
        }
        Flow::Continue
    }

    fn response_body(&mut self, body: &mut Body, x: &mut Exchange<'_>) -> Flow {
        if self.word("rhold").is_some() {
            if let (Size::Last, Some(headers)) = (body.size(), x.headers_mut()) {
                headers.set(":status", "203");
            }
            return judge(body, x);
        }
        if body.size() != Size::Last {
            return Flow::Continue;
        }
        if let (true, Some(trailers)) = (self.word("trailer").is_some(), x.trailers_mut()) {
            trailers.set("x-probe-trailer", "added");
        }
        if let Some(path) = self.word("rcall") {
            x.call(self.http_call(RESPONSE_CALL, path, false));
            return Flow::Wait;
        }
        Flow::Continue
    }

    fn call_result(&mut self, id: CallId, result: CallResult, x: &mut Exchange<'_>) -> Flow {
        let told = match &result {
            CallResult::Http { status, body, .. } => {
                format!("{status} {}", String::from_utf8_lossy(body))
            }
            CallResult::Grpc(Ok(message)) => format!("ok {}", String::from_utf8_lossy(message)),
            CallResult::Grpc(Err(failure)) => format!("grpc {} {}", failure.code, failure.message),
            CallResult::Failed(failure) => format!("{failure:?}"),
        };
        if id == AFTER {
            x.count(&EVENTS, &["after"]);
            return Flow::Continue;
        }
        if told.contains("refuse") {
            return refuse("asked", 403);
        }
        if let Some(headers) = x.headers_mut() {
            headers.set("x-probe-call", told);
        }
        Flow::Continue
    }

    fn timer(&mut self, x: &mut Exchange<'_>) -> Flow {
        x.count(&EVENTS, &["timer"]);
        if self.word("late").is_some() {
            return refuse("late", 504);
        }
        Flow::Continue
    }

    fn end(&mut self, end: End, x: &mut Exchange<'_>) {
        if self.words.is_empty() {
            return;
        }
        x.count(
            &EVENTS,
            &[match end {
                End::Complete => "complete",
                End::Aborted => "aborted",
            }],
        );
        if let Some(path) = self.word("after") {
            x.call(self.http_call(AFTER, path, true));
        }
    }
}

fn judge(body: &mut Body, x: &mut Exchange<'_>) -> Flow {
    if body.size() == Size::NotHeld {
        x.tell(&SEEN, "not held");
        if let Some(headers) = x.headers_mut() {
            headers.set("x-probe-body", "not held");
        }
        return Flow::Continue;
    }
    let text = String::from_utf8_lossy(body.bytes()).into_owned();
    if text.contains("bad") {
        return refuse("bad_body", 400);
    }
    if text.contains("swap") {
        body.replace(text.replace("swap", "exchange").into_bytes());
    }
    Flow::Continue
}

fn http_call(id: CallId, cluster: &str, path: &str) -> Call {
    Call {
        id,
        request: CallRequest::Http(HttpCall {
            cluster: cluster.to_owned(),
            method: "POST".into(),
            path: path.to_owned(),
            authority: "helper.test".into(),
            headers: vec![("x-asked-by".into(), "probe".into())],
            body: b"asked".to_vec(),
        }),
        timeout: Duration::from_millis(300),
        outlives: false,
    }
}

/// An answer of an upstream, once more.
fn replay(status: u64) -> Flow {
    Flow::Reply(Box::new(Reply {
        status: u16::try_from(status).unwrap_or(200),
        headers: vec![
            ("content-type".into(), b"text/plain".to_vec()),
            ("x-service".into(), b"orders".to_vec()),
        ],
        body: b"panic: no order\n\ngoroutine 1 [running]:\n".to_vec(),
        grpc: None,
        details: REPLAY.into(),
    }))
}

fn refuse(reason: &str, status: u16) -> Flow {
    Flow::Reply(Box::new(Reply {
        status,
        headers: vec![("x-probe-refused".into(), reason.as_bytes().to_vec())],
        body: format!("refused: {reason}\n").into_bytes(),
        grpc: None,
        details: format!("treaty.probe.{reason}"),
    }))
}

#[cfg(feature = "module")]
shell::export_filter!(Probe);

#[cfg(feature = "bundle")]
shell::export_bundle!(
    telemetry_tagging::TelemetryTagging,
    error_translation::ErrorTranslation,
    version_negotiation::VersionNegotiation,
    contract_validation::ContractValidation,
    idempotency_keys::IdempotencyKeys,
    Probe
);
