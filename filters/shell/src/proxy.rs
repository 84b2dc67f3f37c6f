//! The proxy as the pipeline sees it, for the time of one callback.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallFailure};
use kit::fact::Fact;
use kit::headers::{Edit, Headers};
use kit::metric::Metric;
use kit::pipeline::{Direction, HeaderMap, Host, Part};
use kit::reply::Reply;
use kit::shared::{SharedValue, SharedWrite};

use crate::ffi::{self, Buffer, LogLevel, Map, Refused, StreamType};
use crate::random::random;
use crate::root::Shared;
use crate::stream::Exchange;
use crate::{calls, metrics, wire};

/// One exchange's access to the proxy. Host calls act on the exchange whose context is effective.
pub(crate) struct Proxy<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) exchange: &'a Rc<Exchange>,
    /// Whether the callback belongs to the exchange itself, so that calls made now come back to it.
    pub(crate) own_callback: bool,
}

/// What never changes while the proxy runs is asked for once.
const NODE_ID: [&str; 2] = ["node", "id"];

impl Host for Proxy<'_> {
    fn headers(&self, map: HeaderMap) -> Headers {
        ffi::header_pairs(number(map))
            .map(wire::read)
            .unwrap_or_default()
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        ffi::header(number(map), name).ok()
    }

    fn body(&self, direction: Direction) -> Vec<u8> {
        ffi::buffer(body_of(direction)).unwrap_or_default()
    }

    fn now(&self) -> SystemTime {
        time(ffi::now())
    }

    fn random(&self) -> u64 {
        random()
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        if path == NODE_ID {
            return self.shared.node_id(|| ffi::property(path).ok());
        }
        ffi::property(path).ok()
    }

    fn read_shared(&self, name: &str) -> SharedValue {
        match ffi::shared_data(name) {
            Ok((value, cas)) => SharedValue {
                value: Some(value),
                cas: Some(cas),
            },
            Err(_) => SharedValue::default(),
        }
    }

    fn write_shared(&mut self, name: &str, value: &[u8], cas: Option<u32>) -> SharedWrite {
        match ffi::set_shared_data(name, value, cas.unwrap_or_default()) {
            Ok(()) => SharedWrite::Written,
            Err(Refused::CAS_MISMATCH) => SharedWrite::Mismatch,
            Err(_) => SharedWrite::Refused,
        }
    }

    fn edit(&mut self, map: HeaderMap, edits: Vec<Edit>) {
        let map = number(map);
        for edit in edits {
            let done = match &edit {
                Edit::Remove(name) => ffi::remove_header(map, name),
                Edit::Replace(name, value) => ffi::replace_header(map, name, value),
                Edit::Add(name, value) => ffi::add_header(map, name, value),
            };
            if done.is_err() {
                let (Edit::Remove(name) | Edit::Replace(name, _) | Edit::Add(name, _)) = &edit;
                ffi::log(
                    LogLevel::Error,
                    &format!("treaty: the proxy refused to edit `{name}`"),
                );
            }
        }
    }

    fn replace_body(&mut self, direction: Direction, body: &[u8]) {
        if ffi::replace_buffer(body_of(direction), body).is_err() {
            ffi::log(
                LogLevel::Error,
                "treaty: the proxy refused to replace a body",
            );
        }
    }

    fn reply(&mut self, reply: &Reply) {
        let headers: Vec<(&str, &[u8])> = reply
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        // For a gRPC reply Envoy takes the body as the message and encodes it.
        let (body, grpc_status) = match &reply.grpc {
            Some(grpc) => (grpc.message.as_bytes(), i32::from(grpc.code)),
            None => (reply.body.as_slice(), -1),
        };
        let headers = wire::write(&headers);
        if ffi::send_local_response(reply.status, &reply.details, body, &headers, grpc_status)
            .is_err()
        {
            ffi::log(LogLevel::Error, "treaty: the proxy refused a reply");
        }
    }

    fn resume(&mut self, direction: Direction) {
        // A stream that has gone meanwhile has nothing to resume.
        let _ = ffi::resume(match direction {
            Direction::Request => StreamType::Request,
            Direction::Response => StreamType::Response,
        });
    }

    fn call(&mut self, slot: usize, call: Call) -> Result<(), CallFailure> {
        if call.outlives || !self.own_callback {
            self.shared.call_later(self.exchange, slot, call);
            return Ok(());
        }
        let token = calls::send(&call.request, call.timeout)?;
        self.exchange
            .calls
            .borrow_mut()
            .push((token, slot, call.id));
        Ok(())
    }

    fn wake_after(&mut self, slot: usize, after: Duration) {
        self.shared.wake_later(self.exchange, slot, after);
    }

    fn tell(&mut self, fact: &Fact, value: &str) {
        // A name that another module has made read-only stays as it is.
        let _ = ffi::set_property(&fact.name, value.as_bytes());
    }

    fn log(&mut self, line: &str) {
        ffi::log(LogLevel::Warn, line);
    }

    fn record(&mut self, metric: &Metric, labels: &[&str], amount: i64) {
        metrics::record(metric, labels, amount);
    }
}

/// The time that a number of nanoseconds since 1970 stands for.
pub(crate) fn time(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn number(map: HeaderMap) -> Map {
    match (map.direction, map.part) {
        (Direction::Request, Part::Head) => Map::RequestHeaders,
        (Direction::Request, Part::Trailers) => Map::RequestTrailers,
        (Direction::Response, Part::Head) => Map::ResponseHeaders,
        (Direction::Response, Part::Trailers) => Map::ResponseTrailers,
    }
}

fn body_of(direction: Direction) -> Buffer {
    match direction {
        Direction::Request => Buffer::RequestBody,
        Direction::Response => Buffer::ResponseBody,
    }
}
