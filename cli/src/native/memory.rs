//! The host of one exchange, in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallFailure};
use kit::fact::Fact;
use kit::headers::{Edit, Headers};
use kit::metric::{Metric, MetricKind};
use kit::pipeline::{Direction, HeaderMap, Host, Part};
use kit::reply::Reply;
use kit::shared::{SharedValue, SharedWrite};

use super::world::World;
use crate::case::{Fields, Octets};

/// What the pipeline reads, and what it has asked for.
pub(super) struct Memory<'a> {
    world: &'a World,
    pub(super) maps: HashMap<HeaderMap, Fields>,
    /// What is kept of a body, with the part that passes now.
    pub(super) bodies: HashMap<Direction, Vec<u8>>,
    random: u64,
    /// The properties that the case gives.
    given: &'a BTreeMap<String, Octets>,
    /// Those that the proxy has learned, unless the case says another value.
    pub(super) learned: BTreeMap<&'static str, Vec<u8>>,
    pub(super) facts: BTreeMap<String, String>,
    pub(super) metrics: BTreeMap<String, u64>,
    pub(super) log: Vec<String>,
    pub(super) reply: Option<Reply>,
    pub(super) resumed: Option<Direction>,
    pub(super) calls: VecDeque<(usize, Call)>,
    /// When each core wants to be woken.
    pub(super) timers: BTreeMap<usize, SystemTime>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(world: &'a World, given: &'a BTreeMap<String, Octets>) -> Self {
        Self {
            world,
            maps: HashMap::new(),
            bodies: HashMap::new(),
            random: world.next_random(),
            given,
            learned: BTreeMap::new(),
            facts: BTreeMap::new(),
            metrics: BTreeMap::new(),
            log: Vec::new(),
            reply: None,
            resumed: None,
            calls: VecDeque::new(),
            timers: BTreeMap::new(),
        }
    }

    /// Takes the next wish to be woken, and lets the time until then pass.
    pub(super) fn next_timer(&mut self) -> Option<usize> {
        let (slot, at) = self.timers.iter().min_by_key(|(_, at)| **at)?;
        let (slot, at) = (*slot, *at);
        self.timers.remove(&slot);
        self.world.now.set(self.world.now.get().max(at));
        Some(slot)
    }
}

impl Host for Memory<'_> {
    fn headers(&self, map: HeaderMap) -> Headers {
        let fields = self.maps.get(&map).cloned().unwrap_or_default();
        Headers::from_pairs(fields)
    }

    fn body(&self, direction: Direction) -> Vec<u8> {
        self.bodies.get(&direction).cloned().unwrap_or_default()
    }

    fn now(&self) -> SystemTime {
        self.world.now.get()
    }

    fn random(&self) -> u64 {
        self.random
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        let name = path.join(".");
        let given = self.given.get(&name).map(|value| value.0.clone());
        let learned = || self.learned.get(name.as_str()).cloned();
        let told = || self.facts.get(&name).map(|fact| fact.clone().into_bytes());
        given.or_else(learned).or_else(told)
    }

    fn read_shared(&self, name: &str) -> SharedValue {
        self.world.shared.borrow().read(name)
    }

    fn write_shared(&mut self, name: &str, value: &[u8], cas: Option<u32>) -> SharedWrite {
        self.world.shared.borrow_mut().write(name, value, cas)
    }

    fn edit(&mut self, map: HeaderMap, edits: Vec<Edit>) {
        let fields = self.maps.entry(map).or_default();
        for edit in edits {
            match edit {
                Edit::Remove(name) => fields.retain(|(own, _)| *own != name),
                Edit::Add(name, value) => fields.push((name.into_owned(), value)),
                Edit::Replace(name, value) => {
                    match fields.iter_mut().find(|(own, _)| *own == name) {
                        Some((_, old)) => *old = value,
                        None => fields.push((name.into_owned(), value)),
                    }
                }
            }
        }
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

    fn call(&mut self, slot: usize, call: Call) -> Result<(), CallFailure> {
        self.calls.push_back((slot, call));
        Ok(())
    }

    fn wake_after(&mut self, slot: usize, after: Duration) {
        let now = self.world.now.get();
        let at = now.checked_add(after).unwrap_or(now);
        self.timers.insert(slot, at);
    }

    fn tell(&mut self, fact: &Fact, value: &str) {
        self.facts.insert(fact.name.to_string(), value.to_owned());
    }

    fn log(&mut self, line: &str) {
        self.log.push(line.to_owned());
    }

    fn record(&mut self, metric: &Metric, labels: &[&str], amount: i64) {
        let mut name = String::new();
        metric.write_name(labels, &mut name);
        let value = self.metrics.entry(name).or_default();
        match metric.kind {
            MetricKind::Gauge => *value = u64::try_from(amount).unwrap_or_default(),
            _ => *value = value.saturating_add_signed(amount),
        }
    }
}

/// The header section of a message.
pub(super) fn head(direction: Direction) -> HeaderMap {
    HeaderMap {
        direction,
        part: Part::Head,
    }
}

/// The trailer section of a message.
pub(super) fn trailers(direction: Direction) -> HeaderMap {
    HeaderMap {
        direction,
        part: Part::Trailers,
    }
}
