//! etcd that wants to know who asks, by TLS.

use std::thread;
use std::time::Duration;

use e2e::{Etcd, EtcdOptions, EtcdUser, EtcdVersion};
use idempotency_keys::live::{Answer, Store};
use serde_json::json;

use crate::carrier::{CLUSTER, Carrier};
use crate::contract::{holds, race};
use crate::etcd::{LONGEST, PREFIX, VERSIONS};
use crate::member::Member;

const DENIED: Answer = Answer::Failed("denied");

/// An etcd that lets one user write under the prefix, and speaks TLS.
fn guarded(version: EtcdVersion) -> Etcd {
    let mut options = EtcdOptions::new(version);
    options.tls = true;
    options.user = Some(EtcdUser {
        name: "app".to_owned(),
        password: "pass".to_owned(),
        prefix: PREFIX.to_owned(),
    });
    Etcd::start_with(&options)
}

fn app() -> Store {
    Store::etcd(CLUSTER, PREFIX, Some(("app", "pass")))
}

#[test]
fn the_contract_holds_for_a_user_over_tls() {
    for version in VERSIONS {
        let etcd = guarded(version);
        let carrier = Carrier::to(&etcd);
        // Health checks need no password.
        assert_eq!(carrier.healthy_nodes(), 1);
        let member = Member::new(app(), &carrier);
        holds(&member, LONGEST);
        let logins = member.take_calls();
        let logins = logins.iter().filter(|method| *method == "Authenticate");
        assert_eq!(logins.count(), 1);
        assert_eq!(race(&app, &carrier, 2, 50), (1, 49));
    }
}

#[test]
fn nobody_else_gets_in_and_the_user_nowhere_else() {
    for version in VERSIONS {
        let etcd = guarded(version);
        let carrier = Carrier::to(&etcd);
        for (prefix, user) in [
            (PREFIX, Some(("app", "wrong"))),
            (PREFIX, Some(("nobody", "pass"))),
            (PREFIX, None),
            ("elsewhere/", Some(("app", "pass"))),
        ] {
            let member = Member::new(Store::etcd(CLUSTER, prefix, user), &carrier);
            assert_eq!(member.claim(1, 1), DENIED, "{prefix} {user:?}");
        }
        assert_eq!(etcd.records(PREFIX), []);
    }
}

#[test]
fn a_record_that_is_too_large_costs_no_password() {
    for version in VERSIONS {
        let etcd = guarded(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(app(), &carrier);
        let fence = member.own(1, 1);
        member.take_calls();
        let answer = member.replace(1, fence, 1, &vec![7; 1_700_000]);
        assert_eq!(answer, Answer::Failed("too_large"));
        assert_eq!(member.take_calls(), ["Txn"]);
    }
}

#[test]
fn a_login_outlives_a_change_of_roles_and_is_renewed_after_a_restart() {
    for version in VERSIONS {
        let mut etcd = guarded(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(app(), &carrier);
        member.own(1, 1);
        etcd.ask("auth/role/add", &json!({"name": "more"}));
        member.own(2, 1);

        member.take_calls();
        // Simple tokens are in memory alone. But what etcd has not committed to its backend yet,
        // which it does every 100 ms, it carries out again when it starts, logins too.
        thread::sleep(Duration::from_millis(500));
        etcd.server().restart();
        member.own(3, 1);
        assert_eq!(member.take_calls()[..2], ["Txn", "Authenticate"]);
    }
}

#[test]
fn a_tick_logs_in_before_the_first_claim() {
    for version in VERSIONS {
        let etcd = guarded(version);
        let carrier = Carrier::to(&etcd);
        let member = Member::new(app(), &carrier);
        assert!(member.tick(0));
        assert_eq!(member.take_calls(), ["Authenticate"]);
        assert!(!member.tick(0));
        member.own(1, 1);
        assert!(!member.take_calls().contains(&"Authenticate".to_owned()));
    }
}

#[test]
fn a_password_where_none_is_wanted_is_denied() {
    for version in VERSIONS {
        let etcd = Etcd::start(version);
        let carrier = Carrier::to(&etcd);
        assert_eq!(Member::new(app(), &carrier).claim(1, 1), DENIED);
    }
}
