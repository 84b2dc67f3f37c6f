//! The policies in `policies/` as their authors have them: those that must be refused are refused
//! with every finding that their files expect, natively and by Envoy, and the examples mean the same
//! in every form in which a policy can reach the module.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::{
    Answer, Client, Cluster, Config, Envoy, Fields, Listener, Options, Request, Route, Seen,
    Upstream, WasmFilter,
};
use kit::policy::Document;
use serde::Deserialize;
use serde_json::{Value, json};
use treaty::registry::{self, FILTERS};

/// For some hundred modules to be compiled, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A policy in a file of its own, below the folder of its filter.
struct File {
    /// Such as `version-negotiation/examples/edge.json`.
    name: String,
    filter: String,
    text: String,
}

/// What stands in a file of `invalid`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    expect: Vec<String>,
    policy: Value,
}

/// The files in this folder of every filter, in the order of their names.
fn files(folder: &str) -> Vec<File> {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut paths: Vec<PathBuf> = policies
        .read_dir()
        .unwrap()
        .filter_map(|filter| filter.unwrap().path().join(folder).read_dir().ok())
        .flatten()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&policies).unwrap().to_str().unwrap();
        File {
            name: name.to_owned(),
            filter: name.split('/').next().unwrap().to_owned(),
            text: fs::read_to_string(&path).unwrap(),
        }
    };
    paths.into_iter().map(read).collect()
}

fn refused() -> Vec<(File, Refused)> {
    let parse = |file: File| {
        let refused: Refused = serde_json::from_str(&file.text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.name));
        assert!(!refused.expect.is_empty(), "{} expects nothing", file.name);
        (file, refused)
    };
    files("invalid").into_iter().map(parse).collect()
}

/// What loading a policy natively finds.
fn findings(file: &File, policy: &Value) -> Vec<String> {
    let filter = registry::find(FILTERS, &file.filter).unwrap();
    let loaded =
        Document::parse(policy.to_string().as_bytes()).and_then(|policy| (filter.load)(&policy));
    match loaded {
        Ok(_) => Vec::new(),
        Err(findings) => {
            let said = findings.0.iter();
            said.map(ToString::to_string).collect()
        }
    }
}

/// Panics with all differences, because a change of one message often changes several.
fn conclude(differences: &[String], count: usize) {
    assert!(count > 0, "there are no such files");
    assert!(
        differences.is_empty(),
        "{} of {count}:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn difference(file: &File, expected: &[String], seen: &[String]) -> Option<String> {
    (expected != seen)
        .then(|| format!("{}\n  expected {expected:#?}\n  found {seen:#?}", file.name))
}

#[test]
fn a_bad_policy_is_refused_natively_with_all_its_findings_in_their_order() {
    let refused = refused();
    let differences: Vec<String> = refused
        .iter()
        .filter_map(|(file, refused)| {
            let seen = findings(file, &refused.policy);
            difference(file, &refused.expect, &seen)
        })
        .collect();
    conclude(&differences, refused.len());
}

/// All policies come to one Envoy at once, each as a listener of its own with a
/// plugin that is named after its file.
///
/// Envoy drops a compiled module with the last plugin that holds it. One listener with a good policy
/// holds it here, or each of the others would compile it again, for most of a second.
#[test]
fn a_bad_policy_is_refused_by_envoy_with_all_its_findings_in_their_order() {
    let refused = refused();
    let folder = tempfile::tempdir().unwrap();
    let listeners: Vec<Value> = refused
        .iter()
        .map(|(file, refused)| {
            let filter = WasmFilter::new(&file.filter)
                .policy(&refused.policy.to_string())
                .with(json!({"name": file.name}));
            let mut listener: Value = Listener::new(&file.name)
                .filter(filter)
                .route(Route::direct("/", 200, "in force"))
                .into();
            listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
            listener
        })
        .collect();
    let published = folder.path().join("lds.json");
    fs::write(&published, json!({"resources": listeners}).to_string()).unwrap();
    let mut config = Config::new();
    for filter in FILTERS {
        config = config.listener(
            Listener::new(filter.name)
                .filter(WasmFilter::new(filter.name).policy(&example_of(filter.name)))
                .route(Route::direct("/", 200, "in force")),
        );
    }
    let mut config: Value = config.into();
    config["node"] = json!({"id": "policies", "cluster": "test"});
    config["dynamic_resources"] = json!({"lds_config": {"resource_api_version": "V3",
        "path_config_source": {"path": published}}});
    let options = Options {
        ready_within: PATIENCE,
        ..Options::default()
    };
    let envoy = Envoy::start(config, &options).unwrap();
    envoy.wait_for_counter("listener_manager.lds.update_rejected", 1, PATIENCE);

    let mut said = findings_by_plugin(&envoy.log());
    let mut differences: Vec<String> = refused
        .iter()
        .filter_map(|(file, refused)| {
            let says = format!("treaty: {}: the policy is refused: ", file.filter);
            let seen: Vec<String> = said
                .remove(&file.name)
                .unwrap_or_default()
                .iter()
                .map(|line| {
                    line.split_once(&says)
                        .map_or(line.as_str(), |(_, said)| said)
                        .to_owned()
                })
                .collect();
            difference(file, &refused.expect, &seen)
        })
        .collect();
    if !said.is_empty() {
        differences.push(format!("not of any file: {said:#?}"));
    }
    let added = envoy.counters()["listener_manager.listener_added"];
    if added != FILTERS.len() as u64 {
        differences.push(format!(
            "{added} listeners are up, with {} good policies",
            FILTERS.len()
        ));
    }
    conclude(&differences, refused.len());
}

/// An example of a filter, as it stands.
fn example_of(filter: &str) -> String {
    let mut examples = files("examples").into_iter();
    let found = examples.find(|file| file.filter == filter);
    found
        .unwrap_or_else(|| panic!("{filter} has no example"))
        .text
}

/// What was logged of each refusal, by the name of the plugin. Envoy checks one after the other, and
/// names the plugin after all that its module had to say.
fn findings_by_plugin(log: &str) -> BTreeMap<String, Vec<String>> {
    let mut by_plugin = BTreeMap::new();
    let mut pending = Vec::new();
    for line in log.lines() {
        let failed = line
            .strip_suffix(" failed to load")
            .and_then(|line| line.split_once("] Plugin "))
            .filter(|(_, plugin)| plugin.contains("/invalid/"));
        if line.contains("the policy is refused") {
            pending.push(line.to_owned());
        } else if let Some((_, plugin)) = failed {
            by_plugin.insert(plugin.to_owned(), std::mem::take(&mut pending));
        }
    }
    by_plugin
}

#[test]
fn an_example_loads_and_only_reports() {
    let examples = files("examples");
    let differences: Vec<String> = examples
        .iter()
        .filter_map(|file| {
            let policy: Value = serde_json::from_str(&file.text).unwrap();
            assert_eq!(policy["mode"], "report", "{}", file.name);
            difference(file, &[], &findings(file, &policy))
        })
        .collect();
    conclude(&differences, examples.len());
}

/// The forms in which a policy can reach a module: as text, as text whose integers have become
/// doubles (Istio's `pluginConfig` is a Struct before it is text), as text within text, and as a
/// Struct, of which Envoy hands over the message's own encoding and not the JSON that its
/// documentation promises.
fn forms(policy: &Value) -> [(&'static str, Value); 5] {
    let mut doubles = policy.clone();
    make_doubles(&mut doubles);
    let wrapped = json!({"policyJson": policy.to_string()});
    let of = |kind: &str, value: Value| {
        let kind = format!("type.googleapis.com/google.protobuf.{kind}");
        json!({"@type": kind, "value": value})
    };
    let text = |value: &Value| of("StringValue", value.to_string().into());
    [
        ("text", text(policy)),
        ("doubles", text(&doubles)),
        ("text-in-text", text(&wrapped)),
        ("struct", of("Struct", policy.clone())),
        ("text-in-struct", of("Struct", wrapped)),
    ]
}

fn make_doubles(value: &mut Value) {
    match value {
        Value::Number(number) => *value = number.as_f64().expect("a double").into(),
        Value::Array(items) => items.iter_mut().for_each(make_doubles),
        Value::Object(members) => members.values_mut().for_each(make_doubles),
        _ => {}
    }
}

/// What came of one request: the answer, and what the upstream saw.
#[derive(Debug, PartialEq)]
struct Outcome {
    status: u16,
    headers: Fields,
    body: String,
    seen: Option<(String, Fields)>,
}

fn outcome(envoy: &Envoy, upstream: &Upstream, listener: &str, request: Request) -> Outcome {
    upstream.take_seen();
    let response = Client::http2(envoy.address(listener)).send(request);
    let seen = upstream.take_seen().into_iter().next();
    // What differs from one request to the next, whatever the policy.
    let lasting = |mut fields: Fields| {
        let passing = ["date", "x-request-id", "x-envoy-upstream-service-time"];
        fields
            .0
            .retain(|(name, _)| !passing.contains(&name.as_str()));
        // What is made anew for each request counts by its being there.
        let made = ["traceparent", "x-correlation-id"];
        for (name, value) in &mut fields.0 {
            if made.contains(&name.as_str()) && value != NO_TRACE.as_bytes() {
                *value = b"made".to_vec();
            }
        }
        fields
    };
    let body = response.text();
    Outcome {
        status: response.status,
        headers: lasting(response.headers),
        body,
        seen: seen.map(|seen| (seen.path, lasting(seen.headers))),
    }
}

/// A field that names no trace, so that one begins in its place.
const NO_TRACE: &str = "stranger";

/// What the upstream says where it fails.
const FAILURE: &str = "dial tcp 10.0.3.9:5432: connect: connection refused";

/// Requests for which an enforced policy does something to be seen: one that succeeds, one for a
/// version that there is not, one that fails, and two with more keys than one.
fn requests() -> [Request; 5] {
    let ask = |request: Request| {
        // An answer tells the id, so it is to be the same in all; and who asks decides which variant
        // of a version serves.
        request
            .authority("orders.example.com")
            .header("x-user-id", "u1")
            .header("x-request-id", "7f2c2c62-6d0e-4f5e-9a6e-0a3c5f1f6a11")
            .header("traceparent", NO_TRACE)
    };
    let keyed = |path| {
        let request = Request::post(path, b"");
        request
            .header("idempotency-key", "one")
            .header("idempotency-key", "two")
    };
    [
        ask(Request::get("/v1/orders/1")),
        ask(Request::get("/v9/orders/1")),
        ask(Request::get("/v1/orders/failing")),
        ask(keyed("/v1/orders")),
        ask(keyed("/acme.orders.v1.Orders/CreateOrder")),
    ]
}

fn answer(seen: &Seen) -> Answer {
    if seen.path.ends_with("failing") {
        let answer = Answer::status(500).header("content-type", "text/plain");
        return answer.chunk(FAILURE);
    }
    Answer::status(200)
}

/// Holds the outcomes of the requests to what an example of a filter does where it is in force.
fn prove_in_force(file: &File, [served, other, failing, keyed @ ..]: &[Outcome; 5]) {
    let name = &file.name;
    match file.filter.as_str() {
        "version-negotiation" => {
            assert_eq!(served.headers.text("x-treaty-version"), Some("1"), "{name}");
            assert_eq!(other.status, 404, "{name}: {other:?}");
            assert_eq!(other.seen, None, "{name}: {other:?}");
        }
        "error-translation" => {
            assert_eq!([served.status, other.status], [200; 2], "{name}");
            assert_eq!(failing.status, 500, "{name}: {failing:?}");
            let content_type = failing.headers.text("content-type");
            assert_eq!(content_type, Some("application/problem+json"), "{name}");
            assert!(!failing.body.contains("dial tcp"), "{name}: {failing:?}");
        }
        "telemetry-tagging" => {
            let (_, seen) = served.seen.as_ref().expect("a request that passed");
            assert_eq!(seen.text("traceparent"), Some("made"), "{name}: {seen:?}");
            assert_eq!(failing.body, FAILURE, "{name}: {failing:?}");
        }
        "idempotency-keys" => {
            let is_refused = |outcome: &&Outcome| outcome.status == 400 && outcome.seen.is_none();
            let refused = keyed.iter().find(is_refused);
            let refused = refused.unwrap_or_else(|| panic!("{name}: {keyed:?}"));
            assert!(refused.body.contains("several-keys"), "{name}: {refused:?}");
        }
        "contract-validation" => {
            let is_refused =
                |outcome: &&Outcome| (400..500).contains(&outcome.status) && outcome.seen.is_none();
            let outcomes = [served, other, failing, &keyed[0], &keyed[1]];
            let refused = outcomes.into_iter().find(is_refused);
            let refused = refused.unwrap_or_else(|| panic!("{name}: {outcomes:?}"));
            let kind = "/problems/contract-validation/";
            assert!(refused.body.contains(kind), "{name}: {refused:?}");
        }
        other => panic!("say here what shows that {other} is in force"),
    }
}

#[test]
fn an_example_means_the_same_in_every_form_in_which_it_can_come() {
    let upstream = Upstream::start();
    upstream.set_handler(answer);
    let mut config = Config::new().cluster(Cluster::new("upstream", upstream.address()));
    let examples = files("examples");
    for file in &examples {
        for mode in ["report", "enforce"] {
            let mut policy: Value = serde_json::from_str(&file.text).unwrap();
            policy["mode"] = mode.into();
            for (form, policy) in forms(&policy) {
                // A policy of any other form does not hold one.
                let filter = WasmFilter::new(&file.filter)
                    .holding_heads()
                    .with(json!({"configuration": policy}));
                config = config.listener(
                    Listener::new(&format!("{} {mode} {form}", file.name))
                        // All listeners of a file and mode share it, and so do their answers.
                        .with(json!({"stat_prefix": "edge"}))
                        .filter(filter)
                        .route(Route::prefix("/", "upstream")),
                );
            }
        }
    }
    let envoy = Envoy::start(config, &Options::default()).unwrap();

    for file in &examples {
        let ask = |mode: &str, form: &str| {
            let listener = format!("{} {mode} {form}", file.name);
            requests().map(|request| outcome(&envoy, &upstream, &listener, request))
        };
        for mode in ["report", "enforce"] {
            let expected = ask(mode, "text");
            for form in ["doubles", "text-in-text", "struct", "text-in-struct"] {
                assert_eq!(ask(mode, form), expected, "{} {mode} {form}", file.name);
            }
        }
        let [report, enforce] = ["report", "enforce"].map(|mode| ask(mode, "text"));
        for outcome in &report {
            let told = |fields: &Fields| fields.iter().any(|(name, _)| name.contains("treaty"));
            let (_, seen) = outcome.seen.as_ref().expect("a request that passed");
            assert!(
                !told(&outcome.headers) && !told(seen),
                "{}: a policy that reports changed something: {outcome:?}",
                file.name
            );
        }
        assert_eq!(
            report.each_ref().map(|outcome| outcome.status),
            [200, 200, 500, 200, 200],
            "{}",
            file.name
        );
        assert_eq!(report[2].body, FAILURE, "{}", file.name);
        prove_in_force(file, &enforce);
    }
}
