//! Documents that others wrote: `make contracts` fetches them from npm.
#![allow(clippy::expect_used, clippy::panic, reason = "A test may panic.")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract_validation::openapi::{Contract, Nullable, Reading, SchemaRef, Undefined, prune};
use serde_json::Value;

/// The examples of `@readme/oas-examples` that are mistaken, and where.
const MISTAKEN: [(&str, &[&str]); 7] = [
    // A list of lists in a query, for which no style has a way.
    (
        "3.0/circular-paths.json",
        &["/paths/~1anything/put/parameters/0"],
    ),
    // A variable that stands twice.
    (
        "3.0/parameters-common.json",
        &["/paths/~1anything~1{id}~1{action}~1{id}"],
    ),
    ("3.0/parameters-style.json", &COOKIES),
    // A key with two media types.
    (
        "3.0/response-examples.json",
        &[
            "/paths/~1examples/get/responses/default/content/text~1csv, text~1comma-separated-values",
        ],
    ),
    // A pattern with a brace that nothing closes.
    (
        "3.0/schema-validation.json",
        &["/paths/~1anything~1strings/parameters/3/schema/pattern"],
    ),
    ("3.1/parameters-style.json", &COOKIES),
    // Schemas that name drafts in which the keyword is a number, and give it a boolean.
    (
        "3.1/schema-validation-local.json",
        &[
            "/paths/~1anything~1numbers/parameters/5/schema/exclusiveMaximum",
            "/paths/~1anything~1numbers/parameters/6/schema/exclusiveMaximum",
            "/paths/~1anything~1numbers/parameters/7/schema/exclusiveMaximum",
        ],
    ),
];

/// Exploded cookies of the style `form`, between which it puts `&`.
const COOKIES: [&str; 4] = [
    "/paths/~1cookies/get/parameters/1",
    "/paths/~1cookies/get/parameters/2",
    "/paths/~1cookies#formExploded/get/parameters/1/style",
    "/paths/~1cookies#formExploded/get/parameters/2/style",
];

#[test]
fn examples_are_read_and_every_schema_of_theirs_compiles_but_for_their_mistakes() {
    let (mut documents, mut operations, mut schemas) = (0, 0, 0);
    let mut mistaken = Vec::new();
    for version in ["3.0", "3.1"] {
        for path in json_files(&corpus().join("readme").join(version).join("json")) {
            let file = path.file_name().and_then(|name| name.to_str());
            let file = format!("{version}/{}", file.expect("a name"));
            let text = fs::read(&path).expect("a file");
            let unchecked = Reading {
                undefined: Undefined::Unchecked,
                nullable: Nullable::Strict,
            };
            let contract = Contract::read_text(&text, unchecked).expect("a contract");
            documents += 1;
            operations += names(&contract).len();
            schemas += used(&contract).len();
            if let Err(findings) = Contract::read_text(&text, Reading::default()) {
                let places = findings.0.into_iter().map(|own| own.pointer);
                mistaken.push((file, places.collect::<Vec<_>>()));
            }
        }
    }
    let expected = MISTAKEN.map(|(file, places)| {
        let places = places.iter().map(|place| (*place).to_owned());
        (file.to_owned(), places.collect::<Vec<_>>())
    });
    assert_eq!(mistaken, expected);
    assert_eq!((documents, operations, schemas), (63, 643, 1191));
}

#[test]
fn the_api_of_github_is_read() {
    holds("api.github.com.json", 1223, 1653);
}

#[test]
fn the_api_of_github_enterprise_cloud_is_read() {
    holds("ghec.json", 1471, 1954);
}

#[test]
fn the_api_of_github_enterprise_server_3_17_is_read() {
    holds("ghes-3.17.json", 966, 1260);
}

#[test]
fn the_api_of_github_enterprise_server_3_18_is_read() {
    holds("ghes-3.18.json", 980, 1279);
}

#[test]
fn the_api_of_github_enterprise_server_3_19_is_read() {
    holds("ghes-3.19.json", 1039, 1343);
}

/// Holds a document of `@octokit/openapi` to how many operations it has, and how many schemas they
/// use, all of which compile; pruned, it says the same.
fn holds(file: &str, operations: usize, schemas: usize) {
    let path = corpus().join("octokit").join(file);
    let mut document: Value =
        serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
    let contract = Contract::read(&document, Reading::default()).expect("a contract");
    assert_eq!(
        (names(&contract).len(), used(&contract).len()),
        (operations, schemas)
    );
    prune(&mut document);
    let text = document.to_string();
    let pruned = Contract::read_text(text.as_bytes(), Reading::default()).expect("a contract");
    assert_eq!(pruned.items(), contract.items());
    assert_eq!(pruned.check_schemas().to_string(), "");
}

/// The operations by their names, which no two share.
fn names(contract: &Contract) -> BTreeSet<&str> {
    let operations = contract.items().iter().flat_map(|item| &item.operations);
    operations.map(|own| own.name.as_str()).collect()
}

/// The schemas that operations use.
fn used(contract: &Contract) -> BTreeSet<&SchemaRef> {
    let mut used = BTreeSet::new();
    for operation in contract.items().iter().flat_map(|item| &item.operations) {
        let responses = || operation.responses.iter().map(|(_, response)| response);
        let headers = responses().flat_map(|response| &response.headers);
        let declared = operation.parameters.iter().chain(headers);
        used.extend(declared.filter_map(|own| own.schema.as_ref()));
        let bodies = operation.body.iter().map(|body| &body.content);
        let contents = bodies.chain(responses().map(|response| &response.content));
        let media_types = contents.flat_map(|content| &content.0);
        used.extend(media_types.flat_map(|own| own.schema.iter().chain(&own.item_schema)));
    }
    used
}

/// The documents in a folder and those in it, in order.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| {
            if path.is_dir() {
                json_files(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    files.retain(|path| path.extension().is_some_and(|own| own == "json"));
    files.sort();
    files
}

fn corpus() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/contracts/openapi");
    assert!(root.is_dir(), "`make contracts` fetches {}", root.display());
    root
}
