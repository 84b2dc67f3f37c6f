//! What Envoy needs to reach a store.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;

use super::edit::endpoints;
use super::{Cluster, Config, Listener, Protocol, Route};

/// A store that Envoy can be configured to reach.
pub trait Store {
    /// Adds to a config what reaches the store, as a cluster of this name.
    #[must_use]
    fn join(&self, config: Config, name: &str) -> Config;
}

impl Config {
    /// Adds what reaches a store, as a cluster of this name.
    #[must_use]
    pub fn store(self, name: &str, store: &dyn Store) -> Self {
        store.join(self, name)
    }

    /// Adds a cluster that makes a TCP connection to Redis of each `POST`, whose content goes there
    /// as it is: its endpoint is an internal listener, and that one's route takes the HTTP off
    /// (`allow_post`).
    #[must_use]
    pub fn redis_tunnel(self, name: &str, redis: SocketAddr) -> Self {
        let tcp = format!("{name}-tcp");
        let internal = json!({"envoy_internal_address": {"server_listener_name": name}});
        let assignment = json!({"load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": internal}}]}],
        }});
        self.with_internal_listeners()
            .listener(end_of_tunnel(name, &tcp))
            .cluster(Cluster::new(name, redis).roomy().with(assignment))
            .cluster(Cluster::new(&tcp, redis).roomy())
    }
}

impl Cluster {
    /// A cluster of etcd nodes. One that does not answer is left out within a second.
    pub fn etcd(name: &str, nodes: &[SocketAddr]) -> Self {
        let check = json!({
            "grpc_health_check": {},
            "timeout": "0.5s",
            "interval": "0.5s",
            // As it comes, a cluster without traffic is looked at once a minute.
            "no_traffic_interval": "0.5s",
            "unhealthy_threshold": 1,
            "healthy_threshold": 1,
        });
        let first = nodes.first().expect("a node");
        Self::new(name, *first)
            .protocol(Protocol::Http2)
            .roomy()
            .with(json!({"load_assignment": endpoints(name, nodes), "health_checks": [check]}))
    }

    /// Lets as many calls through at once as there are requests: each keyed request waits for one.
    #[must_use]
    pub fn roomy(self) -> Self {
        let most = json!({
            "max_connections": 10_000,
            "max_pending_requests": 10_000,
            "max_requests": 10_000,
        });
        self.with(json!({"circuit_breakers": {"thresholds": [most]}}))
    }

    /// Speaks HTTP/2 over TLS, with servers on the loopback whose certificate this authority has issued.
    #[must_use]
    pub fn trusting(self, authority: &Path) -> Self {
        let name = json!({"san_type": "IP_ADDRESS", "matcher": {"exact": "127.0.0.1"}});
        let validation = json!({
            "trusted_ca": {"filename": authority},
            "match_typed_subject_alt_names": [name],
        });
        self.with(json!({"transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.\
                          UpstreamTlsContext",
                // Calls offer HTTP/2 anyhow, the connections of health checks only if told.
                "common_tls_context": {
                    "alpn_protocols": ["h2"],
                    "validation_context": validation,
                },
            },
        }}))
    }
}

/// The listener that makes of each `POST` a connection to a cluster.
fn end_of_tunnel(name: &str, tcp: &str) -> Listener {
    let connect = json!({"upgrade_type": "CONNECT"});
    let mut connect_by_post = connect.clone();
    connect_by_post["connect_config"] = json!({"allow_post": true});
    Listener::new(name)
        .internal()
        .with(json!({"upgrade_configs": [connect]}))
        .route(Route::prefix("/", tcp).with(json!({
            "route": {"upgrade_configs": [connect_by_post]},
        })))
}
