//! Manifests, as they stand in `istio/` and as `treaty render` writes them.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::{dist, root};
use kit::policy::Document;
use serde_json::{Value, json};
use treaty::off::{Switch, switch};
use treaty::registry;
use treaty::render::{self, IstioForm, IstioOptions, Policy, UrlOptions};

use crate::form::{Form, Placement};
use crate::surroundings::NAMESPACE;

/// A resource that carries one policy.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) resource: Value,
    /// As `treaty render` wrote it.
    text: String,
    /// What the proxy tells of the policy once it is in force.
    pub(crate) digest: String,
    pub(crate) policy: Value,
}

impl Manifest {
    /// Renders a policy of a filter for one of the ports alone.
    pub(crate) fn render(
        form: Form,
        placement: Placement,
        name: &str,
        filter: &str,
        policy: &str,
    ) -> Self {
        let options = IstioOptions {
            form: form.into(),
            placement: placement.into(),
            name: Some(name.to_owned()),
            namespace: Some(NAMESPACE.to_owned()),
            url: UrlOptions {
                module: Some(format!("file://{}/{{filter}}.wasm", dist().display())),
                ..UrlOptions::default()
            },
            ..IstioOptions::default()
        };
        let policy = Policy::new(filter, policy).unwrap_or_else(|found| panic!("{found:?}"));
        let text = render::istio(&options, &[policy]).unwrap_or_else(|error| panic!("{error}"));
        Self::read(text)
    }

    /// The manifests that are checked in for a form and a placement, one a filter. Only the place of
    /// the modules is another.
    pub(crate) fn checked_in(form: Form, placement: Placement) -> Vec<Self> {
        let folder = root()
            .join("istio")
            .join(form.to_string())
            .join(placement.to_string());
        let files = registry::NAMES
            .iter()
            .map(|filter| folder.join(filter).with_extension("yaml"));
        files.map(|file| Self::read(text_of(&file))).collect()
    }

    /// A resource without a policy.
    pub(crate) fn without_policy(resource: Value) -> Self {
        Self {
            resource,
            text: String::new(),
            digest: String::new(),
            policy: Value::Null,
        }
    }

    /// Reads a text of one document.
    fn read(text: String) -> Self {
        let mut resource = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        place_module(&mut resource);
        let document = policy(&resource).expect("a policy in the manifest");
        Self {
            digest: document.digest(),
            policy: document.value().clone(),
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

    /// The same for one port of the workload alone.
    pub(crate) fn at_port(mut self, port: u16) -> Self {
        let spec = &mut self.resource["spec"];
        match spec["configPatches"].as_array_mut() {
            Some(patches) => {
                for patch in patches
                    .iter_mut()
                    .filter(|patch| patch["applyTo"] == "HTTP_FILTER")
                {
                    patch["match"]["listener"]["portNumber"] = port.into();
                }
            }
            None => {
                spec["match"] = json!([{"mode": "CLIENT_AND_SERVER", "ports": [{"number": port}]}]);
            }
        }
        self
    }

    /// The same with another text for its policy, which is not looked at.
    pub(crate) fn with_policy_text(mut self, change: impl Fn(&str) -> String) -> Self {
        visit(&mut self.resource, &mut |text| {
            if Document::parse(text.as_bytes()).is_ok_and(|found| found.check_version().is_ok()) {
                *text = change(text);
            }
        });
        self
    }
}

impl From<Form> for IstioForm {
    fn from(form: Form) -> Self {
        match form {
            Form::WasmPlugin => Self::WasmPlugin,
            Form::TrafficExtension => Self::TrafficExtension,
            Form::EnvoyFilter => Self::EnvoyFilter,
        }
    }
}

impl From<Placement> for render::Placement {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Gateway => Self::Gateway,
            Placement::Sidecar => Self::Sidecar,
        }
    }
}

/// The text of a file.
pub(crate) fn text_of(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The files of Istio's and Envoy Gateway's doors, kustomizations among them, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files
}

/// Puts a module's file in the place of its image, as Istio's agent does once it has fetched it.
fn place_module(resource: &mut Value) {
    let Value::Object(members) = resource else {
        if let Value::Array(elements) = resource {
            elements.iter_mut().for_each(place_module);
        }
        return;
    };
    for (name, value) in members {
        match (name.as_str(), &value["remote"]["http_uri"]["uri"], &value) {
            ("code", Value::String(image), _) => {
                *value = json!({"local": {"filename": file_of(image)}});
            }
            ("url", _, Value::String(image)) if image.starts_with("oci://") => {
                *value = format!("file://{}", file_of(image)).into();
            }
            _ => place_module(value),
        }
    }
}

/// The file of the module that an image has.
fn file_of(image: &str) -> String {
    let name = image
        .rsplit('/')
        .next()
        .and_then(|name| name.split([':', '@']).next());
    let name = name.expect("the name of an image");
    dist()
        .join(name)
        .with_extension("wasm")
        .display()
        .to_string()
}

/// The first policy in a resource: `pluginConfig.policyJson`, or the value of a `StringValue`.
fn policy(resource: &Value) -> Option<Document> {
    match resource {
        Value::String(text) => Document::parse(text.as_bytes())
            .ok()
            .filter(|found| found.check_version().is_ok()),
        Value::Array(elements) => elements.iter().find_map(policy),
        Value::Object(members) => members.values().find_map(policy),
        _ => None,
    }
}

fn visit(value: &mut Value, change: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(elements) => elements.iter_mut().for_each(|one| visit(one, change)),
        Value::Object(members) => members.values_mut().for_each(|one| visit(one, change)),
        _ => {}
    }
}
