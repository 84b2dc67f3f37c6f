//! What Treaty ships for watching it: that it holds together, and that a real Prometheus in front of
//! a real Envoy gets what it asks for.
//!
//! - `alerts`: rules, their tests and their runbooks.
//! - `dashboard`: the dashboard as a document.
//! - `labels`: the block that makes labels of names.
//! - `scrape`: Envoy and Prometheus, end to end.
//! - `definitions`: which metrics the filters define.
//! - `expressions`: which metrics and labels an expression asks for.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

mod alerts;
mod dashboard;
mod definitions;
mod expressions;
mod labels;
mod scrape;

/// The folder of what is shipped.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../observability"))
}

/// The text of a file of that folder.
fn shipped(file: &str) -> String {
    let path = folder().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of that folder, in YAML or JSON, which is YAML too.
fn document(file: &str) -> Value {
    serde_saphyr::from_str(&shipped(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The items of a list.
fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array()
        .unwrap_or_else(|| panic!("no list: {list}"))
        .iter()
}

/// A text.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
