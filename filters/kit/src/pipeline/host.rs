//! What the pipeline needs of a proxy.

use std::time::{Duration, SystemTime};

use crate::call::{Call, CallFailure};
use crate::fact::Fact;
use crate::headers::{Edit, Headers};
use crate::metric::Metric;
use crate::reply::Reply;
use crate::shared::{SharedValue, SharedWrite};

/// Which message of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the upstream.
    Request,
    /// From the upstream to the client.
    Response,
}

/// Which header map of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The header section, with pseudo-headers.
    Head,
    /// The trailer section.
    Trailers,
}

/// One of the four header maps of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeaderMap {
    /// The message.
    pub direction: Direction,
    /// The section of the message.
    pub part: Part,
}

/// A proxy, for the time of one event of one exchange.
///
/// Reading fails softly: what is not there is empty or `None`. Nothing here panics.
pub trait Host {
    /// A whole header map.
    fn headers(&self, map: HeaderMap) -> Headers;

    /// The first value of one field, for hosts where that is cheaper than the whole map.
    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        self.headers(map).get(name).map(<[u8]>::to_vec)
    }

    /// The octets of the body that the proxy has buffered or passes now.
    fn body(&self, direction: Direction) -> Vec<u8>;

    /// The time now.
    fn now(&self) -> SystemTime;

    /// Random bits, fit for nonces and for telling things apart; not for keys.
    fn random(&self) -> u64;

    /// A property of the exchange.
    fn property(&self, path: &[&str]) -> Option<Vec<u8>>;

    /// What stands under a name in the data that all VMs share.
    fn read_shared(&self, name: &str) -> SharedValue;

    /// Writes to the data that all VMs share: in any case without a number, else only in place of
    /// the value that has it. A name without a value takes every number.
    fn write_shared(&mut self, name: &str, value: &[u8], cas: Option<u32>) -> SharedWrite;

    /// Applies the net edits of a header map.
    fn edit(&mut self, map: HeaderMap, edits: Vec<Edit>);

    /// Puts a body in place of the one that the proxy has buffered or passes now.
    fn replace_body(&mut self, direction: Direction, body: &[u8]);

    /// Answers the client.
    fn reply(&mut self, reply: &Reply);

    /// Lets a message go on that an earlier event had paused.
    fn resume(&mut self, direction: Direction);

    /// Sends a call for the core in `slot`.
    ///
    /// # Errors
    /// The proxy would not send it.
    fn call(&mut self, slot: usize, call: Call) -> Result<(), CallFailure>;

    /// Wakes the core in `slot` once, after this time, and forgets its earlier wish.
    fn wake_after(&mut self, slot: usize, after: Duration);

    /// Makes a fact known outside the module.
    fn tell(&mut self, fact: &Fact, value: &str);

    /// Writes one line to the log, as a warning.
    fn log(&mut self, line: &str);

    /// Records an amount of a metric under a label set; only that of a level can be negative.
    fn record(&mut self, metric: &Metric, labels: &[&str], amount: i64);
}
