//! TLS: clients at the edge, the edge at its upstreams, and services at each other.

use std::net::SocketAddr;
use std::path::Path;

use e2e::{
    Client, Cluster, Config, Credentials, Envoy, Listener, Protocol, Request, Response, Route,
    reserve_address,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::edge::{Service, by_name, checked_in, start, wait_until, with_filters};

const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

/// The reference as it is checked in, TLS and all, with those who call it: a listener named after a
/// caller stands for the sidecar that proves who it is.
struct Mesh {
    envoy: Envoy,
    orders: Service,
    payments: Service,
    credentials: Credentials,
    _folder: TempDir,
}

impl Mesh {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let credentials = Credentials::write(folder.path());
        let [orders, payments] = [(); 2].map(|()| Service::start());
        let [edge, peers, sidecar] = [(); 3].map(|()| reserve_address());
        let mut config = checked_in(&credentials)
            .enforced()
            .listen_at("edge", edge)
            .listen_at("peers", peers)
            .endpoints("orders_green", &[orders.address()])
            .endpoints("payments", &[sidecar])
            .cluster(Cluster::new("payments-itself", payments.address()))
            .listener(sidecar_of_payments(sidecar));
        for caller in ["payments", "shipping", "edge"] {
            let name = format!("{caller}-caller");
            config = called_by(config, &name, peers, &tls_of(folder.path(), Some(caller)));
        }
        config = called_by(config, "anonymous", peers, &tls_of(folder.path(), None));
        config = called_by(config, "client", edge, &tls_of(folder.path(), None));
        let mut config: Value = config.into();
        with_filters(&mut config, &["envoy.filters.http.jwt_authn"]);
        let listeners = &mut config["static_resources"]["listeners"];
        let chain = &mut by_name(listeners, "sidecar")["filter_chains"][0];
        let mut context = context(folder.path(), Some("payments"));
        context["validation_context"] =
            json!({"trusted_ca": {"filename": folder.path().join("ca.pem")}});
        chain["transport_socket"] = socket(
            "DownstreamTlsContext",
            json!({"require_client_certificate": true, "common_tls_context": context}),
        );
        Self {
            envoy: start(config),
            orders,
            payments,
            credentials,
            _folder: folder,
        }
    }

    fn send(&self, caller: &str, request: Request) -> Response {
        Client::http1(self.envoy.address(caller)).send(request)
    }

    /// What a peer gets for the key.
    fn order(&self, caller: &str, host: &str) -> Response {
        let request = Request::post("/v2/orders", "{}")
            .authority(host)
            .header("idempotency-key", KEY);
        self.send(caller, request)
    }
}

/// A sidecar that says who called it.
fn sidecar_of_payments(at: SocketAddr) -> Listener {
    let route = Route::prefix("/", "payments-itself").with(json!({
        "request_headers_to_add": [
            {"header": {"key": "x-peer", "value": "%DOWNSTREAM_PEER_URI_SAN%"}},
        ],
    }));
    Listener::new("sidecar").at(at).route(route)
}

fn called_by(config: Config, name: &str, at: SocketAddr, tls: &Value) -> Config {
    let cluster = Cluster::new(name, at)
        .protocol(Protocol::Http2)
        .with(json!({"transport_socket": tls}));
    config
        .listener(Listener::new(name).route(Route::prefix("/", name)))
        .cluster(cluster)
}

fn tls_of(folder: &Path, caller: Option<&str>) -> Value {
    let mut context = context(folder, caller);
    context["validation_context"] = json!({"trusted_ca": {"filename": folder.join("ca.pem")}});
    socket(
        "UpstreamTlsContext",
        json!({"common_tls_context": context, "sni": "orders.example.com"}),
    )
}

fn context(folder: &Path, workload: Option<&str>) -> Value {
    let file =
        |ending: &str, name: &str| json!({"filename": folder.join(name).with_extension(ending)});
    match workload {
        Some(name) => json!({"tls_certificates": [{
            "certificate_chain": file("crt", name),
            "private_key": file("key", name),
        }]}),
        None => json!({}),
    }
}

fn socket(context: &str, mut settings: Value) -> Value {
    settings["@type"] =
        format!("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{context}").into();
    json!({"name": "envoy.transport_sockets.tls", "typed_config": settings})
}

#[test]
fn who_speaks_tls_is_served_and_known_by_its_certificate() {
    let mesh = Mesh::start();
    wait_until("payments are found well", || {
        mesh.envoy.counters()["cluster.payments.membership_healthy"] == 1
    });
    // A client from outside, by TLS and HTTP/2, reaches payments, which knows the edge.
    let token = mesh
        .credentials
        .token(&json!({"sub": "jane", "tenant": "acme"}));
    let request = Request::get("/v1/payments/1")
        .authority("payments.example.com")
        .header("authorization", format!("Bearer {token}"));
    let served = mesh.send("client", request);
    assert_eq!(served.status, 200, "{}", served.text());
    let seen = mesh.payments.took();
    assert_eq!(
        seen[0].headers.text("x-peer"),
        Some("spiffe://example.com/edge")
    );

    // A copy that a router has mirrored claims nothing, so the key is free for the request itself.
    let host = "orders.example.com";
    let copy = mesh.order("payments-caller", "orders.example.com-shadow");
    assert_eq!(copy.status, 200, "{}", copy.text());
    let replayed = |caller: &str| {
        let response = mesh.order(caller, host);
        assert_eq!(response.status, 200, "{}", response.text());
        response.headers.has("idempotent-replayed")
    };
    assert!(!replayed("payments-caller"));
    assert!(replayed("payments-caller"));
    // Each caller has keys of its own.
    assert!(!replayed("shipping-caller"));
    assert_eq!(mesh.orders.took().len(), 3);

    // The edge is known, and not among those who may; nor is somebody without a certificate.
    for caller in ["edge-caller", "anonymous"] {
        assert_eq!(mesh.order(caller, host).status, 503, "{caller}");
    }
    assert!(mesh.orders.took().is_empty());
}
