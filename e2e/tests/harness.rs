//! The harness against a real Envoy, without any module: what it sends arrives, what it reads is
//! what was sent, and what goes wrong is told.

use std::time::Duration;

use e2e::{
    AccessLog, Answer, Client, Cluster, Config, Ending, Envoy, Listener, Options, Peer, Protocol,
    Request, Route, Service, Upstream, Version, WasmFilter, parse_response, raw, reserve_address,
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(5);

/// An Envoy with one listener, `edge`, in front of an upstream.
fn proxy_of(upstream: &Upstream) -> Envoy {
    let config = Config::new()
        .listener(Listener::new("edge").route(Route::prefix("/", "upstream")))
        .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::AsClient));
    Envoy::start(config, &Options::default()).unwrap()
}

#[test]
fn octets_that_are_no_text_pass_both_ways() {
    let upstream = Upstream::start();
    upstream.set(
        Answer::status(203)
            .header("x-answer", b"\xe9\xff")
            .chunk("hello"),
    );
    let envoy = proxy_of(&upstream);

    let response = Client::http1(envoy.address("edge"))
        .send(Request::get("/a/../b//c%2f%zz?q=%FF&").header("x-ask", b"caf\xe9"));

    assert_eq!(response.status, 203);
    assert_eq!(response.headers.get("x-answer"), Some(&b"\xe9\xff"[..]));
    assert_eq!(response.text(), "hello");
    assert!(response.complete);
    let seen = upstream.take_seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].method, "GET");
    assert_eq!(seen[0].path, "/a/../b//c%2f%zz?q=%FF&");
    assert_eq!(seen[0].authority, "treaty.test");
    assert_eq!(seen[0].version, Version::HTTP_11);
    assert_eq!(seen[0].headers.get("x-ask"), Some(&b"caf\xe9"[..]));
    assert!(seen[0].complete);
    assert!(upstream.take_seen().is_empty());
}

#[test]
fn trailers_pass_both_ways() {
    let upstream = Upstream::start();
    upstream.set(
        Answer::default()
            .chunk("one")
            .chunk("two")
            .trailer("grpc-status", "0"),
    );
    let envoy = proxy_of(&upstream);

    for (client, version) in [
        (Client::http1(envoy.address("edge")), Version::HTTP_11),
        (Client::http2(envoy.address("edge")), Version::HTTP_2),
    ] {
        let response = client.send(
            Request::post("/", "first ")
                .chunk("second")
                .header("te", "trailers")
                .trailer("x-checksum", b"\xff"),
        );

        assert_eq!(response.text(), "onetwo");
        assert_eq!(response.trailers.text("grpc-status"), Some("0"));
        let seen = upstream.take_seen();
        assert_eq!(seen[0].version, version);
        assert_eq!(seen[0].body, b"first second");
        assert_eq!(seen[0].trailers.get("x-checksum"), Some(&b"\xff"[..]));
    }
}

#[test]
fn a_request_is_seen_before_it_is_complete() {
    let upstream = Upstream::start();
    let envoy = proxy_of(&upstream);
    let client = Client::http2(envoy.address("edge"));

    let mut exchange = client.open(Request::post("/upload", "begin ")).unwrap();
    let seen = upstream.wait_for_seen(1, SOON);
    assert!(!seen[0].complete);
    exchange.push("end");
    exchange.finish();

    assert_eq!(exchange.rest().unwrap().status, 200);
    let seen = upstream.take_seen();
    assert_eq!(seen[0].body, b"begin end");
    assert!(seen[0].complete);
}

#[test]
fn a_client_that_goes_away_leaves_an_incomplete_request() {
    let upstream = Upstream::start();
    let envoy = proxy_of(&upstream);
    for (client, count) in [
        (Client::http1(envoy.address("edge")), 1),
        (Client::http2(envoy.address("edge")), 2),
    ] {
        drop(client.open(Request::post("/", "begin")).unwrap());
        envoy.wait_for_counter("http.edge.downstream_rq_rx_reset", count, SOON);
    }

    let tells = envoy.resets_tell();
    let seen = upstream.take_seen();
    let must_tell = |seen: &&e2e::Seen| tells || seen.version == Version::HTTP_11;
    assert!(
        seen.iter().filter(must_tell).all(|seen| !seen.complete),
        "{seen:#?}"
    );
}

#[test]
fn a_stream_is_read_while_it_is_sent() {
    let upstream = Upstream::start();
    upstream.set_early_handler(|_| {
        Answer::default()
            .chunk("first")
            .chunk("last")
            .pace(Duration::from_secs(2))
    });
    let envoy = proxy_of(&upstream);

    let mut exchange = Client::http2(envoy.address("edge"))
        .open(Request::new("POST", "/"))
        .unwrap();

    let begin = std::time::Instant::now();
    assert_eq!(exchange.response().unwrap().status, 200);
    assert_eq!(exchange.next_chunk().unwrap().unwrap(), b"first");
    assert!(begin.elapsed() < Duration::from_secs(1));
    exchange.finish();
    assert_eq!(exchange.rest().unwrap().text(), "firstlast");
}

#[test]
fn a_broken_answer_is_told_from_a_whole_one() {
    let upstream = Upstream::start();
    let envoy = proxy_of(&upstream);
    for (client, tells) in [
        (Client::http1(envoy.address("edge")), true),
        (Client::http2(envoy.address("edge")), envoy.resets_tell()),
    ] {
        upstream.set(Answer::default().chunk("half").ending(Ending::Reset));
        let response = client.send(Request::get("/"));
        assert_eq!(response.status, 200);
        assert_eq!(response.text(), "half");
        assert!(!response.complete || !tells);

        upstream.set(Answer::default().ending(Ending::ResetBeforeHead));
        assert_eq!(client.send(Request::get("/")).status, 503);
    }
}

#[test]
fn raw_octets_reach_envoy() {
    let upstream = Upstream::start();
    upstream.set(
        Answer::default()
            .chunk("a")
            .chunk("b")
            .trailer("x-end", "yes"),
    );
    let envoy = proxy_of(&upstream);
    let address = envoy.address("edge");

    let octets = raw(
        address,
        b"GET /\x01 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        SOON,
    );
    assert_eq!(parse_response(&octets).unwrap().status, 400);
    assert!(upstream.take_seen().is_empty());

    let octets = raw(
        address,
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nte: trailers\r\n\r\n",
        SOON,
    );
    let response = parse_response(&octets).unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.text(), "ab");
    assert_eq!(response.trailers.text("x-end"), Some("yes"));
    assert!(response.complete);
}

#[test]
fn a_refused_config_gives_the_log() {
    let config = Config::new().listener(
        Listener::new("edge")
            .with(json!({"codec_type": "NO_SUCH_CODEC"}))
            .route(Route::prefix("/", "upstream")),
    );

    let error = Envoy::start(config, &Options::default()).unwrap_err();

    assert!(error.log.contains("NO_SUCH_CODEC"), "{error}");
    assert!(error.reason.starts_with("ended with"), "{error}");
}

#[test]
fn a_missing_module_gives_the_log() {
    let config = Config::new().listener(
        Listener::new("edge")
            .filter(
                WasmFilter::new("no-such-filter")
                    .policy(r#"{"version": 1}"#)
                    .env("KEY", "secret")
                    .holding_heads(),
            )
            .route(Route::direct("/", 200, "here")),
    );

    let error = Envoy::start(config, &Options::default()).unwrap_err();

    assert!(error.log.contains("no-such-filter.wasm"), "{error}");
    assert!(!error.log.contains("Proto constraint"), "{error}");
}

#[test]
fn listeners_stand_side_by_side() {
    let log = AccessLog::new();
    let fixed = reserve_address();
    let fields = || json!({"path": "%REQ(:PATH)%", "status": "%RESPONSE_CODE%"});
    let listener = |name| {
        Listener::new(name).access_log(&log, fields()).route(
            Route::direct("/", 200, name)
                .when_header("x-known", "yes")
                .named(name),
        )
    };
    let config = Config::new()
        .listener(listener("first"))
        .listener(listener("second").at(fixed));
    let envoy = Envoy::start(config, &Options::default()).unwrap();
    assert_eq!(envoy.address("second"), fixed);

    let mut log = log;
    for name in ["first", "second"] {
        let client = Client::http1(envoy.address(name));
        let response = client.send(Request::get("/here").header("x-known", "yes"));
        assert_eq!(response.text(), name);
        assert_eq!(
            log.next_line(SOON),
            Some(json!({"path": "/here", "status": 200}))
        );
        assert_eq!(client.send(Request::get("/there")).status, 404);
        assert_eq!(
            log.next_line(SOON),
            Some(json!({"path": "/there", "status": 404}))
        );
        envoy.wait_for_counter(&format!("http.{name}.downstream_rq_completed"), 2, SOON);
    }
    assert_eq!(log.next_line(Duration::ZERO), None);
}

#[test]
fn a_checked_in_config_is_moved_to_this_machine() {
    let upstream = Upstream::start();
    let config = Config::from_yaml(
        r#"
static_resources:
  listeners:
    - name: edge
      address: {socket_address: {address: 0.0.0.0, port_value: 10000}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: edge
                http_filters:
                  - name: version-negotiation
                    disabled: true
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
                      config:
                        vm_config:
                          runtime: envoy.wasm.runtime.v8
                          code: {local: {filename: dist/no-such-module.wasm}}
                        configuration:
                          "@type": type.googleapis.com/google.protobuf.StringValue
                          value: "{}"
                route_config: {virtual_hosts: []}
  clusters:
    - name: orders
      type: STRICT_DNS
      load_assignment: {cluster_name: orders, endpoints: []}
admin: {address: {socket_address: {address: 0.0.0.0, port_value: 9901}}}
"#,
    )
    .on_free_ports()
    .endpoints("orders", &[upstream.address()])
    .modules_from_dist()
    .policy("version-negotiation", r#"{"version": 1}"#);

    let config = serde_json::Value::from(config);
    let filter = &config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        ["http_filters"][0]["typed_config"]["config"];
    let module = filter["vm_config"]["code"]["local"]["filename"]
        .as_str()
        .unwrap();
    assert!(std::path::Path::new(module).is_absolute(), "{module}");
    assert_eq!(filter["configuration"]["value"], r#"{"version": 1}"#);
    let endpoint = &config["static_resources"]["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"]
        [0]["endpoint"]["address"]["socket_address"];
    assert_eq!(endpoint["port_value"], upstream.address().port());
}

#[test]
fn a_service_finds_the_other_through_a_sidecar() {
    let sidecar = reserve_address();
    let orders = Service::orders(Peer::at(sidecar));
    let payments = Service::payments(Peer {
        http: orders.http(),
        grpc: orders.grpc(),
    });
    let config = Config::new()
        .listener(
            Listener::new("payments")
                .at(sidecar)
                .route(Route::prefix("/acme.payments.", "grpc"))
                .route(Route::prefix("/", "rest")),
        )
        .cluster(Cluster::new("rest", payments.http()))
        .cluster(Cluster::new("grpc", payments.grpc()).protocol(Protocol::Http2));
    let envoy = Envoy::start(config, &Options::default()).unwrap();

    let client = Client::http1(orders.http());
    for (path, cluster) in [
        ("/v2/orders/1/payment", "rest"),
        ("/v2/orders/1/payment-grpc", "grpc"),
    ] {
        let response = client.send(Request::get(path));
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(
            response.json()["payment"].is_object(),
            "{}",
            response.text()
        );
        envoy.wait_for_counter(&format!("cluster.{cluster}.upstream_rq_completed"), 1, SOON);
    }
}
