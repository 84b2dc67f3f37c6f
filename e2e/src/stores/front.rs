//! HTTP in front of Redis: stand-ins that speak as webdis and Upstash do.

use percent_encoding::percent_decode;
use serde_json::{Value, json};

use super::redis::{Door, Redis};
use super::resp::Reply;
use crate::config::{Cluster, Config, Store};
use crate::upstream::{Answer, Seen, Upstream};

/// What a front speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontKind {
    /// [Webdis](https://webd.is/): the words of a command are segments of a path that is posted.
    Webdis,
    /// The REST protocol of [Upstash](https://upstash.com/docs/redis/features/restapi): the words of
    /// a command are an array in JSON.
    Rest,
}

/// A stand-in for an HTTP front, in front of a real Redis. It admits those who know the token.
#[derive(Debug)]
pub struct RedisFront {
    upstream: Upstream,
}

impl RedisFront {
    /// Starts a front that wants this value of `authorization`, if any.
    pub fn start(kind: FrontKind, redis: &Redis, authorization: Option<&str>) -> Self {
        let upstream = Upstream::start();
        let (door, authorization) = (redis.door(), authorization.map(str::to_owned));
        upstream.set_handler(move |request| {
            let given = request.headers.text("authorization");
            if authorization.is_some() && given != authorization.as_deref() {
                return Answer::status(401);
            }
            match kind {
                FrontKind::Webdis => webdis(&door, request),
                FrontKind::Rest => rest(&door, request),
            }
        });
        Self { upstream }
    }
}

impl Store for RedisFront {
    fn join(&self, config: Config, name: &str) -> Config {
        config.cluster(Cluster::new(name, self.upstream.address()).roomy())
    }
}

/// `{"<command>": <reply>}`, where a status and an error are arrays: `[false, "ERR …"]`.
fn webdis(redis: &Door, request: &Seen) -> Answer {
    let words: Vec<Vec<u8>> = request
        .body
        .split(|octet| *octet == b'/')
        .map(|word| percent_decode(word).collect())
        .collect();
    let command = String::from_utf8_lossy(&words[0]).into_owned();
    let Some(reply) = redis.ask(&words) else {
        return Answer::status(503);
    };
    let reply = match reply {
        Reply::Simple(text) => json!([true, text]),
        Reply::Error(text) => json!([false, text]),
        other => value(other),
    };
    answer(200, &json!({command: reply}))
}

/// `{"result": <reply>}`, or `{"error": "ERR …"}` with status 400.
fn rest(redis: &Door, request: &Seen) -> Answer {
    let words: Vec<String> = serde_json::from_slice(&request.body).expect("an array of words");
    match redis.ask(&words) {
        Some(Reply::Error(text)) => answer(400, &json!({"error": text})),
        Some(reply) => answer(200, &json!({"result": value(reply)})),
        None => Answer::status(503),
    }
}

fn value(reply: Reply) -> Value {
    match reply {
        Reply::Simple(text) | Reply::Error(text) => text.into(),
        Reply::Integer(number) => number.into(),
        Reply::Bulk(value) => value
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .into(),
        Reply::Array(items) => items.into_iter().map(value).collect(),
    }
}

fn answer(status: u16, document: &Value) -> Answer {
    Answer::status(status)
        .header("content-type", "application/json")
        .chunk(document.to_string())
}
