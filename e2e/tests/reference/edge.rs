//! The config as it is checked in, with everything around it that it names.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use e2e::{
    AccessLog, Answer, Client, Collector, Config, Credentials, Envoy, Etcd, EtcdOptions, EtcdUser,
    EtcdVersion, Options, Request, Response, Seen, Upstream, root,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::grpc;

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// What stands in the environment of the proxy: 32 octets in base64 for each key.
const SECRETS: [(&str, &str); 4] = [
    ("TREATY_ETCD_PASSWORD", "of etcd"),
    (
        "TREATY_PEOPLE_KEY",
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ),
    (
        "TREATY_SEALING_KEY",
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ),
    (
        "TREATY_SEALING_KEY_PREVIOUS",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
    ),
];

/// A service behind the edge, which health checks find well.
pub(crate) struct Service(Upstream);

impl Service {
    pub(crate) fn start() -> Self {
        let service = Self(Upstream::start());
        service.answer(Answer::status(200));
        service
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.handle(move |_| answer.clone());
    }

    pub(crate) fn handle(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        self.0.set_handler(move |seen| match seen.path.as_str() {
            "/healthz" => Answer::status(200),
            "/grpc.health.v1.Health/Check" => {
                grpc::answer(&grpc::HealthCheckResponse { status: 1 })
            }
            _ => handler(seen),
        });
    }

    /// The requests that came since they were last taken, without health checks.
    pub(crate) fn took(&self) -> Vec<Seen> {
        let mut seen = self.0.take_seen();
        seen.retain(|seen| seen.path != "/healthz" && !seen.path.starts_with("/grpc.health"));
        seen
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    pub(crate) fn restart(&mut self) {
        self.0.restart();
    }
}

/// The reference with its policies in force and without TLS, so that a client in the clear can ask;
/// what TLS does is in `peers`.
pub(crate) struct Edge {
    pub(crate) envoy: Envoy,
    pub(crate) blue: Service,
    pub(crate) green: Service,
    pub(crate) next: Service,
    pub(crate) grpc: Service,
    pub(crate) payments: Service,
    pub(crate) limits: Service,
    pub(crate) collector: Collector,
    log: AccessLog,
    pub(crate) credentials: Credentials,
    pressure: PathBuf,
    _etcd: Etcd,
    _folder: TempDir,
}

impl Edge {
    /// Runs a test alone with the edge that all of them share: it takes seconds to start, and what
    /// a test leaves there is taken away before the next.
    pub(crate) fn in_turn(test: impl FnOnce(&mut Self)) {
        static SHARED: Mutex<Weak<Mutex<Edge>>> = Mutex::new(Weak::new());
        let edge = {
            let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
            shared.upgrade().unwrap_or_else(|| {
                let edge = Arc::new(Mutex::new(Self::start()));
                *shared = Arc::downgrade(&edge);
                edge
            })
        };
        let mut edge = edge.lock().unwrap_or_else(PoisonError::into_inner);
        edge.reset();
        test(&mut edge);
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let credentials = Credentials::write(folder.path());
        let pressure = folder.path().join("pressure");
        fs::write(&pressure, "0").unwrap();
        let [blue, green, next, grpc, payments, limits] = [(); 6].map(|()| Service::start());
        let collector = Collector::start();
        let etcd = etcd();
        let config = checked_in(&credentials)
            .enforced()
            .endpoints("orders_blue", &[blue.address()])
            .endpoints("orders_green", &[green.address()])
            .endpoints("orders_next", &[next.address()])
            .endpoints("orders_grpc", &[grpc.address()])
            .endpoints("payments", &[payments.address()])
            .endpoints("ratelimit", &[limits.address()])
            .endpoints("otlp_collector", &[collector.address()])
            .endpoints("etcd", &[etcd.address()]);
        let mut config: Value = config.into();
        in_clear(&mut config);
        // A share is not enough for a test, and a collector's patience is more than one has.
        config["layered_runtime"] = json!({"layers": [{"name": "test", "static_layer": {
            "mirror.orders": 100,
            "tracing.random_sampling": 10000,
            "tracing.opentelemetry.min_flush_spans": 1,
            "tracing.opentelemetry.flush_interval_ms": 100,
        }}]});
        *by_name(&mut config["overload_manager"]["resource_monitors"], HEAP) = json!({
            "name": HEAP,
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.resource_monitors.\
                          injected_resource.v3.InjectedResourceConfig",
                "filename": pressure,
            },
        });
        filter(&mut config, "envoy.filters.http.ratelimit")["timeout"] = "5s".into();
        let checks = &mut cluster(&mut config, "payments")["health_checks"][0];
        checks["interval"] = "0.1s".into();
        let envoy = start(config);
        let log = AccessLog::at(envoy.stdout());
        let edge = Self {
            envoy,
            blue,
            green,
            next,
            grpc,
            payments,
            limits,
            collector,
            log,
            credentials,
            pressure,
            _etcd: etcd,
            _folder: folder,
        };
        for cluster in [
            "orders_blue",
            "orders_green",
            "orders_grpc",
            "payments",
            "etcd",
        ] {
            edge.wait_until_well(cluster, 1);
        }
        edge
    }

    fn reset(&mut self) {
        let services = [
            &self.blue,
            &self.green,
            &self.next,
            &self.grpc,
            &self.payments,
        ];
        for service in services {
            service.answer(Answer::status(200));
            service.took();
        }
        self.limits
            .answer(grpc::answer(&grpc::RateLimitResponse { overall_code: 1 }));
        self.limits.took();
        self.collector.take_spans();
    }

    /// Says how much of its memory is in use, from 0 to 1.
    pub(crate) fn press(&self, pressure: f64) {
        let new = self.pressure.with_extension("new");
        fs::write(&new, pressure.to_string()).unwrap();
        // Envoy looks at the file when it is moved to its place.
        fs::rename(new, &self.pressure).unwrap();
    }

    pub(crate) fn send(&self, request: Request) -> Response {
        Client::http1(self.envoy.address("edge")).send(request)
    }

    /// The token of somebody.
    pub(crate) fn bearer(&self, subject: &str, tenant: &str) -> String {
        let claims = json!({"sub": subject, "tenant": tenant});
        format!("Bearer {}", self.credentials.token(&claims))
    }

    /// A request of Jane's.
    pub(crate) fn get(&self, host: &str, path: &str) -> Request {
        Request::get(path)
            .authority(host)
            .header("authorization", self.bearer("jane", "acme"))
    }

    /// A content of Jane's.
    pub(crate) fn post(&self, host: &str, path: &str, content: &Value) -> Request {
        Request::post(path, content.to_string())
            .authority(host)
            .header("authorization", self.bearer("jane", "acme"))
            .header("content-type", "application/json")
    }

    /// Waits until health checks have found so many endpoints of a cluster well.
    pub(crate) fn wait_until_well(&self, cluster: &str, count: u64) {
        let name = format!("cluster.{cluster}.membership_healthy");
        wait_until(&format!("{name} is {count}"), || {
            self.envoy.counters()[&name] == count
        });
    }

    /// The next line of the access log that fits.
    pub(crate) fn next_line(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.log.next_line(SOON).expect("such a line");
            if fits(&line) {
                return line;
            }
        }
    }

    /// Waits until a filter has counted under a label, which it does behind the exchange.
    pub(crate) fn wait_until_counted(&self, metric: &str, label: &str) {
        wait_until(&format!("{metric} {label}"), || {
            let mut counters = self.envoy.counters().into_iter();
            counters.any(|(name, value)| value > 0 && name.contains(metric) && name.contains(label))
        });
    }
}

const HEAP: &str = "envoy.resource_monitors.fixed_heap";

/// The config with the ports, modules and credentials of this machine.
pub(crate) fn checked_in(credentials: &Credentials) -> Config {
    let text = fs::read_to_string(root().join("envoy-configs/reference.yaml")).unwrap();
    Config::from_yaml(&credentials.put_into(&text))
        .modules_from_dist()
        .on_free_ports()
}

pub(crate) fn start(config: Value) -> Envoy {
    let options = Options {
        env: SECRETS
            .map(|(name, secret)| (name.to_owned(), secret.to_owned()))
            .into(),
        ..Options::default()
    };
    Envoy::start(config, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// An etcd with the user of the policy.
fn etcd() -> Etcd {
    Etcd::start_with(&EtcdOptions {
        user: Some(EtcdUser {
            name: "treaty".to_owned(),
            password: "of etcd".to_owned(),
            prefix: "treaty/idempotency/".to_owned(),
        }),
        ..EtcdOptions::new(EtcdVersion::V3_5)
    })
}

/// Takes TLS off.
pub(crate) fn in_clear(config: &mut Value) {
    let resources = &mut config["static_resources"];
    for cluster in resources["clusters"].as_array_mut().unwrap() {
        cluster.as_object_mut().unwrap().remove("transport_socket");
    }
    for listener in resources["listeners"].as_array_mut().unwrap() {
        let chain = listener["filter_chains"][0].as_object_mut().unwrap();
        chain.remove("transport_socket");
    }
}

/// The part of a list that has this name.
pub(crate) fn by_name<'a>(list: &'a mut Value, name: &str) -> &'a mut Value {
    let mut parts = list.as_array_mut().unwrap().iter_mut();
    parts
        .find(|part| part["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

/// The HTTP filters of the edge.
pub(crate) fn filters(config: &mut Value) -> &mut Value {
    let edge = by_name(&mut config["static_resources"]["listeners"], "edge");
    &mut edge["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
}

/// The settings of an HTTP filter of the edge.
pub(crate) fn filter<'a>(config: &'a mut Value, name: &str) -> &'a mut Value {
    &mut by_name(filters(config), name)["typed_config"]
}

pub(crate) fn cluster<'a>(config: &'a mut Value, name: &str) -> &'a mut Value {
    by_name(&mut config["static_resources"]["clusters"], name)
}

/// Leaves of the HTTP filters of the edge only these and the router, for what the others have no
/// part in: without most of its modules Envoy starts in a moment.
pub(crate) fn with_filters(config: &mut Value, names: &[&str]) {
    filters(config).as_array_mut().unwrap().retain(|filter| {
        let name = filter["name"].as_str().unwrap();
        name == "envoy.filters.http.router" || names.contains(&name)
    });
}

/// The same, without the listener for peers.
pub(crate) fn only_with(config: &mut Value, names: &[&str]) {
    with_filters(config, names);
    let listeners = config["static_resources"]["listeners"].as_array_mut();
    listeners
        .unwrap()
        .retain(|listener| listener["name"] == "edge");
}

#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < SOON, "not within {SOON:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Holds an answer to be a problem of this status and type.
#[track_caller]
pub(crate) fn assert_problem(response: &Response, status: u16, kind: &str) {
    let content_type = response.headers.text("content-type");
    assert_eq!(
        (response.status, content_type),
        (status, Some("application/problem+json")),
        "{}",
        response.text()
    );
    let problem = response.json();
    assert_eq!(problem["status"], status, "{problem}");
    let told = problem["type"].as_str().unwrap_or("about:blank");
    assert!(told.ends_with(kind), "{problem}");
}
