//! `treaty render`: what carries a policy to the proxies (a plain Envoy's filters, manifests of Istio
//! and of Envoy Gateway), and what of a policy has to stand in the proxy's own configuration, because
//! no filter is there to see it, or because filters cannot write it.

mod access_log;
pub(crate) mod chain;
mod envoy;
mod envoy_gateway;
mod error;
mod expression;
mod istio;
mod layout;
mod member;
mod module;
mod policy;
pub(crate) mod secrets;
mod span_tags;
mod stats_tags;
mod wasm;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};

use error_translation::{ErrorTranslation, local_reply_config};
use kit::fact::Fact;
use kit::filter::Filter;
use kit::policy::{Document, Findings};
use telemetry_tagging::TelemetryTagging;

use crate::check::FileFinding;
use chain::Plugin;
use layout::{lay_out, lay_out_members};
use yaml::Yaml;

pub use envoy::{EnvoyOptions, envoy};
pub use envoy_gateway::{EnvoyGatewayOptions, envoy_gateway};
pub use error::RenderError;
pub use istio::{IstioForm, IstioOptions, Placement, istio};
pub use module::{ModuleOptions, UrlOptions};
pub use policy::Policy;

/// The `local_reply_config` of Envoy's HTTP connection manager that goes with a policy of
/// error-translation, as JSON, which is YAML too.
///
/// # Errors
/// Every mistake of the policy.
pub fn local_replies(policy: &Path) -> Result<String, Vec<FileFinding>> {
    Ok(lay_out(&local_reply_config(&load::<ErrorTranslation>(
        policy,
    )?)))
}

/// The `log_format` of an access log of Envoy's that goes with a policy of telemetry-tagging, as
/// JSON. `observability/access-log.schema.json` describes its lines.
///
/// # Errors
/// Every mistake of the policy.
pub fn access_log(policy: &Path) -> Result<String, Vec<FileFinding>> {
    let policy = load::<TelemetryTagging>(policy)?;
    Ok(lay_out(&access_log::log_format(&policy)))
}

/// What `tracing` of Envoy's HTTP connection manager needs beside its provider, for spans that say
/// what a policy of telemetry-tagging tells, and nothing personal: members of a mapping, in YAML.
/// Needs Envoy 1.37 or later.
///
/// # Errors
/// Every mistake of the policy.
pub fn span_tags(policy: &Path) -> Result<String, Vec<FileFinding>> {
    let policy = load::<TelemetryTagging>(policy)?;
    Ok(lay_out_members(&span_tags::tracing(&policy)))
}

/// The `stats_config` of Envoy with which Prometheus sees labels: those of every filter, and those
/// that policies of telemetry-tagging add.
///
/// # Errors
/// Every mistake of the policies.
pub fn stats_tags(policies: &[PathBuf]) -> Result<String, Vec<FileFinding>> {
    let mut loaded = Vec::new();
    let mut findings = Vec::new();
    for policy in policies {
        match load::<TelemetryTagging>(policy) {
            Ok(policy) => loaded.push(policy),
            Err(found) => findings.extend(found),
        }
    }
    if findings.is_empty() {
        Ok(lay_out(&stats_tags::stats_config(&loaded)))
    } else {
        Err(findings)
    }
}

fn load<F: Filter>(policy: &Path) -> Result<F::Policy, Vec<FileFinding>> {
    let text =
        fs::read(policy).map_err(|error| Findings::one("", format!("cannot be read: {error}")));
    text.and_then(|text| Document::parse(&text))
        .and_then(|document| F::load(&document))
        .map_err(|findings| FileFinding::all(policy, "", findings))
}

/// What reads a fact in Envoy's formats. Without `PLAIN` it would be JSON with base64 in it.
fn filter_state(fact: &Fact) -> String {
    format!("%FILTER_STATE(wasm.{}:PLAIN)%", fact.name)
}

/// Where something rendered comes from; `None` where its policies stood in no file.
fn origin(form: &str, plugin: &Plugin) -> Option<String> {
    let files: Vec<String> = plugin
        .files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    (!files.is_empty()).then(|| {
        format!(
            "`treaty render {form}` made this from {}: change the policy, not this.",
            files.join(", ")
        )
    })
}

/// The metadata of a manifest. Labels are those that Kubernetes recommends.
fn metadata(yaml: &mut Yaml, name: &str, namespace: Option<&str>, module: &str) {
    yaml.below("metadata", |yaml| {
        yaml.put("name", name);
        if let Some(namespace) = namespace {
            yaml.put("namespace", namespace);
        }
        yaml.below("labels", |yaml| {
            yaml.put("app.kubernetes.io/name", module);
            yaml.put("app.kubernetes.io/part-of", "treaty");
        });
    });
}
