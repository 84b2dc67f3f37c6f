//! What every store promises.

use std::thread;

use idempotency_keys::live::{Answer, Fence, Store};

use crate::carrier::Carrier;
use crate::member::{Member, record};

/// Holds a store to all that one owner after the other may rely on. The keys 1, 250 and 251 must be
/// free, and records of so many octets must be kept.
pub(crate) fn holds(member: &Member, longest: usize) {
    let owner = claimed_once(member);
    let kept = replaced(member, owner, longest);
    let taken = taken_over_once(member, kept);
    late_owner_is_fenced_out(member, kept);
    released(member, taken);
    kept_where_nobody_is(member, taken);
}

/// How many of so many proxies that claim a key at once own it, and how many find its record.
pub(crate) fn race(
    store: &(dyn Fn() -> Store + Sync),
    carrier: &Carrier,
    number: u8,
    proxies: u64,
) -> (usize, usize) {
    let claim = |token| Member::new(store(), carrier).claim(number, 1000 + token);
    let answers: Vec<_> = thread::scope(|scope| {
        let claims: Vec<_> = (0..proxies)
            .map(|token| scope.spawn(move || claim(token)))
            .collect();
        claims
            .into_iter()
            .map(|claim| claim.join().unwrap())
            .collect()
    });
    let owners = answers
        .iter()
        .filter(|answer| matches!(answer, Answer::Claimed(_)));
    let others = answers
        .iter()
        .filter(|answer| matches!(answer, Answer::Exists { .. }));
    (owners.count(), others.count())
}

fn claimed_once(member: &Member) -> Fence {
    let owner = member.own(1, 10);
    let found = Answer::Exists {
        record: record(10),
        fence: owner,
    };
    assert_eq!(member.claim(1, 11), found);
    // Sent again, because its answer was lost.
    assert_eq!(member.claim(1, 10), Answer::Claimed(owner));
    owner
}

fn replaced(member: &Member, owner: Fence, longest: usize) -> Fence {
    let done: Vec<u8> = (0..=250).cycle().take(longest).collect();
    let kept = fence(member.replace(1, owner, 10, &done));
    // Sent again, under the fence that it had.
    assert_eq!(member.replace(1, owner, 10, &done), Answer::Replaced(kept));
    let found = Answer::Exists {
        record: done,
        fence: kept,
    };
    // Not shown where it is another one: it is long.
    let stands = member.claim(1, 12);
    assert!(stands == found, "not the record that was written");
    kept
}

fn taken_over_once(member: &Member, kept: Fence) -> Fence {
    // What others write between must not matter: revisions of etcd count all keys.
    member.own(250, 1);
    let taken = fence(member.replace(1, kept, 20, b"again"));
    assert_eq!(member.replace(1, kept, 21, b"again"), Answer::Lost);
    member.own(251, 1);
    taken
}

fn late_owner_is_fenced_out(member: &Member, kept: Fence) {
    assert_eq!(member.replace(1, kept, 10, b"late"), Answer::Lost);
    assert_eq!(member.release(1, kept), Answer::Lost);
}

fn released(member: &Member, taken: Fence) {
    assert_eq!(member.release(1, taken), Answer::Released);
    assert_eq!(member.release(1, taken), Answer::Released);
}

/// An outcome that comes after its claim has ended spares a second run, if nobody else began one.
fn kept_where_nobody_is(member: &Member, taken: Fence) {
    let late = fence(member.replace(1, taken, 20, b"late"));
    let found = Answer::Exists {
        record: b"late".to_vec(),
        fence: late,
    };
    assert_eq!(member.claim(1, 30), found);
    assert_eq!(member.release(1, late), Answer::Released);
    member.own(1, 31);
}

fn fence(answer: Answer) -> Fence {
    match answer {
        Answer::Replaced(fence) => fence,
        other => panic!("not replaced: {other:?}"),
    }
}
