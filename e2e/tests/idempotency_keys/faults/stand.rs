//! Proxies that share a store, in front of an upstream: all of what may fail.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use e2e::{
    Cluster, Config, Envoy, Etcd, EtcdCluster, EtcdVersion, Listener, Options, Redis, RedisKind,
    Route, Server, Upstream, WasmFilter,
};
use serde_json::{Value, json};

use super::service::{self, Ledger, MOST_KEPT, ROUTE_TIMEOUT};

/// The store of a stand.
pub(crate) enum Backend {
    /// The memory of the proxy.
    Local,
    /// One node of etcd.
    Etcd(Etcd),
    /// Three nodes of etcd.
    EtcdCluster(EtcdCluster),
    /// Redis, by the tunnel.
    Redis(Redis),
}

impl Backend {
    pub(crate) fn etcd() -> Self {
        Self::Etcd(Etcd::start(EtcdVersion::V3_5))
    }

    pub(crate) fn etcd_cluster() -> Self {
        Self::EtcdCluster(EtcdCluster::start(EtcdVersion::V3_5))
    }

    pub(crate) fn redis() -> Self {
        Self::Redis(Redis::start(RedisKind::Redis))
    }

    /// Those of one process, outside the proxy.
    pub(crate) fn shared() -> [Self; 2] {
        [Self::etcd(), Self::redis()]
    }

    /// The process, where there is one.
    pub(crate) fn server(&mut self) -> Option<&mut Server> {
        match self {
            Self::Etcd(etcd) => Some(etcd.server()),
            Self::Redis(redis) => Some(redis.server()),
            Self::Local | Self::EtcdCluster(_) => None,
        }
    }

    fn join(&self, config: Config) -> Config {
        match self {
            Self::Local => config,
            Self::Etcd(etcd) => config.store("store", etcd),
            Self::EtcdCluster(etcd) => config.store("store", etcd),
            Self::Redis(redis) => config.store("store", redis),
        }
    }

    /// The store as a policy has it.
    fn entry(&self) -> Value {
        let remote = json!({"name": "store", "cluster": "store", "timeout": "250ms"});
        let own = match self {
            // There is room for the keys of a soak.
            Self::Local => {
                return json!({"type": "local", "name": "store", "keys": 40_000, "size": "256MiB"});
            }
            Self::Etcd(_) | Self::EtcdCluster(_) => json!({"type": "etcd"}),
            Self::Redis(_) => json!({"type": "redis", "front": {"type": "tunnel"}}),
        };
        over(remote, own)
    }
}

/// Where clients reach the proxies. A proxy that was killed has the address of its last life.
#[derive(Debug, Default)]
pub(crate) struct Doors(Mutex<Vec<SocketAddr>>);

impl Doors {
    /// The address of a proxy.
    pub(crate) fn door(&self, proxy: usize) -> SocketAddr {
        self.0.lock().unwrap()[proxy]
    }

    /// How many proxies there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Proxies that share a store, in front of an upstream.
pub(crate) struct Stand {
    pub(crate) backend: Backend,
    pub(crate) upstream: Upstream,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) doors: Arc<Doors>,
    config: Config,
    options: Options,
    proxies: Vec<Envoy>,
}

impl Stand {
    /// Starts one proxy with the standard terms.
    pub(crate) fn of_one(backend: Backend) -> Self {
        Self::start(backend, 1, json!({}))
    }

    /// Starts so many proxies, each with two workers, with more terms in their policy. Claims and
    /// calls of the store end soon, and records never do.
    pub(crate) fn start(backend: Backend, proxies: usize, terms: Value) -> Self {
        let (upstream, ledger) = service::start();
        let mut stand = Self {
            config: config(&backend, &upstream, terms),
            options: Options {
                concurrency: 2,
                ..Options::default()
            },
            backend,
            upstream,
            ledger,
            doors: Arc::default(),
            proxies: Vec::new(),
        };
        for _ in 0..proxies {
            let (envoy, door) = stand.proxy();
            stand.proxies.push(envoy);
            stand.doors.0.lock().unwrap().push(door);
        }
        stand
    }

    /// The address of the first proxy.
    pub(crate) fn door(&self) -> SocketAddr {
        self.doors.door(0)
    }

    /// The process of the store. It must have one.
    pub(crate) fn store(&mut self) -> &mut Server {
        self.backend.server().expect("a store with one process")
    }

    /// Kills a proxy.
    pub(crate) fn kill_proxy(&mut self, proxy: usize) {
        self.proxies[proxy].kill();
    }

    /// Starts a proxy that was killed, behind another door.
    pub(crate) fn restart_proxy(&mut self, proxy: usize) {
        let (envoy, door) = self.proxy();
        self.proxies[proxy] = envoy;
        self.doors.0.lock().unwrap()[proxy] = door;
    }

    fn proxy(&self) -> (Envoy, SocketAddr) {
        let envoy = Envoy::start(self.config.clone(), &self.options)
            .unwrap_or_else(|error| panic!("{error}"));
        let door = envoy.address("edge");
        (envoy, door)
    }
}

fn config(backend: &Backend, upstream: &Upstream, terms: Value) -> Config {
    let filter = WasmFilter::new("idempotency-keys")
        .policy(&policy(backend, terms).to_string())
        .holding_heads();
    let timeout = json!({"route": {"timeout": format!("{}s", ROUTE_TIMEOUT.as_secs_f32())}});
    let listener = Listener::new("edge")
        .filter(filter)
        .route(Route::prefix("/", "upstream").with(timeout));
    backend.join(
        Config::new()
            .listener(listener)
            .cluster(Cluster::new("upstream", upstream.address()).roomy()),
    )
}

fn policy(backend: &Backend, terms: Value) -> Value {
    let standard = json!({
        "required": true,
        "scope": {"shared": true},
        "claimTtl": "2s",
        "retention": "1h",
        "routeTimeout": format!("{}ms", ROUTE_TIMEOUT.as_millis()),
        "maxAnswer": format!("{MOST_KEPT}B"),
        "keep": {"statuses": {"429": "release"}},
        "sealing": "none",
    });
    json!({
        "version": 1,
        "mode": "enforce",
        "stores": [backend.entry()],
        "defaults": over(standard, terms),
        "rules": [{"name": "all"}],
    })
}

/// An object with the members of another one in place of its own.
fn over(mut base: Value, more: Value) -> Value {
    let members = base.as_object_mut().expect("an object");
    let Value::Object(more) = more else {
        panic!("no object: {more}");
    };
    members.extend(more);
    base
}
