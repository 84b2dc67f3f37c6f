//! Policies are changed while traffic flows through all five filters: no request is lost, and a bad
//! policy never takes the place of a good one.

use e2e::Envoy;
use treaty::registry::NAMES;

use crate::suite::{is_in_force, of_metric, policy, start, sum, wait_until};
use crate::traffic::Traffic;

const CHANGES: usize = 50;
const CLIENTS: u64 = 4;

#[test]
fn fifty_changes_of_policy_lose_no_request_and_a_bad_one_changes_nothing() {
    let (envoy, files) = start();
    let traffic = Traffic::begin(envoy.address("edge"), CLIENTS);
    for change in 1..=CHANGES {
        let filter = NAMES[change % NAMES.len()];
        let revision = format!("r{change}");
        files.publish(filter, &policy(filter, &revision).to_string());
        wait_until(&revision, || is_in_force(&envoy, filter, &revision));
        assert!(!traffic.is_over(), "after {revision} of {filter}");
    }
    for filter in NAMES {
        let bad = policy(filter, "bad")
            .to_string()
            .replace("\"rules\"", "\"ruels\"");
        let (before, rejected) = (in_force(&envoy, filter), rejections(&envoy, filter));
        files.publish(filter, &bad);
        wait_until("a refusal", || rejections(&envoy, filter) > rejected);
        assert_eq!(
            in_force(&envoy, filter),
            before,
            "the good policy of {filter} stays"
        );
        let told = format!("{filter}: the policy is refused: /ruels: is not a known name here");
        assert!(envoy.log().contains(&told), "{told}");
        // The next good one is taken as ever.
        files.publish(filter, &policy(filter, "good").to_string());
        wait_until("the next", || is_in_force(&envoy, filter, "good"));
    }
    let counts = traffic.end();
    let sent: u64 = counts.values().sum();
    assert!(counts.len() == 8 && sent > 200, "{counts:?}");
    // Each exchange was tagged by one of the policies, and by one only.
    assert_eq!(sum(&envoy, "treaty_requests", &[]), sent);
    println!("{sent} requests over {CHANGES} changes: {counts:?}");
}

/// The revisions that are in force of a filter; one, unless something is wrong.
fn in_force(envoy: &Envoy, filter: &str) -> Vec<String> {
    let of_filter = format!(";filter={filter};");
    let policies = of_metric(envoy, "treaty_policy_info").into_iter();
    let own = policies.filter(|(name, value)| name.contains(&of_filter) && *value == 1);
    own.map(|(name, _)| name).collect()
}

fn rejections(envoy: &Envoy, filter: &str) -> u64 {
    let name = format!("extension_config_discovery.http_filter.{filter}.update_rejected");
    envoy.counters().get(&name).copied().unwrap_or_default()
}
