//! What stands in a file that a policy or a contract names.

use std::fs;
use std::path::Path;

use kit::policy::Document;
use prost::Message;
use serde_json::Value;

use crate::yaml;

/// A contract as its file holds it.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// An object in JSON or YAML.
    Document(Value),
    /// A serialised `google.protobuf.FileDescriptorSet`.
    Descriptors(Vec<u8>),
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Read<T> {
    pub(super) content: T,
    /// How many octets the file has.
    pub(super) len: usize,
}

/// Reads a contract, whose kind its octets tell and not its name.
///
/// # Errors
/// What the file is or cannot be, as a sentence without a subject.
pub(super) fn contract(path: &Path) -> Result<Read<Content>, String> {
    let octets = octets(path)?;
    let len = octets.len();
    if is_descriptor_set(&octets) {
        let content = Content::Descriptors(octets);
        return Ok(Read { content, len });
    }
    let value = value(path, &octets)?;
    if value.is_object() {
        let content = Content::Document(value);
        return Ok(Read { content, len });
    }
    Err(NO_CONTRACT.to_owned())
}

/// Reads a file to which a contract refers, in JSON or YAML.
///
/// # Errors
/// What the file is or cannot be, as a sentence without a subject.
pub(super) fn document(path: &Path) -> Result<Read<Value>, String> {
    let octets = octets(path)?;
    let content = value(path, &octets)?;
    let len = octets.len();
    Ok(Read { content, len })
}

const NO_CONTRACT: &str = "is no contract; expected an OpenAPI document or `{\"request\": …, \"response\": …}` with JSON \
     Schemas, either in JSON or YAML, or a serialised FileDescriptorSet";

/// All that is looked at: the files of a set, which is its only field.
#[derive(Clone, PartialEq, Message)]
struct DescriptorSet {
    #[prost(bytes = "vec", repeated, tag = "1")]
    files: Vec<Vec<u8>>,
}

/// No text is one: an object begins with octets that are another field, and of a text that begins
/// with a line feed its next character would have to be the length of the rest.
fn is_descriptor_set(octets: &[u8]) -> bool {
    DescriptorSet::decode(octets)
        .is_ok_and(|set| !set.files.is_empty() && set.encoded_len() == octets.len())
}

fn octets(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}

fn value(path: &Path, octets: &[u8]) -> Result<Value, String> {
    let Ok(text) = std::str::from_utf8(octets) else {
        return Err(NO_CONTRACT.to_owned());
    };
    // Octets that happen to be UTF-8 are no YAML with a mistake in it.
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return Err(NO_CONTRACT.to_owned());
    }
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    let is_yaml = path
        .extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml");
    if !is_yaml && text.trim_start().starts_with('{') {
        let document = Document::parse(octets).map_err(|findings| findings.to_string())?;
        return Ok(document.value().clone());
    }
    yaml::read_large(text).map_err(|error| format!("is not YAML: {error}"))
}
