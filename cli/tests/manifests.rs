//! The manifests that are shipped: each is rendered from examples, and each folder applies what is in
//! it.
#![expect(
    clippy::unwrap_used,
    reason = "Clippy takes only functions marked as tests for tests, and these serve them."
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::filter::Form;
use serde_json::Value;
use treaty::registry::NAMES;
use treaty::render::{self, EnvoyOptions, Policy};

const FORMS: [&str; 3] = ["wasm-plugin", "traffic-extension", "envoy-filter"];

const PLACEMENTS: [&str; 3] = ["gateway", "sidecar", "waypoint"];

/// The example that a manifest is made from.
fn example(filter: &str, form: &str, placement: &str) -> String {
    let is_streamed = form != "envoy-filter";
    let name = match (placement, filter) {
        // What these say of the edge needs contents before heads go on.
        ("gateway", "contract-validation" | "idempotency-keys") if is_streamed => "streamed",
        ("gateway", "error-translation") if is_streamed => "sidecar",
        ("gateway", _) => "edge",
        _ => "sidecar",
    };
    format!("policies/{filter}/examples/{name}.json")
}

/// A file, and the command that makes it.
struct Manifest {
    file: String,
    command: Vec<String>,
}

fn manifest(file: String, command: &[&str], policies: Vec<String>) -> Manifest {
    let command = ["render"].iter().chain(command);
    Manifest {
        file,
        command: command.map(ToString::to_string).chain(policies).collect(),
    }
}

/// Every manifest that is rendered.
fn manifests() -> Vec<Manifest> {
    let mut all = Vec::new();
    for form in FORMS {
        for placement in PLACEMENTS {
            let command = ["istio", "--form", form, "--placement", placement];
            let folder = format!("istio/{form}/{placement}");
            let examples = NAMES.map(|filter| example(filter, form, placement));
            for (filter, example) in NAMES.iter().zip(&examples) {
                let file = format!("{folder}/{filter}.yaml");
                all.push(manifest(file, &command, vec![example.clone()]));
            }
            let bundle = [&command[..], &["--bundle"]].concat();
            let file = format!("{folder}/all-filters.yaml");
            all.push(manifest(file, &bundle, examples.to_vec()));
        }
    }
    let folder = "envoy-gateway";
    let examples = NAMES.map(|filter| example(filter, folder, "gateway"));
    for (filter, example) in NAMES.iter().zip(&examples) {
        let file = format!("{folder}/{filter}.yaml");
        all.push(manifest(file, &[folder], vec![example.clone()]));
    }
    let file = format!("{folder}/suite.yaml");
    all.push(manifest(file, &[folder], examples.to_vec()));
    let file = format!("{folder}/all-filters.yaml");
    all.push(manifest(file, &[folder, "--bundle"], examples.to_vec()));
    all
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn treaty(arguments: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_treaty"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "treaty {arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_manifests_say_what_the_examples_do() {
    let mut stale = Vec::new();
    for manifest in manifests() {
        let fresh = treaty(&manifest.command);
        let file = root().join(&manifest.file);
        if fs::read_to_string(&file).ok().as_deref() != Some(&fresh) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, fresh).unwrap();
            stale.push(manifest.file);
        }
    }
    assert!(
        stale.is_empty(),
        "these were stale and have been written anew; commit them: {stale:?}"
    );
}

/// The YAML files of a folder, and its folders.
fn entries(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "README.md").collect()
}

fn resources(folder: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
    let kustomization: Value = serde_saphyr::from_str(&text).unwrap();
    let resources = kustomization.get("resources").and_then(Value::as_array);
    let names = resources.unwrap().iter();
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Whatever does the same twice is left out: the filters one by one, or all of them in one module.
#[test]
fn each_folder_applies_its_files_and_nothing_twice() {
    let filters: BTreeSet<String> = NAMES.map(|filter| format!("{filter}.yaml")).into();
    for form in FORMS {
        for placement in PLACEMENTS {
            let folder = root().join("istio").join(form).join(placement);
            assert_eq!(resources(&folder), filters, "{form}/{placement}");
            let others = set(&["all-filters.yaml", "kustomization.yaml"]);
            assert_eq!(entries(&folder), &filters | &others, "{form}/{placement}");
        }
        assert_eq!(
            entries(&root().join("istio").join(form)),
            set(&PLACEMENTS),
            "{form}"
        );
    }
    let traffic = root().join("istio/traffic");
    let others = set(&["kustomization.yaml"]);
    assert_eq!(entries(&traffic), &resources(&traffic) | &others);
    let istio = root().join("istio");
    assert_eq!(resources(&istio), set(&["traffic", "wasm-plugin/gateway"]));
    let others = set(&["kustomization.yaml", "traffic"]);
    assert_eq!(entries(&istio), &set(&FORMS) | &others);
    let gateway = root().join("envoy-gateway");
    assert_eq!(resources(&gateway), set(&["suite.yaml"]));
    let others = set(&["all-filters.yaml", "kustomization.yaml", "suite.yaml"]);
    assert_eq!(entries(&gateway), &filters | &others);
}

/// What a manifest is called is how it is removed, and two of one name overwrite each other.
#[test]
fn no_two_manifests_of_a_kind_have_one_name() {
    let mut names = BTreeSet::new();
    for manifest in manifests()
        .iter()
        .filter(|own| own.file.starts_with("istio"))
    {
        let text = fs::read_to_string(root().join(&manifest.file)).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        for document in documents {
            let name = (
                document["kind"].to_string(),
                document["metadata"]["name"].to_string(),
            );
            assert!(names.insert(name.clone()), "{name:?}");
        }
    }
    // Each filter by itself, and the bundle in three places, of which an EnvoyFilter joins two.
    assert_eq!(names.len(), 3 * (5 + 3) * 2 + 3 * (5 + 2));
}

/// The Wasm filters of a configuration, wherever they stand.
fn wasm_filters(value: &Value) -> Vec<&Value> {
    let is_wasm = value.pointer("/typed_config/config/vm_config").is_some();
    if is_wasm {
        return vec![value];
    }
    match value {
        Value::Object(members) => members.values().flat_map(wasm_filters).collect(),
        Value::Array(items) => items.iter().flat_map(wasm_filters).collect(),
        _ => Vec::new(),
    }
}

/// What `treaty render envoy` makes of the policy of such a filter.
fn rendered_anew(filter: &Value) -> Value {
    let config = filter.pointer("/typed_config/config").unwrap();
    let name = config.get("root_id").and_then(Value::as_str).unwrap();
    let text = config
        .pointer("/configuration/value")
        .and_then(Value::as_str);
    let policy = Policy::new(name, text.unwrap()).unwrap();
    let rendered = render::envoy(&EnvoyOptions::default(), &[policy]).unwrap();
    let entries: Vec<Value> = serde_saphyr::from_str(&rendered).unwrap();
    entries.into_iter().next().unwrap()
}

/// The settings that `render` writes are those of the configs that run in the tests.
#[test]
fn a_plain_envoy_gets_what_the_shipped_configs_have() {
    let mut compared = BTreeSet::new();
    for name in NAMES {
        let file = root().join(format!("envoy-configs/{name}.yaml"));
        let config: Value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        for filter in wasm_filters(&config) {
            let anew = rendered_anew(filter);
            assert_eq!(&anew, filter, "{name}");
            compared.insert(name);
        }
    }
    assert_eq!(compared.len(), NAMES.len());
}

#[test]
fn a_policy_keeps_its_text_but_for_its_form() {
    for filter in NAMES {
        let file = root().join(example(filter, "envoy-filter", "sidecar"));
        let policy = Policy::read(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(policy.text(), text, "{filter}");
        for (form, name) in [(Form::Held, "held"), (Form::Streamed, "streamed")] {
            let formed = policy.in_form(form).unwrap();
            let value: Value = serde_json::from_str(formed.text()).unwrap();
            let has_form = serde_json::from_str::<Value>(&text)
                .unwrap()
                .get("form")
                .is_some();
            assert_eq!(value.get("form").is_some(), has_form, "{filter}");
            let lines = text.lines().zip(formed.text().lines());
            for (before, after) in lines.filter(|(before, after)| before != after) {
                assert!(before.contains("\"form\""), "{before}");
                assert_eq!(after.trim(), format!("\"form\": \"{name}\","), "{filter}");
            }
        }
    }
}

#[test]
fn what_is_documented_for_a_manifest_of_a_cluster_works_on_the_one_that_it_names() {
    let mut lines = 0;
    for document in ["OPERATING.md", "cli/README.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for line in text.lines().filter(|line| line.starts_with("kubectl ")) {
            let commands: Vec<&str> = line.split(" | ").collect();
            let (get, ours) = (commands[0], commands[1]);
            let plugin = get.split_once("wasmplugin treaty-gateway-").unwrap().1;
            let filter = plugin.split_whitespace().next().unwrap();
            let manifest = root().join(format!("istio/wasm-plugin/gateway/{filter}.yaml"));
            let ours = ours.replace("treaty ", &format!("{} ", env!("CARGO_BIN_EXE_treaty")));
            let ended = Command::new("sh")
                .args(["-euc", &ours])
                .stdin(fs::File::open(manifest).unwrap())
                .output()
                .unwrap();
            assert!(ended.status.success(), "{document}: {line}");
            lines += 1;
        }
    }
    assert_eq!(lines, 3);
}
