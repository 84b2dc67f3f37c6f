//! Requests that flow while something is changed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::client::{Client, Request, Response, SendError};

/// What the clients ask for, in turn: one version of an API each.
const PATHS: [&str; 3] = ["/v1/orders", "/v2/orders", "/v3/orders"];

/// The service that they ask.
const HOST: &str = "orders.example.com";

/// A policy of version-negotiation in force for the service that they ask, which knows itself as
/// `orders`: it serves the versions up to this one.
pub fn serving_up_to(newest: u32, revision: &str) -> Value {
    let versions = (1..=newest).map(|version| json!({"version": version.to_string()}));
    json!({
        "version": 1,
        "revision": revision,
        "mode": "enforce",
        "services": [{"name": "orders", "hosts": [HOST]}],
        "rules": [{"name": "all", "settings": {
            "scheme": "integer",
            "sources": [{"from": "path", "template": "/v{version}/**"}],
            "versions": versions.collect::<Vec<_>>(),
        }}],
    })
}

/// How many clients there are of each kind.
const CLIENTS: usize = 2;

/// Clients that send one request after the other: some with a connection for each (HTTP/1.1), some
/// over one that stays (HTTP/2).
#[derive(Debug)]
pub struct Traffic {
    over: Arc<AtomicBool>,
    /// How many requests each client has sent.
    sent: Vec<Arc<AtomicUsize>>,
    clients: Vec<JoinHandle<Answers>>,
}

/// The statuses that one client got for each path, each as often as it changed.
type Answers = BTreeMap<&'static str, Vec<u16>>;

impl Traffic {
    /// Starts the clients.
    pub fn start(to: SocketAddr) -> Self {
        let kinds: [fn(SocketAddr) -> Client; 2] = [Client::http1, Client::http2];
        let mut traffic = Self {
            over: Arc::default(),
            sent: Vec::new(),
            clients: Vec::new(),
        };
        for client in kinds.into_iter().flat_map(|kind| [kind; CLIENTS]) {
            let (over, sent) = (Arc::clone(&traffic.over), Arc::default());
            traffic.sent.push(Arc::clone(&sent));
            let run = move || run(&client(to), &over, &sent);
            traffic.clients.push(thread::spawn(run));
        }
        traffic
    }

    /// Waits until each client has sent some more.
    pub fn go_on(&self) {
        for sent in &self.sent {
            let enough = sent.load(Ordering::Relaxed) + 20;
            while sent.load(Ordering::Relaxed) < enough && !self.has_failed() {
                thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }

    fn has_failed(&self) -> bool {
        self.clients.iter().any(JoinHandle::is_finished)
    }

    /// Ends it. Returns how many requests were sent, all of which were answered.
    ///
    /// `expected` are the statuses in the order in which every client has to see them at each of the
    /// three versions: none may come back, and nothing else may come between.
    ///
    /// # Panics
    /// A request had no answer, or another one.
    pub fn finish(mut self, expected: [&[u16]; 3]) -> usize {
        self.go_on();
        self.over.store(true, Ordering::Relaxed);
        for client in std::mem::take(&mut self.clients) {
            let answers = client.join().expect("no request is lost");
            for (path, expected) in PATHS.into_iter().zip(expected) {
                assert_eq!(answers[path], expected, "{path}");
            }
        }
        self.sent
            .iter()
            .map(|sent| sent.load(Ordering::Relaxed))
            .sum()
    }
}

/// Where a check failed, its clients end with it.
impl Drop for Traffic {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// What a request of such a client for a version, from 1 on, gets now.
pub fn status(to: SocketAddr, version: usize) -> u16 {
    Client::http1(to).send(request(PATHS[version - 1])).status
}

fn run(client: &Client, over: &AtomicBool, sent: &AtomicUsize) -> Answers {
    let mut answers = Answers::new();
    while !over.load(Ordering::Relaxed) {
        for path in PATHS {
            let status = answer(client, path).status;
            let seen = answers.entry(path).or_default();
            if seen.last() != Some(&status) {
                seen.push(status);
            }
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
    answers
}

fn request(path: &str) -> Request {
    Request::get(path).authority(HOST)
}

/// A connection that a proxy lets go of takes no more requests: what was not sent any more on it is
/// sent on the next one, as every client does. What was sent has to be answered.
fn answer(client: &Client, path: &str) -> Response {
    loop {
        match client.try_send(request(path)) {
            Ok(response) => return response,
            Err(SendError::Broken(error)) if error.is_canceled() => {}
            Err(error) => panic!("GET {path}: {error}"),
        }
    }
}
