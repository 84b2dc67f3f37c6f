//! A proxy in memory, for fuzz targets: one exchange at a time, and everything that was seen of it.
//! `side_by_side` has several at a time.

pub mod side_by_side;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallFailure};
use kit::fact::Fact;
use kit::filter::{Core, Form};
use kit::headers::{Edit, Headers, Span};
use kit::metric::Metric;
use kit::pipeline::{Action, Direction, HeaderMap, Host, Part, Pipeline};
use kit::protocol::{Client, Protocol};
use kit::reply::Reply;
use kit::shared::{SharedValue, SharedWrite};

/// Header fields in order. Names are octets too: a proxy may hand anything over.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A message as it arrives.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// The head, with pseudo-headers.
    pub head: Fields,
    /// The parts of the body; `None` where the message has none at all.
    pub body: Option<Vec<Chunk>>,
    /// The trailers.
    pub trailers: Option<Fields>,
}

/// A part of a body.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    /// The octets.
    pub octets: Vec<u8>,
    /// Whether a timer that somebody waits for fires before this part comes.
    pub late: bool,
}

/// What became of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The head, once it went on.
    pub head: Option<Fields>,
    /// The octets that went on.
    pub body: Vec<u8>,
    /// The trailers that went on.
    pub trailers: Fields,
    /// The answer that ended its way.
    pub reply: Option<Reply>,
}

/// What became of an exchange.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the upstream saw.
    pub request: Passed,
    /// What the client saw; `None` where the request was refused.
    pub response: Option<Passed>,
    /// What was told.
    pub facts: BTreeMap<String, String>,
    /// What was counted.
    pub counts: BTreeMap<String, i64>,
}

/// Properties that are there once the response has come, by their path joined with dots.
pub type Properties = HashMap<&'static str, Vec<u8>>;

/// Runs one exchange.
pub fn exchange(
    cores: impl IntoIterator<Item = Box<dyn Core>>,
    form: Form,
    request: Message,
    response: Message,
) -> Outcome {
    exchange_with(Properties::new(), cores, form, request, response)
}

/// Runs one exchange about which the proxy knows these properties.
pub fn exchange_with(
    properties: Properties,
    cores: impl IntoIterator<Item = Box<dyn Core>>,
    form: Form,
    request: Message,
    response: Message,
) -> Outcome {
    let mut exchange = Exchange {
        pipeline: Pipeline::new(cores, form),
        memory: Memory::default(),
        form,
    };
    let request = exchange.pass(Direction::Request, request);
    exchange.memory.properties = properties;
    let response = request
        .reply
        .is_none()
        .then(|| exchange.pass(Direction::Response, response));
    exchange.pipeline.end(&mut exchange.memory);
    Outcome {
        request,
        response,
        facts: exchange.memory.facts,
        counts: exchange.memory.counts,
    }
}

/// A request that is its head alone, and an upstream that answers it with 200.
pub fn ask(core: Box<dyn Core>, head: &Fields) -> Outcome {
    let message = |head: Fields| Message {
        head,
        ..Message::default()
    };
    let answer = fields(&[(":status", "200"), ("content-type", "application/json")]);
    exchange(
        [core],
        Form::Streamed,
        message(head.clone()),
        message(answer),
    )
}

/// Header fields from text.
pub fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// The first value of a field.
pub fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(own, _)| own == name.as_bytes())
        .map(|(_, value)| value.as_slice())
}

/// Applies edits as the weakest proxy would: a replacement touches only the first of several values.
pub fn apply(fields: &mut Fields, edits: Vec<Edit>) {
    for edit in edits {
        match edit {
            Edit::Remove(name) => fields.retain(|(own, _)| own != name.as_bytes()),
            Edit::Add(name, value) => fields.push((name.as_bytes().to_vec(), value)),
            Edit::Replace(name, value) => {
                match fields.iter_mut().find(|(own, _)| own == name.as_bytes()) {
                    Some((_, old)) => *old = value,
                    None => fields.push((name.as_bytes().to_vec(), value)),
                }
            }
        }
    }
}

/// A header map as a proxy hands it over.
pub fn headers(fields: &Fields) -> Headers {
    let mut wire = Vec::new();
    let mut spans = Vec::new();
    for (name, value) in fields {
        let start = wire.len();
        wire.extend_from_slice(name);
        let middle = wire.len();
        wire.extend_from_slice(value);
        spans.push(Span {
            name: start..middle,
            value: middle..wire.len(),
        });
    }
    Headers::from_wire(wire, spans)
}

/// Panics where an answer does not have the status that the client's protocol demands.
pub fn check_reply(reply: &Reply, request: &Fields) {
    let status = reply.status;
    match Client::of(&headers(request)).protocol {
        Protocol::Http | Protocol::ConnectUnary => {
            assert!((400..=599).contains(&status), "status {status}");
        }
        Protocol::Grpc | Protocol::GrpcWeb { .. } | Protocol::ConnectStream => {
            assert_eq!(status, 200);
        }
    }
    assert!(reply.details.starts_with("treaty."), "{}", reply.details);
}

struct Exchange {
    pipeline: Pipeline,
    memory: Memory,
    form: Form,
}

impl Exchange {
    fn pass(&mut self, direction: Direction, message: Message) -> Passed {
        let mut passed = Passed::default();
        let is_all = message.body.is_none() && message.trailers.is_none();
        self.memory
            .maps
            .insert(map(direction, Part::Head), message.head);
        let action = self.pipeline.head(direction, is_all, &mut self.memory);
        let mut waits = self.go_on(direction, action, &mut passed);

        let has_trailers = message.trailers.is_some();
        let mut parts: VecDeque<Chunk> = message.body.unwrap_or_default().into();
        while let Some(part) = parts.pop_front() {
            // A head that is kept in the streamed form stops everything behind it.
            while passed.reply.is_none()
                && (part.late || self.form == Form::Streamed && passed.head.is_none())
            {
                if !self.fire(direction, &mut passed, &mut waits) {
                    break;
                }
            }
            if passed.reply.is_some() {
                return passed;
            }
            let kept = self.memory.bodies.entry(direction).or_default();
            kept.extend(part.octets);
            let len = kept.len();
            let last = parts.is_empty() && !has_trailers;
            let action = self.pipeline.body(direction, len, last, &mut self.memory);
            waits = self.go_on(direction, action, &mut passed);
        }
        if let Some(trailers) = message.trailers {
            while self.form == Form::Streamed
                && passed.head.is_none()
                && passed.reply.is_none()
                && self.fire(direction, &mut passed, &mut waits)
            {}
            if passed.reply.is_some() {
                return passed;
            }
            self.memory
                .maps
                .insert(map(direction, Part::Trailers), trailers);
            let action = self.pipeline.trailers(direction, &mut self.memory);
            waits = self.go_on(direction, action, &mut passed);
        }
        while waits && passed.reply.is_none() {
            let fired = self.fire(direction, &mut passed, &mut waits);
            assert!(fired, "a message that nothing would ever let go on");
        }
        if passed.reply.is_none() {
            let trailers = self.memory.maps.remove(&map(direction, Part::Trailers));
            passed.trailers = trailers.unwrap_or_default();
        }
        passed
    }

    /// Fires the next timer; false where there is none.
    fn fire(&mut self, direction: Direction, passed: &mut Passed, waits: &mut bool) -> bool {
        let Some(slot) = self.memory.timers.pop_first() else {
            return false;
        };
        self.pipeline.timer(slot, &mut self.memory);
        let resumed = self.memory.resumed.take() == Some(direction);
        let action = if resumed {
            Action::Continue
        } else {
            Action::Pause
        };
        if resumed || self.memory.reply.is_some() {
            *waits = self.go_on(direction, action, passed);
        }
        true
    }

    /// Does with what has arrived what the pipeline says, and tells whether it is kept.
    fn go_on(&mut self, direction: Direction, action: Action, passed: &mut Passed) -> bool {
        if let Some(reply) = self.memory.reply.take() {
            passed.reply = Some(reply);
            return true;
        }
        if action == Action::Pause {
            return true;
        }
        if passed.head.is_none() {
            passed.head = self.memory.maps.get(&map(direction, Part::Head)).cloned();
        }
        let kept = self.memory.bodies.remove(&direction);
        passed.body.extend(kept.unwrap_or_default());
        false
    }
}

/// What the pipeline reads, and what it has asked for.
#[derive(Default)]
struct Memory {
    maps: HashMap<HeaderMap, Fields>,
    bodies: HashMap<Direction, Vec<u8>>,
    facts: BTreeMap<String, String>,
    counts: BTreeMap<String, i64>,
    timers: BTreeSet<usize>,
    resumed: Option<Direction>,
    reply: Option<Reply>,
    properties: Properties,
}

impl Host for Memory {
    fn headers(&self, map: HeaderMap) -> Headers {
        self.maps.get(&map).map(headers).unwrap_or_default()
    }

    fn body(&self, direction: Direction) -> Vec<u8> {
        self.bodies.get(&direction).cloned().unwrap_or_default()
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000)
    }

    fn random(&self) -> u64 {
        7
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let known = self.properties.get(path.join(".").as_str());
        let node = || (path == ["node", "id"]).then(|| b"sidecar~1".to_vec());
        known.cloned().or_else(node)
    }

    fn read_shared(&self, _: &str) -> SharedValue {
        SharedValue::default()
    }

    fn write_shared(&mut self, _: &str, _: &[u8], _: Option<u32>) -> SharedWrite {
        SharedWrite::Refused
    }

    fn edit(&mut self, map: HeaderMap, edits: Vec<Edit>) {
        apply(self.maps.entry(map).or_default(), edits);
    }

    fn replace_body(&mut self, direction: Direction, body: &[u8]) {
        self.bodies.insert(direction, body.to_vec());
    }

    fn reply(&mut self, reply: &Reply) {
        self.reply = Some(reply.clone());
    }

    fn resume(&mut self, direction: Direction) {
        self.resumed = Some(direction);
    }

    fn call(&mut self, _: usize, _: Call) -> Result<(), CallFailure> {
        Err(CallFailure::NotSent)
    }

    fn wake_after(&mut self, slot: usize, _: Duration) {
        self.timers.insert(slot);
    }

    fn tell(&mut self, fact: &Fact, value: &str) {
        self.facts.insert(fact.name.to_string(), value.to_owned());
    }

    fn log(&mut self, _: &str) {}

    fn record(&mut self, metric: &Metric, labels: &[&str], amount: i64) {
        let mut name = String::new();
        metric.write_name(labels, &mut name);
        *self.counts.entry(name).or_default() += amount;
    }
}

fn map(direction: Direction, part: Part) -> HeaderMap {
    HeaderMap { direction, part }
}
