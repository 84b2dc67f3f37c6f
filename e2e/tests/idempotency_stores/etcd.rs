//! etcd of one node, open to everybody.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::{Etcd, EtcdOptions, EtcdVersion};
use idempotency_keys::live::{Answer, Store};

use crate::carrier::{CLUSTER, Carrier};
use crate::contract::{holds, race};
use crate::member::{MINUTE, Member, record};

pub(crate) const VERSIONS: [EtcdVersion; 2] = [EtcdVersion::V3_5, EtcdVersion::V3_7];
pub(crate) const PREFIX: &str = "idem/";
/// Well below what a request may have.
pub(crate) const LONGEST: usize = 1_000_000;

pub(crate) fn store() -> Store {
    Store::etcd(CLUSTER, PREFIX, None)
}

#[test]
fn etcd_keeps_the_contract() {
    for version in VERSIONS {
        let etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        holds(&Member::new(store(), &carrier), LONGEST);
    }
}

#[test]
fn the_first_claim_grants_a_lease_and_the_next_one_is_a_single_call() {
    for version in VERSIONS {
        let etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(store(), &carrier);
        member.own(1, 1);
        assert_eq!(member.take_calls(), ["Txn", "LeaseGrant", "Txn"]);
        // Unless a bucket of ten seconds has just ended.
        let calls = (2..5).map(|number| {
            member.own(number, 1);
            member.take_calls()
        });
        assert!(calls.into_iter().any(|calls| calls == ["Txn"]));
    }
}

/// Each claim comes from a proxy of its own, and none of them has a lease.
#[test]
fn one_of_two_hundred_claims_at_once_owns_the_key() {
    for version in VERSIONS {
        let etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        for number in 1..6 {
            assert_eq!(race(&store, &carrier, number, 200), (1, 199));
        }
        assert_eq!(etcd.records(PREFIX).len(), 5);
    }
}

#[test]
fn a_record_stands_under_a_digest_and_ends_within_three_buckets_of_its_time() {
    for version in VERSIONS {
        let etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(store(), &carrier);
        for (number, ttl, bucket) in [(1, 1, 10), (2, 60, 10), (3, 24 * 60 * 60, 60)] {
            let ttl = Duration::from_secs(ttl);
            member.claim_for(ttl, number, 7);
            let records = etcd.records(PREFIX);
            let record = &records[usize::from(number) - 1];
            let digest = format!("{number:02x}").repeat(32);
            assert_eq!(record.name, format!("{PREFIX}{digest}"));
            let ends_in = record.ends_in.expect("a lease");
            // The time to live is counted in whole buckets.
            let most = ttl + Duration::from_secs(4 * bucket);
            assert!(ends_in >= ttl && ends_in <= most, "{ttl:?}: {ends_in:?}");
        }
        assert!(etcd.records(PREFIX)[0].value.ends_with(&record(7)));
    }
}

#[test]
fn a_record_ends_with_its_lease() {
    let etcds = VERSIONS.map(Etcd::start);
    let carriers = etcds.each_ref().map(|etcd| Carrier::to(etcd));
    thread::scope(|scope| {
        for carrier in &carriers {
            scope.spawn(|| {
                let member = Member::new(store(), carrier);
                let claim = |token| member.claim_for(Duration::from_secs(1), 1, token);
                assert!(matches!(claim(1), Answer::Claimed(_)));
                let start = Instant::now();
                while matches!(claim(2), Answer::Exists { .. }) {
                    assert!(start.elapsed() < MINUTE);
                    thread::sleep(Duration::from_millis(250));
                }
                assert!(matches!(claim(2), Answer::Claimed(_)));
                assert!(start.elapsed() > Duration::from_secs(10));
            });
        }
    });
}

#[test]
fn leases_that_are_granted_ahead_leave_every_claim_a_single_call() {
    let etcd = Etcd::start(EtcdVersion::V3_7);
    let carrier = Carrier::to(&etcd);
    let member = Member::new(store(), &carrier);
    wait_for_the_first_half_of_a_bucket();
    member.own(1, 1);
    let mut granted = 0;
    for number in 2..50 {
        thread::sleep(Duration::from_millis(500));
        granted += usize::from(member.tick(u64::from(number) * 37));
        member.take_calls();
        member.own(number, 1);
        assert_eq!(member.take_calls(), ["Txn"], "claim {number}");
    }
    // In 24 s two buckets end at least.
    assert!(granted >= 2, "{granted}");
}

/// The next lease is granted in the second half, by whoever has used the one before it. The buckets
/// of a minute have ten seconds.
fn wait_for_the_first_half_of_a_bucket() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let second = now.as_secs() % 10;
    if second >= 4 {
        thread::sleep(Duration::from_secs(10 - second));
    }
}

#[test]
fn a_record_is_kept_up_to_the_size_of_a_request_and_said_to_be_too_large_beyond() {
    for version in VERSIONS {
        let etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(store(), &carrier);
        let keep = |number, octets| {
            let fence = member.own(number, 1);
            member.replace(number, fence, 1, &vec![7; octets])
        };
        assert!(matches!(keep(1, 1_400_000), Answer::Replaced(_)));
        // Above etcd's own limit of 1.5 MiB, and above that of gRPC, 512 KiB higher.
        assert_eq!(keep(2, 1_700_000), Answer::Failed("too_large"));
        assert_eq!(keep(3, 3_000_000), Answer::Failed("too_large"));
    }
}

#[test]
fn an_etcd_without_room_says_so() {
    for version in VERSIONS {
        let mut options = EtcdOptions::new(version);
        options.arguments = vec!["--quota-backend-bytes=4000000".to_owned()];
        let etcd = Etcd::start_with(&options);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(store(), &carrier);
        let refused = (1..60).find_map(|number| match member.claim(number, 1) {
            Answer::Claimed(fence) => {
                let answer = member.replace(number, fence, 1, &vec![7; 200_000]);
                (!matches!(answer, Answer::Replaced(_))).then_some(answer)
            }
            other => Some(other),
        });
        assert_eq!(refused, Some(Answer::Failed("full")));
        assert_eq!(member.claim(61, 1), Answer::Failed("full"));
    }
}

#[test]
fn a_claim_that_a_frozen_etcd_took_is_its_owners_after_the_thaw() {
    for version in VERSIONS {
        let mut etcd = Etcd::start(version);
        let carrier = Carrier::giving_up_after(Duration::from_millis(500), &etcd);
        let member = Member::new(store(), &carrier);
        member.own(1, 1);
        member.take_calls();

        etcd.server().freeze();
        assert_eq!(member.claim(2, 1), Answer::Failed("timed_out"));
        assert_eq!(member.take_calls().len(), 2);
        etcd.server().thaw();

        member.own(2, 1);
        assert!(matches!(member.claim(2, 2), Answer::Exists { .. }));
    }
}

#[test]
fn a_killed_etcd_is_told_at_once_and_keeps_its_records_over_a_restart() {
    for version in VERSIONS {
        let mut etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(store(), &carrier);
        let fence = member.own(1, 1);

        etcd.server().kill();
        let start = Instant::now();
        assert_eq!(member.claim(2, 1), Answer::Failed("unreachable"));
        assert!(start.elapsed() < Duration::from_secs(1));

        etcd.server().restart();
        let found = Answer::Exists {
            record: record(1),
            fence,
        };
        assert_eq!(member.claim(1, 2), found);
    }
}
