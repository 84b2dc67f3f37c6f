//! A proxy in memory.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use kit::call::{Call, CallFailure};
use kit::fact::Fact;
use kit::filter::{Filter, Form};
use kit::headers::{Edit, Headers};
use kit::metric::Metric;
use kit::pipeline::{Action, Direction, HeaderMap, Host, Pipeline};
use kit::policy::Document;
use kit::policy::value::Timestamp;
use kit::reply::Reply;
use kit::shared::{SharedValue, SharedWrite};
use serde_json::{Value, json};

use crate::{Policy, VersionNegotiation};

/// A policy in enforcement with one rule for every request, whose settings are these.
pub(super) fn policy(settings: Value) -> Value {
    json!({ "version": 1, "mode": "enforce", "rules": [{ "name": "all", "settings": settings }] })
}

/// A proxy with one policy.
pub(super) struct Proxy {
    policy: Rc<Policy>,
    pub(super) now: SystemTime,
    pub(super) properties: BTreeMap<String, Vec<u8>>,
    pub(super) random: u64,
}

/// What became of one exchange.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The request as the upstream sees it; nothing where it was refused.
    pub(super) upstream: Headers,
    /// The response as the client sees it.
    pub(super) response: Headers,
    pub(super) reply: Option<Reply>,
    pub(super) facts: BTreeMap<String, String>,
    pub(super) counts: Vec<String>,
    /// How many net edits there were.
    pub(super) edits: usize,
}

impl Proxy {
    pub(super) fn new(policy: Value) -> Self {
        let policy = VersionNegotiation::load(&Document::from_value(policy)).unwrap();
        Self {
            policy: Rc::new(policy),
            now: "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().0,
            properties: BTreeMap::from([("node/id".to_owned(), b"sidecar~1".to_vec())]),
            random: 7,
        }
    }

    pub(super) fn at(mut self, now: &str) -> Self {
        self.now = now.parse::<Timestamp>().unwrap().0;
        self
    }

    /// A GET with these fields beside the pseudo-headers.
    pub(super) fn get(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.exchange(
            path.as_bytes(),
            fields,
            &[("content-type", "application/json")],
        )
    }

    pub(super) fn exchange<V: AsRef<[u8]>>(
        &self,
        path: &[u8],
        fields: &[(&str, V)],
        response: &[(&str, &str)],
    ) -> Answer {
        let mut request = vec![
            (":method".to_owned(), b"GET".to_vec()),
            (":authority".to_owned(), b"orders.example.com".to_vec()),
            (":path".to_owned(), path.to_vec()),
        ];
        let own = |(name, value): &(&str, V)| ((*name).to_owned(), value.as_ref().to_vec());
        request.extend(fields.iter().map(own));
        let mut answer = Answer {
            upstream: Headers::from_pairs(request),
            ..Answer::default()
        };
        let status = [(":status", "200")];
        answer.response = Headers::from_pairs(status.iter().chain(response).copied());
        let core = VersionNegotiation::start(&self.policy);
        let mut pipeline = Pipeline::new([core], Form::Streamed);
        let mut stream = Stream {
            proxy: self,
            answer,
        };
        if pipeline.head(Direction::Request, true, &mut stream) == Action::Continue {
            let _ = pipeline.head(Direction::Response, true, &mut stream);
        }
        pipeline.end(&mut stream);
        stream.answer
    }
}

impl Answer {
    /// A field that the upstream sees.
    pub(super) fn sent(&self, name: &str) -> Option<String> {
        field(&self.upstream, name)
    }

    /// A field that the client sees.
    pub(super) fn got(&self, name: &str) -> Option<String> {
        field(&self.response, name)
    }

    /// The version that the upstream is asked for.
    pub(super) fn version(&self) -> String {
        match &self.reply {
            None => self
                .sent("x-treaty-version")
                .unwrap_or_else(|| "nothing".into()),
            Some(reply) => reply.details.replace("treaty.version_negotiation.", "!"),
        }
    }

    pub(super) fn fact(&self, name: &str) -> &str {
        self.facts.get(name).map_or("", String::as_str)
    }

    /// The problem that the client gets.
    pub(super) fn problem(&self) -> Value {
        serde_json::from_slice(&self.reply.as_ref().expect("it is refused").body).unwrap()
    }
}

fn field(headers: &Headers, name: &str) -> Option<String> {
    let value = headers.combined(name)?;
    Some(String::from_utf8_lossy(&value).into_owned())
}

struct Stream<'a> {
    proxy: &'a Proxy,
    answer: Answer,
}

impl Stream<'_> {
    fn map(&mut self, direction: Direction) -> &mut Headers {
        match direction {
            Direction::Request => &mut self.answer.upstream,
            Direction::Response => &mut self.answer.response,
        }
    }
}

impl Host for Stream<'_> {
    fn headers(&self, map: HeaderMap) -> Headers {
        match map.direction {
            Direction::Request => self.answer.upstream.clone(),
            Direction::Response => self.answer.response.clone(),
        }
    }

    fn body(&self, _: Direction) -> Vec<u8> {
        Vec::new()
    }

    fn now(&self) -> SystemTime {
        self.proxy.now
    }

    fn random(&self) -> u64 {
        self.proxy.random
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.proxy.properties.get(&path.join("/")).cloned()
    }

    fn read_shared(&self, _: &str) -> SharedValue {
        SharedValue::default()
    }

    fn write_shared(&mut self, _: &str, _: &[u8], _: Option<u32>) -> SharedWrite {
        SharedWrite::Refused
    }

    fn edit(&mut self, map: HeaderMap, edits: Vec<Edit>) {
        self.answer.edits += edits.len();
        let headers = self.map(map.direction);
        for edit in edits {
            match edit {
                Edit::Remove(name) => headers.remove(name),
                Edit::Replace(name, value) => headers.set(name, value),
                Edit::Add(name, value) => headers.append(name, value),
            }
        }
    }

    fn replace_body(&mut self, _: Direction, _: &[u8]) {}

    fn reply(&mut self, reply: &Reply) {
        self.answer.upstream = Headers::default();
        self.answer.response = Headers::from_pairs(reply.headers.clone());
        self.answer.reply = Some(reply.clone());
    }

    fn resume(&mut self, _: Direction) {}

    fn call(&mut self, _: usize, _: Call) -> Result<(), CallFailure> {
        Err(CallFailure::NotSent)
    }

    fn wake_after(&mut self, _: usize, _: Duration) {}

    fn tell(&mut self, fact: &Fact, value: &str) {
        self.answer
            .facts
            .insert(fact.name.to_string(), value.to_owned());
    }

    fn log(&mut self, _: &str) {}

    fn record(&mut self, metric: &Metric, labels: &[&str], _: i64) {
        let mut name = String::new();
        metric.write_name(labels, &mut name);
        self.answer.counts.push(name);
    }
}
