//! Which endpoint a request goes to. The filters have no part in it, so the edge has none here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use e2e::{Answer, Client, Credentials, Envoy, Request, Response};
use serde_json::{Value, json};

use crate::edge::{Service, checked_in, cluster, in_clear, only_with, start, wait_until};

/// The edge without filters, with these endpoints for a cluster.
fn edge(of: &str, endpoints: &[&Service], change: impl FnOnce(&mut Value)) -> Envoy {
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials::write(folder.path());
    let addresses: Vec<SocketAddr> = endpoints.iter().map(|service| service.address()).collect();
    let mut config: Value = checked_in(&credentials).endpoints(of, &addresses).into();
    in_clear(&mut config);
    only_with(&mut config, &[]);
    change(&mut config);
    start(config)
}

fn get(envoy: &Envoy, host: &str) -> Response {
    let request = Request::get("/").authority(host);
    Client::http1(envoy.address("edge")).send(request)
}

/// How many endpoints health checks have found well.
fn well(envoy: &Envoy, cluster: &str) -> u64 {
    envoy.counters()[&format!("cluster.{cluster}.membership_healthy")]
}

fn took(services: &[&Service]) -> Vec<usize> {
    services
        .iter()
        .map(|service| service.took().len())
        .collect()
}

#[test]
fn the_same_key_goes_to_the_same_endpoint() {
    let services = [(); 3].map(|()| Service::start());
    let [one, two, three] = &services;
    let envoy = edge("payments", &[one, two, three], |_| ());
    wait_until("all are well", || well(&envoy, "payments") == 3);
    for round in 0..3 {
        for key in 0..16 {
            let request = Request::post("/v1/payments", format!("{round}"))
                .authority("payments.example.com")
                .header("idempotency-key", format!("key-{key}"));
            assert_eq!(
                Client::http1(envoy.address("edge")).send(request).status,
                200
            );
        }
    }
    let mut places: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (place, service) in services.iter().enumerate() {
        for seen in service.took() {
            let key = seen.headers.text("idempotency-key").unwrap();
            places.entry(key.to_owned()).or_default().insert(place);
        }
    }
    assert_eq!(places.len(), 16);
    assert!(
        places.values().all(|places| places.len() == 1),
        "{places:?}"
    );
    let used: BTreeSet<_> = places.values().flatten().collect();
    assert_eq!(used.len(), 3, "{places:?}");
}

/// A locality with one endpoint.
fn in_zone(zone: &str, at: SocketAddr) -> Value {
    let address = json!({"socket_address": {"address": at.ip(), "port_value": at.port()}});
    json!({
        "locality": {"region": "eu-west-1", "zone": zone},
        "lb_endpoints": [{"endpoint": {"address": address}}],
    })
}

#[test]
fn requests_stay_in_their_zone() {
    let services = [(); 3].map(|()| Service::start());
    let [near, far, fleet] = &services;
    let zones = |near: SocketAddr, far: SocketAddr| {
        json!([in_zone("eu-west-1a", near), in_zone("eu-west-1b", far)])
    };
    let envoy = edge("orders_green", &[], |config| {
        cluster(config, "orders_green")["load_assignment"]["endpoints"] =
            zones(near.address(), far.address());
        // As many proxies in one zone as in the other.
        cluster(config, "edge")["load_assignment"]["endpoints"] =
            zones(fleet.address(), fleet.address());
    });
    wait_until("both are well", || well(&envoy, "orders_green") == 2);
    for _ in 0..20 {
        assert_eq!(get(&envoy, "orders.example.com").status, 200);
    }
    assert_eq!(took(&[near, far]), [20, 0]);
}

#[test]
fn an_endpoint_that_fails_five_times_in_a_row_is_left_out_and_clients_see_nothing_of_it() {
    let services = [(); 2].map(|()| Service::start());
    let [good, bad] = &services;
    bad.answer(Answer::status(503));
    let envoy = edge("orders_green", &[good, bad], |_| ());
    wait_until("both are well", || well(&envoy, "orders_green") == 2);
    let ejected = || {
        let name = "cluster.orders_green.outlier_detection.ejections_active";
        envoy.counters().get(name).copied() == Some(1)
    };
    wait_until("it is left out", || {
        assert_eq!(get(&envoy, "orders.example.com").status, 200);
        ejected()
    });
    assert_eq!(bad.took().len(), 5);
    good.took();
    for _ in 0..20 {
        assert_eq!(get(&envoy, "orders.example.com").status, 200);
    }
    assert_eq!(took(&[good, bad]), [20, 0]);
}

#[test]
fn an_endpoint_that_answers_500_is_not_left_out() {
    let services = [(); 2].map(|()| Service::start());
    let [good, bad] = &services;
    bad.answer(Answer::status(500));
    let envoy = edge("orders_green", &[good, bad], |_| ());
    wait_until("both are well", || well(&envoy, "orders_green") == 2);
    let mut failed = 0;
    wait_until("it has failed more than five times", || {
        failed += usize::from(get(&envoy, "orders.example.com").status == 500);
        failed > 5
    });
    let name = "cluster.orders_green.outlier_detection.ejections_enforced_total";
    assert_eq!(envoy.counters()[name], 0);
    // Nor is it asked twice: 500 is its answer.
    assert_eq!(bad.took().len(), failed);
}

#[test]
fn an_endpoint_that_is_not_well_gets_nothing_and_without_any_the_answer_comes_at_once() {
    let mut services = [(); 2].map(|()| Service::start());
    let [first, second] = &services;
    let envoy = edge("payments", &[first, second], |config| {
        let checks = &mut cluster(config, "payments")["health_checks"][0];
        checks["interval"] = "0.05s".into();
        checks["no_traffic_interval"] = "0.05s".into();
    });
    let healthy = |count: u64| well(&envoy, "payments") == count;
    wait_until("both are well", || healthy(2));
    services[1].kill();
    wait_until("one is ill", || healthy(1));
    took(&[&services[0], &services[1]]);
    for _ in 0..20 {
        assert_eq!(get(&envoy, "payments.example.com").status, 200);
    }
    assert_eq!(services[0].took().len(), 20);
    services[0].kill();
    wait_until("none is well", || healthy(0));
    // Without health checks it would try one after the other.
    wait_until("the answer comes at once", || {
        let refused = get(&envoy, "payments.example.com");
        assert_eq!(refused.status, 503);
        refused.text() == "no healthy upstream"
    });
}

#[test]
fn a_full_queue_answers_at_once() {
    let service = Service::start();
    service.answer(Answer::status(200).delay(Duration::from_secs(1)));
    let envoy = edge("orders_green", &[&service], |config| {
        let breakers = &mut cluster(config, "orders_green")["circuit_breakers"]["thresholds"][0];
        breakers["max_connections"] = 1.into();
        breakers["max_pending_requests"] = 1.into();
    });
    let client = Client::http2(envoy.address("edge"));
    let post = || Request::post("/v2/orders", "{}").authority("orders.example.com");
    let first = client.begin(post()).unwrap();
    wait_until("the first is on its way", || !service.took().is_empty());
    let second = client.begin(post()).unwrap();
    let waiting = "cluster.orders_green.upstream_rq_pending_active";
    wait_until("the second waits", || envoy.counters()[waiting] == 1);
    assert_eq!(client.send(post()).status, 503);
    assert!(envoy.counters()["cluster.orders_green.upstream_rq_pending_overflow"] > 0);
    assert_eq!(first.rest().unwrap().status, 200);
    drop(second);
}
