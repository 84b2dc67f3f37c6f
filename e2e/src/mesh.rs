//! A small mesh: three services, each with a sidecar, behind an edge.
//!
//! ```text
//! client ──► edge ──► sidecar ──► orders-blue  (Go, version 1)  ──┐
//!                ├──► sidecar ──► orders-green (Go, version 2)  ──┤ each calls the others
//!                └──► sidecar ──► payments     (Rust)           ──┘ through its own sidecar
//! ```

use std::net::SocketAddr;

use crate::config::Config;
use crate::envoy::{Envoy, Options};
use crate::ports::reserve_address;
use crate::services::{Peer, Service};

/// The running mesh. It ends with this value.
#[derive(Debug)]
pub struct Mesh {
    /// The gateway in front of all, from `envoy-configs/version-negotiation.yaml`.
    pub edge: Envoy,
    /// Version 1 of orders.
    pub orders_blue: Node,
    /// Version 2 of orders.
    pub orders_green: Node,
    /// Payments, which also serves orders in Rust.
    pub payments: Node,
}

/// A service and its sidecar, from `envoy-configs/sidecar.yaml`.
#[derive(Debug)]
pub struct Node {
    /// What takes the node's traffic in and out.
    pub sidecar: Envoy,
    /// The service itself.
    pub service: Service,
}

/// How far the policies of the mesh are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// As they are shipped: they report what they would do.
    AsShipped,
    /// They do it.
    Enforced,
}

impl Mesh {
    /// Starts everything and waits until it answers.
    pub fn start(force: Force) -> Self {
        let [blue, green, payments] = [(); 3].map(|()| Ports::reserve());
        let node = |ports: Ports, peer: Ports, start: fn(Peer) -> Service| {
            Node::start(ports, peer.inbound, start(Peer::at(ports.outbound)), force)
        };
        let orders_blue = node(blue, payments, Service::orders);
        let orders_green = node(green, payments, Service::orders);
        let payments_node = node(payments, green, Service::payments);
        let config = enforced("version-negotiation", "edge", force)
            .on_free_ports()
            .endpoints("orders_blue", &[blue.inbound])
            .endpoints("orders_green", &[green.inbound])
            .endpoints("payments", &[payments.inbound]);
        Self {
            edge: started(config),
            orders_blue,
            orders_green,
            payments: payments_node,
        }
    }

    /// Where clients ask.
    pub fn address(&self) -> SocketAddr {
        self.edge.address("edge")
    }
}

impl Node {
    fn start(ports: Ports, peer: SocketAddr, service: Service, force: Force) -> Self {
        let config = enforced("sidecar", "sidecar", force)
            .listen_at("inbound", ports.inbound)
            .listen_at("outbound", ports.outbound)
            .endpoints("local_http", &[service.http()])
            .endpoints("local_grpc", &[service.grpc()])
            .endpoints("peer", &[peer]);
        Self {
            sidecar: started(config),
            service,
        }
    }
}

/// The addresses of a sidecar. They are chosen before anything starts, because each service wants
/// to know its own sidecar, and each sidecar its peer.
#[derive(Clone, Copy)]
struct Ports {
    inbound: SocketAddr,
    outbound: SocketAddr,
}

impl Ports {
    fn reserve() -> Self {
        Self {
            inbound: reserve_address(),
            outbound: reserve_address(),
        }
    }
}

/// A checked-in config, with its policy in force where that is wanted.
fn enforced(config: &str, policy: &str, force: Force) -> Config {
    let config = Config::checked_in(config).modules_from_dist();
    match force {
        Force::AsShipped => config,
        Force::Enforced => {
            let policy = crate::repository::read(&format!(
                "policies/version-negotiation/examples/{policy}.json"
            ))
            .replace("\"mode\": \"report\"", "\"mode\": \"enforce\"");
            config.policy("version-negotiation", &policy)
        }
    }
}

fn started(config: Config) -> Envoy {
    Envoy::start(config, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}
