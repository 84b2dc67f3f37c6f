//! A whole config, as Envoy reads it at its start.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Map, Value, json};

use super::edit::{address, endpoints, visit};
use super::{Cluster, Listener, wasm_filter};
use crate::access_log::AccessLog;
use crate::repository;

/// A config of Envoy.
///
/// A checked-in one is tested as it stands: only what belongs to the machine is changed (ports,
/// addresses, where the modules lie), and the policy where a test is about another one. To change
/// what is not there panics with the names that are.
#[derive(Debug, Clone)]
pub struct Config(Value);

impl Config {
    /// A config without listeners and clusters.
    pub fn new() -> Self {
        Self(json!({"static_resources": {"listeners": [], "clusters": []}}))
    }

    /// The config `envoy-configs/<name>.yaml`.
    pub fn checked_in(name: &str) -> Self {
        let path = repository::root()
            .join("envoy-configs")
            .join(name)
            .with_extension("yaml");
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::from_yaml(&text)
    }

    /// A config in YAML.
    pub fn from_yaml(text: &str) -> Self {
        Self(serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Adds a listener.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.resources("listeners").push(listener.into());
        self
    }

    /// Adds a cluster.
    #[must_use]
    pub fn cluster(mut self, cluster: Cluster) -> Self {
        self.resources("clusters").push(cluster.into());
        self
    }

    /// Makes every listener that has a port take a free one of the loopback.
    #[must_use]
    pub fn on_free_ports(mut self) -> Self {
        let listeners = self.resources("listeners").iter_mut();
        for listener in listeners.filter(|listener| listener["internal_listener"].is_null()) {
            listener["address"] = address((Ipv4Addr::LOCALHOST, 0).into());
        }
        self
    }

    /// Makes a listener take this address.
    #[must_use]
    pub fn listen_at(mut self, listener: &str, at: SocketAddr) -> Self {
        self.resource("listeners", listener)["address"] = address(at);
        self
    }

    /// Points a cluster at these addresses instead of its endpoints.
    #[must_use]
    pub fn endpoints(mut self, cluster: &str, addresses: &[SocketAddr]) -> Self {
        let found = self.resource("clusters", cluster);
        // A name that a resolver would have to look up is no longer there.
        found["type"] = "STATIC".into();
        found["load_assignment"] = endpoints(cluster, addresses);
        self
    }

    /// Makes the paths of the modules (`dist/<name>.wasm`) absolute, and has them taken from
    /// `TREATY_DIST` if that is set.
    #[must_use]
    pub fn modules_from_dist(mut self) -> Self {
        let dist = repository::dist();
        visit(&mut self.0, &mut |object| {
            if let Some(Value::String(file)) = object.get_mut("filename")
                && let Some(module) = file.strip_prefix("dist/")
            {
                *file = dist.join(module).display().to_string();
            }
        });
        self
    }

    /// Has every listener log these fields of each request, beside what it logs anyway.
    #[must_use]
    pub fn also_logging(mut self, log: &AccessLog, fields: &Value) -> Self {
        visit(&mut self.0, &mut |object| {
            if let Some(Value::Array(loggers)) = object.get_mut("access_log") {
                loggers.push(log.logger(fields));
            }
        });
        self
    }

    /// Gives a wasm filter, wherever it stands, another policy.
    #[must_use]
    pub fn policy(mut self, filter: &str, policy: &str) -> Self {
        let mut names = Vec::new();
        let mut found = false;
        visit(&mut self.0, &mut |object| {
            let Some((name, config)) = wasm_config(object) else {
                return;
            };
            if name == filter {
                config.insert("configuration".to_owned(), wasm_filter::string(policy));
                found = true;
            }
            names.push(name);
        });
        assert!(found, "no wasm filter {filter} among {names:?}");
        self
    }

    /// Sets every policy that is in mode `report` to `enforce`; what its parts say stays.
    #[must_use]
    pub fn enforced(mut self) -> Self {
        visit(&mut self.0, &mut |object| {
            if let Some((_, config)) = wasm_config(object)
                && let Some(Value::String(policy)) = config["configuration"].get_mut("value")
            {
                *policy = enforced(policy);
            }
        });
        self
    }

    /// Lets listeners be internal ([`Listener::internal`]).
    pub(super) fn with_internal_listeners(mut self) -> Self {
        self.0["bootstrap_extensions"] = json!([{
            "name": "envoy.bootstrap.internal_listener",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.\
                          InternalListener",
            },
        }]);
        self
    }

    fn resources(&mut self, kind: &str) -> &mut Vec<Value> {
        self.0["static_resources"][kind]
            .as_array_mut()
            .unwrap_or_else(|| panic!("the config has no static {kind}"))
    }

    fn resource(&mut self, kind: &str, name: &str) -> &mut Value {
        let resources = self.resources(kind);
        let names: Vec<_> = resources
            .iter()
            .map(|known| known["name"].clone())
            .collect();
        resources
            .iter_mut()
            .find(|resource| resource["name"] == name)
            .unwrap_or_else(|| panic!("no {name} among the {kind} {names:?}"))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Value> for Config {
    fn from(config: Value) -> Self {
        Self(config)
    }
}

impl From<Config> for Value {
    fn from(config: Config) -> Self {
        config.0
    }
}

/// The name of an HTTP filter and its plugin config, if it is a wasm filter.
fn wasm_config(filter: &mut Map<String, Value>) -> Option<(String, &mut Map<String, Value>)> {
    let name = filter.get("name")?.as_str()?.to_owned();
    let typed = filter.get_mut("typed_config")?;
    if typed["@type"] != wasm_filter::TYPE {
        return None;
    }
    Some((name, typed.get_mut("config")?.as_object_mut()?))
}

/// A policy, or a bundle of several, in mode `enforce` where it was in `report`.
fn enforced(policy: &str) -> String {
    let mut document: Value = serde_json::from_str(policy).expect("a policy in JSON");
    let enforce = |policy: &mut Value| {
        if policy["mode"] == "report" {
            policy["mode"] = "enforce".into();
        }
    };
    match document.get_mut("filters").and_then(Value::as_object_mut) {
        Some(filters) => filters.values_mut().for_each(enforce),
        None => enforce(&mut document),
    }
    document.to_string()
}
