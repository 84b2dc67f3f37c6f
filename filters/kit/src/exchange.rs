//! What a core may read of an exchange, and what it may ask for.

use std::cell::OnceCell;
use std::time::{Duration, SystemTime};

use crate::body::BodyNeed;
use crate::call::Call;
use crate::fact::{Fact, Facts};
use crate::headers::Headers;
use crate::metric::Metric;
use crate::pipeline::{Direction, HeaderMap, Host, Part};
use crate::shared::{SharedValue, SharedWrite};

/// The current event's view of an exchange.
///
/// Everything that is read is read on first use and at most once, because each read is a host call
/// of more than a microsecond: a core that looks at nothing costs nothing.
pub struct Exchange<'a> {
    pub(crate) direction: Direction,
    pub(crate) message: &'a mut Message,
    /// The head of the request, in the response's events.
    pub(crate) request: Option<&'a Headers>,
    pub(crate) facts: &'a mut Facts,
    pub(crate) asks: &'a mut Asks,
    pub(crate) host: &'a mut dyn Host,
}

/// The head and trailers of one direction, as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) headers: OnceCell<Headers>,
    pub(crate) peeked: OnceCell<(&'static str, Option<Vec<u8>>)>,
    pub(crate) trailers: OnceCell<Headers>,
    pub(crate) head_sent: bool,
    pub(crate) head_is_all: bool,
}

/// What a core asked for during one event.
#[derive(Debug, Default)]
pub(crate) struct Asks {
    pub(crate) body: Option<BodyNeed>,
    pub(crate) calls: Vec<Call>,
    pub(crate) wake_after: Option<Duration>,
}

impl Exchange<'_> {
    /// The header fields of the message that the event belongs to, with the edits made so far.
    ///
    /// In the response phase request headers can no longer be read, but for those that were:
    /// [`Exchange::request_headers`].
    pub fn headers(&self) -> &Headers {
        self.message
            .headers
            .get_or_init(|| self.host.headers(self.map(Part::Head)))
    }

    /// The header fields of the request, in the response's events: as a filter of this module has
    /// read them, with the edits that filters of this module have made. `None` where nobody read
    /// them, and in the request's events.
    pub fn request_headers(&self) -> Option<&Headers> {
        self.request
    }

    /// The first value of one field of the head.
    ///
    /// The first name that is asked for is read alone, because that costs half of the whole map:
    /// enough to see that no rule is for an exchange. From the second name on it is the whole map.
    pub fn peek(&self, name: &'static str) -> Option<&[u8]> {
        if let Some(headers) = self.message.headers.get() {
            return headers.get(name);
        }
        let read = || (name, self.host.header(self.map(Part::Head), name));
        match self.message.peeked.get_or_init(read) {
            (peeked, value) if *peeked == name => value.as_deref(),
            _ => self.headers().get(name),
        }
    }

    /// [`Exchange::peek`], if it is UTF-8.
    pub fn peek_text(&self, name: &'static str) -> Option<&str> {
        self.peek(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The header fields, to be edited; `None` once the head has gone on.
    pub fn headers_mut(&mut self) -> Option<&mut Headers> {
        if self.message.head_sent {
            return None;
        }
        self.headers();
        self.message.headers.get_mut()
    }

    /// The trailer fields. They are there in the event for trailers and after it.
    pub fn trailers(&self) -> &Headers {
        self.message
            .trailers
            .get_or_init(|| self.host.headers(self.map(Part::Trailers)))
    }

    /// The trailer fields, to be edited. In the event of the last part of a body, a message without
    /// trailers can be given some.
    pub fn trailers_mut(&mut self) -> Option<&mut Headers> {
        self.trailers();
        self.message.trailers.get_mut()
    }

    /// Whether the message is its head alone: no body and no trailers follow.
    pub fn head_is_all(&self) -> bool {
        self.message.head_is_all
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        self.host.now()
    }

    /// Random bits, fit for nonces and for telling things apart; not for keys.
    pub fn random(&self) -> u64 {
        self.host.random()
    }

    /// A property of the exchange, such as `["xds", "route_name"]` or
    /// `["connection", "uri_san_peer_certificate"]`; `None` where the proxy has none.
    pub fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.host.property(path)
    }

    /// What stands under a name in the data that all VMs of the proxy share.
    pub fn read_shared(&self, name: &str) -> SharedValue {
        self.host.read_shared(name)
    }

    /// Writes to the data that all VMs of the proxy share.
    ///
    /// With a number the value is written only in place of the one that has this number, and
    /// [`IF_ABSENT`](crate::shared::IF_ABSENT) means in place of none; without, in any case.
    pub fn write_shared(&mut self, name: &str, value: &[u8], cas: Option<u32>) -> SharedWrite {
        self.host.write_shared(name, value, cas)
    }

    /// What was told under this name, by a filter of this module or of one that ran before.
    pub fn fact(&self, fact: &Fact) -> Option<String> {
        match self.facts.get(fact) {
            Some(value) => Some(value.to_owned()),
            None => self
                .host
                .property(&[fact.name.as_ref()])
                .and_then(|value| String::from_utf8(value).ok()),
        }
    }

    /// Tells a fact to the other filters and to the access log.
    pub fn tell(&mut self, fact: &Fact, value: &str) {
        let value = fact.cut(value);
        if self.facts.tell(fact, value) {
            self.host.tell(fact, value);
        }
    }

    /// Adds one to a counter.
    pub fn count(&mut self, metric: &Metric, labels: &[&str]) {
        self.host.record(metric, labels, 1);
    }

    /// Moves a level up or down.
    pub fn shift(&mut self, metric: &Metric, labels: &[&str], by: i64) {
        self.host.record(metric, labels, by);
    }

    /// Records an amount: adds it to a counter, sets a gauge, or samples a histogram.
    pub fn record(&mut self, metric: &Metric, labels: &[&str], amount: u64) {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        self.host.record(metric, labels, amount);
    }

    /// Writes one line to the proxy's log, as a warning. It is for operators and leaves the mesh
    /// with whoever collects that log: nothing goes in that a client or service sent and nobody
    /// has masked.
    pub fn log(&mut self, line: &str) {
        self.host.log(line);
    }

    /// Asks for the body of this message. It counts in the event of the head.
    pub fn need_body(&mut self, need: BodyNeed) {
        self.asks.body = Some(need);
    }

    /// Asks for a call. Its result comes as an event, also when it could not be sent.
    pub fn call(&mut self, call: Call) {
        self.asks.calls.push(call);
    }

    /// Asks to be woken once after this time (the proxy's ticks make it later by some
    /// milliseconds). Asking again puts the new time in place of the old one.
    pub fn wake_after(&mut self, after: Duration) {
        self.asks.wake_after = Some(after);
    }

    fn map(&self, part: Part) -> HeaderMap {
        HeaderMap {
            direction: self.direction,
            part,
        }
    }
}
