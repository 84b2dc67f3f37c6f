//! A listener for a test.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};

use super::Route;
use super::edit::{address, merge};
use crate::access_log::AccessLog;

/// A listener that takes HTTP/1.1 and HTTP/2 on a free loopback port. It changes no path, and
/// passes trailers on over HTTP/1.1 too. Several may stand in one Envoy, each with a policy.
#[derive(Debug, Clone)]
pub struct Listener {
    name: String,
    /// `None` where only other parts of the same proxy reach it.
    at: Option<SocketAddr>,
    filters: Vec<Value>,
    routes: Vec<Value>,
    access_logs: Vec<Value>,
    manager: Value,
}

impl Listener {
    /// A listener without filters and routes.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            at: Some((Ipv4Addr::LOCALHOST, 0).into()),
            filters: Vec::new(),
            routes: Vec::new(),
            access_logs: Vec::new(),
            manager: json!({}),
        }
    }

    /// Listens at a fixed address.
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.at = Some(address);
        self
    }

    /// Listens within the proxy alone, where clusters reach it by its name. The config needs the
    /// extension for it: see [`crate::Config::redis_tunnel`].
    #[must_use]
    pub(super) fn internal(mut self) -> Self {
        self.at = None;
        self
    }

    /// Adds an HTTP filter, a [`crate::WasmFilter`] or any other. The router comes last by itself.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<Value>) -> Self {
        self.filters.push(filter.into());
        self
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route.into());
        self
    }

    /// Logs the given fields of each request as a line of JSON.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a `json!` literal at every call"
    )]
    pub fn access_log(mut self, log: &AccessLog, fields: Value) -> Self {
        self.access_logs.push(log.logger(&fields));
        self
    }

    /// Lays more of Envoy's own settings over the HTTP connection manager.
    #[must_use]
    pub fn with(mut self, more: Value) -> Self {
        merge(&mut self.manager, more);
        self
    }
}

impl From<Listener> for Value {
    fn from(listener: Listener) -> Self {
        let mut filters = listener.filters;
        filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
            },
        }));
        let mut manager = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.\
                      http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": listener.name,
            "codec_type": "AUTO",
            "http_protocol_options": {"enable_trailers": true},
            "http_filters": filters,
            "route_config": {
                "name": listener.name,
                "virtual_hosts": [
                    {"name": listener.name, "domains": ["*"], "routes": listener.routes}
                ],
            },
            "access_log": listener.access_logs,
        });
        merge(&mut manager, listener.manager);
        let mut config = json!({
            "name": listener.name,
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": manager,
            }]}],
        });
        match listener.at {
            Some(at) => config["address"] = address(at),
            None => config["internal_listener"] = json!({}),
        }
        config
    }
}
