//! What is counted, over two workers that each have a VM of their own.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Listener, Options, Protocol, Request, Route, Upstream,
};
use serde_json::{Value, json};

use crate::bench::{SOON, assert_well, filter};

/// How many tenants a flood has, and how many label sets a metric may have in one VM.
const TENANTS: usize = 10_000;
const LABEL_SETS: u64 = 40;

fn policy() -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "tags": [{
            "name": "tenant",
            "source": {"from": "header", "name": "x-tenant"},
            "to": {"metric": "tenant"},
        }],
        "defaults": {
            "answeredBy": {"service": "x-service", "version": "x-service-version"},
            "metrics": ["requests", "errors", "duration", "sizes", "active", "fidelity"],
            "labelSets": LABEL_SETS,
            "operations": [{"path": "/v1/orders/{id}", "operation": "getOrder"}],
        },
        "services": [{"name": "orders", "hosts": ["*"], "runtime": "go"}],
        "rules": [{"name": "orders", "service": "orders"}],
    })
}

/// An Envoy with two workers in front of an upstream, and of answers of its own under `/direct`.
fn start(upstream: &Upstream) -> Envoy {
    let config = Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter(&policy()))
                .route(Route::direct("/direct", 204, ""))
                .route(Route::prefix("/", "upstream")),
        )
        .cluster(Cluster::new("upstream", upstream.address()).protocol(Protocol::Http2));
    let options = Options {
        concurrency: 2,
        ..Options::default()
    };
    let mut config: Value = config.into();
    // What workers have measured is put together as often as this.
    config["stats_flush_interval"] = "0.2s".into();
    Envoy::start(config, &options).unwrap()
}

/// The series of a metric, without its name: `;service=orders;…`, and their values.
fn series(envoy: &Envoy, metric: &str) -> BTreeMap<String, u64> {
    let counters = envoy.counters().into_iter();
    counters
        .filter_map(|(name, value)| {
            let labels = name.strip_prefix("wasmcustom.")?.strip_prefix(metric)?;
            labels.starts_with(';').then(|| (labels.to_owned(), value))
        })
        .collect()
}

/// Waits until a metric has these series, because an exchange is counted after its client knows.
fn wait_for(envoy: &Envoy, metric: &str, expected: &[(&str, u64)]) {
    let expected: BTreeMap<String, u64> = expected
        .iter()
        .map(|(labels, value)| ((*labels).to_owned(), *value))
        .collect();
    let begun = Instant::now();
    while series(envoy, metric) != expected {
        assert!(
            begun.elapsed() < SOON,
            "{metric}: {:#?}",
            series(envoy, metric)
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// How many samples a histogram has, over all its label sets.
fn samples(envoy: &Envoy, histogram: &str) -> BTreeMap<String, u64> {
    let text = envoy.admin_get("/stats?format=prometheus");
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains(histogram)) {
        let Some((name, value)) = line.rsplit_once(' ') else {
            continue;
        };
        if let Some((name, _)) = name.split_once("_count{") {
            samples.insert(name.to_owned(), value.parse().unwrap());
        }
    }
    samples
}

#[test]
fn known_traffic_over_two_workers_is_counted_under_its_names() {
    let upstream = Upstream::start();
    upstream.set_handler(|seen| {
        let status = seen
            .headers
            .text("x-status")
            .unwrap_or("200")
            .parse()
            .unwrap();
        Answer::status(status)
            .header("x-service", "orders")
            .header("x-service-version", "2")
            .chunk("served")
    });
    let envoy = start(&upstream);
    let get = |path: &str, status: &str| {
        let request = Request::get(path)
            .header("x-status", status)
            .header("x-tenant", "acme");
        Client::http1(envoy.address("edge")).send(request);
    };
    // Each is a connection of its own, so that both workers have some.
    for _ in 0..30 {
        get("/v1/orders/1", "200");
    }
    for _ in 0..7 {
        get("/v1/orders/9007199254740993", "503");
    }
    for _ in 0..3 {
        get("/v1/orders/nobody@example.com", "404");
    }
    get("/nowhere/4111111111111111", "200");
    Client::http1(envoy.address("edge"))
        .send(Request::post("/v1/orders/1", "x").header("x-status", "201"));
    // In HTTP/1.1 Envoy refuses a method that it does not know.
    Client::http2(envoy.address("edge")).send(Request::new("BREW", "/v1/orders/1"));

    let of = |method: &str, class: &str| {
        format!(
            ";service=orders;route=/v1/orders/{{id}};method={method};status_class={class};version=2"
        )
    };
    let acme = |method: &str, class: &str| format!("{};tenant=acme", of(method, class));
    let none = |method: &str, class: &str| format!("{};tenant=-", of(method, class));
    let other = ";service=orders;route=_other;method=GET;status_class=2xx;version=2;tenant=acme";
    wait_for(
        &envoy,
        "treaty_requests",
        &[
            (&acme("GET", "2xx"), 30),
            (&acme("GET", "5xx"), 7),
            (&acme("GET", "4xx"), 3),
            (other, 1),
            (&none("POST", "2xx"), 1),
            (&none("_OTHER", "2xx"), 1),
        ],
    );
    let failed =
        ";service=orders;route=/v1/orders/{id};method=GET;error_type=503;version=2".to_owned();
    wait_for(&envoy, "treaty_request_errors", &[(&failed, 7)]);
    wait_for(&envoy, "treaty_requests_active", &[(";service=orders", 0)]);
    let expected = ";service=orders;version=2;answered_by=orders;fidelity=expected";
    wait_for(&envoy, "treaty_route_fidelity", &[(expected, 43)]);
    for histogram in [
        "treaty_request_duration_ms",
        "treaty_request_size_bytes",
        "treaty_response_size_bytes",
    ] {
        let begun = Instant::now();
        while samples(&envoy, histogram).values().sum::<u64>() < 43 {
            assert!(begun.elapsed() < SOON, "{:?}", samples(&envoy, histogram));
            thread::sleep(Duration::from_millis(50));
        }
        let samples = samples(&envoy, histogram);
        assert_eq!(
            (samples.len(), samples.values().sum::<u64>()),
            (6, 43),
            "{samples:?}"
        );
    }
    // Both workers have taken part, else this shows nothing of what they share.
    for worker in ["worker_0", "worker_1"] {
        let is_of = |name: &str| name.ends_with(&format!("{worker}.downstream_cx_total"));
        let counters = envoy.counters().into_iter();
        let taken: Vec<_> = counters.filter(|(name, _)| is_of(name)).collect();
        assert!(taken.iter().any(|(_, count)| *count > 0), "{taken:?}");
    }
    assert_well(&envoy);
}

/// Lets what waits go on once it is open.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn pass(&self) {
        let shut = self.0.lock().unwrap();
        drop(self.1.wait_while(shut, |open| !*open).unwrap());
    }
}

#[test]
fn what_is_under_way_is_counted_and_falls_to_nothing_however_it_ends() {
    let upstream = Upstream::start();
    let gate = Arc::new(Gate::default());
    upstream.set_handler({
        let gate = Arc::clone(&gate);
        move |seen| {
            if seen.path == "/wait" {
                gate.pass();
            }
            match seen.path.as_str() {
                "/cut" => Answer::default().chunk("x").ending(e2e::Ending::Reset),
                "/none" => Answer::default().ending(e2e::Ending::ResetBeforeHead),
                _ => Answer::default(),
            }
        }
    });
    let envoy = start(&upstream);
    let clients: Vec<Client> = (0..8)
        .map(|_| Client::http2(envoy.address("edge")))
        .collect();
    let open = |client: &Client| client.open(Request::new("POST", "/wait")).unwrap();
    let mut waiting: Vec<_> = clients.iter().chain(&clients).map(open).collect();
    wait_for(&envoy, "treaty_requests_active", &[(";service=orders", 16)]);

    // Clients that leave.
    drop(waiting.split_off(10));
    wait_for(&envoy, "treaty_requests_active", &[(";service=orders", 10)]);
    gate.open();
    for mut exchange in waiting {
        exchange.finish();
        assert_eq!(exchange.rest().unwrap().status, 200);
    }
    for path in ["/cut", "/none", "/direct", "/"] {
        let _ = Client::http1(envoy.address("edge")).try_send(Request::get(path));
    }
    wait_for(&envoy, "treaty_requests_active", &[(";service=orders", 0)]);
    assert_well(&envoy);
}

#[test]
fn a_flood_of_labels_ends_in_one_series_that_keeps_the_fixed_labels() {
    let upstream = Upstream::start();
    let envoy = start(&upstream);
    let address = envoy.address("edge");
    let flood = |part: usize| {
        thread::spawn(move || {
            let client = Client::http2(address);
            for tenant in (part..TENANTS).step_by(8) {
                let request =
                    Request::get("/direct").header("x-tenant", format!("tenant-{tenant}"));
                assert_eq!(client.send(request).status, 204);
            }
        })
    };
    let floods: Vec<_> = (0..8).map(flood).collect();
    for flood in floods {
        flood.join().unwrap();
    }

    let begun = Instant::now();
    let total = |series: &BTreeMap<String, u64>| series.values().sum::<u64>();
    while total(&series(&envoy, "treaty_requests")) < TENANTS as u64 {
        assert!(
            begun.elapsed() < SOON,
            "{}",
            total(&series(&envoy, "treaty_requests"))
        );
        thread::sleep(Duration::from_millis(50));
    }
    let requests = series(&envoy, "treaty_requests");
    assert_eq!(total(&requests), TENANTS as u64, "each is counted once");
    let fixed = ";service=orders;route=_other;method=GET;status_class=2xx;version=-";
    let other = format!("{fixed};tenant=_other");
    assert!(
        requests.keys().all(|labels| labels.starts_with(fixed)),
        "{requests:?}"
    );
    // Two VMs, each with its own sets and the one that takes the rest.
    let sets = u64::try_from(requests.len()).unwrap();
    assert!(
        (LABEL_SETS + 1..=2 * LABEL_SETS + 1).contains(&sets),
        "{sets} series"
    );
    let over = TENANTS as u64 - (sets - 1);
    assert_eq!(requests[&other], over);
    wait_for(
        &envoy,
        "treaty_metric_overflow",
        &[(";metric=treaty_requests", over)],
    );
    // What no policy has added stays as it is.
    assert_eq!(samples(&envoy, "treaty_request_duration_ms").len(), 1);
    assert_well(&envoy);
}
