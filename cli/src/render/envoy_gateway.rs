//! Envoy Gateway's `EnvoyExtensionPolicy`.

use kit::filter::Form;

use super::chain::{Place, Plugin};
use super::module::{ModuleOptions, Source, UrlOptions};
use super::policy::Policy;
use super::yaml::Yaml;
use super::{RenderError, metadata, origin};

/// How an `EnvoyExtensionPolicy` is made.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EnvoyGatewayOptions {
    /// The Gateway whose requests are meant [default: treaty].
    #[arg(long, conflicts_with = "route")]
    pub gateway: Option<String>,
    /// The `HTTPRoute` whose requests are meant. Its policy takes the place of the Gateway's.
    #[arg(long)]
    pub route: Option<String>,
    /// The name of the manifest [default: treaty].
    #[arg(long)]
    pub name: Option<String>,
    /// The namespace of the manifest; none is written without it.
    #[arg(long)]
    pub namespace: Option<String>,
    /// Where the modules are.
    #[command(flatten)]
    pub url: UrlOptions,
    /// Which they are.
    #[command(flatten)]
    pub modules: ModuleOptions,
}

/// One manifest for all policies, in the order of the chain and in the streamed form, as YAML: Envoy
/// Gateway takes one `EnvoyExtensionPolicy` for a target, and refuses every other.
///
/// # Errors
/// Every mistake of the policies, what the streamed form cannot honour, and options that contradict
/// each other.
pub fn envoy_gateway(
    options: &EnvoyGatewayOptions,
    policies: &[Policy],
) -> Result<String, RenderError> {
    if options.gateway.is_some() && options.route.is_some() {
        return Err(RenderError::options(
            "expected one of --gateway and --route",
        ));
    }
    let modules = &options.modules;
    let plugins = modules.plugins(policies, Form::Streamed, &[&Place::ALL])?;
    if options.url.url().starts_with("file:") {
        return Err(RenderError::options(
            "--module is a file, and Envoy Gateway fetches modules itself; give it an oci or https URL",
        ));
    }
    let source = options.url.source(&plugins)?;
    let mut yaml = Yaml::default();
    for origin in plugins
        .iter()
        .filter_map(|plugin| origin("envoy-gateway", plugin))
    {
        yaml.note(&origin);
    }
    yaml.put("apiVersion", "gateway.envoyproxy.io/v1alpha1");
    yaml.put("kind", "EnvoyExtensionPolicy");
    let name = options.name.as_deref().unwrap_or("treaty");
    metadata(&mut yaml, name, options.namespace.as_deref(), "treaty");
    yaml.below("spec", |yaml| {
        yaml.note("A target takes one such policy: a second one for it is refused (`Conflicted`).");
        target(yaml, options);
        yaml.note(
            "In the order of the chain. Envoy Gateway puts all of them behind authentication and \
             external authorization, and before its own authorization and rate limits.",
        );
        yaml.below("wasm", |yaml| {
            for plugin in &plugins {
                extension(yaml, plugin, &source);
            }
        });
    });
    Ok(yaml.into_text())
}

fn target(yaml: &mut Yaml, options: &EnvoyGatewayOptions) {
    let (kind, name) = match (&options.route, &options.gateway) {
        (Some(route), _) => ("HTTPRoute", route.as_str()),
        (None, gateway) => ("Gateway", gateway.as_deref().unwrap_or("treaty")),
    };
    yaml.below("targetRefs", |yaml| {
        yaml.item(|yaml| {
            yaml.put("group", "gateway.networking.k8s.io");
            yaml.put("kind", kind);
            yaml.put("name", name);
        });
    });
}

fn extension(yaml: &mut Yaml, plugin: &Plugin, source: &Source<'_>) {
    yaml.item(|yaml| {
        yaml.put("name", &plugin.name);
        yaml.put("rootID", plugin.module);
        yaml.below("code", |yaml| {
            code(yaml, &source.of(plugin.module), source.sha256);
        });
        yaml.note(
            "Where the module fails its requests get a 5xx, and no fresh VM: there is no FAIL_RELOAD \
             here. `true` would let them pass unfiltered, silently.",
        );
        yaml.put_raw("failOpen", "false");
        if !plugin.environment.is_empty() {
            yaml.note("Secrets come from the environment of the proxy, and stand in no manifest.");
            yaml.below("env", |yaml| {
                let names: Vec<String> = plugin.environment.iter().cloned().collect();
                yaml.put_all("hostKeys", &names);
            });
        }
        yaml.below("config", |yaml| {
            yaml.put_text("policyJson", &plugin.configuration);
        });
    });
}

fn code(yaml: &mut Yaml, url: &str, sha256: Option<&str>) {
    let is_image = !url.starts_with("http://") && !url.starts_with("https://");
    let (kind, member) = if is_image {
        ("Image", "image")
    } else {
        ("HTTP", "http")
    };
    yaml.put("type", kind);
    yaml.below(member, |yaml| {
        yaml.put("url", url.strip_prefix("oci://").unwrap_or(url));
        if let Some(digest) = sha256 {
            yaml.put("sha256", digest);
        }
    });
    yaml.put("pullPolicy", "IfNotPresent");
}
