//! One proxy in a mesh, which takes its filters from Istio in one form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{
    AccessLog, Client, Discovery, Envoy, IstioProxy, Options, Request, StartError, Upstream,
    loopback_of_its_own,
};
use serde_json::Value;

use crate::form::{Form, Placement};
use crate::manifest::Manifest;
use crate::surroundings::{Workload, mesh_config, text};

/// V8 compiles up to five modules until a change is in force.
const IN_FORCE_WITHIN: Duration = Duration::from_mins(3);

/// A real Envoy, Istio's discovery server for it alone, and the service behind it.
pub(crate) struct Proxy {
    pub(crate) form: Form,
    pub(crate) workload: Workload,
    pub(crate) discovery: Discovery,
    pub(crate) envoy: Envoy,
    pub(crate) upstream: Upstream,
    log: PathBuf,
    options: Options,
}

impl Proxy {
    /// Starts all of it without a filter. The access log has these fields of each request, the
    /// environment these secrets.
    pub(crate) fn start(
        form: Form,
        placement: Placement,
        log: &AccessLog,
        fields: &Value,
        secrets: BTreeMap<String, String>,
    ) -> Self {
        let upstream = Upstream::start();
        let workload = Workload {
            placement,
            address: loopback_of_its_own(),
            upstream: upstream.address(),
        };
        let discovery = Discovery::start(
            &text(&workload.resources(1)),
            &mesh_config(log.path(), fields),
        );
        let options = Options {
            env: secrets.into_iter().collect(),
            arguments: IstioProxy::ARGUMENTS.map(str::to_owned).to_vec(),
            ready_within: IN_FORCE_WITHIN,
            ..Options::default()
        };
        let envoy = Envoy::start(workload.proxy().bootstrap(discovery.ads()), &options)
            .unwrap_or_else(|error| panic!("{error}\n{}", discovery.log()));
        Self {
            form,
            workload,
            discovery,
            envoy,
            upstream,
            log: log.path().to_owned(),
            options,
        }
    }

    /// Starts its Envoy once more, as a new pod would. The one before has to be stopped.
    pub(crate) fn start_envoy(&self, ready_within: Duration) -> Result<Envoy, StartError> {
        let options = Options {
            ready_within,
            ..self.options.clone()
        };
        Envoy::start(
            self.workload.proxy().bootstrap(self.discovery.ads()),
            &options,
        )
    }

    /// What `treaty render` makes of a policy for this proxy.
    pub(crate) fn manifest(&self, name: &str, filter: &str, policy: &str) -> Manifest {
        Manifest::render(self.form, self.workload.placement, name, filter, policy)
    }

    /// Puts these manifests in place of those before, with the workload listening at so many ports.
    pub(crate) fn apply(&self, ports: usize, manifests: &[Manifest]) {
        let mut resources = self.workload.resources(ports);
        resources.extend(manifests.iter().map(|manifest| manifest.resource.clone()));
        self.discovery
            .put(&text(&resources))
            .unwrap_or_else(|refused| panic!("{refused}"));
    }

    /// Applies manifests and waits until the policy of each is in force at every port.
    pub(crate) fn enforce(&self, ports: usize, manifests: &[Manifest]) {
        self.apply(ports, manifests);
        let digests: BTreeSet<&str> = manifests.iter().map(|one| one.digest.as_str()).collect();
        let missing = || {
            let in_force = self.digests_in_force();
            let policies = digests.iter().filter(|digest| !in_force.contains(**digest));
            let mut missing: Vec<String> = policies.map(|digest| (*digest).to_owned()).collect();
            missing.extend(self.ports_missing(ports));
            missing
        };
        self.wait_until("every policy is in force", || missing().is_empty());
    }

    /// Waits for what happens in the proxy; panics with what it and Istio say when it does not.
    pub(crate) fn wait_until(&self, what: &str, happened: impl Fn() -> bool) {
        let begun = Instant::now();
        while !happened() {
            assert!(
                begun.elapsed() < IN_FORCE_WITHIN,
                "not seen: {what}\n{}",
                self.told()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The digests of the policies in force.
    pub(crate) fn digests_in_force(&self) -> BTreeSet<String> {
        self.counters()
            .into_iter()
            .filter(|(name, value)| name.contains("treaty_policy_info") && *value == 1)
            .filter_map(|(name, _)| Some(name.split_once(";digest=")?.1.to_owned()))
            .collect()
    }

    fn ports_missing(&self, ports: usize) -> Vec<String> {
        let listeners = self.admin("/listeners");
        (0..ports)
            .map(|index| self.workload.at(index).to_string())
            .filter(|at| {
                !listeners
                    .lines()
                    .any(|line| line.ends_with(&format!("::{at}")))
            })
            .collect()
    }

    /// The last line of the access log.
    pub(crate) fn last_line(&self) -> Value {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_default()
    }

    /// What Treaty counts.
    pub(crate) fn counters(&self) -> BTreeMap<String, u64> {
        let stats = self.admin("/stats?format=json&filter=%5Ewasmcustom");
        let stats: Value = serde_json::from_str(&stats).expect("the stats are JSON");
        let stats = stats["stats"].as_array().into_iter().flatten();
        stats
            .filter_map(|stat| Some((stat["name"].as_str()?.to_owned(), stat["value"].as_u64()?)))
            .collect()
    }

    /// Asks the admin interface, which does not answer while V8 compiles modules.
    pub(crate) fn admin(&self, path: &str) -> String {
        let client = Client::http1(self.envoy.admin()).patience(IN_FORCE_WITHIN);
        client.send(Request::get(path)).text()
    }

    /// Why the proxy refuses what Istio sends it; nothing while it takes all of it.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let proxies = self.discovery.status().proxies;
        let types = proxies
            .into_iter()
            .flat_map(|proxy| proxy.types.into_values());
        types
            .map(|of_type| of_type.error)
            .filter(|error| !error.is_empty())
            .collect()
    }

    /// What the proxy and Istio say, for who looks why something is not as it should be.
    fn told(&self) -> String {
        let log = self.envoy.log();
        let said = log.lines().filter(|line| !line.contains("[info]"));
        let last: Vec<&str> = said.rev().take(10).collect();
        format!(
            "{}\n{}\n{}",
            self.last_line(),
            self.discovery.status_text(),
            last.join("\n")
        )
    }
}

/// Its form and placement.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.form, self.workload.placement)
    }
}
