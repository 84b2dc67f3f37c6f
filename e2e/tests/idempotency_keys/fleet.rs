//! A fleet: several proxies, each with two workers, and many duplicates of each request at once.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Etcd, EtcdVersion, Fields, FrontKind, Listener,
    Options, Redis, RedisFront, RedisKind, Request, Response, Route, Seen, Store, Upstream,
    parse_response,
};
use serde_json::{Value, json};

use crate::bench::{Executions, SOON, filter, keyed, policy, reason};

/// How many keys there are for each delay of the upstream.
const KEYS: usize = 500;

/// The same, for another version of a store that was tried with all of them, and for the front that
/// stands in for a real one and is slow.
const FEW_KEYS: usize = 100;

/// How many requests with one key come at once.
const DUPLICATES: usize = 20;

/// What is asked for.
const PATH: &str = "/v1/charges";

/// How many keys are in flight at once.
const TEAMS: usize = 20;

/// How long the upstream takes.
const DELAYS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(200)];

#[test]
fn a_key_runs_once_across_the_workers_of_one_proxy() {
    let store = json!({"type": "local", "name": "store", "size": "512MiB"});
    Fleet::start(1, &store, None).judge(KEYS);
}

#[test]
fn a_key_runs_once_across_a_fleet_with_etcd_3_5() {
    let store = Etcd::start(EtcdVersion::V3_5);
    Fleet::start(2, &json!({"type": "etcd"}), Some(&store)).judge(KEYS);
}

#[test]
fn a_key_runs_once_across_a_fleet_with_etcd_3_7() {
    let store = Etcd::start(EtcdVersion::V3_7);
    Fleet::start(2, &json!({"type": "etcd"}), Some(&store)).judge(FEW_KEYS);
}

#[test]
fn a_key_runs_once_across_a_fleet_with_redis_6_2() {
    let store = Redis::start(RedisKind::Redis);
    Fleet::start(2, &redis("tunnel"), Some(&store)).judge(KEYS);
}

#[test]
fn a_key_runs_once_across_a_fleet_with_valkey_9() {
    let store = Redis::start(RedisKind::Valkey);
    Fleet::start(2, &redis("tunnel"), Some(&store)).judge(FEW_KEYS);
}

#[test]
fn a_key_runs_once_across_a_fleet_with_redis_behind_an_http_front() {
    let redis_itself = Redis::start(RedisKind::Redis);
    let store = RedisFront::start(FrontKind::Rest, &redis_itself, None);
    Fleet::start(2, &redis("rest"), Some(&store)).judge(FEW_KEYS);
}

fn redis(front: &str) -> Value {
    json!({"type": "redis", "front": {"type": front}})
}

/// Proxies that share a store, before one upstream.
struct Fleet {
    proxies: Vec<Envoy>,
    executions: Executions,
    _upstream: Upstream,
}

impl Fleet {
    /// Starts so many proxies with a store that the policy tells of like this.
    fn start(proxies: usize, entry: &Value, store: Option<&dyn Store>) -> Self {
        let executions = Executions::default();
        let upstream = upstream(&executions);
        let config = config(&upstream, entry, store);
        let options = Options {
            concurrency: 2,
            ..Options::default()
        };
        let start = || Envoy::start(config.clone(), &options).unwrap_or_else(|e| panic!("{e}"));
        Self {
            proxies: std::iter::repeat_with(start).take(proxies).collect(),
            executions,
            _upstream: upstream,
        }
    }

    /// Sends all duplicates of each of so many keys for each delay, and judges what came of them.
    fn judge(&self, keys: usize) {
        // Each takes all that the machine has.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let doors: Vec<_> = self.proxies.iter().map(|own| own.address("edge")).collect();
        for delay in DELAYS {
            let begun = Instant::now();
            let wave = first_wave(&doors, keys, delay);
            let took = begun.elapsed();
            let mut counts = Counts::default();
            for (key, answers) in &wave {
                assert_eq!(self.executions.of(key), 1, "executions of {key}");
                let first = counts.count(key, answers);
                for door in &doors {
                    let late = Client::http1(*door).send(request(key));
                    assert_replay_of(first, &late, key);
                }
            }
            println!("delay {delay:?}: {keys} keys in {took:?}: {counts:?}");
        }
        self.assert_all_workers_took_part();
        self.assert_store_is_well();
    }

    fn assert_all_workers_took_part(&self) {
        for proxy in &self.proxies {
            let counters = proxy.counters();
            let connections = counters.iter().filter(|(name, _)| {
                name.contains(".worker_")
                    && name.ends_with(".downstream_cx_total")
                    && !name.contains("admin")
            });
            for (worker, connections) in connections {
                assert!(*connections > 0, "{worker}");
            }
        }
    }

    fn assert_store_is_well(&self) {
        for proxy in &self.proxies {
            let counters = proxy.counters();
            let failures = counters
                .iter()
                .filter(|(name, _)| name.contains("treaty_idempotency_store_failures"));
            assert_eq!(failures.collect::<Vec<_>>(), [], "store failures");
        }
    }
}

/// What the duplicates of a key were told.
#[derive(Debug, Default)]
struct Counts {
    ran: usize,
    replayed: usize,
    refused: usize,
}

impl Counts {
    /// Counts the answers to the requests with one key, and shows the one that the upstream gave.
    fn count<'a>(&mut self, key: &str, answers: &'a [Response]) -> &'a Response {
        let is_first =
            |answer: &&Response| answer.status == 201 && !answer.headers.has("idempotent-replayed");
        let first: Vec<_> = answers.iter().filter(is_first).collect();
        assert_eq!(first.len(), 1, "first answers of {key}");
        self.ran += 1;
        for answer in answers.iter().filter(|answer| !is_first(answer)) {
            if answer.status == 201 {
                assert_replay_of(first[0], answer, key);
                self.replayed += 1;
            } else {
                assert_eq!(answer.status, 409, "{key}: {}", answer.text());
                assert_eq!(reason(answer), "in-flight", "{key}");
                assert!(answer.headers.has("retry-after"), "{key}");
                self.refused += 1;
            }
        }
        first[0]
    }
}

/// Sends all duplicates of each key at once, through all doors in turn, and collects the answers by
/// key.
fn first_wave(
    doors: &[SocketAddr],
    keys: usize,
    delay: Duration,
) -> BTreeMap<String, Vec<Response>> {
    let answers = Mutex::new(BTreeMap::<_, Vec<_>>::new());
    let starts: Vec<_> = (0..TEAMS).map(|_| Barrier::new(DUPLICATES)).collect();
    let member = |team: usize, door: SocketAddr| {
        let mut connection = TcpStream::connect(door).unwrap();
        connection.set_read_timeout(Some(SOON)).unwrap();
        for number in (team..keys).step_by(TEAMS) {
            let key = format!("{}-{number}", delay.as_millis());
            starts[team].wait();
            let answer = ask(&mut connection, &key);
            answers.lock().unwrap().entry(key).or_default().push(answer);
        }
    };
    thread::scope(|scope| {
        for (team, door) in (0..TEAMS).flat_map(|team| {
            let doors = doors.iter().cycle().take(DUPLICATES);
            doors.map(move |door| (team, *door))
        }) {
            let member = &member;
            scope.spawn(move || member(team, door));
        }
    });
    answers.into_inner().unwrap()
}

/// Sends a request as octets and reads the answer, because there are so many that the cost of a
/// client would count.
fn ask(connection: &mut TcpStream, key: &str) -> Response {
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: treaty.test\r\ncontent-length: 2\r\n\
         idempotency-key: {key}\r\n\r\n{{}}"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let (mut received, mut octets) = (Vec::new(), [0; 4096]);
    loop {
        let count = connection.read(&mut octets).unwrap();
        assert!(count > 0, "{key}: the connection was closed");
        received.extend_from_slice(&octets[..count]);
        if let Some(answer) = parse_response(&received).filter(|answer| answer.complete) {
            return answer;
        }
    }
}

fn request(key: &str) -> Request {
    keyed(PATH, key)
}

/// A replay has the status, the fields that are kept, and the content of the first answer, and says
/// what it is.
fn assert_replay_of(first: &Response, replay: &Response, key: &str) {
    assert_eq!(replay.status, first.status, "{key}: {}", replay.text());
    assert_eq!(replay.body, first.body, "{key}");
    assert!(first.complete && replay.complete, "{key}");
    assert_eq!(
        replay.headers.text("idempotent-replayed"),
        Some("true"),
        "{key}"
    );
    let added = ["idempotent-replayed", "age", "idempotency-key-expires"];
    for name in added {
        assert!(
            replay.headers.has(name) && !first.headers.has(name),
            "{key}: {name}"
        );
    }
    assert!(first.headers.has("set-cookie"), "{key}");
    let dropped = ["set-cookie", "x-envoy-upstream-service-time"];
    assert_eq!(
        without(&replay.headers, &added),
        without(&first.headers, &dropped),
        "{key}"
    );
}

/// The fields but those of these names and those that the proxy sets anew on each answer, in an
/// order that does not depend on who wrote them.
fn without(fields: &Fields, names: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut rest: Vec<_> = fields
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()) && name != "date" && name != "server")
        .cloned()
        .collect();
    // The order between fields of different names means nothing (RFC 9110 section 5.3).
    rest.sort_by(|(one, _), (other, _)| one.cmp(other));
    rest
}

/// What carries charges out: each answer differs from any other.
fn upstream(executions: &Executions) -> Upstream {
    let upstream = Upstream::start();
    let executions = executions.clone();
    upstream.set_handler(move |request: &Seen| {
        let key = request.headers.text("idempotency-key").expect("a key");
        let execution = executions.count(key);
        let delay = key.split('-').next().and_then(|text| text.parse().ok());
        let length = key.bytes().map(usize::from).sum::<usize>() % 700;
        let body: Vec<u8> = (0..=255).cycle().take(length).chain(key.bytes()).collect();
        Answer::status(201)
            .header("content-type", "application/octet-stream")
            .header("location", format!("/v1/charges/{key}/{execution}"))
            .header("link", "</terms>; rel=terms-of-service")
            .header("link", "</help>; rel=help")
            .header("set-cookie", "session=secret")
            .header("x-execution", format!("{execution} of {key}"))
            .delay(Duration::from_millis(delay.expect("a delay")))
            .chunk(body)
    });
    upstream
}

fn config(upstream: &Upstream, entry: &Value, store: Option<&dyn Store>) -> Config {
    let mut entry = entry.clone();
    entry["name"] = "store".into();
    if store.is_some() {
        entry["cluster"] = "store".into();
        // No judgement of the store's speed: that of the machine varies.
        entry["timeout"] = "5s".into();
    }
    let mut policy = policy(json!({"required": true, "sealing": "none"}));
    policy["stores"] = json!([entry]);
    let listener = Listener::new("edge")
        .filter(filter(&policy))
        .route(Route::prefix("/", "upstream"));
    let config = Config::new()
        .listener(listener)
        .cluster(Cluster::new("upstream", upstream.address()).roomy());
    match store {
        Some(store) => config.store("store", store),
        None => config,
    }
}
