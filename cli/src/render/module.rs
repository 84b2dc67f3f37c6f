//! Which modules run policies, where a proxy gets their code, and what their VMs have.

use kit::filter::Form;

use super::RenderError;
use super::chain::{self, Place, Plugin};
use super::policy::Policy;

/// Stands for the name of the module in a URL.
const NAME: &str = "{filter}";

/// Which modules run the policies.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ModuleOptions {
    /// Further environment variables for the VM, beside those that the policies name.
    #[arg(long, value_name = "NAME", num_args = 1)]
    pub env: Vec<String>,
    /// One module with every filter, in place of one for each.
    #[arg(long)]
    pub bundle: bool,
}

/// Where proxies fetch the modules, for the manifests of Istio and Envoy Gateway.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct UrlOptions {
    /// The URL of the module (oci, https, http, for Istio also file); `{filter}` stands for its name.
    #[arg(long, value_name = "URL")]
    pub module: Option<String>,
    /// The digest of the one module that is rendered: of the image for oci, else of the file.
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
}

impl ModuleOptions {
    /// What runs policies in this form: a plugin for each, or with one module for every filter one
    /// for each group of places.
    pub(super) fn plugins(
        &self,
        policies: &[Policy],
        form: Form,
        groups: &[&[Place]],
    ) -> Result<Vec<Plugin>, RenderError> {
        if self.bundle {
            chain::bundles(policies, form, &self.env, groups)
        } else {
            chain::plugins(policies, form, &self.env)
        }
    }
}

impl UrlOptions {
    /// The URL, as it was given or as it is unless said.
    pub(super) fn url(&self) -> &str {
        self.module.as_deref().unwrap_or(REGISTRY)
    }

    /// Where the modules of these plugins are.
    pub(super) fn source(&self, plugins: &[Plugin]) -> Result<Source<'_>, RenderError> {
        let modules = plugins.iter().map(|plugin| plugin.module);
        Source::new(self.url(), self.sha256.as_deref(), modules)
    }
}

/// Where modules are, and what they must be.
#[derive(Debug)]
pub(super) struct Source<'a> {
    url: &'a str,
    /// The digest of the one module there.
    pub(super) sha256: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// # Errors
    /// A digest that is none, or that would be that of several modules.
    pub(super) fn new(
        url: &'a str,
        sha256: Option<&'a str>,
        modules: impl Iterator<Item = &'static str>,
    ) -> Result<Self, RenderError> {
        let mut modules: Vec<_> = modules.collect();
        modules.dedup();
        if modules.len() > 1 && !url.contains(NAME) {
            return Err(RenderError::options(format!(
                "--module names one module for several filters; let `{NAME}` stand for their names"
            )));
        }
        if let Some(digest) = sha256 {
            let is_lower_hex = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
            if digest.len() != 64 || !digest.bytes().all(is_lower_hex) {
                return Err(RenderError::options(
                    "--sha256 is not 64 lower-case hexadecimal digits",
                ));
            }
            if modules.len() > 1 {
                return Err(RenderError::options(
                    "--sha256 is the digest of one module; render its policies alone",
                ));
            }
        }
        Ok(Self { url, sha256 })
    }

    /// Where this module is.
    pub(super) fn of(&self, module: &str) -> String {
        self.url.replace(NAME, module)
    }
}

/// Where the modules of this version are when nobody says it: in your own registry, which has to
/// have them first.
const REGISTRY: &str = concat!(
    "oci://registry.example.com/treaty/{filter}:",
    env!("CARGO_PKG_VERSION")
);
