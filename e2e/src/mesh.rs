//! A small mesh: three services, each with a sidecar, and one without, behind an edge.
//!
//! ```text
//! client ──► edge ──► sidecar ──► orders-blue  (Go, version 1)  ──┐
//!                ├──► sidecar ──► orders-green (Go, version 2)  ──┤ each calls the others
//!                ├──► sidecar ──► payments     (Rust)           ──┘ through its own sidecar
//!                └──► recommendations: an old proxy whose service is away
//! ```

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::access_log::AccessLog;
use crate::config::Config;
use crate::envoy::{Envoy, Options};
use crate::ports::reserve_address;
use crate::services::{Peer, Service};
use crate::upstream::{Answer, Upstream};

/// Longer than the edge waits for recommendations.
const LONG: Duration = Duration::from_secs(1);

/// The running mesh. It ends with this value.
#[derive(Debug)]
pub struct Mesh {
    /// The gateway in front of all, from `envoy-configs/all-filters.yaml`.
    pub edge: Envoy,
    /// Version 1 of orders.
    pub orders_blue: Node,
    /// Version 2 of orders.
    pub orders_green: Node,
    /// Payments, which also serves orders in Rust.
    pub payments: Node,
    /// It answers everything with a page in HTML, and what ends in `/Wait` too late.
    pub recommendations: Upstream,
}

/// A service and its sidecar, from `envoy-configs/sidecar.yaml`.
#[derive(Debug)]
pub struct Node {
    /// What takes the node's traffic in and out.
    pub sidecar: Envoy,
    /// The service itself.
    pub service: Service,
    hops: AccessLog,
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
    /// The key of probes, which the proxies of the mesh have in their environment.
    pub const PROBE_KEY: &str = "cHJvYmVzIG9mIHRoZSBkZW1vIG1lc2gsIG5vIHNlY3JldA==";

    /// The key of pseudonyms.
    const PEOPLE_KEY: &str = "cHNldWRvbnltcyBvZiB0aGUgZGVtbyBtZXNoLCBubyBzZWNyZXQ=";

    /// Starts everything and waits until it answers.
    pub fn start(force: Force) -> Self {
        let [blue, green, payments] = [(); 3].map(|()| Ports::reserve());
        let node = |ports: Ports, peer: Ports, start: fn(Peer) -> Service| {
            Node::start(ports, peer.inbound, start(Peer::at(ports.outbound)), force)
        };
        let orders_blue = node(blue, payments, Service::orders);
        let orders_green = node(green, payments, Service::orders);
        let payments_node = node(payments, green, Service::payments);
        let recommendations = Upstream::start();
        recommendations.set_handler(|seen| {
            if seen.path.ends_with("/Wait") {
                thread::sleep(LONG);
            }
            page()
        });
        let config = config("all-filters", force)
            .on_free_ports()
            .endpoints("recommendations", &[recommendations.address()])
            .endpoints("orders_blue", &[blue.inbound])
            .endpoints("orders_green", &[green.inbound])
            .endpoints("payments", &[payments.inbound]);
        Self {
            edge: started(config),
            orders_blue,
            orders_green,
            payments: payments_node,
            recommendations,
        }
    }

    /// Where clients ask.
    pub fn address(&self) -> SocketAddr {
        self.edge.address("edge")
    }
}

impl Node {
    /// What passes the sidecar, line by line from the beginning: what tests and the demo want to see
    /// of a hop and a log that is kept must not have.
    pub fn hops(&self) -> AccessLog {
        AccessLog::at(self.hops.path())
    }

    fn start(ports: Ports, peer: SocketAddr, service: Service, force: Force) -> Self {
        let hops = AccessLog::new();
        let config = config("sidecar", force)
            .also_logging(
                &hops,
                &json!({
                    "request": "%REQ(:METHOD)% %REQ(:AUTHORITY)% %PATH(NQ)%",
                    "status": "%RESPONSE_CODE%",
                    "version": "%REQ(X-TREATY-VERSION)%",
                    "source": "%FILTER_STATE(wasm.treaty.version_source:PLAIN)%",
                    "variant": "%REQ(X-TREATY-VARIANT)%",
                    "flags": "%REQ(X-TREATY-FLAGS)%",
                    "traceparent": "%REQ(TRACEPARENT)%",
                    "baggage": "%REQ(BAGGAGE)%",
                    "synthetic": "%REQ(X-TREATY-SYNTHETIC)%",
                }),
            )
            .listen_at("inbound", ports.inbound)
            .listen_at("outbound", ports.outbound)
            .endpoints("local_http", &[service.http()])
            .endpoints("local_grpc", &[service.grpc()])
            .endpoints("peer", &[peer]);
        Self {
            sidecar: started(config),
            service,
            hops,
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

/// A checked-in config, with its policies in force where that is wanted.
fn config(name: &str, force: Force) -> Config {
    let config = Config::checked_in(name).modules_from_dist();
    match force {
        Force::AsShipped => config,
        Force::Enforced => config.enforced(),
    }
}

/// What proxies of an older kind say when nothing is behind them.
fn page() -> Answer {
    Answer::status(502)
        .header("content-type", "text/html")
        .header("server", "squire/2.4")
        .chunk(
            "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1>\
             <p>rec-7d9f8b6c5d-x2x7k (10.0.3.7:8080) is unreachable</p></body></html>",
        )
}

fn started(config: Config) -> Envoy {
    let keys = [
        ("TREATY_PEOPLE_KEY", Mesh::PEOPLE_KEY),
        ("TREATY_PROBE_KEY", Mesh::PROBE_KEY),
    ];
    let options = Options {
        env: keys
            .map(|(name, key)| (name.to_owned(), key.to_owned()))
            .into(),
        ..Options::default()
    };
    Envoy::start(config, &options).unwrap_or_else(|error| panic!("{error}"))
}
