//! Manifests that change while requests flow.

use std::time::{Duration, Instant};

use e2e::{Report, Traffic, serving_up_to, status};
use treaty::off::Switch;

use crate::form::Form;
use crate::manifest::Manifest;
use crate::proxy::Proxy;

/// The filter of the manifests that change.
const FILTER: &str = "version-negotiation";

/// What their names begin with.
const NAME: &str = "changing";

/// The service that it is switched off for.
const SERVICE: &str = "orders";

/// How long that may take on a busy machine, from the changed manifest to the first exchange.
const SECONDS: Duration = Duration::from_secs(10);

/// Changes the manifest of one filter in each way, each time while requests flow.
pub(crate) fn check(report: &Report, proxy: &Proxy) {
    let fact = format!(
        "{proxy}: under traffic a new policy takes the place of the old one, and no request is lost"
    );
    report.check(&fact, || new_policy(proxy));
    for bad in bad_policies(proxy) {
        let fact = format!(
            "{proxy}: under traffic a policy {} is refused, Istio tells so, the old one is \
             kept, and no request is lost",
            bad.what
        );
        report.check(&fact, || bad_policy(proxy, bad));
    }
    let fact = format!(
        "{proxy}: under traffic `treaty off` switches a filter off for one service within seconds, \
         metrics tell so, and no request is lost"
    );
    report.check(&fact, || break_glass(proxy));
    let fact = format!("{proxy}: under traffic a filter is removed, and no request is lost");
    report.check(&fact, || removed(proxy));
}

/// A manifest whose policy serves the versions up to `newest`.
pub(crate) fn serving(proxy: &Proxy, newest: u32) -> Manifest {
    let policy = serving_up_to(newest, &format!("up to {newest}"));
    proxy.manifest(NAME, FILTER, &policy.to_string())
}

/// A manifest whose policy no filter takes.
pub(crate) struct Bad {
    /// What is wrong with the policy.
    what: &'static str,
    pub(crate) manifest: Manifest,
    /// How the proxy's log says so.
    finding: &'static str,
}

/// Manifests whose policies no filter takes.
pub(crate) fn bad_policies(proxy: &Proxy) -> [Bad; 2] {
    let misspelt = |policy: &str| policy.replace("\"scheme\"", "\"scheem\"");
    let cut = |policy: &str| policy[..policy.len() / 2].to_owned();
    [
        Bad {
            what: "with a misspelt name",
            manifest: serving(proxy, 3).with_policy_text(misspelt),
            finding: "/rules/0/settings/scheem: is not a known name here",
        },
        Bad {
            what: "that is no JSON",
            manifest: serving(proxy, 3).with_policy_text(cut),
            finding: "is not JSON",
        },
    ]
}

/// What Istio tells of a refusal, as `istio/README.md` quotes it: the plugin, but not the reason.
fn told_by_istio(form: Form) -> &'static str {
    match form {
        Form::WasmPlugin => {
            "Unable to create Wasm plugin \
             default.changing-version-negotiation~istio-translated-wasmplugin"
        }
        Form::TrafficExtension => {
            "Unable to create Wasm plugin default.changing-version-negotiation"
        }
        Form::EnvoyFilter => "Unable to create Wasm plugin changing-version-negotiation",
    }
}

fn new_policy(proxy: &Proxy) {
    proxy.enforce(1, &[serving(proxy, 1)]);
    let to = proxy.workload.at(0);
    proxy.wait_until("the first policy", || status(to, 2) == 404);
    let traffic = Traffic::start(to);
    traffic.go_on();
    proxy.enforce(1, &[serving(proxy, 2)]);
    proxy.wait_until("the second policy", || status(to, 2) == 200);
    traffic.finish([&[200], &[404, 200], &[404]]);
}

fn bad_policy(proxy: &Proxy, bad: Bad) {
    let good = serving(proxy, 2);
    proxy.enforce(1, std::slice::from_ref(&good));
    let traffic = Traffic::start(proxy.workload.at(0));
    traffic.go_on();
    let rejected_before = rejected(proxy);
    proxy.apply(1, &[bad.manifest]);
    proxy.wait_until("a refusal, at Istio", || {
        rejected(proxy) > rejected_before && !proxy.refusals().is_empty()
    });
    assert_eq!(proxy.refusals(), [told_by_istio(proxy.form)]);
    let finding = format!("treaty: {FILTER}: the policy is refused: {}", bad.finding);
    proxy.envoy.wait_for_log(&finding, SECONDS);
    assert!(
        proxy.digests_in_force().contains(&good.digest),
        "the old one is kept"
    );
    traffic.finish([&[200], &[200], &[404]]);
}

fn break_glass(proxy: &Proxy) {
    let on = serving(proxy, 2);
    proxy.enforce(1, std::slice::from_ref(&on));
    let to = proxy.workload.at(0);
    let traffic = Traffic::start(to);
    traffic.go_on();
    let off = on.switched(SERVICE, Switch::Off);
    let before = left_alone(proxy);
    let begun = Instant::now();
    proxy.apply(1, std::slice::from_ref(&off));
    proxy.wait_until("the filter off", || status(to, 3) == 200);
    let took = begun.elapsed();
    assert!(took < SECONDS, "{took:?}");
    assert!(is_told_off(proxy));
    proxy.wait_until("a count of what it left alone", || {
        left_alone(proxy) > before
    });
    traffic.go_on();
    proxy.enforce(1, &[off.switched(SERVICE, Switch::On)]);
    proxy.wait_until("the filter on", || status(to, 3) == 404);
    assert!(!is_told_off(proxy));
    traffic.finish([&[200], &[200], &[404, 200, 404]]);
}

/// What a metric says about the service, of the plugins or filters of this name.
fn counted(proxy: &Proxy, metric: &str, of: &str) -> u64 {
    let about = format!(";service={SERVICE}");
    let counters = proxy.counters().into_iter();
    counters
        .filter(|(name, _)| [metric, of, &about].iter().all(|part| name.contains(*part)))
        .map(|(_, value)| value)
        .sum()
}

fn is_told_off(proxy: &Proxy) -> bool {
    counted(proxy, "treaty_policy_off", NAME) == 1
}

fn left_alone(proxy: &Proxy) -> u64 {
    counted(proxy, "treaty_off_requests", FILTER)
}

fn removed(proxy: &Proxy) {
    proxy.enforce(1, &[serving(proxy, 2)]);
    let to = proxy.workload.at(0);
    let traffic = Traffic::start(to);
    traffic.go_on();
    proxy.apply(1, &[]);
    proxy.wait_until("no filter", || status(to, 3) == 200);
    traffic.finish([&[200], &[200], &[404, 200]]);
}

/// How often proxies have refused the configuration of a filter, as Istio counts it.
fn rejected(proxy: &Proxy) -> f64 {
    let rejects = proxy.discovery.status().rejects;
    rejects.get("ecds").copied().unwrap_or_default()
}
