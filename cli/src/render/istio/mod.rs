//! Istio's manifests, from the same policies as every other form.

mod envoy_filter;
mod target;
mod wasm;

use clap::ValueEnum;
use kit::filter::Form;

use super::chain::{Place, Plugin};
use super::module::{ModuleOptions, UrlOptions};
use super::policy::Policy;
use super::yaml::Yaml;
use super::{RenderError, metadata, origin};
use target::Target;

/// A kind of manifest in which Istio takes a module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum IstioForm {
    /// `WasmPlugin`: the streamed form.
    #[default]
    WasmPlugin,
    /// `TrafficExtension`, of Istio 1.30 and later: the streamed form.
    TrafficExtension,
    /// `EnvoyFilter`: the held form.
    EnvoyFilter,
}

impl IstioForm {
    /// How its proxies can look at contents.
    fn of_contents(self) -> Form {
        match self {
            Self::WasmPlugin | Self::TrafficExtension => Form::Streamed,
            Self::EnvoyFilter => Form::Held,
        }
    }
}

/// Which of a mesh's proxies run a filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Placement {
    /// Gateways, Istio's own and those of the Gateway API.
    #[default]
    Gateway,
    /// The sidecars of services.
    Sidecar,
    /// Waypoints of ambient meshes.
    Waypoint,
}

impl Placement {
    fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Sidecar => "sidecar",
            Self::Waypoint => "waypoint",
        }
    }
}

/// How Istio's manifests are made.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct IstioOptions {
    /// The kind of manifest.
    #[arg(long, value_enum, default_value_t)]
    pub form: IstioForm,
    /// Which proxies run the filters.
    #[arg(long, value_enum, default_value_t)]
    pub placement: Placement,
    /// What stands before the filter in the names of the manifests [default: treaty-<placement>].
    #[arg(long)]
    pub name: Option<String>,
    /// The namespace of the manifests; none is written without it.
    #[arg(long)]
    pub namespace: Option<String>,
    /// The labels of the workloads, as `name=value,…` [default: of gateways `istio=ingressgateway`,
    /// of sidecars `treaty=enabled`].
    #[arg(long, value_delimiter = ',', value_parser = target::label)]
    pub workload: Vec<(String, String)>,
    /// A gateway of the Gateway API, or a waypoint by its name [default of waypoints: waypoint].
    #[arg(long)]
    pub gateway: Option<String>,
    /// The service whose requests are meant, at waypoints.
    #[arg(long)]
    pub service: Option<String>,
    /// Where the modules are.
    #[command(flatten)]
    pub url: UrlOptions,
    /// Which they are.
    #[command(flatten)]
    pub modules: ModuleOptions,
}

/// A manifest for each policy, in the order of the chain, as YAML documents.
///
/// The policies are written in the form that such a manifest can honour: held in an `EnvoyFilter`,
/// else streamed. Apart from that they stand there octet for octet.
///
/// # Errors
/// Every mistake of the policies, what the form cannot honour, and options that contradict each
/// other.
pub fn istio(options: &IstioOptions, policies: &[Policy]) -> Result<String, RenderError> {
    let target = Target::of(options)?;
    let form = options.form.of_contents();
    let groups: &[&[Place]] = match options.form {
        IstioForm::EnvoyFilter => &envoy_filter::GROUPS,
        _ => &[&[Place::Outer], &[Place::Middle], &[Place::Inner]],
    };
    let plugins = options.modules.plugins(policies, form, groups)?;
    let source = options.url.source(&plugins)?;
    let manifests = plugins.iter().map(|plugin| {
        let manifest = Manifest {
            options,
            target: &target,
            plugin,
            url: source.of(plugin.module),
            sha256: source.sha256,
        };
        let mut yaml = Yaml::default();
        if let Some(origin) = origin("istio", plugin) {
            yaml.note(&origin);
        }
        match options.form {
            IstioForm::WasmPlugin => wasm::plugin(&mut yaml, &manifest),
            IstioForm::TrafficExtension => wasm::extension(&mut yaml, &manifest),
            IstioForm::EnvoyFilter => envoy_filter::write(&mut yaml, &manifest),
        }
        yaml.into_text()
    });
    Ok(manifests.collect::<Vec<_>>().join("---\n"))
}

/// A manifest to be written.
struct Manifest<'a> {
    options: &'a IstioOptions,
    target: &'a Target,
    plugin: &'a Plugin,
    url: String,
    sha256: Option<&'a str>,
}

impl Manifest<'_> {
    fn name(&self) -> String {
        let prefix = match &self.options.name {
            Some(name) => name.clone(),
            None => format!("treaty-{}", self.options.placement.name()),
        };
        format!("{prefix}-{}", self.plugin.name)
    }

    fn head(&self, yaml: &mut Yaml, api: &str, kind: &str) {
        yaml.put("apiVersion", api);
        yaml.put("kind", kind);
        metadata(
            yaml,
            &self.name(),
            self.options.namespace.as_deref(),
            self.plugin.module,
        );
    }

    /// Whether requests that a sidecar's own service makes are meant too. Only telemetry has
    /// something to say of them.
    fn includes_outbound(&self) -> bool {
        self.options.placement == Placement::Sidecar
            && self.plugin.filters.contains(&"telemetry-tagging")
            && self.plugin.filters.len() == 1
    }
}
