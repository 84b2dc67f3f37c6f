//! Many keys, and every fault at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::ask::{PATIENCE, Told, ask, begin};
use super::chance::{Chance, seed};
use super::sabotage::sabotage;
use super::service::Conduct;
use super::stand::{Backend, Doors, Stand};
use super::verdict::{Fates, judge};

/// In `make test`; `make soak` has more.
const KEYS: u64 = 200;

/// How many keys are in work at once.
const AT_ONCE: usize = 12;

#[test]
fn no_key_runs_twice_whatever_fails_around_etcd() {
    run(Stand::start(Backend::etcd(), 2, json!({})), KEYS, AT_ONCE);
}

#[test]
fn no_key_runs_twice_whatever_fails_around_three_nodes_of_etcd() {
    let stand = Stand::start(Backend::etcd_cluster(), 2, json!({}));
    run(stand, KEYS, AT_ONCE);
}

#[test]
fn no_key_runs_twice_whatever_fails_around_redis() {
    run(Stand::start(Backend::redis(), 2, json!({})), KEYS, AT_ONCE);
}

#[test]
fn no_key_runs_twice_whatever_fails_around_a_local_store() {
    run(Stand::of_one(Backend::Local), KEYS, AT_ONCE);
}

#[test]
fn no_key_runs_twice_whatever_fails_where_duplicates_wait() {
    let wait = json!({"inFlight": {"do": "wait", "limit": "1s", "every": "50ms"}});
    run(Stand::start(Backend::redis(), 2, wait), KEYS, AT_ONCE);
}

/// Runs so many keys, and so many of them at once, through proxies that share a store, while
/// everything fails, and judges each.
pub(crate) fn run(mut stand: Stand, keys: u64, at_once: usize) {
    let seed = seed();
    println!("TREATY_SEED={seed} repeats this; no request may take longer than {PATIENCE:?}");
    let (doors, ledger) = (Arc::clone(&stand.doors), Arc::clone(&stand.ledger));

    let begun = Instant::now();
    let (heard, struck) = thread::scope(|scope| {
        let asking = scope.spawn(|| each(keys, at_once, |number| live(number, seed, &doors)));
        let mut chance = Chance::new(seed, u64::MAX);
        let struck = sabotage(&mut stand, &mut chance, || asking.is_finished());
        (asking.join().expect("every key was fine"), struck)
    });
    println!("{keys} keys and {struck} faults in {:?}", begun.elapsed());

    let begun = Instant::now();
    let judged = each(keys, at_once, |number| {
        let heard = &heard[usize::try_from(number).expect("few")];
        judge(&name(number), heard, &ledger, &doors)
    });
    println!("judged in {:?}", begun.elapsed());
    let fates: Fates = judged.into_iter().collect();
    println!("{fates}");
    // All but those that met with a fault end in the way that their upstream had in mind.
    assert!(
        fates.kept > 0 && fates.not_kept > 0 && fates.unknown > 0,
        "{fates}"
    );
}

/// Does something for each number, so many at once, and gives what came of it, in order.
fn each<T: Send>(count: u64, at_once: usize, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push((number, work(number)));
        }
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("every key was fine"))
            .collect()
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, done)| done).collect()
}

/// The key of this number.
fn name(number: u64) -> String {
    format!("key-{number}")
}

/// One key: somebody asks, and others ask the same meanwhile and later. Says what they heard.
fn live(number: u64, seed: u64, doors: &Doors) -> Vec<Told> {
    let key = name(number);
    let mut chance = Chance::new(seed, number);
    let conduct = chance.one_of(&[
        Conduct::Prompt,
        Conduct::Prompt,
        Conduct::Slow,
        Conduct::Slow,
        Conduct::Paced,
        Conduct::Paced,
        Conduct::Empty,
        Conduct::Large,
        Conduct::Failing,
        Conduct::Silent,
        Conduct::Torn,
        Conduct::Late,
        Conduct::Stalled,
        Conduct::Busy,
    ]);
    let meanwhile = chance.below(3);
    let later = chance.below(3);
    let mut clients: Vec<_> = (0..=meanwhile + later)
        .map(|_| Visitor::new(conduct, &mut chance, doors))
        .collect();
    let later = clients.split_off(clients.len() - usize::try_from(later).expect("few"));
    let mut heard: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> = clients
            .iter()
            .map(|client| scope.spawn(|| client.ask(&key, doors)))
            .collect();
        asking
            .into_iter()
            .map(|asking| asking.join().expect("no client hangs"))
            .collect()
    });
    heard.extend(later.iter().map(|client| client.ask(&key, doors)));
    heard
}

/// A client whose ways were chosen.
struct Visitor {
    conduct: Conduct,
    proxy: usize,
    delay: Duration,
    leaves_after: Option<Duration>,
}

impl Visitor {
    fn new(conduct: Conduct, chance: &mut Chance, doors: &Doors) -> Self {
        Self {
            conduct,
            proxy: chance.one_of(&(0..doors.count()).collect::<Vec<_>>()),
            delay: chance.millis(0..200),
            leaves_after: chance.happens(15).then(|| chance.millis(0..250)),
        }
    }

    fn ask(&self, key: &str, doors: &Doors) -> Told {
        thread::sleep(self.delay);
        let door = doors.door(self.proxy);
        let Some(stays) = self.leaves_after else {
            return ask(door, key, self.conduct);
        };
        if let Ok(exchange) = begin(door, key, self.conduct) {
            thread::sleep(stays);
            drop(exchange);
        }
        Told::Nothing
    }
}
