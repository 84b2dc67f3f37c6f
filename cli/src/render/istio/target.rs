//! Which proxies a manifest is for.

use super::super::RenderError;
use super::super::yaml::Yaml;
use super::{IstioForm, IstioOptions, Placement};

/// Which proxies a manifest is for.
#[derive(Debug)]
pub(super) enum Target {
    /// Those whose workloads have these labels.
    Workload(Vec<(String, String)>),
    /// A gateway of the Gateway API; waypoints are such gateways.
    Gateway(String),
    /// What goes to a service.
    Service(String),
}

impl Target {
    /// # Errors
    /// Options that do not belong together.
    pub(super) fn of(options: &IstioOptions) -> Result<Self, RenderError> {
        let named = [
            !options.workload.is_empty(),
            options.gateway.is_some(),
            options.service.is_some(),
        ];
        if named.iter().filter(|is_named| **is_named).count() > 1 {
            return Err(RenderError::options(
                "expected one of --workload, --gateway and --service: a manifest has one target",
            ));
        }
        match options.placement {
            Placement::Gateway => of_gateway(options),
            Placement::Sidecar => of_sidecar(options),
            Placement::Waypoint => of_waypoint(options),
        }
    }

    /// Writes it, with the name that this kind of manifest has for labels.
    pub(super) fn write(&self, yaml: &mut Yaml, [selector, labels]: [&str; 2]) {
        match self {
            Self::Workload(own) => yaml.below(selector, |yaml| {
                yaml.below(labels, |yaml| {
                    for (name, value) in own {
                        yaml.put(name, value);
                    }
                });
            }),
            Self::Gateway(name) => reference(yaml, "gateway.networking.k8s.io", "Gateway", name),
            Self::Service(name) => reference(yaml, "", "Service", name),
        }
    }
}

fn of_gateway(options: &IstioOptions) -> Result<Target, RenderError> {
    if options.service.is_some() {
        return Err(RenderError::options(
            "--service is for waypoints; a gateway is chosen by --gateway or --workload",
        ));
    }
    Ok(match &options.gateway {
        Some(name) => Target::Gateway(name.clone()),
        None => Target::Workload(labels_or(options, "istio", "ingressgateway")),
    })
}

fn of_sidecar(options: &IstioOptions) -> Result<Target, RenderError> {
    if options.gateway.is_some() || options.service.is_some() {
        return Err(RenderError::options(
            "a sidecar is chosen by the labels of its workload: --workload name=value",
        ));
    }
    Ok(Target::Workload(labels_or(options, "treaty", "enabled")))
}

fn of_waypoint(options: &IstioOptions) -> Result<Target, RenderError> {
    if !options.workload.is_empty() {
        return Err(RenderError::options(
            "a waypoint takes no notice of --workload; name it with --gateway, or a --service",
        ));
    }
    match &options.service {
        // istiod matches patches with proxies, and a service is no proxy.
        Some(_) if options.form == IstioForm::EnvoyFilter => Err(RenderError::options(
            "an EnvoyFilter is for a whole waypoint; use --gateway, or another form for a --service",
        )),
        Some(name) => Ok(Target::Service(name.clone())),
        None => {
            let name = options.gateway.as_deref().unwrap_or("waypoint");
            Ok(Target::Gateway(name.to_owned()))
        }
    }
}

fn labels_or(options: &IstioOptions, name: &str, value: &str) -> Vec<(String, String)> {
    if options.workload.is_empty() {
        vec![(name.to_owned(), value.to_owned())]
    } else {
        options.workload.clone()
    }
}

fn reference(yaml: &mut Yaml, group: &str, kind: &str, name: &str) {
    yaml.below("targetRefs", |yaml| {
        yaml.item(|yaml| {
            yaml.put("group", group);
            yaml.put("kind", kind);
            yaml.put("name", name);
        });
    });
}

/// A label on the command line.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected `name=value`".to_owned()),
    }
}
