//! The stores that cases need, one process of each.

use e2e::{Config, Etcd, EtcdOptions, EtcdVersion, Redis, RedisKind, Store};
use serde_json::{Value, json};

/// The name of a store in policies, and of its cluster.
const NAME: &str = "store";

/// Where a case keeps its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// In the proxy.
    Local,
    /// In etcd.
    Etcd,
    /// In Valkey, through the proxy's tunnel.
    Valkey,
}

/// The running stores.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    pub(crate) etcd: Option<Etcd>,
    valkey: Option<Redis>,
}

impl Keeper {
    /// What a policy says of it. Nothing but the busy machine may decide what comes in time.
    pub(crate) fn settings(self) -> Value {
        match self {
            // Room for what is claimed in the seconds that a claim lives here.
            Self::Local => json!({
                "name": NAME, "type": "local", "keys": 100_000, "size": "256MiB",
            }),
            Self::Etcd => json!({
                "name": NAME, "type": "etcd", "cluster": NAME, "timeout": "5s",
            }),
            Self::Valkey => json!({
                "name": NAME, "type": "redis", "cluster": NAME, "authority": NAME, "timeout": "5s",
                "front": {"type": "tunnel", "path": "/"},
            }),
        }
    }
}

impl Stores {
    /// Starts those that somebody needs.
    pub(crate) fn start(keepers: &[Keeper]) -> Self {
        Self {
            etcd: keepers.contains(&Keeper::Etcd).then(start_etcd),
            valkey: keepers
                .contains(&Keeper::Valkey)
                .then(|| Redis::start(RedisKind::Valkey)),
        }
    }

    /// Adds to a config what reaches a store.
    pub(crate) fn join(&self, keeper: Keeper, config: Config) -> Config {
        let store: Option<&dyn Store> = match keeper {
            Keeper::Local => None,
            Keeper::Etcd => self.etcd.as_ref().map(|etcd| etcd as &dyn Store),
            Keeper::Valkey => self.valkey.as_ref().map(|valkey| valkey as &dyn Store),
        };
        match store {
            Some(store) => config.store(NAME, store),
            None => config,
        }
    }
}

/// An etcd that waits for the disk, as it comes; those of the tests do not.
fn start_etcd() -> Etcd {
    let mut options = EtcdOptions::new(EtcdVersion::V3_7);
    options.arguments = vec!["--unsafe-no-fsync=false".to_owned()];
    Etcd::start_with(&options)
}
