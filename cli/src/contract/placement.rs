//! Contracts put where `contractFile` stood.

use std::path::Path;

use contract_validation::openapi;
use kit::policy::child;
use serde_json::{Map, Value};

use super::assembly;
use super::file::{self, Content};
use super::origin::{Origin, Origins};
use super::{JSON_SCHEMA, KINDS, OPENAPI, PROTOBUF, packed};
use crate::check::FileFinding;

/// What was put in place.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// Where it came from.
    pub(crate) origins: Origins,
    /// How many octets the files of a contract have, by its place in the list of contracts.
    pub(crate) lens: Vec<(usize, usize)>,
}

/// Puts the contracts of the policy at `at` of a configuration in place. The configuration stands in
/// `file`, at `within`, and paths are relative to that file. `OpenAPI` documents lose what is not
/// checked, so that what is tested is what will run.
///
/// # Errors
/// Every file that cannot be read or is no contract, and every reference that leads nowhere.
pub(crate) fn put_in_place(
    configuration: &mut Value,
    at: &str,
    file: &Path,
    within: &str,
) -> Result<Placed, Vec<FileFinding>> {
    let mut placed = Placed::default();
    let mut findings = Vec::new();
    let contracts = configuration
        .pointer_mut(at)
        .and_then(|policy| policy.get_mut("contracts")?.as_array_mut());
    let list = format!("{at}/contracts");
    for (index, contract) in contracts.into_iter().flatten().enumerate() {
        let at = child(&list, index);
        let Some((members, path)) = named_file(contract) else {
            continue;
        };
        let path = file.parent().unwrap_or(Path::new("")).join(path);
        match read(&path) {
            Ok(own) => {
                members.remove("contractFile");
                let below = child(&at, own.kind);
                let below = |origin: Origin| Origin {
                    pointer: format!("{below}{}", origin.pointer),
                    ..origin
                };
                placed.origins.0.extend(own.origins.into_iter().map(below));
                placed.lens.push((index, own.len));
                members.insert(own.kind.to_owned(), own.value);
            }
            Err(Fault::File(message)) => {
                let message = format!("`{}` {message}", path.display());
                let at = child(&at, "contractFile");
                findings.push(FileFinding::new(file, within, at, message));
            }
            Err(Fault::References(found)) => findings.extend(found),
        }
    }
    if findings.is_empty() {
        Ok(placed)
    } else {
        Err(findings)
    }
}

/// A contract that stands in a file. One that stands in the policy too is left to be found fault
/// with.
fn named_file(contract: &mut Value) -> Option<(&mut Map<String, Value>, String)> {
    let members = contract.as_object_mut()?;
    let path = members.get("contractFile")?.as_str()?.to_owned();
    let is_alone = !KINDS.iter().any(|kind| members.contains_key(*kind));
    is_alone.then_some((members, path))
}

/// A contract out of files.
struct Own {
    kind: &'static str,
    value: Value,
    origins: Vec<Origin>,
    len: usize,
}

enum Fault {
    /// What is wrong with the file as a whole.
    File(String),
    /// References in it that lead nowhere.
    References(Vec<FileFinding>),
}

fn read(path: &Path) -> Result<Own, Fault> {
    let read = file::contract(path).map_err(Fault::File)?;
    let mut own = match read.content {
        Content::Descriptors(octets) => Own {
            kind: PROTOBUF,
            value: packed::encode(&octets).into(),
            origins: vec![whole(path)],
            len: 0,
        },
        Content::Document(document) if is_openapi(&document) => openapi(path, document)?,
        Content::Document(document) => schemas(path, &document)?,
    };
    own.len += read.len;
    Ok(own)
}

/// `swagger` is that of `OpenAPI` 2.0, for which its reader has an answer.
fn is_openapi(document: &Value) -> bool {
    document.get("openapi").is_some() || document.get("swagger").is_some()
}

fn openapi(path: &Path, mut document: Value) -> Result<Own, Fault> {
    // What is not checked need not lead anywhere.
    openapi::prune(&mut document);
    let mut assembled = assembly::openapi(path, document).map_err(Fault::References)?;
    openapi::prune(&mut assembled.document);
    Ok(Own {
        kind: OPENAPI,
        value: assembled.document,
        origins: assembled.origins,
        len: assembled.len,
    })
}

fn schemas(path: &Path, document: &Value) -> Result<Own, Fault> {
    let mut schemas = Map::new();
    let mut origins = vec![whole(path)];
    let mut findings = Vec::new();
    let mut len = 0;
    for name in document.as_object().into_iter().flat_map(Map::keys) {
        let at = child("", name);
        match assembly::schema(path, document, name) {
            Ok(assembled) => {
                schemas.insert(name.clone(), assembled.document);
                len += assembled.len;
                origins.extend(assembled.origins.into_iter().map(|origin| Origin {
                    pointer: format!("{at}{}", origin.pointer),
                    ..origin
                }));
            }
            Err(found) => findings.extend(found),
        }
    }
    if !findings.is_empty() {
        return Err(Fault::References(findings));
    }
    Ok(Own {
        kind: JSON_SCHEMA,
        value: schemas.into(),
        origins,
        len,
    })
}

fn whole(path: &Path) -> Origin {
    Origin {
        pointer: String::new(),
        file: path.to_owned(),
        there: String::new(),
    }
}
