//! Loopback addresses for workloads.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener};

/// A port that every workload of a test listens at.
const PROBED_PORT: u16 = 20_000;

/// A loopback address that no other workload of this machine has.
///
/// istiod tells workloads apart by their addresses, and a gateway's ports stand in its manifests. On
/// an address of its own every port is free.
pub fn loopback_of_its_own() -> Ipv4Addr {
    let is_free = |address: &Ipv4Addr| TcpListener::bind((*address, PROBED_PORT)).is_ok();
    std::iter::repeat_with(random)
        .take(100)
        .find(is_free)
        .expect("a free loopback address")
}

/// From 127.64.0.1 on: what lies below is used by hand.
fn random() -> Ipv4Addr {
    let [a, b, c, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    Ipv4Addr::new(127, 64 | (a & 63), b, c.clamp(1, 254))
}
