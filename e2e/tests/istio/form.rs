//! The forms in which Istio takes a filter, and the places where its proxies stand.

use std::fmt;

/// How a filter gets into a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    WasmPlugin,
    TrafficExtension,
    EnvoyFilter,
}

/// Which proxies take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    Gateway,
    Sidecar,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::WasmPlugin, Self::TrafficExtension, Self::EnvoyFilter];

    /// The form of policies that goes with it: only an `EnvoyFilter` lets a filter hold heads.
    pub(crate) fn policy_form(self) -> &'static str {
        match self {
            Self::WasmPlugin | Self::TrafficExtension => "streamed",
            Self::EnvoyFilter => "held",
        }
    }
}

impl Placement {
    pub(crate) const ALL: [Self; 2] = [Self::Gateway, Self::Sidecar];
}

/// The name of the folder of its manifests.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WasmPlugin => "wasm-plugin",
            Self::TrafficExtension => "traffic-extension",
            Self::EnvoyFilter => "envoy-filter",
        })
    }
}

/// The name of the folder of its manifests.
impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "gateway",
            Self::Sidecar => "sidecar",
        })
    }
}
