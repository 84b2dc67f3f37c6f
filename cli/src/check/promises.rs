//! What a manifest has to say so that its filters keep their promises, as far as it shows in one file.

use kit::bundle::Bundle;
use kit::policy::child;
use serde_json::Value;

use super::manifest::{Form, Plugin, Position};
use crate::render::chain::{self, Place};
use crate::render::secrets::secrets;

/// What is wrong with a manifest, or worth a second look.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Mistakes, by where they stand in the document.
    pub(super) faults: Vec<(String, String)>,
    /// The same for what may be on purpose.
    pub(super) doubts: Vec<(String, String)>,
    /// Secrets that do not reach the VM, by where they stand in the configuration.
    pub(super) missing: Vec<(String, String)>,
}

/// Holds a plugin to what its policies need.
pub(super) fn judge(plugin: &Plugin<'_>, bundle: &Bundle, is_bundle: bool) -> Judgement {
    let mut judgement = Judgement::default();
    judgement.failure(plugin);
    judgement.image(plugin);
    judgement.phase(plugin, bundle);
    judgement.environment(plugin, bundle, is_bundle);
    judgement
}

impl Judgement {
    fn failure(&mut self, plugin: &Plugin<'_>) {
        let (setting, _) = plugin.form.failure_setting();
        let at = child(&plugin.pointer, setting);
        match plugin.failure {
            Some(Value::Bool(true)) if plugin.form == Form::EnvoyGateway => {
                let message = "expected false: with true every request passes unfiltered while the \
                               module or its policy is at fault, and nobody is told";
                self.faults.push((at, message.to_owned()));
            }
            Some(value) if value == "FAIL_OPEN" => {
                let message = "switches the filter off silently and for good where its module \
                               fails; FAIL_RELOAD puts a fresh VM in its place";
                self.doubts.push((at, message.to_owned()));
            }
            _ => {}
        }
    }

    fn image(&mut self, plugin: &Plugin<'_>) {
        let Some(image) = plugin.image else { return };
        let last = image.rsplit('/').next().unwrap_or(image);
        let is_fixed =
            last.contains('@') || last.split_once(':').is_some_and(|(_, tag)| tag != "latest");
        if !is_fixed {
            let message = "names an image without a version or a digest, so which module runs is \
                           decided by when a proxy has fetched it";
            self.doubts
                .push((plugin.pointer.clone(), message.to_owned()));
        }
    }

    /// In Istio the phase is the place in the chain.
    fn phase(&mut self, plugin: &Plugin<'_>, bundle: &Bundle) {
        let Some(place) = plugin.position.as_ref().and_then(|position| position.place) else {
            return;
        };
        let at = || plugin.pointer.trim_end_matches("/wasm").to_owned() + "/phase";
        for member in &bundle.members {
            let expected = Place::of(member.name);
            if expected == place || chain::rank(member.name).is_none() {
                continue;
            }
            let phase = expected.phase().map_or_else(
                || "no phase".to_owned(),
                |phase| format!("the phase {phase}"),
            );
            let message = format!("expected {phase} for {}", member.name);
            // A replay is an answer with somebody's data.
            if member.name == "idempotency-keys" {
                let message = format!(
                    "{message}: before authorization it would give answers again to callers whom \
                     nobody has authorised"
                );
                self.faults.push((at(), message));
            } else {
                self.doubts.push((at(), message));
            }
        }
    }

    fn environment(&mut self, plugin: &Plugin<'_>, bundle: &Bundle, is_bundle: bool) {
        for member in &bundle.members {
            let below = if is_bundle {
                child("/filters", member.name)
            } else {
                String::new()
            };
            let found = secrets(member.document.value());
            let missing = found
                .iter()
                .filter(|own| !plugin.environment.contains(&own.name.as_str()));
            for secret in missing {
                let message = format!(
                    "names a variable that the VM is not given; add it to {}",
                    plugin.form.environment_setting()
                );
                let at = format!("{below}{}", secret.pointer);
                self.missing.push((at, message));
            }
        }
    }
}

/// A plugin in the chain of a file.
#[derive(Debug)]
pub(super) struct Link {
    /// Where it stands.
    pub(super) position: Position,
    /// The document, and the place in it, for findings.
    pub(super) at: (String, String),
    /// Its filters.
    pub(super) filters: Vec<&'static str>,
}

/// Plugins of a file that run in another order than their filters should, or in none that is known.
pub(super) fn disorder(mut links: Vec<Link>) -> Vec<((String, String), String)> {
    links.retain(|link| link.filters.iter().all(|own| chain::rank(own).is_some()));
    // What stands in order stays in the order of the file.
    links.sort_by(|one, other| key(&one.position).cmp(&key(&other.position)));
    let mut found = Vec::new();
    for pair in links.windows(2) {
        let [first, second] = pair else { continue };
        if first.position.chain != second.position.chain {
            continue;
        }
        let (Some(before), Some(after)) = (first.filters.last(), second.filters.first()) else {
            continue;
        };
        if key(&first.position) == key(&second.position) && before != after {
            let message = format!(
                "has the phase and the priority of {before} in this file, so either may come first"
            );
            found.push((second.at.clone(), message));
        } else if chain::rank(before) > chain::rank(after) {
            let message = format!("stands behind {before}, and belongs before it");
            found.push((second.at.clone(), message));
        }
    }
    found
}

fn key(position: &Position) -> (&str, Option<Place>, i64) {
    (&position.chain, position.place, position.order)
}
