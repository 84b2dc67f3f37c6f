//! The HTTP filters of a plain Envoy.

use kit::filter::Form;

use super::chain::{Place, Plugin};
use super::module::{ModuleOptions, Source};
use super::policy::Policy;
use super::wasm::{self, Code};
use super::yaml::Yaml;
use super::{RenderError, origin};

/// Where the modules are when nobody says it: where `make build` puts them.
const MODULES: &str = "dist/{filter}.wasm";

/// How the entries of `http_filters` are made.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EnvoyOptions {
    /// The file of the module; `{filter}` stands for its name [default: dist/{filter}.wasm].
    #[arg(long, value_name = "FILE")]
    pub module: Option<String>,
    /// Which modules run the policies.
    #[command(flatten)]
    pub modules: ModuleOptions,
}

/// The entries of `http_filters` for policies, in the order of the chain and in the held form, as
/// YAML.
///
/// # Errors
/// Every mistake of the policies, and a module that is no file: Envoy's own fetching of code is not
/// for production (envoyproxy/envoy issue 25052).
pub fn envoy(options: &EnvoyOptions, policies: &[Policy]) -> Result<String, RenderError> {
    let module = options.module.as_deref().unwrap_or(MODULES);
    let module = module.strip_prefix("file://").unwrap_or(module);
    if module.contains("://") {
        return Err(RenderError::options(
            "--module is not a file, and Envoy is to fetch no code by itself; give it the file",
        ));
    }
    let modules = &options.modules;
    let plugins = modules.plugins(policies, Form::Held, &[&Place::ALL])?;
    let source = Source::new(module, None, plugins.iter().map(|plugin| plugin.module))?;
    let mut yaml = Yaml::default();
    for plugin in &plugins {
        entry(&mut yaml, plugin, &source.of(plugin.module));
    }
    Ok(yaml.into_text())
}

fn entry(yaml: &mut Yaml, plugin: &Plugin, file: &str) {
    if let Some(origin) = origin("envoy", plugin) {
        yaml.note(&origin);
    }
    plugin.reasons().for_each(|reason| yaml.note(reason));
    yaml.item(|yaml| {
        yaml.put("name", &plugin.name);
        yaml.below("typed_config", |yaml| {
            wasm::typed_config(yaml, &plugin.name, plugin, &Code::File(file));
        });
    });
}
