//! Three nodes of etcd, of which one is lost.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use e2e::EtcdCluster;
use idempotency_keys::live::Answer;

use crate::carrier::Carrier;
use crate::contract::{holds, race};
use crate::etcd::{LONGEST, PREFIX, VERSIONS, store};
use crate::member::{Member, record};

#[test]
fn three_nodes_keep_the_contract() {
    for version in VERSIONS {
        let cluster = EtcdCluster::start(version);
        let carrier = Carrier::to(&cluster);
        holds(&Member::new(store(), &carrier), LONGEST);
        assert_eq!(race(&store, &carrier, 2, 200), (1, 199));
    }
}

/// A claim may fail while there is no leader, but no key gets a second owner, and who was told that
/// it owns a key stands in the store.
#[test]
fn claims_go_on_with_one_owner_each_after_the_leader_was_killed() {
    for version in VERSIONS {
        let mut cluster = EtcdCluster::start(version);
        let carrier = Carrier::giving_up_after(Duration::from_millis(500), &cluster);
        let owners = claims_while(&carrier, || {
            thread::sleep(Duration::from_millis(500));
            cluster.kill_leader();
        });

        let records = cluster.records(PREFIX);
        for (number, owners) in &owners {
            let [owner] = owners.as_slice() else {
                panic!("{number} has the owners {owners:?}");
            };
            let name = format!("{PREFIX}{}", format!("{number:02x}").repeat(32));
            let stands = records.iter().find(|record| record.name == name);
            let stands = &stands.expect("a record for what was claimed").value;
            assert!(stands.ends_with(&record(*owner)), "{number}");
        }
        let late = KEYS.rev().take(20);
        let unclaimed: Vec<_> = late.filter(|key| !owners.contains_key(key)).collect();
        assert_eq!(unclaimed, [0; 0], "with a new leader every claim succeeds");
    }
}

const KEYS: RangeInclusive<u8> = 1..=250;

/// Four proxies claim the same keys, one after the other, while something happens: the tokens that
/// were told that they own a key.
fn claims_while(carrier: &Carrier, happens: impl FnOnce()) -> BTreeMap<u8, Vec<u64>> {
    let owners = Mutex::new(BTreeMap::<u8, Vec<u64>>::new());
    thread::scope(|scope| {
        for proxy in 0..4 {
            let owners = &owners;
            scope.spawn(move || {
                let member = Member::new(store(), carrier);
                for number in KEYS {
                    let token = proxy * 1000 + u64::from(number);
                    if let Answer::Claimed(_) = member.claim(number, token) {
                        let mut owners = owners.lock().unwrap();
                        owners.entry(number).or_default().push(token);
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            });
        }
        happens();
    });
    owners.into_inner().unwrap()
}
