//! `EnvoyFilter`: a filter in the chain that waits for its configuration, and that configuration,
//! which Istio delivers by itself (ECDS), so that a policy changes without a change of listeners.

use super::super::chain::{self, Place};
use super::super::wasm::{self, Code};
use super::super::yaml::Yaml;
use super::{Manifest, Placement};
use crate::registry::FILTERS;

/// The places that one insertion serves: Istio has no patch between authentication and
/// authorization that applies where either is missing.
pub(super) const GROUPS: [&[Place]; 2] = [&[Place::Outer, Place::Middle], &[Place::Inner]];

const CONNECTIONS: &str = "envoy.filters.network.http_connection_manager";

/// Writes it.
pub(super) fn write(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    manifest.head(yaml, "networking.istio.io/v1alpha3", "EnvoyFilter");
    yaml.below("spec", |yaml| {
        manifest.target.write(yaml, ["workloadSelector", "labels"]);
        if is_first(manifest) {
            yaml.note(
                "Patches are applied in ascending order, and what is inserted first last stands \
                 outermost.",
            );
        } else {
            yaml.note(
                "Patches are applied in ascending order, and what is inserted last stands nearest \
                 to the router.",
            );
        }
        yaml.put_raw("priority", &priority(manifest).to_string());
        yaml.below("configPatches", |yaml| {
            for context in contexts(manifest) {
                insertion(yaml, manifest, context);
            }
            yaml.item(|yaml| {
                yaml.put("applyTo", "EXTENSION_CONFIG");
                yaml.below("patch", |yaml| {
                    yaml.put("operation", "ADD");
                    yaml.below("value", |yaml| {
                        yaml.put("name", &manifest.name());
                        yaml.below("typed_config", |yaml| configuration(yaml, manifest));
                    });
                });
            });
        });
    });
}

/// Whether it stands before all filters of Istio, or before the router.
fn is_first(manifest: &Manifest<'_>) -> bool {
    manifest.plugin.place() != Place::Inner
}

/// Ten for the filter that is inserted before all others, and ten more for each one after it.
fn priority(manifest: &Manifest<'_>) -> usize {
    let is_first = is_first(manifest);
    let with_it = FILTERS
        .iter()
        .map(|filter| filter.name)
        .filter(|name| (Place::of(name) != Place::Inner) == is_first);
    let names: Vec<&str> = if is_first {
        with_it.rev().collect()
    } else {
        with_it.collect()
    };
    let own = names
        .iter()
        .position(|name| manifest.plugin.filters.contains(name));
    10 * own.map_or(1, |own| own + 1)
}

/// Why a filter stands where it is inserted.
fn reason(filter: &str) -> &'static str {
    match Place::of(filter) {
        Place::Middle => {
            "Before authorization, which is to see the path that it has rewritten; before \
             authentication too, because no patch can be placed between the two."
        }
        Place::Outer | Place::Inner => chain::reason(filter),
    }
}

fn contexts(manifest: &Manifest<'_>) -> Vec<&'static str> {
    match manifest.options.placement {
        Placement::Gateway => vec!["GATEWAY"],
        Placement::Sidecar if manifest.includes_outbound() => {
            vec!["SIDECAR_INBOUND", "SIDECAR_OUTBOUND"]
        }
        // A waypoint is patched as what comes in at a sidecar is.
        Placement::Sidecar | Placement::Waypoint => vec!["SIDECAR_INBOUND"],
    }
}

fn insertion(yaml: &mut Yaml, manifest: &Manifest<'_>, context: &str) {
    for filter in &manifest.plugin.filters {
        yaml.note(reason(filter));
    }
    yaml.item(|yaml| {
        yaml.put("applyTo", "HTTP_FILTER");
        yaml.below("match", |yaml| {
            yaml.put("context", context);
            yaml.below("listener", |yaml| listener(yaml, manifest));
        });
        yaml.below("patch", |yaml| {
            let first = if is_first(manifest) {
                "INSERT_FIRST"
            } else {
                "INSERT_BEFORE"
            };
            yaml.put("operation", first);
            yaml.below("value", |yaml| {
                yaml.put("name", &manifest.name());
                yaml.below("config_discovery", discovery);
            });
        });
    });
}

fn listener(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    if manifest.options.placement == Placement::Waypoint {
        yaml.note("Requests are here; the waypoint's other listeners carry tunnels.");
        yaml.put("name", "main_internal");
    }
    yaml.below("filterChain", |yaml| {
        yaml.below("filter", |yaml| {
            yaml.put("name", CONNECTIONS);
            if !is_first(manifest) {
                yaml.put_raw("subFilter", "{ name: envoy.filters.http.router }");
            }
        });
    });
}

fn discovery(yaml: &mut Yaml) {
    yaml.below("config_source", |yaml| {
        yaml.put_raw("ads", "{}");
        yaml.put("resource_api_version", "V3");
        yaml.note(
            "A listener opens when its filters have their configuration, however long that takes: \
             no request passes unfiltered before, and there is no `default_config` that would let it.",
        );
        yaml.put_raw("initial_fetch_timeout", "0s");
    });
    yaml.note(
        "Where a module cannot be fetched, Istio's agent sends a filter in its place that refuses \
         every request. It is of another type: Envoy rejects it, and keeps what it had.",
    );
    yaml.put_all(
        "type_urls",
        &["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm".to_owned()],
    );
}

fn configuration(yaml: &mut Yaml, manifest: &Manifest<'_>) {
    let code = match manifest.url.strip_prefix("file://") {
        Some(path) => Code::File(path),
        None => Code::Agent {
            url: &manifest.url,
            sha256: manifest.sha256,
        },
    };
    // The name in metrics: two manifests of one filter are told apart, as those of the other forms are.
    wasm::typed_config(yaml, &manifest.name(), manifest.plugin, &code);
}
