//! A bad policy for a module that the proxy does not have yet.

use std::net::TcpStream;
use std::time::Duration;

use e2e::{AccessLog, EnvoyGateway, Report, status};

use crate::changes::{misspelt, serving_at};
use crate::world::{GATEWAY, World, at};

/// The place of the route of a Gateway of its own, and so of a proxy that was not there before.
const FRESH: usize = 50;

/// Both Gateways.
const GATEWAYS: [(&str, usize, usize); 2] = [(GATEWAY, 0, 1), ("fresh", FRESH, 1)];

pub(crate) fn check(report: &Report, world: &World, log: &mut AccessLog) {
    let fact = "a fresh proxy with a bad policy says that it is ready, and answers 503 to every request \
                until the policy is mended";
    report.check(fact, || {
        world.apply_to(&GATEWAYS, &[misspelt(serving_at(world, FRESH, "fresh", 2))]);
        begins_badly(world, log, "fresh");
    });
    world.apply(1, &[]);
    world.wait_until("no fresh proxy", || TcpStream::connect(at(FRESH)).is_err());
    let fact = "so does a proxy that runs, where the filter is new to it";
    report.check(fact, || {
        world.apply_to(&GATEWAYS, &[]);
        world.wait_until("a listener", || TcpStream::connect(at(FRESH)).is_ok());
        assert_eq!(status(at(FRESH), 3), 200);
        world.apply_to(&GATEWAYS, &[misspelt(serving_at(world, FRESH, "new", 2))]);
        begins_badly(world, log, "new");
    });
}

fn begins_badly(world: &World, log: &mut AccessLog, check: &str) {
    world.wait_until("a listener", || TcpStream::connect(at(FRESH)).is_ok());
    world.wait_until("a proxy that is ready", || {
        let fresh = world.gateway.admins().last().copied();
        fresh.is_some_and(|fresh| EnvoyGateway::admin_get(fresh, "/ready") == "LIVE\n")
    });
    world.wait_until("the bad policy", || status(at(FRESH), 1) == 503);
    while log.next_line(Duration::from_millis(500)).is_some() {}
    world.upstream.take_seen();
    assert_eq!(
        [1, 2, 3].map(|version| status(at(FRESH), version)),
        [503; 3]
    );
    assert!(world.upstream.take_seen().is_empty());
    let line = log.next_line(Duration::from_secs(5)).expect("a line");
    assert_eq!(line["details"], "wasm_fail_stream");
    world.apply_to(&GATEWAYS, &[serving_at(world, FRESH, check, 2)]);
    world.wait_until("the mended policy", || status(at(FRESH), 3) == 404);
    assert_eq!([1, 2].map(|version| status(at(FRESH), version)), [200; 2]);
}
