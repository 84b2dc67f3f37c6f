//! One fault at a time, and the fact that it shows.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::ask::{Told, ask, begin, told};
use super::service::{Conduct, Execution};
use super::stand::{Backend, Stand};
use super::verdict::{Fate, fate};

/// The claims of a stand have ended after this.
const CLAIMS_ENDED: Duration = Duration::from_millis(2500);

/// A store that does not answer is given up after two tries of 250 ms; the rest is for a busy
/// machine.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// For what is repeated in the background, with rests of up to 8 s between.
const IN_THE_BACKGROUND: Duration = Duration::from_secs(20);

#[test]
fn a_client_that_leaves_leaves_an_unknown_outcome() {
    for backend in [Backend::Local, Backend::etcd(), Backend::redis()] {
        let stand = Stand::of_one(backend);
        let before_head = begin(stand.door(), "before-head", Conduct::Late).unwrap();
        wait_for_execution(&stand, "before-head");
        drop(before_head);
        let mut in_content = begin(stand.door(), "in-content", Conduct::Stalled).unwrap();
        in_content.next_chunk().unwrap().expect("a chunk");
        drop(in_content);
        for key in ["before-head", "in-content"] {
            assert_unknown_from_now_on(&stand, key);
        }
    }
}

#[test]
fn an_upstream_that_breaks_off_or_is_killed_leaves_an_unknown_outcome() {
    for backend in [Backend::Local, Backend::etcd(), Backend::redis()] {
        let mut stand = Stand::of_one(backend);
        for (conduct, expected) in [
            (Conduct::Silent, Told::Failed(503)),
            (Conduct::Torn, Told::Nothing),
            (Conduct::Late, Told::Failed(504)),
            (Conduct::Stalled, Told::Nothing),
        ] {
            let key = conduct.name();
            assert_eq!(ask(stand.door(), &key, conduct), expected);
            assert_unknown_from_now_on(&stand, &key);
        }

        let before_head = begin(stand.door(), "before-head", Conduct::Late).unwrap();
        wait_for_execution(&stand, "before-head");
        let mut in_content = begin(stand.door(), "in-content", Conduct::Stalled).unwrap();
        in_content.next_chunk().unwrap().expect("a chunk");
        stand.upstream.kill();
        assert_eq!(told(&before_head.rest().unwrap()), Told::Failed(503));
        assert_eq!(told(&in_content.rest().unwrap()), Told::Nothing);
        stand.upstream.restart();
        for key in ["before-head", "in-content"] {
            assert_unknown_from_now_on(&stand, key);
        }
    }
}

#[test]
fn an_upstream_that_is_not_there_leaves_the_key_free() {
    for backend in [Backend::Local, Backend::etcd(), Backend::redis()] {
        let mut stand = Stand::of_one(backend);
        stand.upstream.kill();
        assert_eq!(
            ask(stand.door(), "early", Conduct::Prompt),
            Told::Failed(503)
        );
        stand.upstream.restart();
        assert_runs(stand.door(), "early");
    }
}

#[test]
fn without_its_store_a_closed_policy_lets_nothing_run_and_then_replays_what_it_had() {
    for backend in Backend::shared() {
        let mut stand = Stand::of_one(backend);
        let answer = assert_runs(stand.door(), "earlier");

        stand.store().kill();
        for key in ["earlier", "later"] {
            assert_unavailable_within(GIVEN_UP, &stand, key);
        }
        stand.store().restart();
        let replayed = eventually(&stand, "earlier", |told| matches!(told, Told::Replayed(_)));
        assert_eq!(replayed, Told::Replayed(answer));
        assert_runs_once_it_can(&stand, "later");
        assert_eq!(stand.ledger.executions("earlier").len(), 1);
    }
}

#[test]
fn a_frozen_store_is_given_up_in_time_and_bars_no_key_after_its_thaw() {
    for backend in Backend::shared() {
        let mut stand = Stand::of_one(backend);
        assert_runs(stand.door(), "first");
        stand.store().freeze();
        assert_unavailable_within(GIVEN_UP, &stand, "frozen");
        stand.store().thaw();
        assert_runs_once_it_can(&stand, "frozen");
    }
}

#[test]
fn an_answer_waits_for_a_frozen_store_no_longer_than_a_call_and_is_kept_later() {
    for backend in Backend::shared() {
        let mut stand = Stand::of_one(backend);
        assert_runs(stand.door(), "first");
        let asked = Instant::now();
        let exchange = begin(stand.door(), "kept", Conduct::Slow).unwrap();
        wait_for_execution(&stand, "kept");
        stand.store().freeze();
        let answer = told(&exchange.rest().unwrap());
        assert!(asked.elapsed() < GIVEN_UP, "{:?}", asked.elapsed());
        stand.store().thaw();

        let Told::Ran(answer) = answer else {
            panic!("{answer:?}");
        };
        let replayed = eventually(&stand, "kept", |told| matches!(told, Told::Replayed(_)));
        assert_eq!(replayed, Told::Replayed(answer));
    }
}

#[test]
fn an_open_policy_lets_requests_run_without_a_guard_and_says_so() {
    for backend in Backend::shared() {
        let mut stand = Stand::start(backend, 1, json!({"storeTrouble": "open"}));
        stand.store().kill();
        for executions in 1..=2 {
            assert!(matches!(
                ask(stand.door(), "open", Conduct::Prompt),
                Told::Ran(_)
            ));
            assert_eq!(stand.ledger.executions("open").len(), executions);
        }
        for request in stand.upstream.take_seen() {
            let told = request.headers.text("x-treaty-idempotency");
            assert_eq!(told, Some("unguarded"));
        }
    }
}

#[test]
fn keys_go_on_with_a_new_leader_of_etcd_and_none_runs_twice() {
    let mut stand = Stand::of_one(Backend::etcd_cluster());
    let kept: Vec<_> = (0..10)
        .map(|number| assert_runs(stand.door(), &format!("kept-{number}")))
        .collect();
    let exchange = begin(stand.door(), "on-its-way", Conduct::Slow).unwrap();
    wait_for_execution(&stand, "on-its-way");
    if let Backend::EtcdCluster(etcd) = &mut stand.backend {
        etcd.kill_leader();
    }
    let answer = told(&exchange.rest().unwrap());
    assert!(matches!(answer, Told::Ran(_)), "{answer:?}");

    let killed = Instant::now();
    assert_runs_once_it_can(&stand, "new");
    println!(
        "a key ran {:?} after the leader was killed",
        killed.elapsed()
    );
    for (number, answer) in kept.into_iter().enumerate() {
        let key = format!("kept-{number}");
        let told = ask(stand.door(), &key, Conduct::Prompt);
        assert_eq!(told, Told::Replayed(answer), "{key}");
    }
    let replayed = eventually(&stand, "on-its-way", |told| {
        matches!(told, Told::Replayed(_))
    });
    assert_eq!(fate(&replayed), Some(Fate::Kept), "{replayed:?}");
    assert_eq!(stand.ledger.executions("on-its-way").len(), 1);
}

#[test]
fn a_killed_proxy_leaves_an_unknown_outcome_to_all_others() {
    for backend in Backend::shared() {
        let mut stand = Stand::start(backend, 2, json!({}));
        let kept = assert_runs(stand.door(), "kept");
        let exchange = begin(stand.door(), "lost", Conduct::Late).unwrap();
        wait_for_execution(&stand, "lost");
        stand.kill_proxy(0);
        drop(exchange);

        let other = stand.doors.door(1);
        let duplicate = ask(other, "lost", Conduct::Prompt);
        assert_eq!(duplicate, Told::Refused("in_flight".to_owned()));
        thread::sleep(CLAIMS_ENDED);
        stand.restart_proxy(0);
        for door in [stand.door(), other] {
            let duplicate = ask(door, "lost", Conduct::Prompt);
            assert_eq!(duplicate, Told::Refused("outcome_unknown".to_owned()));
            let duplicate = ask(door, "kept", Conduct::Prompt);
            assert_eq!(duplicate, Told::Replayed(kept.clone()));
        }
        assert_eq!(stand.ledger.executions("lost").len(), 1);
    }
}

#[test]
fn a_policy_that_reexecutes_frees_the_keys_of_a_killed_proxy_after_the_claim() {
    let terms = json!({"onClaimExpired": "reexecute"});
    let mut stand = Stand::start(Backend::redis(), 2, terms);
    let exchange = begin(stand.door(), "again", Conduct::Late).unwrap();
    wait_for_execution(&stand, "again");
    stand.kill_proxy(0);
    drop(exchange);

    let other = stand.doors.door(1);
    let duplicate = ask(other, "again", Conduct::Prompt);
    assert_eq!(duplicate, Told::Refused("in_flight".to_owned()));
    assert_eq!(stand.ledger.executions("again").len(), 1);
    thread::sleep(CLAIMS_ENDED);
    assert_runs(other, "again");
    assert_eq!(stand.ledger.executions("again").len(), 2);
}

#[test]
fn what_a_local_store_knows_ends_with_its_proxy() {
    let mut stand = Stand::of_one(Backend::Local);
    let answer = assert_runs(stand.door(), "forgotten");
    let duplicate = ask(stand.door(), "forgotten", Conduct::Prompt);
    assert_eq!(duplicate, Told::Replayed(answer));
    stand.kill_proxy(0);
    stand.restart_proxy(0);
    assert_runs(stand.door(), "forgotten");
    assert_eq!(stand.ledger.executions("forgotten").len(), 2);
}

#[test]
fn a_slow_store_slows_and_breaks_nothing() {
    for backend in Backend::shared() {
        let mut stand = Stand::of_one(backend);
        assert_runs(stand.door(), "first");
        let door = stand.door();
        thread::scope(|scope| {
            let clients = scope.spawn(move || {
                (0..10)
                    .map(|number| assert_runs(door, &format!("slow-{number}")))
                    .collect::<Vec<_>>()
            });
            while !clients.is_finished() {
                stand.store().freeze();
                thread::sleep(Duration::from_millis(60));
                stand.store().thaw();
                thread::sleep(Duration::from_millis(20));
            }
            for (number, answer) in clients.join().unwrap().into_iter().enumerate() {
                let told = ask(door, &format!("slow-{number}"), Conduct::Prompt);
                assert_eq!(told, Told::Replayed(answer));
            }
        });
    }
}

/// Runs a key for the first time.
fn assert_runs(door: SocketAddr, key: &str) -> Execution {
    match ask(door, key, Conduct::Prompt) {
        Told::Ran(execution) => execution,
        other => panic!("{key} did not run: {other:?}"),
    }
}

/// Runs a key that was refused before. A claim that may have been carried out meanwhile is taken back
/// first, and until then it bars the key.
fn assert_runs_once_it_can(stand: &Stand, key: &str) {
    let told = eventually(stand, key, |told| matches!(told, Told::Ran(_)));
    assert_eq!(fate(&told), Some(Fate::Free), "{key}: {told:?}");
    assert_eq!(stand.ledger.executions(key).len(), 1, "{key}");
}

/// The key is barred, and stays so when its claim has ended; it has run once.
fn assert_unknown_from_now_on(stand: &Stand, key: &str) {
    let unknown = Told::Refused("outcome_unknown".to_owned());
    // The proxy may still be about to notice.
    let told = eventually(stand, key, |told| *told == unknown);
    assert_eq!(told, unknown);
    assert_eq!(stand.ledger.executions(key).len(), 1, "{key}");
}

fn assert_unavailable_within(most: Duration, stand: &Stand, key: &str) {
    let executions = stand.ledger.executions(key).len();
    let asked = Instant::now();
    let told = ask(stand.door(), key, Conduct::Prompt);
    assert_eq!(told, Told::Refused("store_unavailable".to_owned()));
    assert!(asked.elapsed() < most, "{:?}", asked.elapsed());
    assert_eq!(stand.ledger.executions(key).len(), executions);
}

/// Asks until the answer is as awaited, and gives it; after a while, whatever it is.
fn eventually(stand: &Stand, key: &str, is_awaited: impl Fn(&Told) -> bool) -> Told {
    let begun = Instant::now();
    loop {
        let told = ask(stand.door(), key, Conduct::Prompt);
        if is_awaited(&told) || begun.elapsed() > IN_THE_BACKGROUND {
            return told;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn wait_for_execution(stand: &Stand, key: &str) {
    let begun = Instant::now();
    while stand.ledger.executions(key).is_empty() {
        assert!(begun.elapsed() < GIVEN_UP, "{key} was not carried out");
        thread::sleep(Duration::from_millis(2));
    }
}
