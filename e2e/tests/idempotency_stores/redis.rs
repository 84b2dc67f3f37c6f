//! Redis and Valkey that are open to everybody.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{FrontKind, Redis, RedisFront, RedisKind, Reply, Store as Reachable};
use idempotency_keys::live::{Answer, Store, Way};

use crate::carrier::{CLUSTER, Carrier};
use crate::contract::{holds, race};
use crate::member::{MINUTE, Member, record};

pub(crate) const KINDS: [RedisKind; 2] = [RedisKind::Redis, RedisKind::Valkey];
pub(crate) const PREFIX: &str = "idem:";

/// What Redis can send in one go, over any network, before it sees that the proxy has ended its side
/// of the connection: it drops the rest of a longer answer.
pub(crate) const LONGEST_BY_TUNNEL: usize = 32 * 1024;

pub(crate) const TUNNEL: Way = Way::Tunnel {
    user: None,
    password: None,
    database: 0,
};

pub(crate) fn store(way: Way) -> Store {
    Store::redis(CLUSTER, PREFIX, way)
}

fn tunnelled() -> Store {
    store(TUNNEL)
}

/// A server of its own for each way: `holds` wants its keys free.
fn keeps_the_contract(way: &Way, front: Option<FrontKind>, longest: usize) {
    for kind in KINDS {
        let redis = Redis::start(kind);
        let front = front.map(|front| RedisFront::start(front, &redis, Some("Bearer x")));
        let reachable: &dyn Reachable = match &front {
            Some(front) => front,
            None => &redis,
        };
        let carrier = Carrier::to(reachable);
        let store = || store(way.clone());
        holds(&Member::new(store(), &carrier), longest);
        for number in 2..5 {
            assert_eq!(race(&store, &carrier, number, 200), (1, 199), "{kind:?}");
        }
    }
}

#[test]
fn redis_keeps_the_contract_through_the_tunnel() {
    keeps_the_contract(&TUNNEL, None, LONGEST_BY_TUNNEL);
}

#[test]
fn redis_keeps_the_contract_behind_webdis() {
    let authorization = Some("Bearer x".to_owned());
    keeps_the_contract(
        &Way::Webdis { authorization },
        Some(FrontKind::Webdis),
        200_000,
    );
}

#[test]
fn redis_keeps_the_contract_behind_rest() {
    let authorization = Some("Bearer x".to_owned());
    keeps_the_contract(&Way::Rest { authorization }, Some(FrontKind::Rest), 200_000);
}

/// Valkey loses the end of some of these lengths even over the loopback.
#[test]
fn a_record_that_the_tunnel_cuts_short_is_an_error_and_never_another_record() {
    for kind in KINDS {
        let redis = Redis::start(kind);
        let carrier = Carrier::to(&redis);
        let member = Member::new(tunnelled(), &carrier);
        let mut fence = member.own(1, 1);
        for octets in (199_900..199_980).step_by(3) {
            let done = vec![7; octets];
            let Answer::Replaced(next) = member.replace(1, fence, 1, &done) else {
                panic!("{octets} octets are not kept");
            };
            fence = next;
            match member.claim(1, 2) {
                Answer::Exists { record, .. } => assert!(record == done, "{octets} octets"),
                answer => assert!(
                    matches!(answer, Answer::Failed("malformed" | "unreachable")),
                    "{octets}: {answer:?}"
                ),
            }
        }
    }
}

#[test]
fn a_record_stands_under_a_digest_and_ends_in_its_time() {
    for kind in KINDS {
        let redis = Redis::start(kind);
        let carrier = Carrier::to(&redis);
        let member = Member::new(tunnelled(), &carrier);
        member.own(7, 1);
        let records = redis.records(PREFIX);
        assert_eq!(records[0].name, format!("{PREFIX}{}", "07".repeat(32)));
        let ends_in = records[0].ends_in.expect("a time to live");
        assert!(ends_in <= MINUTE && ends_in > MINUTE / 2, "{ends_in:?}");

        let short = Duration::from_millis(500);
        let claim = |token| member.claim_for(short, 1, token);
        assert!(matches!(claim(1), Answer::Claimed(_)));
        assert!(matches!(claim(2), Answer::Exists { .. }));
        thread::sleep(short + Duration::from_millis(100));
        assert!(matches!(claim(3), Answer::Claimed(_)));
    }
}

#[test]
fn a_redis_without_room_says_so_and_still_releases() {
    for kind in KINDS {
        let limit = ["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"];
        let redis = Redis::start_with(kind, None, &limit);
        let carrier = Carrier::to(&redis);
        let member = Member::new(tunnelled(), &carrier);
        let fence = member.own(1, 1);
        let refused = (2..60).find_map(|number| match member.claim(number, 1) {
            Answer::Claimed(fence) => {
                let answer = member.replace(number, fence, 1, &vec![7; 200_000]);
                (!matches!(answer, Answer::Replaced(_))).then_some(answer)
            }
            other => Some(other),
        });
        assert_eq!(refused, Some(Answer::Failed("full")));
        assert_eq!(member.release(1, fence), Answer::Released);
    }
}

/// The tunnel answers 200 as soon as there is a connection, which the kernel makes for a frozen
/// server too: what fails then is a connection that has served, not a call that has waited.
#[test]
fn a_claim_that_a_frozen_redis_took_is_its_owners_after_the_thaw() {
    for kind in KINDS {
        let mut redis = Redis::start(kind);
        let carrier = Carrier::giving_up_after(Duration::from_millis(300), &redis);
        let member = Member::new(tunnelled(), &carrier);

        redis.server().freeze();
        assert_eq!(member.claim(2, 1), Answer::Failed("unreachable"));
        assert_eq!(member.take_calls().len(), 2);
        redis.server().thaw();

        member.own(2, 1);
        assert!(matches!(member.claim(2, 2), Answer::Exists { .. }));
    }
}

#[test]
fn a_front_that_waits_for_a_frozen_redis_is_a_time_out() {
    for kind in KINDS {
        let mut redis = Redis::start(kind);
        let front = RedisFront::start(FrontKind::Rest, &redis, None);
        let carrier = Carrier::giving_up_after(Duration::from_millis(300), &front);
        let authorization = None;
        let member = Member::new(store(Way::Rest { authorization }), &carrier);
        redis.server().freeze();
        assert_eq!(member.claim(2, 1), Answer::Failed("timed_out"));
        redis.server().thaw();
        member.own(2, 1);
    }
}

#[test]
fn a_killed_redis_is_told_at_once_and_one_with_a_journal_keeps_its_records_over_a_restart() {
    for kind in KINDS {
        let mut redis = Redis::start(kind);
        let carrier = Carrier::to(&redis);
        let member = Member::new(tunnelled(), &carrier);
        let fence = member.own(1, 1);

        redis.server().kill();
        let start = Instant::now();
        assert_eq!(member.claim(2, 1), Answer::Failed("unreachable"));
        assert!(start.elapsed() < Duration::from_secs(1));

        redis.server().restart();
        let found = Answer::Exists {
            record: record(1),
            fence,
        };
        assert_eq!(member.claim(1, 2), found);
    }
}

/// Redis answers before its replicas have what was written. Here the replica has nothing at all, and
/// becomes the primary: the same key is owned twice.
#[test]
fn a_failover_of_redis_may_lose_a_claim() {
    for kind in KINDS {
        let mut primary = Redis::start(kind);
        let replica = Redis::start(kind);
        let before = Carrier::to(&primary);
        Member::new(tunnelled(), &before).own(1, 1);
        primary.server().kill();
        let after = Carrier::to(&replica);
        Member::new(tunnelled(), &after).own(1, 2);
    }
}

#[test]
fn a_replica_and_a_cluster_without_slots_are_not_ready() {
    for kind in KINDS {
        let primary = Redis::start(kind);
        let port = primary.address().port().to_string();
        let replica = Redis::start_with(kind, None, &["--replicaof", "127.0.0.1", &port]);
        wait_until_linked(&replica);
        let cluster = Redis::start_with(kind, None, &["--cluster-enabled", "yes"]);
        for redis in [&replica, &cluster] {
            let carrier = Carrier::to(redis);
            let member = Member::new(tunnelled(), &carrier);
            assert_eq!(member.claim(1, 1), Answer::Failed("unready"));
        }
    }
}

/// Until its first copy is there, a replica may say that it loads.
fn wait_until_linked(replica: &Redis) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let Reply::Bulk(Some(info)) = replica.ask(&["INFO", "replication"]) else {
            panic!("INFO answers a text");
        };
        if String::from_utf8_lossy(&info).contains("master_link_status:up") {
            return;
        }
        assert!(Instant::now() < deadline, "the replica has no primary");
        thread::sleep(Duration::from_millis(20));
    }
}
