//! The config of the edge in `e2e/docker-compose.yaml`, which is `envoy-configs/all-filters.yaml` with
//! other addresses, its policies in force and etcd to remember keys.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use e2e::{
    Answer, Client, Config, Envoy, Etcd, EtcdOptions, EtcdVersion, Options, Request, Response,
    Upstream, root,
};
use serde_json::{Value, json};

/// What the edge of compose has in other words than `all-filters.yaml`, each with the number of
/// places.
const OTHERWISE: [(&str, &str, usize); 10] = [
    (
        "admin:\n  address: { socket_address: { address: 127.0.0.1,",
        "admin:\n  \
         # Prometheus and the host ask from outside of the container. Whoever reaches it can stop the\n  \
         # proxy, so compose publishes it on loopback only.\n  \
         address: { socket_address: { address: 0.0.0.0,",
        1,
    ),
    (
        "address: 127.0.0.1, port_value: 10000",
        "address: 0.0.0.0, port_value: 10000",
        1,
    ),
    (
        "address: 127.0.0.1, port_value: 18081",
        "address: orders-blue, port_value: 8080",
        1,
    ),
    (
        "address: 127.0.0.1, port_value: 18082",
        "address: orders-green, port_value: 8080",
        1,
    ),
    (
        "address: 127.0.0.1, port_value: 18083",
        "address: payments, port_value: 8080",
        1,
    ),
    (
        "; in a mesh, the address of its sidecar.",
        ", over REST.",
        1,
    ),
    // Only the policies themselves: what stands deeper in one has its own reasons.
    (
        "\n                          \"mode\": \"report\",",
        "\n                          \"mode\": \"enforce\",",
        5,
    ),
    // What is kept outside the proxy is sealed.
    (
        r#""stores": [{ "type": "local", "name": "edge" }],"#,
        r#""sealingKeys": [{ "name": "answers", "current": { "id": "demo", "env": "TREATY_SEALING_KEY" } }],
                          "stores": [{ "type": "etcd", "name": "edge", "cluster": "etcd" }],"#,
        1,
    ),
    (
        r#""dropHeaders": ["x-route"],"#,
        r#""dropHeaders": ["x-route"],
                            "sealing": "answers","#,
        1,
    ),
    (
        "host_env_keys: [TREATY_PEOPLE_KEY, TREATY_PROBE_KEY]",
        "host_env_keys: [TREATY_PEOPLE_KEY, TREATY_PROBE_KEY, TREATY_SEALING_KEY]",
        1,
    ),
];

const HEADER: &str = "\
# The edge of docker-compose.yaml: every filter in one module, in force, and etcd to remember keys.
#
# Written by `cargo test -p e2e --test compose_config` from envoy-configs/all-filters.yaml, whose edge
# this is under other names, and from envoy-configs/idempotency-keys-etcd.yaml, whose cluster it has.
";

/// A service without a sidecar takes gRPC at a port of its own.
const ROUTES_OF_GRPC: &str = r#"              # The services take gRPC at a port of their own.
              - name: orders-rust-grpc
                match: { prefix: "/", grpc: {}, headers: [{ name: x-treaty-variant, string_match: { exact: orders-rust } }] }
                route: { cluster: payments_grpc, timeout: 5s }
                response_headers_to_add:
                - header: { key: x-route, value: orders-rust }
              - name: payments-grpc
                match: { prefix: "/", grpc: {}, headers: [{ name: ":authority", string_match: { exact: payments.example.com } }] }
                route: { cluster: payments_grpc, timeout: 5s }
                response_headers_to_add:
                - header: { key: x-route, value: payments }
              - name: orders-v1-grpc
                match: { prefix: "/", grpc: {}, headers: [{ name: x-treaty-version, string_match: { exact: "1" } }] }
                route: { cluster: orders_blue_grpc, timeout: 5s }
                response_headers_to_add:
                - header: { key: x-route, value: orders-blue }
              - name: orders-v2-grpc
                match: { prefix: "/", grpc: {} }
                route: { cluster: orders_green_grpc, timeout: 5s }
                response_headers_to_add:
                - header: { key: x-route, value: orders-green }
"#;

fn checked_in() -> PathBuf {
    root().join("e2e/compose/envoy.yaml")
}

fn shipped(name: &str) -> String {
    let file = root().join("envoy-configs").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn freshly_written() -> String {
    let edge = shipped("all-filters.yaml");
    let (_, edge) = edge.split_once("\nadmin:\n").expect("the admin interface");
    let mut config = format!("{HEADER}admin:\n{edge}");
    for (there, here, places) in OTHERWISE {
        assert_eq!(config.matches(there).count(), places, "{there}");
        config = config.replace(there, here);
    }
    let config = without_marks(&config);
    let first_of_rest = "              - name: orders-rust\n";
    let (before, after) = config
        .split_once(first_of_rest)
        .expect("a route for orders");
    let etcd = shipped("idempotency-keys-etcd.yaml");
    let (_, etcd) = etcd.split_once("  # etcd. ").expect("the cluster of etcd");
    let local = "address: 127.0.0.1, port_value: 2379";
    assert_eq!(etcd.matches(local).count(), 1, "{etcd}");
    let etcd = etcd.replace(local, "address: etcd, port_value: 2379");
    let grpc: String = ["orders-blue", "orders-green", "payments"]
        .map(cluster_of_grpc)
        .concat();
    format!("{before}{ROUTES_OF_GRPC}{first_of_rest}{after}{grpc}  # etcd. {etcd}")
}

/// The comments by which the parts of `all-filters.yaml` are rendered from examples say nothing true
/// of a copy that has been changed.
fn without_marks(config: &str) -> String {
    let marks = [
        "# stats tags: ",
        "# access log: ",
        "# bundle: ",
        "# local replies: ",
    ];
    config
        .lines()
        .filter(|line| !marks.iter().any(|mark| line.trim_start().starts_with(mark)))
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn cluster_of_grpc(host: &str) -> String {
    let name = format!("{}_grpc", host.replace('-', "_"));
    format!(
        r#"  - name: {name}
    type: STRICT_DNS
    connect_timeout: 1s
    per_connection_buffer_limit_bytes: 262144
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ http2_protocol_options: {{}} }}
    load_assignment:
      cluster_name: {name}
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: {host}, port_value: 9090 }} }} }}
"#
    )
}

#[test]
fn the_edge_of_compose_is_that_of_all_filters() {
    let fresh = freshly_written();
    let stands = fs::read_to_string(checked_in()).unwrap_or_default();
    if fresh != stands {
        fs::write(checked_in(), fresh).unwrap();
        panic!("e2e/compose/envoy.yaml was stale and has been written anew: commit it");
    }
}

#[test]
fn the_images_are_of_the_versions_that_the_tests_run() {
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let after = |text: &str, mark: &str| -> String {
        let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("{mark}"));
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let compose = read("e2e/docker-compose.yaml");
    let image = |name: &str| after(&compose, &format!("image: {name}:"));
    let envoy = after(&read("Makefile"), "ENVOY_VERSION ?= ");
    assert_eq!(image("envoyproxy/envoy"), format!("v{envoy}"));
    let etcd = after(&read("e2e/stores/go.mod"), "go.etcd.io/etcd/server/v3 v");
    assert_eq!(image("gcr.io/etcd-development/etcd"), format!("v{etcd}"));
    // The module of Prometheus 3.15.0 has the version 0.315.0.
    let module = after(
        &read("observability/tools/go.mod"),
        "github.com/prometheus/prometheus v0.3",
    );
    assert_eq!(image("prom/prometheus"), format!("v3.{module}"));
    let rust = after(&read("rust-toolchain.toml"), "channel = \"");
    let image_of_rust = after(&read("e2e/services/payments/Dockerfile"), "FROM rust:");
    assert!(rust.starts_with(image_of_rust.trim_end_matches("-bookworm")));
}

/// One proxy of compose, with what stands where its services would.
fn edge(upstream: &Upstream, etcd: &Etcd) -> Envoy {
    let text = fs::read_to_string(checked_in()).unwrap();
    let config = Config::from_yaml(&text)
        .modules_from_dist()
        .on_free_ports()
        .endpoints("orders_blue", &[upstream.address()])
        .endpoints("orders_green", &[upstream.address()])
        .endpoints("payments", &[upstream.address()])
        .endpoints("orders_blue_grpc", &[upstream.address()])
        .endpoints("orders_green_grpc", &[upstream.address()])
        .endpoints("payments_grpc", &[upstream.address()])
        .endpoints("etcd", &[etcd.address()]);
    let sealing_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned();
    let options = Options {
        env: [("TREATY_SEALING_KEY".to_owned(), sealing_key)].into(),
        ..Options::default()
    };
    Envoy::start(config, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn pay(envoy: &Envoy) -> Response {
    let payment = json!({"order_id": "1", "amount_minor": 500, "currency": "EUR"});
    let request = Request::post("/v2/payments", payment.to_string())
        .authority("payments.example.com")
        .header("content-type", "application/json")
        .header("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324")
        .header("x-consumer", "shop");
    Client::http1(envoy.address("edge")).send(request)
}

#[test]
fn the_policies_of_compose_are_in_force_and_keys_outlive_the_proxy() {
    let upstream = Upstream::start();
    upstream.set_handler(|_| {
        let payment = json!({"id": "pay_1", "order_id": "1", "amount_minor": 500, "currency": "EUR", "status": "captured"});
        Answer::status(201)
            .header("content-type", "application/json")
            .chunk(payment.to_string())
    });
    let etcd = Etcd::start_with(&EtcdOptions::new(EtcdVersion::V3_7));
    let first = edge(&upstream, &etcd);
    let paid = pay(&first);
    assert_eq!(paid.status, 201, "{}", paid.text());
    drop(first);
    let second = edge(&upstream, &etcd);
    let again = pay(&second);
    assert_eq!((again.status, &again.body), (201, &paid.body));
    assert_eq!(again.headers.text("idempotent-replayed"), Some("true"));
    assert_eq!(upstream.take_seen().len(), 1);

    let unknown = Request::get("/v9/orders/1").authority("orders.example.com");
    let refused = Client::http1(second.address("edge")).send(unknown);
    let problem: Value = refused.json();
    assert_eq!((refused.status, &problem["status"]), (404, &json!(404)));
}

/// Bash speaks to the admin interface by hand there, and no run without that image would show a
/// mistake in it.
#[test]
fn the_health_check_of_the_official_image_tells_a_ready_envoy() {
    let compose = fs::read_to_string(root().join("e2e/docker-compose.yaml")).unwrap();
    let compose: Value = serde_saphyr::from_str(&compose).unwrap();
    let test = compose["services"]["envoy"]["healthcheck"]["test"].clone();
    let [cmd, bash, option, line] = test.as_array().unwrap().as_slice() else {
        panic!("{test}");
    };
    assert_eq!(
        (cmd, bash, option),
        (&json!("CMD"), &json!("bash"), &json!("-c"))
    );
    let line = line.as_str().unwrap();
    let is_healthy = |port: u16| {
        let line = line.replace("/9901", &format!("/{port}"));
        let output = Command::new("bash").args(["-c", &line]).output().unwrap();
        output.status.success()
    };
    let mut envoy = Envoy::start(Config::new(), &Options::default()).unwrap();
    let port = envoy.admin().port();
    assert!(is_healthy(port), "{line}");
    envoy.stop();
    assert!(!is_healthy(port), "{line}");
}
