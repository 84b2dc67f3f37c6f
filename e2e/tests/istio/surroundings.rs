//! What of a mesh has to be around one proxy: the workload that it belongs to, its ports, and the
//! service behind it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use e2e::{IstioProxy, ProxyKind};
use serde_json::{Value, json};

use crate::form::Placement;

/// The namespace of everything.
pub(crate) const NAMESPACE: &str = "default";

/// The first of the ports that a workload listens at.
const FIRST_PORT: u16 = 20_000;

/// The service behind the proxies, by which gateways route.
const SERVICE: &str = "service.treaty.test";

/// Envoy's filter for HTTP.
const CONNECTIONS: &str = "envoy.filters.network.http_connection_manager";

/// A workload of the mesh.
pub(crate) struct Workload {
    pub(crate) placement: Placement,
    pub(crate) address: Ipv4Addr,
    /// Where the service is that its proxy stands before.
    pub(crate) upstream: SocketAddr,
}

impl Workload {
    /// Its labels, as the manifests that are checked in select them.
    fn labels(&self) -> Vec<(String, String)> {
        let labels: &[(&str, &str)] = match self.placement {
            Placement::Gateway => &[
                ("istio", "ingressgateway"),
                ("gateway.networking.k8s.io/gateway-name", "edge"),
            ],
            Placement::Sidecar => &[("treaty", "enabled")],
        };
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        labels.iter().map(owned).collect()
    }

    /// Its proxy.
    pub(crate) fn proxy(&self) -> IstioProxy {
        IstioProxy {
            kind: match self.placement {
                Placement::Gateway => ProxyKind::Router,
                Placement::Sidecar => ProxyKind::Sidecar,
            },
            address: self.address,
            name: "edge".to_owned(),
            namespace: NAMESPACE.to_owned(),
            labels: self.labels(),
        }
    }

    /// Where clients reach one of its ports.
    pub(crate) fn at(&self, index: usize) -> SocketAddr {
        (self.address, port(index)).into()
    }

    /// Everything of Istio's that is around the filters, where it listens at so many ports.
    pub(crate) fn resources(&self, ports: usize) -> Vec<Value> {
        let ports: Vec<u16> = (0..ports).map(port).collect();
        let mut resources = vec![
            self.own_service(&ports),
            plain_text("own", "own.treaty.test"),
        ];
        match self.placement {
            Placement::Gateway => resources.extend(self.behind_gateway(&ports)),
            Placement::Sidecar => resources.push(self.sidecar(&ports)),
        }
        resources.push(resource(
            "security.istio.io/v1",
            "PeerAuthentication",
            "default",
            &json!({"mtls": {"mode": "DISABLE"}}),
        ));
        resources
    }

    /// The workload's own service: istiod takes a workload's labels from the endpoint of its address.
    fn own_service(&self, ports: &[u16]) -> Value {
        let port = |number: &u16| json!({"number": number, "name": format!("http-{number}"), "protocol": "HTTP"});
        let labels: Value = self.labels().into_iter().collect();
        resource(
            "networking.istio.io/v1",
            "ServiceEntry",
            "own",
            &json!({
                "hosts": ["own.treaty.test"],
                "location": "MESH_INTERNAL",
                "resolution": "STATIC",
                "ports": ports.iter().map(port).collect::<Vec<_>>(),
                "endpoints": [{"address": self.address.to_string(), "labels": labels}],
            }),
        )
    }

    fn behind_gateway(&self, ports: &[u16]) -> Vec<Value> {
        let server = |number: &u16| {
            json!({
                "port": {"number": number, "name": format!("http-{number}"), "protocol": "HTTP"},
                "bind": self.address.to_string(),
                "hosts": ["*"],
            })
        };
        let port = self.upstream.port();
        vec![
            resource(
                "networking.istio.io/v1",
                "Gateway",
                "edge",
                &json!({
                    "selector": {"istio": "ingressgateway"},
                    "servers": ports.iter().map(server).collect::<Vec<_>>(),
                }),
            ),
            resource(
                "networking.istio.io/v1",
                "VirtualService",
                "edge",
                &json!({
                    "hosts": ["*"],
                    "gateways": ["edge"],
                    "http": [{"route": [{
                        "destination": {"host": SERVICE, "port": {"number": port}},
                    }]}],
                }),
            ),
            resource(
                "networking.istio.io/v1",
                "ServiceEntry",
                "service",
                &json!({
                    "hosts": [SERVICE],
                    "location": "MESH_INTERNAL",
                    "resolution": "STATIC",
                    "ports": [{"number": port, "name": "http", "protocol": "HTTP"}],
                    "endpoints": [{"address": self.upstream.ip().to_string()}],
                }),
            ),
            plain_text("service", SERVICE),
            keeping_request_ids(),
        ]
    }

    /// The inbound listeners of a sidecar where no iptables bring it the traffic.
    fn sidecar(&self, ports: &[u16]) -> Value {
        let ingress = |number: &u16| {
            json!({
                "port": {"number": number, "name": format!("http-{number}"), "protocol": "HTTP"},
                "bind": self.address.to_string(),
                "captureMode": "NONE",
                "defaultEndpoint": self.upstream.to_string(),
            })
        };
        resource(
            "networking.istio.io/v1",
            "Sidecar",
            "orders",
            &json!({
                "workloadSelector": {"labels": {"treaty": "enabled"}},
                "ingress": ports.iter().map(ingress).collect::<Vec<_>>(),
                "inboundConnectionPool": {"http": {"useClientProtocol": true}},
                "egress": [{"hosts": ["~/*"]}],
            }),
        )
    }
}

/// The how-manieth port of a workload.
pub(crate) fn port(index: usize) -> u16 {
    FIRST_PORT + u16::try_from(index).expect("a workload has few ports")
}

/// A resource of Istio's.
pub(crate) fn resource(api: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    })
}

/// A gateway gives every request from outside an id of its own; the cases send theirs, and expect it
/// in answers.
fn keeping_request_ids() -> Value {
    resource(
        "networking.istio.io/v1alpha3",
        "EnvoyFilter",
        "keep-request-ids",
        &json!({"configPatches": [{
            "applyTo": "NETWORK_FILTER",
            "match": {
                "context": "GATEWAY",
                "listener": {"filterChain": {"filter": {"name": CONNECTIONS}}},
            },
            "patch": {"operation": "MERGE", "value": {"typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.\
                          http_connection_manager.v3.HttpConnectionManager",
                "preserve_external_request_id": true,
            }}},
        }]}),
    )
}

/// Without this a cluster waits for certificates for ever. What the client speaks the service gets,
/// as the cases expect.
fn plain_text(name: &str, host: &str) -> Value {
    resource(
        "networking.istio.io/v1",
        "DestinationRule",
        name,
        &json!({
            "host": host,
            "trafficPolicy": {
                "tls": {"mode": "DISABLE"},
                "connectionPool": {"http": {"useClientProtocol": true}},
            },
        }),
    )
}

/// A mesh config that logs the given fields of each request. Nothing is tried again: the cases count
/// what reaches the upstream.
pub(crate) fn mesh_config(log: &Path, fields: &Value) -> String {
    json!({
        "accessLogFile": log,
        "accessLogEncoding": "JSON",
        "accessLogFormat": fields.to_string(),
        "defaultHttpRetryPolicy": {"attempts": 0},
        "enableTracing": false,
    })
    .to_string()
}

/// Resources as one text in YAML, of which JSON is a part.
pub(crate) fn text(resources: &[Value]) -> String {
    let texts: Vec<String> = resources.iter().map(Value::to_string).collect();
    texts.join("\n---\n")
}
