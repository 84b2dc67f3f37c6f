//! JSON-Schema-Test-Suite through Envoy: a slice of it, each schema as the contract of a path.
//! The filter's own tests run all of it.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::{
    Client, Cluster, Config, Envoy, Listener, Options, Request, Route, Upstream, WasmFilter,
};
use serde_json::{Value, json};

/// How many cases go through Envoy.
const SLICE: usize = 300;

/// How many schemas one policy has.
const SCHEMAS_PER_POLICY: usize = 50;

/// The drafts, and how a schema says that it is of one.
const DRAFTS: [(&str, &str); 3] = [
    (
        "draft2020-12",
        "https://json-schema.org/draft/2020-12/schema",
    ),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    ("draft4", "http://json-schema.org/draft-04/schema#"),
];

/// A schema, and the contents that are sent to it.
struct Group {
    name: String,
    schema: Value,
    cases: Vec<Value>,
}

#[test]
fn contents_are_let_through_and_refused_as_the_suite_says() {
    let groups = slice();
    let cases: usize = groups.iter().map(|group| group.cases.len()).sum();
    assert_eq!(cases, SLICE);
    for groups in groups.chunks(SCHEMAS_PER_POLICY) {
        let upstream = Upstream::start();
        let envoy = start(groups, &upstream);
        let client = Client::http1(envoy.address("edge"));
        for (index, group) in groups.iter().enumerate() {
            for case in &group.cases {
                let request = Request::post(&path(index), case["data"].to_string())
                    .header("content-type", "application/json");
                let answer = client.send(request);
                let is_valid = case["valid"] == true;
                let expected = if is_valid { 200 } else { 422 };
                let (name, about) = (&group.name, &case["description"]);
                assert_eq!(answer.status, expected, "{name}: {about}");
                let passed = upstream.take_seen().len();
                assert_eq!(passed, usize::from(is_valid), "{name}: {about}");
            }
        }
    }
}

/// A proxy with one contract for each group, by its path.
fn start(groups: &[Group], upstream: &Upstream) -> Envoy {
    let named = |index: usize| format!("schema-{index}");
    let contract = |(index, group): (usize, &Group)| json!({"name": named(index), "jsonSchema": {"request": group.schema}});
    let rule = |index: usize| {
        json!({
            "name": named(index),
            "settings": {"contract": named(index)},
            "match": {"paths": [path(index)]},
        })
    };
    let policy = json!({
        "version": 1,
        "mode": "enforce",
        "contracts": groups.iter().enumerate().map(contract).collect::<Vec<_>>(),
        "rules": (0..groups.len()).map(rule).collect::<Vec<_>>(),
    });
    let filter = WasmFilter::new("contract-validation")
        .policy(&policy.to_string())
        .holding_heads();
    let config = Config::new()
        .listener(
            Listener::new("edge")
                .filter(filter)
                .route(Route::prefix("/", "upstream")),
        )
        .cluster(Cluster::new("upstream", upstream.address()));
    Envoy::start(config, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn path(index: usize) -> String {
    format!("/{index}")
}

/// Every so-manieth case of all that need nothing but their own schema.
fn slice() -> Vec<Group> {
    let all = groups();
    let total: usize = all.iter().map(|group| group.cases.len()).sum();
    assert!(total > 2_000, "{total}");
    // A case is taken where the share of those before it reaches the next whole number.
    let mut before = 0;
    let mut sliced: Vec<Group> = all
        .into_iter()
        .map(|group| {
            let cases = group.cases.into_iter().filter(|_| {
                before += 1;
                before * SLICE / total > (before - 1) * SLICE / total
            });
            let cases = cases.collect();
            Group { cases, ..group }
        })
        .collect();
    sliced.retain(|group| !group.cases.is_empty());
    sliced
}

fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for (draft, uri) in DRAFTS {
        for file in files(&suite().join("tests").join(draft)) {
            // There formats are annotations; here they are asserted.
            if file.ends_with("draft2020-12/format.json") {
                continue;
            }
            let text = fs::read(&file).expect("a file of the suite");
            let read: Vec<Value> = serde_json::from_slice(&text).expect("a list of groups");
            for group in read {
                let mut schema = group["schema"].clone();
                // Documents elsewhere are for `treaty bundle`.
                if schema.to_string().contains("http://localhost:1234/") {
                    continue;
                }
                if let Some(members) = schema.as_object_mut() {
                    members.entry("$schema").or_insert_with(|| uri.into());
                }
                groups.push(Group {
                    name: format!("{}: {}", file.display(), group["description"]),
                    schema,
                    cases: group["tests"].as_array().cloned().unwrap_or_default(),
                });
            }
        }
    }
    groups
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the suite");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|own| own == "json"))
        .collect();
    files.sort();
    files
}

fn suite() -> PathBuf {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/contracts/json-schema-test-suite");
    assert!(root.is_dir(), "`make contracts` fetches {}", root.display());
    root
}
