//! Where policies stand in Envoy configurations and Istio manifests.
//!
//! Three forms are known, at any depth of a document: the typed configuration of Envoy's Wasm
//! filter (which an `EnvoyFilter` holds too), Istio's `WasmPlugin`, and its `TrafficExtension`.

use kit::policy::child;
use serde_json::{Map, Value};

const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
const STRING_VALUE: &str = "google.protobuf.StringValue";
const STRUCT: &str = "google.protobuf.Struct";

/// A Wasm plugin in a manifest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plugin<'a> {
    /// Where it stands.
    pub(super) pointer: String,
    /// The form of the manifest.
    pub(super) form: Form,
    /// What may tell which filter it is, the module's file first.
    pub(super) names: Vec<&'a str>,
    /// Where its configuration stands.
    pub(super) configuration_pointer: String,
    /// Its configuration.
    pub(super) configuration: Configuration<'a>,
    /// Whether what happens on a failure is set.
    pub(super) sets_failure: bool,
}

/// The form of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Envoy's own.
    Envoy {
        /// Whether it says `allow_on_headers_stop_iteration: true`.
        allows_stop_iteration: bool,
    },
    /// `WasmPlugin` or `TrafficExtension`, by its kind.
    Istio(&'static str),
}

/// The configuration of a plugin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Configuration<'a> {
    /// Text that holds the policy.
    Text(&'a str),
    /// The policy as a structure, whose numbers are doubles by the time it arrives.
    Structure(&'a Value),
    /// None at all.
    Missing,
    /// Something that no filter can read.
    Unreadable,
}

/// Every Wasm plugin of a document, in order.
pub(super) fn plugins(document: &Value) -> Vec<Plugin<'_>> {
    let mut found = Vec::new();
    visit(document, "", None, &mut found);
    found
}

impl Form {
    /// The name of the setting that says what happens on a failure, and its values.
    pub(super) fn failure_setting(self) -> (&'static str, &'static str) {
        match self {
            Self::Envoy { .. } => ("failure_policy", "FAIL_RELOAD, FAIL_CLOSED or FAIL_OPEN"),
            Self::Istio(_) => ("failStrategy", "FAIL_RELOAD, FAIL_CLOSE or FAIL_OPEN"),
        }
    }
}

fn visit<'a>(value: &'a Value, pointer: &str, name: Option<&'a str>, found: &mut Vec<Plugin<'a>>) {
    match value {
        Value::Object(map) => {
            if let Some(plugin) = plugin(map, pointer, name) {
                return found.push(plugin);
            }
            let name = text(map, "name").or(name);
            for (key, value) in map {
                visit(value, &child(pointer, key), name, found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                visit(value, &child(pointer, index), name, found);
            }
        }
        _ => {}
    }
}

fn plugin<'a>(
    map: &'a Map<String, Value>,
    pointer: &str,
    name: Option<&'a str>,
) -> Option<Plugin<'a>> {
    match text(map, "kind") {
        Some("WasmPlugin") => {
            return istio(map, map.get("spec")?, child(pointer, "spec"), "WasmPlugin");
        }
        Some("TrafficExtension") => {
            let pointer = child(&child(pointer, "spec"), "wasm");
            return istio(
                map,
                map.get("spec")?.get("wasm")?,
                pointer,
                "TrafficExtension",
            );
        }
        _ => {}
    }
    let is_wasm = |name: &str| text(map, name).is_some_and(|url| is_type(url, WASM));
    if is_wasm("@type") {
        return envoy(map, pointer, name);
    }
    // A TypedStruct names the type of what it holds.
    if is_wasm("type_url") || is_wasm("typeUrl") {
        return envoy(
            map.get("value")?.as_object()?,
            &child(pointer, "value"),
            name,
        );
    }
    None
}

fn envoy<'a>(
    map: &'a Map<String, Value>,
    pointer: &str,
    filter_name: Option<&'a str>,
) -> Option<Plugin<'a>> {
    let config = map.get("config")?.as_object()?;
    let pointer = child(pointer, "config");
    let code = field(config, "vm_config", "vmConfig").and_then(|vm| vm.get("code"));
    let local = code.and_then(|code| code.pointer("/local/filename"));
    let remote = code.and_then(|code| {
        code.pointer("/remote/http_uri/uri")
            .or_else(|| code.pointer("/remote/httpUri/uri"))
    });
    let names = [
        local.or(remote).and_then(Value::as_str),
        field(config, "root_id", "rootId").and_then(Value::as_str),
        text(config, "name"),
        filter_name,
    ];
    let (configuration, below) = envoy_configuration(config.get("configuration"));
    let failure = field(config, "failure_policy", "failurePolicy");
    Some(Plugin {
        form: Form::Envoy {
            allows_stop_iteration: field(
                config,
                "allow_on_headers_stop_iteration",
                "allowOnHeadersStopIteration",
            ) == Some(&Value::Bool(true)),
        },
        names: names.into_iter().flatten().collect(),
        configuration_pointer: format!("{}{below}", child(&pointer, "configuration")),
        configuration,
        sets_failure: failure.is_some_and(|failure| failure != "UNSPECIFIED" && *failure != 0),
        pointer,
    })
}

fn envoy_configuration(configuration: Option<&Value>) -> (Configuration<'_>, &'static str) {
    let Some(configuration) = configuration else {
        return (Configuration::Missing, "");
    };
    let is = |name: &str| {
        configuration
            .get("@type")
            .and_then(Value::as_str)
            .is_some_and(|url| is_type(url, name))
    };
    let configuration = match configuration.get("value") {
        Some(Value::String(text)) if is(STRING_VALUE) => Configuration::Text(text),
        Some(value @ Value::Object(_)) if is(STRUCT) => Configuration::Structure(value),
        _ => return (Configuration::Unreadable, ""),
    };
    (configuration, "/value")
}

fn istio<'a>(
    manifest: &'a Map<String, Value>,
    wasm: &'a Value,
    pointer: String,
    kind: &'static str,
) -> Option<Plugin<'a>> {
    let wasm = wasm.as_object()?;
    let metadata = manifest.get("metadata").and_then(Value::as_object);
    let names = [
        text(wasm, "url"),
        text(wasm, "pluginName"),
        metadata.and_then(|metadata| text(metadata, "name")),
    ];
    let configuration = match wasm.get("pluginConfig") {
        None => Configuration::Missing,
        Some(value @ Value::Object(_)) => Configuration::Structure(value),
        Some(_) => Configuration::Unreadable,
    };
    Some(Plugin {
        form: Form::Istio(kind),
        names: names.into_iter().flatten().collect(),
        configuration_pointer: child(&pointer, "pluginConfig"),
        configuration,
        sets_failure: wasm.contains_key("failStrategy"),
        pointer,
    })
}

/// Protobuf's JSON form takes a name in either spelling.
fn field<'a>(map: &'a Map<String, Value>, snake: &str, camel: &str) -> Option<&'a Value> {
    map.get(snake).or_else(|| map.get(camel))
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_str)
}

fn is_type(url: &str, name: &str) -> bool {
    url.rsplit('/').next() == Some(name)
}
