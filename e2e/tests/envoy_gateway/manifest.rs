//! `EnvoyExtensionPolicy`, as it stands in `envoy-gateway/` and as `treaty render` writes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kit::policy::Document;
use serde_json::{Value, json};
use treaty::off::{Switch, switch};
use treaty::registry;
use treaty::render::{self, EnvoyGatewayOptions, Policy, UrlOptions};

use crate::world::{NAMESPACE, World, route};

/// A resource that carries policies.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) resource: Value,
    /// As `treaty render` wrote it.
    text: String,
    /// What the proxy tells of its policies once they are in force.
    pub(crate) digests: BTreeSet<String>,
    pub(crate) policies: Vec<Value>,
}

impl Manifest {
    /// Renders a policy of a filter for one of the routes alone.
    pub(crate) fn render(world: &World, index: usize, filter: &str, policy: &str) -> Self {
        let options = EnvoyGatewayOptions {
            route: Some(route(index)),
            name: Some(route(index)),
            namespace: Some(NAMESPACE.to_owned()),
            url: UrlOptions {
                module: Some(world.module()),
                ..UrlOptions::default()
            },
            ..EnvoyGatewayOptions::default()
        };
        let policy = Policy::new(filter, policy).unwrap_or_else(|found| panic!("{found:?}"));
        let text = render::envoy_gateway(&options, &[policy]);
        Self::read(text.unwrap_or_else(|error| panic!("{error}")))
    }

    /// One that is checked in. Only the place of the modules is another.
    pub(crate) fn checked_in(world: &World, file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{error}"));
        let mut manifest = Self::read(text);
        manifest.resource["metadata"]["namespace"] = NAMESPACE.into();
        for wasm in plugins(&mut manifest.resource) {
            let image = wasm["code"]["image"]["url"].as_str().expect("an image");
            let name = image
                .rsplit('/')
                .next()
                .and_then(|name| name.split(':').next());
            let url = world.module().replace("{filter}", name.expect("a name"));
            wasm["code"] = json!({"type": "HTTP", "http": {"url": url}});
        }
        manifest
    }

    /// Reads a text of one document.
    pub(crate) fn read(text: String) -> Self {
        let mut resource: Value =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let configs = plugins(&mut resource)
            .iter()
            .map(|wasm| wasm["config"].to_string());
        let documents = configs.map(|config| Document::parse(config.as_bytes()).expect("a policy"));
        let documents: Vec<Document> = documents.collect();
        // Of a bundle each filter tells of its own policy.
        let policies = documents.into_iter().flat_map(|document| {
            let filters = document.value().get("filters").and_then(Value::as_object);
            let members = filters.map(|filters| filters.values().cloned().collect());
            members.unwrap_or_else(|| vec![document.value().clone()])
        });
        let policies: Vec<Value> = policies.collect();
        let documents = policies.iter().cloned().map(Document::from_value);
        Self {
            digests: documents.map(|policy| policy.digest()).collect(),
            policies,
            resource,
            text,
        }
    }

    /// The same after `treaty off` or `treaty on`.
    pub(crate) fn switched(&self, service: &str, to: Switch) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("manifest.yaml");
        fs::write(&file, &self.text).expect("a file");
        let switched = switch(service, &file, None, to, registry::FILTERS);
        Self::read(switched.unwrap_or_else(|found| panic!("{found:?}")).text)
    }

    /// The same with another text for its policy, which is not looked at.
    pub(crate) fn with_policy_text(mut self, change: impl Fn(&str) -> String) -> Self {
        for wasm in plugins(&mut self.resource) {
            let policy = wasm["config"]["policyJson"].as_str().expect("a policy");
            wasm["config"]["policyJson"] = change(policy).into();
        }
        self
    }
}

fn plugins(resource: &mut Value) -> &mut Vec<Value> {
    resource["spec"]["wasm"].as_array_mut().expect("plugins")
}
