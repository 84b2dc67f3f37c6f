//! A wasm filter for a test.

use std::path::Path;

use serde_json::{Value, json};

use super::edit::merge;
use crate::repository;

/// The type of a wasm filter's config.
pub(super) const TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// A wasm filter in V8. Its failure policy is `FAIL_RELOAD`, as in all that Treaty ships.
#[derive(Debug, Clone)]
pub struct WasmFilter {
    name: String,
    plugin: Value,
}

impl WasmFilter {
    /// The filter of this name, with the module of the same name in `dist`.
    pub fn new(name: &str) -> Self {
        let filter = Self {
            name: name.to_owned(),
            plugin: json!({
                "name": name,
                "root_id": name,
                "failure_policy": "FAIL_RELOAD",
                "vm_config": {"vm_id": name, "runtime": "envoy.wasm.runtime.v8"},
            }),
        };
        filter.module(&repository::dist().join(name).with_extension("wasm"))
    }

    /// Takes another module.
    #[must_use]
    pub fn module(self, path: &Path) -> Self {
        self.with(json!({"vm_config": {"code": {"local": {"filename": path}}}}))
    }

    /// Sets the policy, as the text that the module is to read.
    #[must_use]
    pub fn policy(self, policy: &str) -> Self {
        self.with(json!({"configuration": string(policy)}))
    }

    /// Sets the root id: which of the filters of a module this is.
    #[must_use]
    pub fn root_id(self, root_id: &str) -> Self {
        self.with(json!({"root_id": root_id}))
    }

    /// Allows the filter to hold a head until it has seen the body (the held mode).
    #[must_use]
    pub fn holding_heads(self) -> Self {
        self.with(json!({"allow_on_headers_stop_iteration": true}))
    }

    /// Sets an environment variable of the VM, which then is one of its own: up to Envoy 1.36 the
    /// environment is no part of what tells VMs apart, and the first one's would serve all.
    #[must_use]
    pub fn env(self, name: &str, value: &str) -> Self {
        let vm = self.plugin["vm_config"]["vm_id"]
            .as_str()
            .unwrap_or_default();
        let vm = format!("{vm} {name}={value}");
        let variables = json!({"key_values": {name: value}});
        self.with(json!({"vm_config": {"vm_id": vm, "environment_variables": variables}}))
    }

    /// Lays more of Envoy's own settings over the plugin's config.
    #[must_use]
    pub fn with(mut self, more: Value) -> Self {
        merge(&mut self.plugin, more);
        self
    }
}

impl From<WasmFilter> for Value {
    fn from(filter: WasmFilter) -> Self {
        json!({
            "name": filter.name,
            "typed_config": {"@type": TYPE, "config": filter.plugin},
        })
    }
}

/// A string as a config of any type: the module gets its octets as they are.
pub(super) fn string(text: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text})
}
