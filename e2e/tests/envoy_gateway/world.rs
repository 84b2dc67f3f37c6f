//! What is around the filters: a Gateway with its listeners, the service behind it, and who serves
//! the modules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use e2e::{AccessLog, Answer, EnvoyGateway, Upstream, dist};
use serde_json::{Value, json};

use crate::manifest::Manifest;

/// The namespace of everything.
pub(crate) const NAMESPACE: &str = "default";

/// The Gateway that the shipped manifests are for.
pub(crate) const GATEWAY: &str = "treaty";

/// The first of the ports of a Gateway.
const FIRST_PORT: u16 = 20_000;

/// V8 compiles up to sixty modules until a change is in force.
const IN_FORCE_WITHIN: Duration = Duration::from_mins(4);

/// Envoy Gateway, with the service behind its proxies.
pub(crate) struct World {
    pub(crate) gateway: EnvoyGateway,
    pub(crate) upstream: Upstream,
    modules: Upstream,
    /// What the `EnvoyProxy` says of every proxy.
    proxy: Value,
}

impl World {
    /// Starts all of it without a Gateway. The access log has these fields of each request, the
    /// environment these secrets.
    pub(crate) fn start(
        log: &AccessLog,
        fields: &Value,
        secrets: BTreeMap<String, String>,
    ) -> Self {
        let modules = Upstream::start();
        modules.set_handler(|seen| {
            let module = dist().join(seen.path.trim_start_matches('/'));
            Answer::status(200).chunk(fs::read(module).expect("a module"))
        });
        Self {
            gateway: EnvoyGateway::start(secrets),
            upstream: Upstream::start(),
            modules,
            proxy: json!({
                "concurrency": 2,
                "extraArgs": ["--file-flush-interval-msec 2", "--disable-hot-restart"],
                "telemetry": {"accessLog": {"settings": [{
                    "format": {"type": "JSON", "json": fields},
                    "sinks": [{"type": "File", "file": {"path": log.path()}}],
                }]}},
            }),
        }
    }

    /// Where the module of a filter is.
    pub(crate) fn module(&self) -> String {
        format!("http://{}/{{filter}}.wasm", self.modules.address())
    }

    /// Puts one listener in the place of all before, and waits until it is there.
    pub(crate) fn listen(&self) {
        self.enforce(1, &[]);
    }

    /// Puts these manifests in place of those before, with so many listeners, each with a route.
    pub(crate) fn apply(&self, listeners: usize, manifests: &[Manifest]) {
        self.apply_to(&[(GATEWAY, 0, listeners)], manifests);
    }

    /// The same for several Gateways, each with its first port, by its place, and the number of ports.
    pub(crate) fn apply_to(&self, gateways: &[(&str, usize, usize)], manifests: &[Manifest]) {
        let mut resources = Vec::from(EnvoyGateway::class(NAMESPACE, &self.proxy));
        for (name, first, count) in gateways {
            resources.extend(self.listening(name, *first..first + count));
        }
        resources.extend(manifests.iter().map(|manifest| manifest.resource.clone()));
        self.gateway.put(&resources);
    }

    /// Applies manifests and waits until the policy of each is in force.
    pub(crate) fn enforce(&self, listeners: usize, manifests: &[Manifest]) {
        self.apply(listeners, manifests);
        let digests: BTreeSet<&String> = manifests.iter().flat_map(|one| &one.digests).collect();
        self.wait_until("every policy is in force", || {
            let in_force = self.digests_in_force();
            digests.iter().all(|digest| in_force.contains(*digest)) && self.listens(listeners)
        });
    }

    /// Waits for what happens in the proxy; panics with what it says when it does not.
    pub(crate) fn wait_until(&self, what: &str, happened: impl Fn() -> bool) {
        let begun = Instant::now();
        while !happened() {
            assert!(
                begun.elapsed() < IN_FORCE_WITHIN,
                "not seen: {what}\n{}",
                self.complaints().join("\n")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last of what Envoy Gateway and its proxies complain of.
    fn complaints(&self) -> Vec<String> {
        let log = self.gateway.log();
        let bad = ["\terror\t", "[error]", "[critical]", "][warning]"];
        let lines = log
            .lines()
            .filter(|line| bad.iter().any(|bad| line.contains(bad)));
        let mut last: Vec<String> = lines.rev().take(12).map(str::to_owned).collect();
        if last.is_empty() {
            last = log.lines().rev().take(12).map(str::to_owned).collect();
        }
        last.reverse();
        last
    }

    /// The admin interface of its first proxy.
    pub(crate) fn admin(&self) -> Option<SocketAddr> {
        self.gateway.admins().first().copied()
    }

    /// What the proxy says to a question.
    pub(crate) fn ask(&self, path: &str) -> String {
        let ask = |admin| EnvoyGateway::admin_get(admin, path);
        self.admin().map(ask).unwrap_or_default()
    }

    fn listens(&self, listeners: usize) -> bool {
        let told = self.ask("/listeners");
        (0..listeners).all(|index| told.contains(&format!(":{}\n", port(index))))
    }

    /// The digests of the policies in force.
    pub(crate) fn digests_in_force(&self) -> BTreeSet<String> {
        self.counters()
            .into_iter()
            .filter(|(name, value)| name.contains("treaty_policy_info") && *value == 1)
            .filter_map(|(name, _)| Some(name.split_once(";digest=")?.1.to_owned()))
            .collect()
    }

    /// What Treaty counts.
    pub(crate) fn counters(&self) -> BTreeMap<String, u64> {
        let stats = self.ask("/stats?format=json&filter=%5Ewasmcustom");
        let stats: Value = serde_json::from_str(&stats).unwrap_or_default();
        let stats = stats["stats"].as_array().into_iter().flatten();
        stats
            .filter_map(|stat| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?)))
            .collect()
    }

    /// A Gateway that listens at these ports, and a route for each.
    fn listening(&self, gateway: &str, ports: std::ops::Range<usize>) -> Vec<Value> {
        let upstream = self.upstream.address();
        let backend = format!("{gateway}-service");
        let listeners = ports
            .clone()
            .map(|index| json!({"name": route(index), "protocol": "HTTP", "port": port(index)}));
        let target = [gateway_reference(gateway)];
        let mut resources = vec![
            resource(
                "gateway.networking.k8s.io/v1",
                "Gateway",
                gateway,
                &json!({"gatewayClassName": "own", "listeners": listeners.collect::<Vec<_>>()}),
            ),
            resource(
                "gateway.envoyproxy.io/v1alpha1",
                "Backend",
                &backend,
                &json!({"endpoints": [{"ip": {
                    "address": upstream.ip().to_string(),
                    "port": upstream.port(),
                }}]}),
            ),
            // What the client speaks the service gets, and what it says, as the cases expect.
            resource(
                "gateway.envoyproxy.io/v1alpha1",
                "BackendTrafficPolicy",
                gateway,
                &json!({"targetRefs": target, "useClientProtocol": true}),
            ),
            resource(
                "gateway.envoyproxy.io/v1alpha1",
                "ClientTrafficPolicy",
                gateway,
                &json!({
                    "targetRefs": target,
                    "headers": {"requestID": "Preserve", "withUnderscoresAction": "Allow"},
                    "http1": {"enableTrailers": true},
                }),
            ),
        ];
        for index in ports {
            resources.push(resource(
                "gateway.networking.k8s.io/v1",
                "HTTPRoute",
                &route(index),
                &json!({
                    "parentRefs": [{"name": gateway, "sectionName": route(index)}],
                    "rules": [{
                        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                        "backendRefs": [{
                            "group": "gateway.envoyproxy.io",
                            "kind": "Backend",
                            "name": backend,
                        }],
                    }],
                }),
            ));
        }
        resources
    }
}

/// Where clients reach a listener.
pub(crate) fn at(index: usize) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port(index)).into()
}

/// The name of a listener and of its route.
pub(crate) fn route(index: usize) -> String {
    format!("route-{index}")
}

fn port(index: usize) -> u16 {
    FIRST_PORT + u16::try_from(index).expect("a Gateway has few ports")
}

fn gateway_reference(name: &str) -> Value {
    json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name})
}

fn resource(api: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    })
}
