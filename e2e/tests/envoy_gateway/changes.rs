//! Manifests that change while requests flow.

use std::time::{Duration, Instant};

use e2e::{Report, Traffic, serving_up_to, status};
use treaty::off::Switch;

use crate::manifest::Manifest;
use crate::world::{World, at};

const FILTER: &str = "version-negotiation";

/// The service that it is switched off for.
const SERVICE: &str = "orders";

/// How the filter tells of that mistake.
const MISSPELT: &str = "/rules/0/settings/scheem: is not a known name here";

/// How Envoy Gateway tells of a refusal: the plugin, but not the reason.
const TOLD_BY_ENVOY_GATEWAY: &str = "Unable to create Wasm plugin version-negotiation\n; the proxy is \
                                     still serving its last known good config";

/// How long that may take on a busy machine, from the changed manifest to the first exchange.
const SECONDS: Duration = Duration::from_secs(10);

/// Changes the manifest of one filter in each way, each time while requests flow.
pub(crate) fn check(report: &Report, world: &World) {
    let fact = "under traffic a new policy takes the place of the old one, and no request is lost";
    report.check(fact, || new_policy(world));
    let fact = "under traffic `treaty off` switches a filter off for one service within seconds";
    report.check(fact, || break_glass(world));
    let fact = "under traffic a filter is removed, and no request is lost";
    report.check(fact, || removed(world));
    let fact = "under traffic a bad policy is refused, Envoy Gateway tells so, the old one is kept until it \
                is mended, and no request is lost";
    report.check(fact, || bad_policy(world));
}

/// A manifest whose policy serves the versions up to `newest`, for the first route. It is another one
/// in each check, because those of the checks before are in force until connections are drained.
fn serving(world: &World, check: &str, newest: u32) -> Manifest {
    serving_at(world, 0, check, newest)
}

/// The same for one of the routes.
pub(crate) fn serving_at(world: &World, index: usize, check: &str, newest: u32) -> Manifest {
    let policy = serving_up_to(newest, &format!("{check}, up to {newest}"));
    Manifest::render(world, index, FILTER, &policy.to_string())
}

/// The same with a mistake in its policy.
pub(crate) fn misspelt(manifest: Manifest) -> Manifest {
    manifest.with_policy_text(|policy| policy.replace("\"scheme\"", "\"scheem\""))
}

fn new_policy(world: &World) {
    world.enforce(1, &[serving(world, "new policy", 1)]);
    world.wait_until("the first policy", || status(at(0), 2) == 404);
    let traffic = Traffic::start(at(0));
    traffic.go_on();
    world.enforce(1, &[serving(world, "new policy", 2)]);
    world.wait_until("the second policy", || status(at(0), 2) == 200);
    traffic.finish([&[200], &[404, 200], &[404]]);
}

fn break_glass(world: &World) {
    let on = serving(world, "break glass", 2);
    world.enforce(1, std::slice::from_ref(&on));
    world.wait_until("the filter", || status(at(0), 3) == 404);
    let traffic = Traffic::start(at(0));
    traffic.go_on();
    let off = on.switched(SERVICE, Switch::Off);
    let begun = Instant::now();
    world.apply(1, std::slice::from_ref(&off));
    world.wait_until("the filter off", || status(at(0), 3) == 200);
    let took = begun.elapsed();
    assert!(took < SECONDS, "{took:?}");
    traffic.go_on();
    world.enforce(1, &[off.switched(SERVICE, Switch::On)]);
    world.wait_until("the filter on", || status(at(0), 3) == 404);
    traffic.finish([&[200], &[200], &[404, 200, 404]]);
}

fn removed(world: &World) {
    world.enforce(1, &[serving(world, "removed", 2)]);
    world.wait_until("the filter", || status(at(0), 3) == 404);
    let traffic = Traffic::start(at(0));
    traffic.go_on();
    world.apply(1, &[]);
    world.wait_until("no filter", || status(at(0), 3) == 200);
    traffic.finish([&[200], &[200], &[404, 200]]);
}

fn bad_policy(world: &World) {
    let good = serving(world, "bad policy", 2);
    world.enforce(1, std::slice::from_ref(&good));
    world.wait_until("the filter", || status(at(0), 3) == 404);
    let traffic = Traffic::start(at(0));
    traffic.go_on();
    world.apply(1, &[misspelt(serving(world, "bad policy", 3))]);
    world.wait_until("a refusal, in Envoy Gateway's log", || {
        world.gateway.log().contains(TOLD_BY_ENVOY_GATEWAY)
    });
    let finding = format!("treaty: {FILTER}: the policy is refused: {MISSPELT}");
    assert!(world.gateway.log().contains(&finding));
    assert!(world.digests_in_force().is_superset(&good.digests));
    traffic.go_on();
    world.enforce(1, &[serving(world, "bad policy", 3)]);
    world.wait_until("the mended policy", || status(at(0), 3) == 200);
    traffic.finish([&[200], &[200], &[404, 200]]);
}
