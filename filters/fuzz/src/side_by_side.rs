//! A proxy in memory with several exchanges at a time, over one clock and one set of shared data.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallFailure};
use kit::fact::Fact;
use kit::filter::{Core, Form};
use kit::headers::{Edit, Headers};
use kit::metric::Metric;
use kit::pipeline::{Action, Direction, HeaderMap, Host, Part, Pipeline};
use kit::reply::Reply;
use kit::shared::{SharedData, SharedValue, SharedWrite};

use crate::{Fields, Message, Passed, apply, field, headers, map};

/// A proxy, and all that its exchanges share.
#[derive(Default)]
pub struct Proxy {
    exchanges: Vec<Exchange>,
    common: Common,
}

/// What exchanges share.
struct Common {
    shared: SharedData,
    now: SystemTime,
    /// The number that was drawn last: each is unlike every other.
    random: Cell<u64>,
    writes: VecDeque<Write>,
}

/// What becomes of a write to shared data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// It is carried out.
    Done,
    /// Another VM writes first.
    Late,
    /// The proxy refuses it.
    Refused,
}

/// Who ends an exchange, and how.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The message.
    pub message: Message,
    /// What the proxy knows of it, by paths joined with dots.
    pub properties: HashMap<&'static str, Vec<u8>>,
}

/// One exchange.
struct Exchange {
    pipeline: Pipeline,
    form: Form,
    request: Way,
    response: Way,
    memory: Memory,
    is_over: bool,
}

/// A message on its way.
struct Way {
    direction: Direction,
    coming: VecDeque<Piece>,
    passed: Passed,
    waits: bool,
    /// Whether all of it has come.
    is_whole: bool,
}

enum Piece {
    Head { fields: Fields, is_all: bool },
    Body { octets: Vec<u8>, is_last: bool },
    Trailers(Fields),
}

/// What one exchange has seen and asked for.
#[derive(Default)]
struct Memory {
    maps: HashMap<HeaderMap, Fields>,
    bodies: HashMap<Direction, Vec<u8>>,
    properties: HashMap<&'static str, Vec<u8>>,
    facts: BTreeMap<String, String>,
    timers: BTreeMap<usize, SystemTime>,
    resumed: Option<Direction>,
    reply: Option<Reply>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            shared: SharedData::default(),
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000),
            random: Cell::new(0),
            writes: VecDeque::new(),
        }
    }
}

impl Proxy {
    /// A proxy to whose shared data is written like this, and without any trouble from then on.
    pub fn new(writes: Vec<Write>) -> Self {
        Self {
            exchanges: Vec::new(),
            common: Common {
                writes: writes.into(),
                ..Common::default()
            },
        }
    }

    /// Opens an exchange, of which nothing has come yet.
    pub fn open(
        &mut self,
        core: Box<dyn Core>,
        form: Form,
        request: Message,
        answer: Answer,
    ) -> usize {
        self.exchanges.push(Exchange {
            pipeline: Pipeline::new([core], form),
            form,
            request: Way::new(Direction::Request, request),
            response: Way::new(Direction::Response, answer.message),
            memory: Memory {
                properties: answer.properties,
                ..Memory::default()
            },
            is_over: false,
        });
        self.exchanges.len() - 1
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        self.common.now
    }

    /// Lets time pass. Timers that are due wait for [`Proxy::fire`].
    pub fn pass(&mut self, time: Duration) {
        self.common.now += time;
    }

    /// Lets the next piece of the request come; false where there is none, or none can.
    pub fn ask(&mut self, place: usize) -> bool {
        let exchange = &mut self.exchanges[place];
        exchange.come(Direction::Request, &mut self.common)
    }

    /// Lets the next piece of the response come; false where there is none, or none can.
    pub fn answer(&mut self, place: usize) -> bool {
        let exchange = &mut self.exchanges[place];
        exchange.request.passed.head.is_some()
            && exchange.come(Direction::Response, &mut self.common)
    }

    /// Fires the next timer, when it is due; false where there is none.
    pub fn fire(&mut self, place: usize) -> bool {
        self.exchanges[place].fire(&mut self.common)
    }

    /// The client leaves, or the upstream breaks off.
    pub fn leave(&mut self, place: usize) {
        self.exchanges[place].end(&mut self.common);
    }

    /// Whether nothing comes any more.
    pub fn is_over(&self, place: usize) -> bool {
        self.exchanges[place].is_over
    }

    /// Whether something waits that no timer will let go on.
    pub fn is_stuck(&self, place: usize) -> bool {
        let exchange = &self.exchanges[place];
        let waits = exchange.request.waits_whole() || exchange.response.waits_whole();
        !exchange.is_over && waits && exchange.memory.timers.is_empty()
    }

    /// What the upstream has seen, and what the client of it.
    pub fn passed(&self, place: usize) -> (&Passed, &Passed) {
        let exchange = &self.exchanges[place];
        (&exchange.request.passed, &exchange.response.passed)
    }

    /// Whether the client has all of its answer.
    pub fn is_answered(&self, place: usize) -> bool {
        let response = &self.exchanges[place].response;
        response.is_whole && !response.waits && response.passed.head.is_some()
    }

    /// What was told of an exchange.
    pub fn fact(&self, place: usize, name: &str) -> Option<&str> {
        self.exchanges[place]
            .memory
            .facts
            .get(name)
            .map(String::as_str)
    }
}

impl Exchange {
    fn way(&mut self, direction: Direction) -> &mut Way {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    fn come(&mut self, direction: Direction, common: &mut Common) -> bool {
        let form = self.form;
        let way = self.way(direction);
        // A head that is kept in the streamed form stops everything behind it.
        let is_stopped = form == Form::Streamed && way.waits && way.passed.head.is_none();
        if self.is_over || is_stopped {
            return false;
        }
        let Some(piece) = self.way(direction).coming.pop_front() else {
            return false;
        };
        let way = self.way(direction);
        way.is_whole = way.coming.is_empty();
        let mut host = View {
            memory: &mut self.memory,
            common,
        };
        let action = match piece {
            Piece::Head { fields, is_all } => {
                host.memory.maps.insert(map(direction, Part::Head), fields);
                self.pipeline.head(direction, is_all, &mut host)
            }
            Piece::Body { octets, is_last } => {
                let kept = host.memory.bodies.entry(direction).or_default();
                kept.extend(octets);
                let len = kept.len();
                self.pipeline.body(direction, len, is_last, &mut host)
            }
            Piece::Trailers(fields) => {
                let trailers = map(direction, Part::Trailers);
                host.memory.maps.insert(trailers, fields);
                self.pipeline.trailers(direction, &mut host)
            }
        };
        self.go_on(direction, action, common);
        true
    }

    fn fire(&mut self, common: &mut Common) -> bool {
        let next = self.memory.timers.iter().min_by_key(|(_, due)| **due);
        let Some((slot, due)) = next.map(|(slot, due)| (*slot, *due)) else {
            return false;
        };
        self.memory.timers.remove(&slot);
        common.now = common.now.max(due);
        let mut host = View {
            memory: &mut self.memory,
            common,
        };
        self.pipeline.timer(slot, &mut host);
        match self.memory.resumed.take() {
            Some(direction) => self.go_on(direction, Action::Continue, common),
            None if self.memory.reply.is_some() => {
                self.go_on(Direction::Request, Action::Pause, common);
            }
            None => {}
        }
        true
    }

    /// Does with what has come what the pipeline says.
    fn go_on(&mut self, direction: Direction, action: Action, common: &mut Common) {
        if let Some(reply) = self.memory.reply.take() {
            self.way(direction).passed.reply = Some(reply);
            return self.end(common);
        }
        let head = self.memory.maps.get(&map(direction, Part::Head)).cloned();
        let way = self.way(direction);
        way.waits = action == Action::Pause;
        if way.waits {
            return;
        }
        way.passed.head = way.passed.head.take().or(head);
        let kept = self.memory.bodies.remove(&direction);
        let way = self.way(direction);
        way.passed.body.extend(kept.unwrap_or_default());
        if direction == Direction::Response && way.is_whole {
            self.end(common);
        }
    }

    fn end(&mut self, common: &mut Common) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        // A proxy forgets the wishes of an exchange before it tells it that it is over.
        self.memory.timers.clear();
        let mut host = View {
            memory: &mut self.memory,
            common,
        };
        self.pipeline.end(&mut host);
    }
}

impl Way {
    fn new(direction: Direction, message: Message) -> Self {
        let has_trailers = message.trailers.is_some();
        let mut coming = VecDeque::from([Piece::Head {
            fields: message.head,
            is_all: message.body.is_none() && !has_trailers,
        }]);
        let parts = message.body.unwrap_or_default();
        let count = parts.len();
        coming.extend(
            parts
                .into_iter()
                .enumerate()
                .map(|(place, part)| Piece::Body {
                    octets: part.octets,
                    is_last: place + 1 == count && !has_trailers,
                }),
        );
        coming.extend(message.trailers.map(Piece::Trailers));
        Self {
            direction,
            coming,
            passed: Passed::default(),
            waits: false,
            is_whole: false,
        }
    }

    /// Whether all has come, and something of it is kept.
    fn waits_whole(&self) -> bool {
        self.is_whole
            && self.waits
            && (self.direction == Direction::Response || self.passed.reply.is_none())
    }
}

/// A proxy, for the time of one event of one exchange.
struct View<'a> {
    memory: &'a mut Memory,
    common: &'a mut Common,
}

impl Host for View<'_> {
    fn headers(&self, map: HeaderMap) -> Headers {
        self.memory.maps.get(&map).map(headers).unwrap_or_default()
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        field(self.memory.maps.get(&map)?, name).map(<[u8]>::to_vec)
    }

    fn body(&self, direction: Direction) -> Vec<u8> {
        self.memory
            .bodies
            .get(&direction)
            .cloned()
            .unwrap_or_default()
    }

    fn now(&self) -> SystemTime {
        self.common.now
    }

    fn random(&self) -> u64 {
        self.common.random.set(self.common.random.get() + 1);
        self.common.random.get()
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.memory.properties.get(path.join(".").as_str()).cloned()
    }

    fn read_shared(&self, name: &str) -> SharedValue {
        self.common.shared.read(name)
    }

    fn write_shared(&mut self, name: &str, value: &[u8], cas: Option<u32>) -> SharedWrite {
        let write = self.common.writes.pop_front().unwrap_or(Write::Done);
        match write {
            Write::Refused => return SharedWrite::Refused,
            Write::Late => {
                let stands = self.common.shared.read(name).value.unwrap_or_default();
                let _ = self.common.shared.write(name, &stands, None);
            }
            Write::Done => {}
        }
        self.common.shared.write(name, value, cas)
    }

    fn edit(&mut self, map: HeaderMap, edits: Vec<Edit>) {
        apply(self.memory.maps.entry(map).or_default(), edits);
    }

    fn replace_body(&mut self, direction: Direction, body: &[u8]) {
        self.memory.bodies.insert(direction, body.to_vec());
    }

    fn reply(&mut self, reply: &Reply) {
        self.memory.reply = Some(reply.clone());
    }

    fn resume(&mut self, direction: Direction) {
        self.memory.resumed = Some(direction);
    }

    fn call(&mut self, _: usize, _: Call) -> Result<(), CallFailure> {
        Err(CallFailure::NotSent)
    }

    fn wake_after(&mut self, slot: usize, after: Duration) {
        self.memory.timers.insert(slot, self.common.now + after);
    }

    fn tell(&mut self, fact: &Fact, value: &str) {
        self.memory
            .facts
            .insert(fact.name.to_string(), value.to_owned());
    }

    fn log(&mut self, _: &str) {}

    fn record(&mut self, _: &Metric, _: &[&str], _: i64) {}
}
