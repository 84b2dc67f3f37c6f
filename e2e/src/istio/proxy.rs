//! A proxy as Istio starts it.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value, json};

/// A proxy that takes everything from Istio, over ADS, and counts what Istio's proxies count.
///
/// It stands for Istio's proxy with its agent: an Envoy of the same bootstrap, as far as filters are
/// concerned. The agent's part, to fetch modules, is not there: modules are files.
#[derive(Debug, Clone)]
pub struct IstioProxy {
    /// What it is.
    pub kind: ProxyKind,
    /// The address of its workload, by which istiod knows it.
    pub address: Ipv4Addr,
    /// The name of its workload.
    pub name: String,
    /// The namespace of its workload.
    pub namespace: String,
    /// The labels of its workload.
    pub labels: Vec<(String, String)>,
}

/// What a proxy is in a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// A gateway.
    Router,
    /// The sidecar of a workload.
    Sidecar,
    /// A waypoint of the ambient mesh.
    Waypoint,
}

/// What Istio's proxies keep of Envoy's statistics where nobody says otherwise
/// (`pkg/bootstrap/config.go` in Istio). Treaty's start with `wasm`.
const KEPT_STATS: [&str; 5] = [
    "cluster_manager",
    "listener_manager",
    "server",
    "cluster.xds-grpc",
    "wasm",
];

impl IstioProxy {
    /// How Istio's agent has Envoy let go of a listener that is replaced: clients are told at once.
    pub const ARGUMENTS: [&str; 4] = ["--drain-time-s", "45", "--drain-strategy", "immediate"];

    /// Its id, as Istio tells it.
    pub fn id(&self) -> String {
        let kind = match self.kind {
            ProxyKind::Router => "router",
            ProxyKind::Sidecar => "sidecar",
            ProxyKind::Waypoint => "waypoint",
        };
        let Self {
            address,
            name,
            namespace,
            ..
        } = self;
        format!("{kind}~{address}~{name}.{namespace}~{namespace}.svc.cluster.local")
    }

    /// The config with which its Envoy starts.
    pub fn bootstrap(&self, ads: SocketAddr) -> Value {
        let by_ads =
            json!({"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"});
        let kept: Vec<Value> = KEPT_STATS
            .iter()
            .map(|name| json!({"prefix": name}))
            .collect();
        json!({
            "node": {"id": self.id(), "cluster": self.name, "metadata": self.metadata()},
            "dynamic_resources": {
                "lds_config": by_ads,
                "cds_config": by_ads,
                "ads_config": {
                    "api_type": "DELTA_GRPC",
                    "set_node_on_first_message_only": true,
                    "transport_api_version": "V3",
                    "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
                },
            },
            "static_resources": {"clusters": [istiod(ads)]},
            "stats_config": {
                "stats_matcher": {"inclusion_list": {"patterns": kept}},
            },
        })
    }

    fn metadata(&self) -> Value {
        let labels: Map<String, Value> = self
            .labels
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        json!({
            "NAMESPACE": self.namespace,
            "LABELS": labels,
            "ISTIO_VERSION": "1.31.0",
            "CLUSTER_ID": "Kubernetes",
            "MESH_ID": "cluster.local",
            "INSTANCE_IPS": self.address.to_string(),
            // No iptables bring it traffic: what it is asked, it is asked at its own address.
            "INTERCEPTION_MODE": "NONE",
        })
    }
}

fn istiod(ads: SocketAddr) -> Value {
    let address = json!({"socket_address": {
        "address": ads.ip().to_string(), "port_value": ads.port(),
    }});
    json!({
        "name": "xds-grpc",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "xds-grpc",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type":
                    "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            },
        },
    })
}
