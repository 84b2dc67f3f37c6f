//! Several requests under few keys, interleaved in any order with answers, departures, failures of the
//! upstream and of the store, and the clock: no key has two runs unless the first one surely did
//! nothing or its time is over, a replay is the answer of a run of the same request, and nothing that
//! the filter says has the key in it.

#![no_main]

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use idempotency_keys::{IdempotencyKeys, Policy};
use kit::filter::{Filter, Form};
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use treaty_fuzz::side_by_side::{Answer, Proxy, Write};
use treaty_fuzz::{Chunk, Message, fields};

/// What happens: two octets of policy, three for each request, a number of writes and one octet for
/// each, and one for each event.
struct Input {
    policy: PolicyInput,
    requests: [RequestInput; REQUESTS],
    writes: Vec<Write>,
    events: Vec<Event>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PolicyInput {
    held: bool,
    report: bool,
    waits: bool,
    reexecutes: bool,
    is_open: bool,
    is_short: bool,
    keeps_no_body: bool,
    small_answers: bool,
    releases: bool,
}

#[derive(Debug, Clone, Copy)]
struct RequestInput {
    key: bool,
    content: bool,
    has_body: bool,
    cut: u8,
    answer: AnswerInput,
}

#[derive(Debug, Clone, Copy)]
enum AnswerInput {
    Upstream {
        status: u16,
        cut: u8,
        announces: bool,
        has_trailers: bool,
    },
    /// The proxy answers for an upstream that may have seen the request.
    AfterSend(u8),
    /// The proxy answers for one that has not.
    NeverSent,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Request(usize),
    Response(usize),
    Timer(usize),
    Leave(usize),
    Pass(Duration),
}

const REQUESTS: usize = 3;
const KEYS: [&str; 2] = ["key-0123456789abcdef", "key-fedcba9876543210"];
const CONTENTS: [&str; 2] = [r#"{"amount": 10, "to": "a"}"#, r#"{"amount": 11}"#];
const STATUSES: [u16; 8] = [200, 201, 204, 303, 404, 429, 500, 503];
const CLAIM_TTL: Duration = Duration::from_secs(20);

/// How far the clock goes in one event, in seconds.
const STEPS: [u64; 8] = [1, 5, 10, 19, 21, 40, 61, 3600];

/// The most writes that fare otherwise: a store that others are quicker in 65 times in a row gives up.
const WRITES: usize = 48;

/// The most events.
const EVENTS: usize = 64;

thread_local! {
    static POLICIES: RefCell<HashMap<PolicyInput, Rc<Policy>>> = RefCell::default();
}

/// A request in its exchange, and what has become of it.
struct Request<'a> {
    input: &'a RequestInput,
    place: usize,
    /// When its head came.
    came: Option<SystemTime>,
    /// When the upstream began to run it.
    ran: Option<SystemTime>,
    /// Whether its client had the head of the answer.
    has_head: bool,
    /// When its client had the whole answer.
    answered: Option<SystemTime>,
}

impl Input {
    fn read(octets: &[u8]) -> Option<Self> {
        let (policy, rest) = octets.split_first_chunk::<2>()?;
        let (requests, rest) = rest.split_first_chunk::<{ 3 * REQUESTS }>()?;
        let (writes, rest) = rest.split_first()?;
        let (writes, events) = rest.split_at(usize::from(*writes).min(rest.len()).min(WRITES));
        let request = |place: usize| {
            let [what, how, cut] = [0, 1, 2].map(|octet| requests[3 * place + octet]);
            RequestInput::read(what, how, cut)
        };
        let write = |octet: &u8| match octet % 4 {
            0 | 1 => Write::Done,
            2 => Write::Late,
            _ => Write::Refused,
        };
        Some(Self {
            policy: PolicyInput::read(u16::from_le_bytes(*policy)),
            requests: [0, 1, 2].map(request),
            writes: writes.iter().map(write).collect(),
            events: events
                .iter()
                .flat_map(|octet| Event::read(*octet))
                .take(EVENTS)
                .collect(),
        })
    }
}

impl RequestInput {
    fn read(what: u8, how: u8, cut: u8) -> Self {
        let has = |octet: u8, bit: u8| octet >> bit & 1 != 0;
        let upstream = AnswerInput::Upstream {
            status: STATUSES[usize::from(how % 8)],
            cut,
            announces: has(how, 5),
            has_trailers: has(how, 6),
        };
        Self {
            key: has(what, 0),
            content: has(what, 1),
            has_body: has(what, 2),
            cut: what >> 3,
            answer: match how >> 3 & 3 {
                0 | 1 => upstream,
                2 => AnswerInput::AfterSend(how),
                _ => AnswerInput::NeverSent,
            },
        }
    }
}

impl Event {
    /// One event, or the same several times.
    fn read(octet: u8) -> impl Iterator<Item = Self> {
        let place = usize::from(octet & 3) % REQUESTS;
        let number = usize::from(octet >> 5);
        let (event, count) = match octet >> 2 & 7 {
            0..=2 => (Self::Request(place), number + 1),
            3 | 4 => (Self::Response(place), number + 1),
            5 => (Self::Timer(place), number + 1),
            6 => (Self::Leave(place), 1),
            _ => (Self::Pass(Duration::from_secs(STEPS[number])), 1),
        };
        std::iter::repeat_n(event, count)
    }
}

impl Request<'_> {
    /// How long ago its head came.
    fn age(&self, now: SystemTime) -> Duration {
        let came = self.came.unwrap_or(now);
        now.duration_since(came).expect("time goes on")
    }
}

impl PolicyInput {
    fn read(bits: u16) -> Self {
        let has = |bit: u16| bits >> bit & 1 != 0;
        Self {
            held: has(0),
            report: bits & 0b1110 == 0b1110,
            waits: has(1),
            reexecutes: has(2),
            is_open: has(3),
            is_short: has(4),
            keeps_no_body: has(5),
            small_answers: has(6),
            releases: has(7),
        }
    }

    fn document(self) -> Value {
        let mut settings = json!({
            "scope": { "shared": true },
            "claimTtl": "20s",
            "retention": format!("{}s", self.retention().as_secs()),
            "onClaimExpired": if self.reexecutes { "reexecute" } else { "unknown" },
            "storeTrouble": if self.is_open { "open" } else { "closed" },
            "storeBody": !self.keeps_no_body,
            "fingerprint": { "content": if self.held { "octets" } else { "ignored" } },
        });
        if self.waits {
            settings["inFlight"] = json!({ "do": "wait", "limit": "5s", "every": "100ms" });
        }
        if self.small_answers {
            settings["maxAnswer"] = json!("100B");
        }
        if self.releases {
            settings["keep"] =
                json!({ "serverError": "release", "statuses": { "429": "release" } });
        }
        json!({
            "version": 1,
            "mode": if self.report { "report" } else { "enforce" },
            "form": if self.held { "held" } else { "streamed" },
            "defaults": settings,
            "rules": [{ "name": "all" }],
        })
    }

    fn load(self) -> Rc<Policy> {
        let load = || {
            let document = self.document();
            let policy = IdempotencyKeys::load(&Document::from_value(document.clone()));
            Rc::new(policy.unwrap_or_else(|findings| panic!("{document}: {findings:?}")))
        };
        POLICIES.with_borrow_mut(|known| Rc::clone(known.entry(self).or_insert_with(load)))
    }

    fn retention(self) -> Duration {
        Duration::from_secs(if self.is_short { 60 } else { 86_400 })
    }

    /// Whether an answer with this status frees its key.
    fn releases(self, status: u16) -> bool {
        self.releases && (status == 429 || status >= 500)
    }

    /// Whether duplicates get an answer with this status again.
    fn keeps(self, status: u16) -> bool {
        status < 500 && !self.releases(status)
    }
}

impl RequestInput {
    fn key(&self) -> &'static str {
        KEYS[usize::from(self.key)]
    }

    fn content(&self) -> &'static str {
        if self.has_body {
            CONTENTS[usize::from(self.content)]
        } else {
            ""
        }
    }

    fn message(&self) -> Message {
        let head = [
            (":method", "POST"),
            (":authority", "pay.example.com"),
            (":path", "/v1/charges"),
            ("idempotency-key", self.key()),
            ("content-type", "application/json"),
        ];
        Message {
            head: fields(&head),
            body: self
                .has_body
                .then(|| cut(self.content().as_bytes(), self.cut)),
            trailers: None,
        }
    }
}

impl AnswerInput {
    /// Whether the upstream may have carried the request out.
    fn is_run(self) -> bool {
        !matches!(self, Self::NeverSent)
    }

    fn status(self) -> u16 {
        match self {
            Self::Upstream { status, .. } => status,
            Self::AfterSend(_) => 504,
            Self::NeverSent => 503,
        }
    }

    /// The content, which tells whose answer it is.
    fn content(self, place: usize) -> Vec<u8> {
        match self {
            Self::Upstream { .. } if self.status() == 204 => Vec::new(),
            _ => format!(
                "answer of {place}, which has some length: {}",
                "x".repeat(place)
            )
            .into(),
        }
    }

    fn answer(self, place: usize) -> Answer {
        let content = self.content(place);
        let mut head = fields(&[(":status", &self.status().to_string()), ("etag", "\"7\"")]);
        let properties = match self {
            Self::Upstream { .. } => [("response.code_details", b"via_upstream".to_vec())].into(),
            Self::AfterSend(how) => match how % 3 {
                // A time-out after the request had gone.
                0 => local("response_timeout", 1 << 2, 1),
                // No connection in the last of two attempts.
                1 => local(
                    "upstream_reset_before_response_started{connection_failure}",
                    1 << 5,
                    2,
                ),
                // A connection that was lost.
                _ => local(
                    "upstream_reset_before_response_started{connection_termination}",
                    1 << 6,
                    1,
                ),
            },
            Self::NeverSent => local(
                "upstream_reset_before_response_started{connection_failure}",
                1 << 5,
                1,
            ),
        };
        let (mut body, mut trailers) = (Some(cut(&content, 0)), None);
        if let Self::Upstream {
            cut: length,
            announces,
            has_trailers,
            ..
        } = self
        {
            body = Some(cut(&content, length));
            trailers = has_trailers.then(|| fields(&[("x-checksum", "1")]));
            if announces {
                let length = content.len().to_string().into_bytes();
                head.push((b"content-length".to_vec(), length));
            } else if has_trailers {
                head.push((b"trailer".to_vec(), b"x-checksum".to_vec()));
            }
        }
        if content.is_empty() {
            (body, trailers) = (None, None);
        }
        Answer {
            message: Message {
                head,
                body,
                trailers,
            },
            properties,
        }
    }
}

/// What the proxy says of an answer that it made itself.
fn local(details: &str, flags: u64, attempts: u64) -> HashMap<&'static str, Vec<u8>> {
    [
        ("response.code_details", details.as_bytes().to_vec()),
        ("response.flags", flags.to_le_bytes().to_vec()),
        (
            "upstream.request_attempt_count",
            attempts.to_le_bytes().to_vec(),
        ),
    ]
    .into()
}

/// A body in two parts, the first of which may be empty.
fn cut(body: &[u8], length: u8) -> Vec<Chunk> {
    let (one, other) = body.split_at(usize::from(length).min(body.len()));
    let chunk = |part: &[u8]| Chunk {
        octets: part.to_vec(),
        late: false,
    };
    vec![chunk(one), chunk(other)]
}

/// All that happens, and what may not.
struct World<'a> {
    policy: PolicyInput,
    loaded: Rc<Policy>,
    /// Whether a store in trouble has let requests pass.
    has_promise: bool,
    /// Whether the store did all that it was asked.
    is_healthy: bool,
    proxy: Proxy,
    requests: Vec<Request<'a>>,
}

impl<'a> World<'a> {
    fn new(input: &'a Input) -> Self {
        let is_healthy = !input.writes.contains(&Write::Refused);
        Self {
            policy: input.policy,
            loaded: input.policy.load(),
            has_promise: !input.policy.report && (is_healthy || !input.policy.is_open),
            is_healthy,
            proxy: Proxy::new(input.writes.clone()),
            requests: Vec::new(),
        }
    }

    fn open(&mut self, input: &'a RequestInput) {
        let place = self.requests.len();
        let form = if self.policy.held {
            Form::Held
        } else {
            Form::Streamed
        };
        let core = IdempotencyKeys::start(&self.loaded);
        let answer = input.answer.answer(place);
        let place = self.proxy.open(core, form, input.message(), answer);
        self.requests.push(Request {
            input,
            place,
            came: None,
            ran: None,
            has_head: false,
            answered: None,
        });
    }

    fn carry_out(&mut self, event: Event) {
        match event {
            Event::Request(place) => {
                self.ask(place);
            }
            Event::Response(place) => {
                self.proxy.answer(place);
            }
            Event::Timer(place) => {
                self.proxy.fire(place);
            }
            Event::Leave(place) => self.proxy.leave(place),
            Event::Pass(time) => self.proxy.pass(time),
        }
        self.look();
    }

    fn ask(&mut self, place: usize) -> bool {
        let now = self.proxy.now();
        let has_come = self.proxy.ask(place);
        if has_come {
            self.requests[place].came.get_or_insert(now);
        }
        has_come
    }

    /// Lets everything come to its end.
    fn settle(&mut self) {
        for place in 0..self.requests.len() {
            // A turn brings a piece or fires a timer; neither is without an end.
            for _ in 0..400 {
                let moved = self.ask(place) || self.proxy.answer(place) || self.proxy.fire(place);
                self.look();
                if !moved {
                    break;
                }
            }
            assert!(self.proxy.is_over(place), "{place} never ends");
        }
    }

    /// Takes note of what has become of the requests, and sees that it may.
    fn look(&mut self) {
        let now = self.proxy.now();
        for place in 0..self.requests.len() {
            let (asked, answered) = self.proxy.passed(self.requests[place].place);
            assert_eq!(answered.reply, None, "an answer of the upstream stays");
            if asked.head.is_some() && self.requests[place].ran.is_none() {
                self.check_run(place, now);
                self.requests[place].ran = Some(now);
            }
            self.requests[place].has_head |= answered.head.is_some();
            if self.requests[place].answered.is_none() && self.proxy.is_answered(place) {
                self.requests[place].answered = Some(now);
            }
            assert!(!self.proxy.is_stuck(place), "nothing lets {place} go on");
        }
    }

    /// The others under the key of a request, that ran.
    fn runs(&self, place: usize) -> impl Iterator<Item = &Request<'a>> {
        let key = self.requests[place].input.key();
        self.requests.iter().filter(move |other| {
            other.place != place
                && other.ran.is_some()
                && other.input.key() == key
                && other.input.answer.is_run()
        })
    }

    /// A request runs now, and no other that may have been carried out may stand beside it.
    fn check_run(&self, place: usize, now: SystemTime) {
        let request = &self.requests[place];
        if !self.has_promise || !request.input.answer.is_run() {
            return;
        }
        for other in self.runs(place) {
            let answer = &other.input.answer;
            let is_upstream = matches!(answer, AnswerInput::Upstream { .. });
            // The status alone frees the key, however the rest of the answer fares.
            let is_released =
                other.has_head && is_upstream && self.policy.releases(answer.status());
            let age = other.age(now);
            let ended_in_time = other
                .answered
                .is_some_and(|then| other.age(then) < CLAIM_TTL);
            let is_kept = is_upstream && self.policy.keeps(answer.status());
            let is_known = self.is_healthy && ended_in_time && is_kept;
            let is_expired = self.policy.reexecutes && age >= CLAIM_TTL && !is_known;
            assert!(
                is_released || is_expired || age >= self.policy.retention(),
                "{place} runs after {}, {age:?} later",
                other.place
            );
        }
    }

    fn check_outcomes(&self) {
        for request in &self.requests {
            let (asked, _) = self.proxy.passed(request.place);
            let Some(reply) = &asked.reply else {
                continue;
            };
            assert!(!self.policy.report, "a report refuses nothing");
            assert!(asked.head.is_none() && asked.body.is_empty(), "both ways");
            let says = |octets: &[u8]| {
                let key = request.input.key().as_bytes();
                octets.windows(key.len()).any(|own| own == key)
            };
            assert!(!says(&reply.body), "the key is told");
            assert!(!reply.headers.iter().any(|(_, value)| says(value)));
            if reply.is_replay() {
                self.check_replay(request, &reply.body, reply.status);
            }
        }
    }

    /// A replay is the whole answer of a run of the same request.
    fn check_replay(&self, request: &Request<'_>, body: &[u8], status: u16) {
        let is_source = |other: &Request<'_>| {
            let answer = &other.input.answer;
            let content = answer.content(other.place);
            let is_body = if self.policy.keeps_no_body {
                body.is_empty()
            } else {
                body == content
            };
            let is_same = !self.policy.held || other.input.content() == request.input.content();
            matches!(answer, AnswerInput::Upstream { .. })
                && self.policy.keeps(status)
                && answer.status() == status
                && is_body
                && is_same
        };
        assert!(self.runs(request.place).any(is_source), "a made-up answer");
    }

    /// The request, where whoever repeats it must get its answer again.
    fn repeated(&self, of: usize) -> Option<&'a RequestInput> {
        let request = &self.requests[of];
        let age = request.age(self.proxy.now());
        let answer = &request.input.answer;
        let is_kept = self.has_promise
            && self.is_healthy
            && !self.policy.reexecutes
            && !self.policy.small_answers
            && request.answered.is_some()
            && matches!(answer, AnswerInput::Upstream { .. })
            && self.policy.keeps(answer.status())
            && age < self.policy.retention();
        is_kept.then_some(request.input)
    }
}

fuzz_target!(|octets: &[u8]| {
    let Some(input) = Input::read(octets) else {
        return;
    };
    let mut world = World::new(&input);
    for request in &input.requests {
        world.open(request);
    }
    for event in &input.events {
        world.carry_out(*event);
    }
    world.settle();
    for first in 0..REQUESTS {
        if let Some(repeated) = world.repeated(first) {
            let place = world.requests.len();
            world.open(repeated);
            world.settle();
            let (asked, _) = world.proxy.passed(place);
            let reply = asked.reply.as_ref().expect("a duplicate does not run");
            assert!(reply.is_replay(), "{} is no replay", reply.details);
            let told = world.proxy.fact(place, "treaty.idempotency_outcome");
            assert_eq!(told, Some("replayed"));
        }
    }
    world.check_outcomes();
});
