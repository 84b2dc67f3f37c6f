//! Addresses that have to be known before anybody listens there.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A loopback address that is free now.
///
/// For parts that need each other's address to start, such as two services that call one another
/// through their sidecars. Nothing holds the port until its owner binds it, so wherever the order of
/// start allows, take port 0 and ask for the address afterwards.
pub fn reserve_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free loopback port")
}
