//! A cluster for a test.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::edit::{endpoints, merge};

/// What Envoy speaks to the endpoints of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 in the clear.
    Http2,
    /// What the client speaks.
    AsClient,
}

/// A cluster with one fixed endpoint. Over HTTP/1.1 it passes trailers on.
#[derive(Debug, Clone)]
pub struct Cluster(Value);

impl Cluster {
    /// A cluster that speaks HTTP/1.1.
    pub fn new(name: &str, endpoint: SocketAddr) -> Self {
        let cluster = json!({
            "name": name,
            "type": "STATIC",
            "connect_timeout": "2s",
            "load_assignment": endpoints(name, &[endpoint]),
        });
        Self(cluster).protocol(Protocol::Http1)
    }

    /// Speaks another protocol.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        let http1 = json!({"enable_trailers": true});
        let mut options = match protocol {
            Protocol::Http1 => json!({"explicit_http_config": {"http_protocol_options": http1}}),
            Protocol::Http2 => json!({"explicit_http_config": {"http2_protocol_options": {}}}),
            Protocol::AsClient => json!({"use_downstream_protocol_config": {
                "http_protocol_options": http1, "http2_protocol_options": {}
            }}),
        };
        options["@type"] =
            "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions".into();
        self.0["typed_extension_protocol_options"] =
            json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options});
        self
    }

    /// Lays more of Envoy's own settings over it.
    #[must_use]
    pub fn with(mut self, more: Value) -> Self {
        merge(&mut self.0, more);
        self
    }
}

impl From<Cluster> for Value {
    fn from(cluster: Cluster) -> Self {
        cluster.0
    }
}
