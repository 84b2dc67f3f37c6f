//! `WasmPlugin`, and `TrafficExtension`, which takes its place from Istio 1.30 on.

use super::super::chain::Place;
use super::super::yaml::Yaml;
use super::{Manifest, Placement};
use crate::registry::FILTERS;

const API: &str = "extensions.istio.io/v1alpha1";

/// Writes a `WasmPlugin`.
pub(super) fn plugin(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    manifest.head(yaml, API, "WasmPlugin");
    yaml.below("spec", |yaml| {
        position(yaml, manifest);
        module(yaml, manifest);
    });
}

/// Writes a `TrafficExtension`.
pub(super) fn extension(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    manifest.head(yaml, API, "TrafficExtension");
    yaml.below("spec", |yaml| {
        position(yaml, manifest);
        yaml.below("wasm", |yaml| module(yaml, manifest));
    });
}

/// On which proxies, for which requests, and where in the chain.
fn position(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    manifest.target.write(yaml, ["selector", "matchLabels"]);
    if manifest.options.placement == Placement::Sidecar {
        if manifest.includes_outbound() {
            yaml.note("Requests to the service, and those that it makes.");
            yaml.put_raw("match", "[{ mode: CLIENT_AND_SERVER }]");
        } else {
            yaml.note(
                "Requests to the service alone: without this those that it makes would pass too.",
            );
            yaml.put_raw("match", "[{ mode: SERVER }]");
        }
    }
    manifest
        .plugin
        .reasons()
        .for_each(|reason| yaml.note(reason));
    match manifest.plugin.place().phase() {
        Some(phase) => yaml.put("phase", phase),
        None => yaml.note("No phase: Istio puts it behind authorization, before the router."),
    }
    yaml.note("Within a phase the higher one comes first.");
    yaml.put_raw("priority", &priority(manifest).to_string());
}

/// Ten for the innermost filter of a phase, and ten more for each one outwards, so that others fit
/// between.
fn priority(manifest: &Manifest<'_>) -> usize {
    let innermost = manifest.plugin.filters.last().copied();
    let place = manifest.plugin.place();
    let of_place = FILTERS
        .iter()
        .filter(|filter| Place::of(filter.name) == place);
    10 * of_place
        .skip_while(|filter| Some(filter.name) != innermost)
        .count()
}

/// The module, and what it is given.
fn module(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    let plugin = manifest.plugin;
    yaml.put("url", &manifest.url);
    if let Some(digest) = manifest.sha256 {
        yaml.put("sha256", digest);
    }
    if !manifest.url.starts_with("file://") {
        yaml.note(
            "What the URL names never changes: another module has another tag, and so a change of \
             this manifest.",
        );
        yaml.put("imagePullPolicy", "IfNotPresent");
    }
    yaml.note(
        "After a panic the next request gets a fresh VM, a second later, and a 503 until then. \
         FAIL_CLOSE would go on with 503, and FAIL_OPEN would switch the filter off silently and \
         for good.",
    );
    yaml.put("failStrategy", "FAIL_RELOAD");
    yaml.put("pluginName", plugin.module);
    if !plugin.environment.is_empty() {
        yaml.note("Secrets come from the environment of the proxy, and stand in no manifest.");
        yaml.below("vmConfig", |yaml| {
            yaml.below("env", |yaml| {
                for name in &plugin.environment {
                    yaml.item(|yaml| {
                        yaml.put("name", name);
                        yaml.put("valueFrom", "HOST");
                    });
                }
            });
        });
    }
    yaml.below("pluginConfig", |yaml| {
        yaml.note("As text, because a Struct turns integers into doubles.");
        yaml.put_text("policyJson", &plugin.configuration);
    });
}
