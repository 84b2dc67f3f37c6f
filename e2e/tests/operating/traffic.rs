//! A mix of requests of which every answer is known before it comes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use e2e::{Client, Request, Response};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// An order is read.
    Served,
    /// A version is asked for that there is not: refused.
    Gone,
    /// The service fails: translated.
    Failing,
    /// The service breaks its contract: reported, and passed.
    Breaking,
    /// A payment with a new key.
    Paid,
    /// The same again: replayed.
    Duplicate,
    /// A payment that breaks the contract: refused.
    Invalid,
    /// A payment without a key: refused.
    Unkeyed,
}

use Kind::{Breaking, Duplicate, Failing, Gone, Invalid, Paid, Served, Unkeyed};

/// What a client asks in turn; a duplicate follows what it repeats.
const ROUND: [Kind; 16] = [
    Served, Paid, Duplicate, Served, Breaking, Served, Gone, Served, Paid, Duplicate, Served,
    Failing, Served, Invalid, Served, Unkeyed,
];

/// How many requests a client asks in turn.
pub(crate) const IN_ROUND: u64 = ROUND.len() as u64;

/// How many were answered as expected, by kind.
pub(crate) type Counts = BTreeMap<Kind, u64>;

impl Kind {
    fn request(self, key: &str) -> Request {
        let order =
            |id: &str| Request::get(&format!("/v1/orders/{id}")).authority("orders.example.com");
        let pay = |body: &str| {
            Request::post("/v1/payments", body)
                .authority("payments.example.com")
                .header("content-type", "application/json")
        };
        match self {
            Served => order("7"),
            Gone => Request::get("/v9/orders/7").authority("orders.example.com"),
            Failing => order("broken"),
            Breaking => order("odd"),
            Paid | Duplicate => pay(r#"{"amount": 5}"#).header("idempotency-key", key),
            Invalid => pay(r#"{"amount": "five"}"#).header("idempotency-key", key),
            Unkeyed => pay(r#"{"amount": 5}"#),
        }
    }

    /// The status, the media type and a part of the content that answers it.
    fn expected(self) -> (u16, &'static str, &'static str) {
        let problem = "application/problem+json";
        match self {
            Served => (200, "application/json", r#"{"id": 7}"#),
            Gone => (404, problem, "version"),
            Failing => (500, problem, "500"),
            Breaking => (200, "application/json", r#"{"id": "odd"}"#),
            Paid | Duplicate => (201, "application/json", r#"{"done": true}"#),
            Invalid => (422, problem, "amount"),
            Unkeyed => (400, problem, "key"),
        }
    }

    #[track_caller]
    fn judge(self, response: &Response) {
        let (status, media_type, part) = self.expected();
        let text = response.text();
        assert_eq!(response.status, status, "{self:?}: {text}");
        assert_eq!(
            response.headers.text("content-type"),
            Some(media_type),
            "{self:?}: {text}"
        );
        assert!(response.complete && text.contains(part), "{self:?}: {text}");
        let is_replayed = response.headers.has("idempotent-replayed");
        assert_eq!(
            is_replayed,
            self == Duplicate,
            "{self:?}: {:?}",
            response.headers
        );
        assert!(
            response.headers.has("x-correlation-id"),
            "{self:?}: {:?}",
            response.headers
        );
    }
}

/// Clients that ask without a pause, until they are to stop.
pub(crate) struct Traffic {
    over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Counts>>,
}

/// How fast clients ask together, and how often.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// The number of the first round, which is in its keys.
    pub(crate) first_round: u64,
    /// Requests; a whole number of rounds.
    pub(crate) most: u64,
    /// Requests a second; as fast as they are answered without it.
    pub(crate) rate: Option<u64>,
}

impl Traffic {
    /// Clients that ask until [`Traffic::end`].
    pub(crate) fn begin(door: SocketAddr, clients: u64) -> Self {
        let pace = Pace {
            first_round: 0,
            most: u64::MAX,
            rate: None,
        };
        Self::paced(door, clients, pace)
    }

    pub(crate) fn paced(door: SocketAddr, clients: u64, pace: Pace) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let rounds = Arc::new(AtomicU64::new(0));
        let begun = Instant::now();
        let ask = |_| {
            let (over, rounds) = (Arc::clone(&over), Arc::clone(&rounds));
            thread::spawn(move || {
                let client = Client::http2(door);
                let mut counts = Counts::new();
                while !over.load(Ordering::Relaxed) {
                    let round = rounds.fetch_add(1, Ordering::Relaxed);
                    if round.saturating_mul(IN_ROUND) >= pace.most {
                        break;
                    }
                    pace.wait_for(round, begun);
                    ask_in_turn(&client, pace.first_round + round, &mut counts);
                }
                counts
            })
        };
        let clients = (0..clients).map(ask).collect();
        Self { over, clients }
    }

    /// Whether a client has seen an answer that it did not expect, and panicked.
    pub(crate) fn is_over(&self) -> bool {
        self.clients.iter().any(JoinHandle::is_finished)
    }

    /// Stops the clients; what they counted. Panics if a request was lost, or answered otherwise.
    pub(crate) fn end(self) -> Counts {
        self.over.store(true, Ordering::Relaxed);
        self.wait()
    }

    /// Waits for the clients; what they counted.
    pub(crate) fn wait(self) -> Counts {
        let mut counts = Counts::new();
        for client in self.clients {
            for (kind, count) in client
                .join()
                .expect("every request is answered as expected")
            {
                *counts.entry(kind).or_default() += count;
            }
        }
        counts
    }
}

impl Pace {
    fn wait_for(self, round: u64, begun: Instant) {
        let Some(rate) = self.rate else {
            return;
        };
        let due = Duration::from_micros(round * IN_ROUND * 1_000_000 / rate);
        thread::sleep(due.saturating_sub(begun.elapsed()));
    }
}

fn ask_in_turn(client: &Client, round: u64, counts: &mut Counts) {
    let mut key = String::new();
    for (turn, kind) in ROUND.into_iter().enumerate() {
        if kind != Duplicate {
            key = format!("{round}-{turn}");
        }
        kind.judge(&client.send(kind.request(&key)));
        *counts.entry(kind).or_default() += 1;
    }
}
