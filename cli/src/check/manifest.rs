//! Where policies stand in Envoy configurations and Istio manifests.
//!
//! Four forms are known, at any depth of a document: the typed configuration of Envoy's Wasm filter
//! (which an `EnvoyFilter` holds too), Istio's `WasmPlugin` and its `TrafficExtension`, and Envoy
//! Gateway's `EnvoyExtensionPolicy`.

use kit::policy::child;
use serde_json::{Map, Value, json};

use crate::render::chain::Place;

const WASM: &str = "envoy.extensions.filters.http.wasm.v3.Wasm";
const STRING_VALUE: &str = "google.protobuf.StringValue";
const STRUCT: &str = "google.protobuf.Struct";

/// A Wasm plugin in a manifest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plugin<'a> {
    /// Where it stands.
    pub(crate) pointer: String,
    /// The form of the manifest.
    pub(crate) form: Form,
    /// What may tell which filter it is, the module's file first.
    pub(crate) names: Vec<&'a str>,
    /// Where its configuration stands.
    pub(crate) configuration_pointer: String,
    /// Its configuration.
    pub(crate) configuration: Configuration<'a>,
    /// What happens on a failure, if that is set.
    pub(crate) failure: Option<&'a Value>,
    /// The environment variables that its VM is given.
    pub(crate) environment: Vec<&'a str>,
    /// The image that has its module, if it is in one.
    pub(crate) image: Option<&'a str>,
    /// The chain that it stands in, and where, if the manifest says it.
    pub(crate) position: Option<Position>,
}

/// Where a plugin stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Plugins of one file that have this in common run one after the other.
    pub(crate) chain: String,
    /// The place among the filters of Istio.
    pub(crate) place: Option<Place>,
    /// The lower comes first within its place.
    pub(crate) order: i64,
}

/// The form of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Envoy's own.
    Envoy {
        /// Whether it says `allow_on_headers_stop_iteration: true`.
        allows_stop_iteration: bool,
    },
    /// `WasmPlugin` or `TrafficExtension`, by its kind.
    Istio(&'static str),
    /// `EnvoyExtensionPolicy`.
    EnvoyGateway,
}

/// The configuration of a plugin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Configuration<'a> {
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
pub(crate) fn plugins(document: &Value) -> Vec<Plugin<'_>> {
    let mut found = Vec::new();
    visit(document, "", None, &mut found);
    found
}

impl Form {
    /// The name of the setting that says what happens on a failure, and its values.
    pub(crate) fn failure_setting(self) -> (&'static str, &'static str) {
        match self {
            Self::Envoy { .. } => ("failure_policy", "FAIL_RELOAD, FAIL_CLOSED or FAIL_OPEN"),
            Self::Istio(_) => ("failStrategy", "FAIL_RELOAD, FAIL_CLOSE or FAIL_OPEN"),
            Self::EnvoyGateway => ("failOpen", "false"),
        }
    }

    /// The name of the setting that gives environment variables of the proxy to the VM.
    pub(crate) fn environment_setting(self) -> &'static str {
        match self {
            Self::Envoy { .. } => "`vm_config.environment_variables.host_env_keys`",
            Self::Istio(_) => "`vmConfig.env` with `valueFrom: HOST`",
            Self::EnvoyGateway => "`env.hostKeys`",
        }
    }

    /// The kind of the manifest.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Envoy { .. } => "configuration of Envoy",
            Self::Istio(kind) => kind,
            Self::EnvoyGateway => "EnvoyExtensionPolicy",
        }
    }
}

fn visit<'a>(value: &'a Value, pointer: &str, name: Option<&'a str>, found: &mut Vec<Plugin<'a>>) {
    match value {
        Value::Object(map) => {
            if text(map, "kind") == Some("EnvoyExtensionPolicy") {
                return found.extend(envoy_gateway(map, pointer));
            }
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
    let vm = field(config, "vm_config", "vmConfig");
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
        failure: failure.filter(|failure| *failure != "UNSPECIFIED" && **failure != 0),
        environment: vm.map(envoy_environment).unwrap_or_default(),
        image: remote.and_then(Value::as_str).and_then(image),
        position: position_in_list(&pointer, "/http_filters/"),
        pointer,
    })
}

fn envoy_environment(vm: &Value) -> Vec<&str> {
    let variables = vm
        .as_object()
        .and_then(|vm| field(vm, "environment_variables", "environmentVariables"))
        .and_then(Value::as_object);
    let Some(variables) = variables else {
        return Vec::new();
    };
    let from_host = field(variables, "host_env_keys", "hostEnvKeys").and_then(Value::as_array);
    let from_host = from_host.into_iter().flatten().filter_map(Value::as_str);
    let inline = field(variables, "key_values", "keyValues").and_then(Value::as_object);
    let inline = inline.into_iter().flat_map(Map::keys).map(String::as_str);
    from_host.chain(inline).collect()
}

/// The place in a list that a pointer leads through: the innermost of that name.
fn position_in_list(pointer: &str, list: &str) -> Option<Position> {
    let (chain, below) = pointer.rsplit_once(list)?;
    Some(Position {
        chain: chain.to_owned(),
        place: None,
        order: below.split('/').next()?.parse().ok()?,
    })
}

/// The name of an image, which a URL without a scheme is too.
fn image(url: &str) -> Option<&str> {
    match url.split_once("://") {
        Some(("oci", image)) => Some(image),
        Some(_) => None,
        None => Some(url),
    }
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
    let environment = wasm.get("vmConfig").and_then(|vm| vm.get("env"));
    let environment = environment.and_then(Value::as_array).into_iter().flatten();
    Some(Plugin {
        form: Form::Istio(kind),
        names: names.into_iter().flatten().collect(),
        configuration_pointer: child(&pointer, "pluginConfig"),
        configuration,
        failure: wasm.get("failStrategy"),
        environment: environment
            .filter_map(|own| own.get("name")?.as_str())
            .collect(),
        image: text(wasm, "url").and_then(image),
        position: istio_position(manifest, kind),
        pointer,
    })
}

/// By phase, and by priority within it, among the manifests for the same workloads.
fn istio_position(manifest: &Map<String, Value>, kind: &str) -> Option<Position> {
    let spec = manifest.get("spec")?;
    let namespace = manifest
        .get("metadata")
        .and_then(|own| own.get("namespace"));
    let target = ["selector", "targetRef", "targetRefs"].map(|name| spec.get(name));
    let place = match spec.get("phase").and_then(Value::as_str) {
        Some("AUTHN") => Place::Outer,
        Some("AUTHZ") => Place::Middle,
        _ => Place::Inner,
    };
    let priority = spec.get("priority").and_then(Value::as_i64).unwrap_or(0);
    Some(Position {
        chain: json!([kind, namespace, target]).to_string(),
        place: Some(place),
        order: priority.checked_neg()?,
    })
}

fn envoy_gateway<'a>(manifest: &'a Map<String, Value>, pointer: &str) -> Vec<Plugin<'a>> {
    let list = manifest.get("spec").and_then(|spec| spec.get("wasm"));
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let pointer = child(&child(pointer, "spec"), "wasm");
    let plugins = list.enumerate().map(|(index, wasm)| {
        let pointer = child(&pointer, index);
        let image = wasm.pointer("/code/image/url").and_then(Value::as_str);
        let names = [
            image.or_else(|| wasm.pointer("/code/http/url")?.as_str()),
            wasm.get("rootID").and_then(Value::as_str),
            wasm.get("name").and_then(Value::as_str),
        ];
        let configuration = match wasm.get("config") {
            None => Configuration::Missing,
            Some(value @ Value::Object(_)) => Configuration::Structure(value),
            Some(_) => Configuration::Unreadable,
        };
        let environment = wasm.pointer("/env/hostKeys").and_then(Value::as_array);
        Plugin {
            form: Form::EnvoyGateway,
            names: names.into_iter().flatten().collect(),
            configuration_pointer: child(&pointer, "config"),
            configuration,
            failure: Some(wasm.get("failOpen").unwrap_or(&Value::Bool(false))),
            environment: environment
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
            image: image.and_then(self::image),
            position: position_in_list(&pointer, "/wasm/"),
            pointer,
        }
    });
    plugins.collect()
}

/// In an `EnvoyFilter`, a configuration that is delivered by itself and the filter that waits for it
/// have one name. What stands alone, where, and what is missing.
pub(crate) fn unpaired(document: &Value) -> Vec<(String, &'static str)> {
    let patches = document
        .pointer("/spec/configPatches")
        .and_then(Value::as_array);
    let patches: Vec<&Value> = patches.into_iter().flatten().collect();
    let named = |apply: &str, member: &str| -> Vec<(usize, &str)> {
        patches
            .iter()
            .enumerate()
            .filter_map(|(index, patch)| {
                let value = patch.pointer("/patch/value")?;
                let is_meant = patch.get("applyTo")? == apply && value.get(member).is_some();
                is_meant.then_some((index, value.get("name")?.as_str()?))
            })
            .collect()
    };
    let configurations = named("EXTENSION_CONFIG", "typed_config");
    let filters = named("HTTP_FILTER", "config_discovery");
    let lonely = |own: &[(usize, &str)], others: &[(usize, &str)], message: &'static str| {
        own.iter()
            .filter(|(_, name)| others.iter().all(|(_, other)| other != name))
            .map(|(index, _)| {
                (
                    format!("/spec/configPatches/{index}/patch/value/name"),
                    message,
                )
            })
            .collect::<Vec<_>>()
    };
    let mut found = lonely(
        &configurations,
        &filters,
        "is the name of no HTTP_FILTER with `config_discovery` in this EnvoyFilter, so no proxy asks \
         for this configuration",
    );
    found.extend(lonely(
        &filters,
        &configurations,
        "is the name of no EXTENSION_CONFIG in this EnvoyFilter, so the filter would wait for ever",
    ));
    found
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
