//! A contract: what a document says, ready to be held against.

use std::rc::Rc;

use kit::policy::Findings;
use serde_json::Value;

use super::compiled::Schemas;
use super::json::{Json, Node};
use super::operation::{Operation, PathItem};
use super::path::{Captures, Tree};
use super::reader;
use super::source::Source;
use super::version::Version;

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    pub(super) source: Box<Source>,
    pub(super) items: Vec<PathItem>,
    pub(super) tree: Tree,
    pub(super) base_paths: Vec<String>,
    pub(super) notes: Findings,
    pub(super) schemas: Schemas,
}

/// How a document is read where there is more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// What becomes of what nobody can check.
    pub undefined: Undefined,
    /// What `nullable` means in 3.0.
    pub nullable: Nullable,
}

/// What becomes of parts to which the standard gives no meaning, or which it forbids although one
/// can go on without them: a style for a value that it is not defined for, a key that is no media
/// type, a variable that stands twice in a path, a schema that does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Undefined {
    /// They are mistakes: whoever relies on the contract should know.
    #[default]
    Refused,
    /// They are not checked, and told in [`Contract::notes`].
    Unchecked,
}

/// What `nullable: true` means in 3.0 where no `type` stands beside it, or where it stands beside a
/// `$ref`. From 3.1 on it means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nullable {
    /// Nothing, as the standard says (OAS 3.0.4 sections 4.7.23 and 4.7.24.1).
    #[default]
    Strict,
    /// The value may be null, as many of those who wrote such documents meant.
    Lenient,
}

/// The path item that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched<'a> {
    /// The item.
    pub item: &'a PathItem,
    /// What the variables of its template stand for.
    pub captures: Captures<'a>,
}

/// What a request leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// An operation, and what the variables of its path stand for.
    Operation(&'a Rc<Operation>, Matched<'a>),
    /// A path that has no such method.
    UnknownMethod(&'a PathItem),
    /// A path that the contract does not know.
    UnknownPath,
}

impl Contract {
    /// Reads a document.
    ///
    /// # Errors
    /// Every mistake in it, each with its place.
    pub fn read(document: &Value, reading: Reading) -> Result<Self, Findings> {
        reader::read(Json::of(document)?, reading)
    }

    /// Reads the JSON text of a document, without ever holding more of it than is kept.
    ///
    /// # Errors
    /// As [`read`](Self::read), and where the text is no JSON.
    pub fn read_text(text: &[u8], reading: Reading) -> Result<Self, Findings> {
        reader::read(Json::read(text)?, reading)
    }

    /// The version of `OpenAPI`.
    pub fn version(&self) -> Version {
        self.source.version
    }

    /// The paths, in the order in which they stand.
    pub fn items(&self) -> &[PathItem] {
        &self.items
    }

    /// What the document says that is not checked, and what it breaks without harm.
    pub fn notes(&self) -> &Findings {
        &self.notes
    }

    /// The paths of the document's servers, without a slash at the end; the empty one where it names
    /// none (OAS 3.2.0 section 4.5). Variables have their defaults.
    pub fn base_paths(&self) -> &[String] {
        &self.base_paths
    }

    /// What a request leads to.
    pub fn find<'a>(&'a self, method: &str, path: &'a str) -> Lookup<'a> {
        let mut unknown = None;
        for (index, captures) in self.tree.find(path) {
            let Some(item) = self.items.get(index) else {
                continue;
            };
            if let Some(operation) = item.operation(method) {
                return Lookup::Operation(operation, Matched { item, captures });
            }
            unknown = unknown.or(Some(item));
        }
        unknown.map_or(Lookup::UnknownPath, Lookup::UnknownMethod)
    }
}

impl Contract {
    /// Whether the document has a property of this name.
    pub(crate) fn declares(&self, name: &str) -> bool {
        fn holds(value: Node<'_>, name: &str) -> bool {
            let mut members = value.members();
            members.any(|(own, value)| own == name || holds(value, name))
                || value.items().any(|item| holds(item, name))
        }
        holds(self.source.json.root(), name)
    }
}
