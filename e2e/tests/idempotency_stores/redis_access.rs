//! Redis that wants to know who asks.

use e2e::{FrontKind, Redis, RedisFront};
use idempotency_keys::live::{Answer, Way};

use crate::carrier::Carrier;
use crate::contract::holds;
use crate::member::Member;
use crate::redis::{KINDS, LONGEST_BY_TUNNEL, PREFIX, TUNNEL, store};

const DENIED: Answer = Answer::Failed("denied");
const UNKNOWN: Answer = Answer::Failed("unknown");

fn tunnel(user: Option<&str>, password: Option<&str>, database: u32) -> Way {
    Way::Tunnel {
        user: user.map(str::to_owned),
        password: password.map(str::to_owned),
        database,
    }
}

#[test]
fn the_contract_holds_behind_a_password_in_any_database() {
    for kind in KINDS {
        let redis = Redis::start_with(kind, Some("p w"), &[]);
        let carrier = Carrier::to(&redis);
        let own = tunnel(None, Some("p w"), 0);
        holds(&Member::new(store(own), &carrier), LONGEST_BY_TUNNEL);
        let other = tunnel(Some("default"), Some("p w"), 3);
        holds(&Member::new(store(other), &carrier), LONGEST_BY_TUNNEL);
    }
}

#[test]
fn nobody_gets_in_without_the_password() {
    for kind in KINDS {
        let redis = Redis::start_with(kind, Some("p w"), &[]);
        let carrier = Carrier::to(&redis);
        for way in [
            TUNNEL,
            tunnel(None, Some("no"), 0),
            tunnel(None, Some("no"), 2),
            tunnel(Some("nobody"), Some("p w"), 0),
        ] {
            let member = Member::new(store(way.clone()), &carrier);
            assert_eq!(member.claim(1, 1), DENIED, "{kind:?} {way:?}");
        }
        assert_eq!(redis.records(PREFIX), []);
    }
}

#[test]
fn a_front_that_does_not_know_the_token_is_denied() {
    for (kind, front) in [(KINDS[0], FrontKind::Webdis), (KINDS[1], FrontKind::Rest)] {
        let redis = Redis::start(kind);
        let fronted = RedisFront::start(front, &redis, Some("Bearer x"));
        let carrier = Carrier::to(&fronted);
        let authorization = Some("Bearer y".to_owned());
        let way = match front {
            FrontKind::Webdis => Way::Webdis { authorization },
            FrontKind::Rest => Way::Rest { authorization },
        };
        assert_eq!(Member::new(store(way), &carrier).claim(1, 1), DENIED);
        assert_eq!(redis.records(PREFIX), []);
    }
}

/// The command before the script failed, and the script ran all the same: in a database, or as a
/// user, that was not meant. So nobody knows, and the claim stands until its time is over.
#[test]
fn a_script_that_ran_elsewhere_than_was_meant_leaves_its_outcome_open() {
    for kind in KINDS {
        let redis = Redis::start(kind);
        let carrier = Carrier::to(&redis);
        for (number, way) in [
            (1, tunnel(None, None, 999)),
            (2, tunnel(Some("nobody"), Some("x"), 0)),
        ] {
            let member = Member::new(store(way), &carrier);
            assert_eq!(member.claim(number, 1), UNKNOWN, "{kind:?} {number}");
        }
        assert_eq!(redis.records(PREFIX).len(), 2);
    }
}
