//! JSON-Schema-Test-Suite, through the door that messages take: `make contracts` fetches it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "A test may panic."
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contract_validation::schema::{Dialect, Schema, Tape};
use serde_json::{Value, json};

#[test]
fn draft_2020_12_is_judged_as_the_suite_says() {
    assert_eq!(judged("draft2020-12", Dialect::Draft2020), 1257);
}

#[test]
fn draft_2019_09_is_judged_as_the_suite_says() {
    assert_eq!(judged("draft2019-09", Dialect::Draft2019), 1227);
}

#[test]
fn draft_7_is_judged_as_the_suite_says() {
    assert_eq!(judged("draft7", Dialect::Draft7), 913);
}

#[test]
fn draft_6_is_judged_as_the_suite_says() {
    assert_eq!(judged("draft6", Dialect::Draft6), 829);
}

#[test]
fn draft_4_is_judged_as_the_suite_says() {
    assert_eq!(judged("draft4", Dialect::Draft4), 610);
}

#[test]
fn formats_are_judged_as_the_suite_says() {
    assert_eq!(
        judged("draft2020-12/optional/format", Dialect::Draft2020),
        491
    );
    assert_eq!(
        judged("draft2019-09/optional/format", Dialect::Draft2019),
        483
    );
    assert_eq!(judged("draft7/optional/format", Dialect::Draft7), 434);
    assert_eq!(judged("draft6/optional/format", Dialect::Draft6), 214);
    assert_eq!(judged("draft4/optional/format", Dialect::Draft4), 153);
}

/// Meta-schemas are held to natively, by `treaty check`; without them, nothing may panic.
#[test]
fn no_schema_that_is_broken_in_one_place_panics() {
    let (mut broken, mut compiled) = (0, 0);
    for (draft, dialect) in [
        ("draft2020-12", Dialect::Draft2020),
        ("draft7", Dialect::Draft7),
        ("draft4", Dialect::Draft4),
    ] {
        for file in json_files(&suite().join("tests").join(draft)) {
            for group in array(&read(&file)) {
                let cases = array(&group["tests"]);
                for pointer in places(&group["schema"]) {
                    // One of the wrong values for each place, in turn.
                    let mut schema = group["schema"].clone();
                    *schema.pointer_mut(&pointer).unwrap() = wrong_value(broken);
                    broken += 1;
                    let Ok(schema) = Schema::compile(&schema, dialect) else {
                        continue;
                    };
                    compiled += 1;
                    for case in &cases {
                        is_met(&schema, &case["data"]);
                    }
                }
            }
        }
    }
    assert!(broken > 4_000 && compiled > 1_000, "{broken} {compiled}");
}

/// Something that is wrong in most places of a schema.
fn wrong_value(index: usize) -> Value {
    let values = json!([
        null, -1, 1.5, 1e300, true, false, "", "#", "x", "(", "%zz", [], [1], ["a", "a"], {},
        {"$ref": 1}, {"type": 7}, {"a": 1}
    ]);
    let values = array(&values);
    values[index % values.len()].clone()
}

/// Every place in a value but its root.
fn places(value: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Array(elements) => (0..).map(|n: usize| n.to_string()).zip(elements).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        _ => Vec::new(),
    };
    parts
        .into_iter()
        .flat_map(|(token, part)| {
            let below = places(part).into_iter().map({
                let token = token.clone();
                move |rest| format!("/{token}{rest}")
            });
            std::iter::once(format!("/{token}"))
                .chain(below)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Cases that are judged otherwise than the suite says.
struct Known {
    /// The end of the path of their file.
    file: &'static str,
    /// What they are about.
    group: &'static str,
    /// Which of the group.
    cases: fn(&Value) -> bool,
    /// Why. It is read by people alone.
    #[expect(dead_code, reason = "A list of failures says why they are.")]
    reason: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        file: "draft2020-12/format.json",
        group: " format",
        cases: |case| {
            let case = text(&case["description"]);
            case.ends_with("is only an annotation by default") && !case.contains("idn-")
        },
        reason: "Formats are asserted, as a contract's author means them.",
    },
    Known {
        file: "optional/format/idn-hostname.json",
        group: "",
        cases: |case| case["valid"] == false,
        reason: "It takes the Unicode tables of IDNA, and so is an annotation.",
    },
    Known {
        file: "optional/format/idn-email.json",
        group: "",
        cases: |case| case["valid"] == false,
        reason: "It takes the Unicode tables of IDNA, and so is an annotation.",
    },
    Known {
        file: "draft2020-12/refRemote.json",
        group: "remote HTTP ref with different",
        cases: |_| true,
        reason: "Nothing is retrieved: a document that is bundled is known by its own $id.",
    },
    Known {
        file: "draft2019-09/refRemote.json",
        group: "remote HTTP ref with different",
        cases: |_| true,
        reason: "Nothing is retrieved: a document that is bundled is known by its own $id.",
    },
];

/// How many cases a folder of the suite has. All are judged rightly but those that are known, and
/// none that is known is judged rightly by now.
fn judged(folder: &str, dialect: Dialect) -> usize {
    let mut cases = 0;
    let remotes = remotes(dialect);
    for file in json_files(&suite().join("tests").join(folder)) {
        let name = format!("{folder}/{}", file.file_name().unwrap().to_str().unwrap());
        for group in array(&read(&file)) {
            let about = text(&group["description"]);
            let schema = bundled(&group["schema"], dialect, &remotes);
            let compiled = Schema::compile(&schema, dialect).ok();
            for case in array(&group["tests"]) {
                cases += 1;
                let met = compiled
                    .as_ref()
                    .map(|schema| is_met(schema, &case["data"]));
                let is_known = KNOWN.iter().any(|known| {
                    name.ends_with(known.file)
                        && about.contains(known.group)
                        && (known.cases)(&case)
                });
                assert_eq!(
                    met == case["valid"].as_bool(),
                    !is_known,
                    "{name}: {about}: {}: judged {met:?}; the suite says {}{}",
                    case["description"],
                    case["valid"],
                    if is_known {
                        ", and it is known to fail"
                    } else {
                        ""
                    },
                );
            }
        }
    }
    cases
}

fn is_met(schema: &Schema, value: &Value) -> bool {
    let text = value.to_string();
    let tape = Tape::read(text.as_bytes(), 128).unwrap();
    let met = schema.is_met(&tape);
    assert_eq!(met, schema.check(&tape, 1).is_empty(), "{text}");
    met
}

/// Where the suite thinks its documents are.
const HOST: &str = "http://localhost:1234/";

/// A schema with the documents inside that it refers to, as `treaty bundle` puts them there.
fn bundled(schema: &Value, dialect: Dialect, remotes: &BTreeMap<String, Value>) -> Value {
    let needed = needed(schema, remotes);
    if needed.is_empty() {
        return schema.clone();
    }
    let (definitions, reads_beside_references) = match dialect {
        Dialect::Draft2019 | Dialect::Draft2020 => ("$defs", true),
        Dialect::Draft4 | Dialect::Draft6 | Dialect::Draft7 => ("definitions", false),
    };
    let mut bundled = match schema.get("$ref") {
        Some(_) if !reads_beside_references => json!({"allOf": [schema]}),
        _ => schema.clone(),
    };
    let members = bundled.as_object_mut().unwrap();
    let inside = members.entry(definitions).or_insert_with(|| json!({}));
    for (path, remote) in needed {
        inside[path] = remote.clone();
    }
    bundled
}

/// The documents that a schema refers to, and those that they do.
fn needed<'r>(
    schema: &Value,
    remotes: &'r BTreeMap<String, Value>,
) -> BTreeMap<&'r str, &'r Value> {
    let mut needed = BTreeMap::new();
    let mut text = schema.to_string();
    if !text.contains(HOST) {
        return needed;
    }
    loop {
        let mut others = remotes.iter().filter(|(path, _)| {
            let name = path.rsplit('/').next().unwrap();
            text.contains(name) && !needed.contains_key(path.as_str())
        });
        let Some((path, remote)) = others.next() else {
            return needed;
        };
        text.push_str(&remote.to_string());
        needed.insert(path, remote);
    }
}

/// The documents of the suite that schemas of a dialect may refer to, by their paths.
fn remotes(dialect: Dialect) -> BTreeMap<String, Value> {
    let root = suite().join("remotes");
    let own = match dialect {
        Dialect::Draft4 => "draft4",
        Dialect::Draft6 => "draft6",
        Dialect::Draft7 => "draft7",
        Dialect::Draft2019 => "draft2019-09",
        Dialect::Draft2020 => "draft2020-12",
    };
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                if folder != root || !relative.starts_with("draft") || relative == own {
                    folders.push(path);
                }
                continue;
            }
            let mut remote = read(&path);
            let id = if dialect == Dialect::Draft4 {
                "id"
            } else {
                "$id"
            };
            if let Some(members) = remote.as_object_mut() {
                members
                    .entry(id)
                    .or_insert_with(|| format!("{HOST}{relative}").into());
            }
            found.insert(relative, remote);
        }
    }
    found
}

fn suite() -> PathBuf {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/contracts/json-schema-test-suite");
    assert!(root.is_dir(), "`make contracts` fetches {}", root.display());
    root
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|own| own == "json"));
    files.sort();
    files
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn array(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
