//! A proxy that begins with a bad policy.

use std::net::TcpStream;

use e2e::{EnvoyGateway, Report, status};

use crate::changes::{misspelt, serving_at};
use crate::world::{GATEWAY, World, at};

/// The place of the route of a Gateway of its own, and so of a proxy that was not there before.
const FRESH: usize = 50;

pub(crate) fn check(report: &Report, world: &World) {
    let fact = "a fresh proxy with a bad policy says that it is ready, and answers 503 to every request \
                until the policy is mended";
    report.check(fact, || begins_badly(world));
}

fn begins_badly(world: &World) {
    let gateways = [(GATEWAY, 0, 1), ("fresh", FRESH, 1)];
    world.apply_to(&gateways, &[misspelt(serving_at(world, FRESH, 2))]);
    world.wait_until("a listener", || TcpStream::connect(at(FRESH)).is_ok());
    world.wait_until("a proxy that is ready", || {
        let fresh = world.gateway.admins().last().copied();
        fresh.is_some_and(|fresh| EnvoyGateway::admin_get(fresh, "/ready") == "LIVE\n")
    });
    assert_eq!(
        [1, 2, 3].map(|version| status(at(FRESH), version)),
        [503; 3]
    );
    world.apply_to(&gateways, &[serving_at(world, FRESH, 2)]);
    world.wait_until("the mended policy", || status(at(FRESH), 3) == 404);
    assert_eq!([1, 2].map(|version| status(at(FRESH), version)), [200; 2]);
}
