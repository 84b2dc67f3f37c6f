//! The typed configuration of Envoy's Wasm filter, in the held form.

use super::chain::Plugin;
use super::yaml::Yaml;

/// Where Envoy finds the code.
pub(super) enum Code<'a> {
    /// In a file beside the proxy.
    File(&'a str),
    /// At a URL that Istio's agent puts a file in place of.
    Agent {
        url: &'a str,
        sha256: Option<&'a str>,
    },
}

/// Writes it: what stands in `typed_config`.
pub(super) fn typed_config(yaml: &mut Yaml, name: &str, plugin: &Plugin, code: &Code<'_>) {
    yaml.put_raw(
        "\"@type\"",
        "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
    );
    yaml.below("config", |yaml| {
        yaml.put("name", name);
        yaml.put("root_id", plugin.module);
        yaml.note(
            "After a panic the next request gets a fresh VM, one back-off later, and a 503 until \
             then. FAIL_CLOSED would go on with 503, and FAIL_OPEN would switch the filter off \
             silently and for good.",
        );
        yaml.put("failure_policy", "FAIL_RELOAD");
        yaml.below("reload_config", |yaml| {
            yaml.note("Never below 2ms: Envoy's jitter divides by half of it.");
            yaml.put_raw("backoff", "{ base_interval: 0.1s }");
        });
        if plugin.waits {
            yaml.note(
                "Heads wait for contents (`\"form\": \"held\"`), and Envoy lets them do so only \
                 with this (1.35 or later): otherwise the content of a request whose head waits is \
                 lost.",
            );
            yaml.put_raw("allow_on_headers_stop_iteration", "true");
        }
        yaml.below("vm_config", |yaml| vm_config(yaml, plugin, code));
        yaml.below("configuration", |yaml| {
            yaml.put_raw(
                "\"@type\"",
                "type.googleapis.com/google.protobuf.StringValue",
            );
            yaml.put_text("value", &plugin.configuration);
        });
    });
}

fn vm_config(yaml: &mut Yaml, plugin: &Plugin, code: &Code<'_>) {
    yaml.put("vm_id", &format!("treaty-{}", plugin.module));
    yaml.put("runtime", "envoy.wasm.runtime.v8");
    yaml.below("code", |yaml| match code {
        Code::File(path) => {
            yaml.below("local", |yaml| yaml.put("filename", path));
        }
        Code::Agent { url, sha256 } => {
            yaml.note(
                "Istio's agent fetches it and puts a local file in its place before Envoy sees \
                 this; the cluster is asked for by the type alone.",
            );
            yaml.below("remote", |yaml| {
                yaml.below("http_uri", |yaml| {
                    yaml.put("uri", url);
                    yaml.put("cluster", "_");
                    yaml.put_raw("timeout", "30s");
                });
                if sha256.is_none() {
                    yaml.note("The agent's word for a module whose digest is not checked.");
                }
                yaml.put("sha256", sha256.unwrap_or("nil"));
            });
        }
    });
    if !plugin.environment.is_empty() {
        yaml.note(
            "Secrets come from the environment that Envoy is started in, and stand in no manifest.",
        );
        yaml.below("environment_variables", |yaml| {
            let names: Vec<String> = plugin.environment.iter().cloned().collect();
            yaml.put_all("host_env_keys", &names);
        });
    }
}
