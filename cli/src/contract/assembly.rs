//! One contract out of several files: what a file refers to in others is put into it.
//!
//! A part of another file is put where the document keeps parts of its kind, under a name that is
//! free there, and the reference leads there. It is put there once, so that circles are no matter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contract_validation::schema::Dialect;
use kit::policy::child;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::origin::Origin;
use super::part::{Holds, Part};
use super::sources::{FIRST, Sources};
use crate::check::FileFinding;

/// How many files a schema may lead on to that are nothing but a reference.
const MAX_HOPS: usize = 32;

/// A contract of one piece.
#[derive(Debug)]
pub(super) struct Assembled {
    pub(super) document: Value,
    /// Where its parts came from, the whole first. Pointers are those of the document.
    pub(super) origins: Vec<Origin>,
    /// How many octets the files have that were read beside the first.
    pub(super) len: usize,
}

/// Puts an `OpenAPI` document together.
///
/// # Errors
/// Every reference that leads nowhere.
pub(super) fn openapi(path: &Path, document: Value) -> Result<Assembled, Vec<FileFinding>> {
    let mut assembly = Assembly::new(path, &document, |part| {
        part.components().map(|kind| vec!["components", kind])
    });
    assembly.root = Some(FIRST);
    assembly.assemble(Part::Document, document, &Place::root(FIRST, ""))
}

/// Puts a schema of a bare contract together, which is a document of its own. One that is nothing but
/// a reference to a file is what stands in that file.
///
/// # Errors
/// Every reference that leads nowhere.
pub(super) fn schema(
    path: &Path,
    contract: &Value,
    name: &str,
) -> Result<Assembled, Vec<FileFinding>> {
    let mut assembly = Assembly::new(path, contract, |_| None);
    let mut schema = contract.get(name).cloned().unwrap_or_default();
    let mut place = Place::root(FIRST, &child("", name));
    for _ in 0..MAX_HOPS {
        let Some(next) = assembly.whole_file(&schema, &place) else {
            break;
        };
        let Ok(file) = next else {
            return Err(assembly.findings);
        };
        schema = assembly
            .sources
            .value(file, "")
            .cloned()
            .unwrap_or_default();
        place = Place::root(file, "");
        assembly.root = Some(file);
    }
    assembly.identifiers = identifiers(&schema);
    assembly.reserve(&schema);
    let dialect = dialect(&schema);
    assembly.dialect = Some(dialect);
    assembly.keeps = match dialect {
        Dialect::Draft4 | Dialect::Draft6 | Dialect::Draft7 => |_| Some(vec!["definitions"]),
        Dialect::Draft2019 | Dialect::Draft2020 => |_| Some(vec!["$defs"]),
    };
    assembly.assemble(Part::Schema, schema, &place)
}

fn dialect(schema: &Value) -> Dialect {
    let declared = schema.get("$schema").and_then(Value::as_str);
    declared.and_then(Dialect::identified).unwrap_or_default()
}

/// Where a value stands that is looked at.
#[derive(Clone)]
struct Place {
    file: usize,
    pointer: String,
    /// Whether it is in the contract itself, and not in a part that came from elsewhere.
    in_root: bool,
}

impl Place {
    fn root(file: usize, pointer: &str) -> Self {
        Self {
            file,
            pointer: pointer.to_owned(),
            in_root: true,
        }
    }

    fn child(&self, name: impl std::fmt::Display) -> Self {
        Self {
            pointer: child(&self.pointer, name),
            ..self.clone()
        }
    }
}

/// A part of another file that is to be put into the contract.
struct Addition {
    part: Part,
    from: Place,
    to: Vec<String>,
}

struct Assembly {
    sources: Sources,
    /// The file to whose whole a bare `#` leads in the contract.
    root: Option<usize>,
    /// The one dialect in which all of the contract is read; `None` where each schema may have its
    /// own.
    dialect: Option<Dialect>,
    /// Where parts of a kind are kept.
    keeps: fn(Part) -> Option<Vec<&'static str>>,
    /// The identifiers of the contract's own schemas: who refers to them stays in the contract.
    identifiers: BTreeSet<String>,
    /// The references to the parts that were put into the contract.
    placed: BTreeMap<(usize, String, Part), String>,
    taken: BTreeSet<Vec<String>>,
    pending: Vec<Addition>,
    origins: Vec<Origin>,
    findings: Vec<FileFinding>,
}

impl Assembly {
    fn new(path: &Path, document: &Value, keeps: fn(Part) -> Option<Vec<&'static str>>) -> Self {
        let mut assembly = Self {
            sources: Sources::of(path, document),
            root: None,
            dialect: None,
            keeps,
            identifiers: identifiers(document),
            placed: BTreeMap::new(),
            taken: BTreeSet::new(),
            pending: Vec::new(),
            origins: Vec::new(),
            findings: Vec::new(),
        };
        assembly.reserve(document);
        assembly
    }

    /// Takes the names that the contract itself uses, so that nothing is put over them.
    fn reserve(&mut self, document: &Value) {
        for section in ["definitions", "$defs"] {
            self.reserve_in(&[section], document.get(section));
        }
        let components = document.get("components").and_then(Value::as_object);
        for (kind, named) in components.into_iter().flatten() {
            self.reserve_in(&["components", kind], Some(named));
        }
    }

    fn reserve_in(&mut self, section: &[&str], named: Option<&Value>) {
        for name in named.and_then(Value::as_object).into_iter().flatten() {
            let path = section.iter().copied().chain([name.0.as_str()]);
            self.taken.insert(path.map(str::to_owned).collect());
        }
    }

    fn assemble(
        mut self,
        part: Part,
        mut document: Value,
        place: &Place,
    ) -> Result<Assembled, Vec<FileFinding>> {
        self.origins.push(Origin {
            pointer: String::new(),
            file: self.sources.shown(place.file).to_owned(),
            there: place.pointer.clone(),
        });
        self.walk(part, &mut document, place);
        while let Some(addition) = self.pending.pop() {
            let found = self
                .sources
                .value(addition.from.file, &addition.from.pointer);
            let mut value = found.cloned().unwrap_or_default();
            self.check_dialect(&value, &addition.from);
            unname(&mut value, self.dialect.is_none());
            self.walk(addition.part, &mut value, &addition.from);
            let names: Vec<&str> = addition.to.iter().map(String::as_str).collect();
            self.origins.push(Origin {
                pointer: names
                    .iter()
                    .fold(String::new(), |at, name| child(&at, name)),
                file: self.sources.shown(addition.from.file).to_owned(),
                there: addition.from.pointer,
            });
            put(&mut document, &names, value);
        }
        if self.findings.is_empty() {
            Ok(Assembled {
                document,
                origins: self.origins,
                len: self.sources.len_of_others(),
            })
        } else {
            Err(self.findings)
        }
    }

    /// Finds fault with a part that is written in another dialect than what it is put into.
    fn check_dialect(&mut self, part: &Value, from: &Place) {
        let differs =
            part.get("$schema").is_some() && self.dialect.is_some_and(|own| own != dialect(part));
        if differs {
            let message = "is not the dialect of the schema that refers to this one; say the same in \
                           both (without `$schema` it is JSON Schema 2020-12)";
            self.find(from, "$schema", message.to_owned());
        }
    }

    /// Changes the references of a part, and of all in it.
    fn walk(&mut self, part: Part, value: &mut Value, place: &Place) {
        let Value::Object(members) = value else {
            return;
        };
        self.refer(part, members, place);
        for (name, value) in members.iter_mut() {
            let place = place.child(name);
            match (part.member(name), value) {
                (Some(Holds::Named(part)), Value::Object(named)) => {
                    for (name, value) in named.iter_mut() {
                        self.walk_inner(part, value, &place.child(name));
                    }
                }
                (Some(Holds::Some(part)), Value::Array(items)) => {
                    for (index, value) in items.iter_mut().enumerate() {
                        self.walk_inner(part, value, &place.child(index));
                    }
                }
                (Some(Holds::One(part) | Holds::Some(part)), value) => {
                    self.walk_inner(part, value, &place);
                }
                _ => {}
            }
        }
    }

    /// Changes the references of what stands in another part. Those in a schema with an identifier
    /// of its own count from there, and its engine follows them.
    fn walk_inner(&mut self, part: Part, value: &mut Value, place: &Place) {
        if part != Part::Schema || value.get("$id").is_none() {
            self.walk(part, value, place);
        }
    }

    /// Changes the reference that a part is, if it is one that leads out of the contract.
    fn refer(&mut self, part: Part, members: &mut Map<String, Value>, place: &Place) {
        let Some(reference) = members.get("$ref").and_then(Value::as_str) else {
            return;
        };
        match self.reference(part, reference, place) {
            Ok(Some(reference)) => {
                members.insert("$ref".to_owned(), reference.into());
            }
            Ok(None) => {}
            Err(message) => self.find(place, "$ref", message),
        }
    }

    /// The reference within the contract in place of one; `None` where it is right as it is.
    fn reference(
        &mut self,
        part: Part,
        reference: &str,
        place: &Place,
    ) -> Result<Option<String>, String> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let is_own = self.identifiers.contains(uri) || uri.is_empty();
        if is_own && place.in_root {
            return Ok(None);
        }
        let file = if uri.is_empty() {
            place.file
        } else {
            self.sources.open(uri, place.file)?
        };
        if self.root == Some(file) {
            return Ok(Some(format!("#{fragment}")));
        }
        let pointer = percent_decode_str(fragment).decode_utf8_lossy();
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(NAMED.to_owned());
        }
        if self.sources.value(file, &pointer).is_none() {
            return Err("refers to nothing in that file".to_owned());
        }
        let key = (file, pointer.into_owned(), part);
        if let Some(known) = self.placed.get(&key) {
            return Ok(Some(known.clone()));
        }
        let Some(section) = (self.keeps)(part) else {
            return Ok(None);
        };
        let to = self.free(&section, &self.sources.name_of(file, &key.1));
        let reference = to.iter().fold("#".to_owned(), |at, name| child(&at, name));
        self.pending.push(Addition {
            part,
            from: Place {
                file,
                pointer: key.1.clone(),
                in_root: false,
            },
            to,
        });
        self.placed.insert(key, reference.clone());
        Ok(Some(reference))
    }

    /// The file to which a schema leads that is nothing but a reference to a whole one.
    fn whole_file(&mut self, schema: &Value, place: &Place) -> Option<Result<usize, ()>> {
        let members = schema.as_object()?;
        let reference = members.get("$ref")?.as_str()?;
        let uri = reference.strip_suffix('#').unwrap_or(reference);
        if members.len() > 1 || uri.is_empty() || uri.contains('#') {
            return None;
        }
        Some(self.sources.open(uri, place.file).map_err(|message| {
            self.find(place, "$ref", message);
        }))
    }

    /// A name that nothing has yet.
    fn free(&mut self, section: &[&str], name: &str) -> Vec<String> {
        let named = |name: String| -> Vec<String> {
            let section = section.iter().map(|name| (*name).to_owned());
            section.chain([name]).collect()
        };
        let mut path = named(name.to_owned());
        let mut number = 2;
        while self.taken.contains(&path) {
            path = named(format!("{name}-{number}"));
            number += 1;
        }
        self.taken.insert(path.clone());
        path
    }

    fn find(&mut self, place: &Place, name: &str, message: String) {
        let pointer = child(&place.pointer, name);
        let finding = FileFinding::new(self.sources.shown(place.file), "", pointer, message);
        self.findings.push(finding);
    }
}

const NAMED: &str = "refers to a name in another file; refer to the place by a JSON Pointer, such as \
                     `common.yaml#/components/schemas/Order`";

/// A part of another document has no identifier of its own any more: references in it are to count
/// from the contract, whose dialect it is in.
fn unname(value: &mut Value, keeps_dialect: bool) {
    let is_draft_4 = dialect(value) == Dialect::Draft4;
    if let Value::Object(members) = value {
        members.remove("$id");
        if !keeps_dialect {
            members.remove("$schema");
        }
        if is_draft_4 && members.get("id").is_some_and(Value::is_string) {
            members.remove("id");
        }
    }
}

/// The identifiers of all schemas of a document, and its own (`$self`, OAS 3.2.0 section 4.1).
fn identifiers(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let own = document.get("$self").and_then(Value::as_str);
    found.extend(own.map(str::to_owned));
    let mut pending = vec![document];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(members) => {
                let id = members.get("$id").and_then(Value::as_str);
                found.extend(id.map(|id| id.trim_end_matches('#').to_owned()));
                pending.extend(members.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    found
}

/// Puts a value at a place whose objects are made where they are missing.
fn put(document: &mut Value, path: &[&str], value: Value) {
    match (path, document) {
        ([], document) => *document = value,
        ([name, rest @ ..], Value::Object(members)) => {
            let inner = members
                .entry((*name).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            put(inner, rest, value);
        }
        // What is no object is found fault with by whoever reads the contract.
        _ => {}
    }
}
