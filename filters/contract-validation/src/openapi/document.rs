//! A contract: what a document says, ready to be held against.

use std::rc::Rc;

use kit::policy::Findings;
use serde_json::Value;

use super::operation::{Operation, PathItem};
use super::path::{Captures, Tree};
use super::reader;
use super::version::Version;
use crate::schema::Dialect;

/// A contract.
#[derive(Debug, Clone)]
pub struct Contract {
    pub(super) document: Value,
    pub(super) version: Version,
    pub(super) dialect: Dialect,
    pub(super) items: Vec<PathItem>,
    pub(super) tree: Tree,
    pub(super) base_paths: Vec<String>,
    pub(super) notes: Findings,
}

/// What becomes of parts to which the standard gives no meaning, or which it forbids although one
/// can go on without them: a style for a value that it is not defined for, a key that is no media
/// type, a variable that stands twice in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Undefined {
    /// They are mistakes: whoever relies on the contract should know.
    #[default]
    Refused,
    /// They are not checked, and told in [`Contract::notes`].
    Unchecked,
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
    pub fn read(document: Value, undefined: Undefined) -> Result<Self, Findings> {
        reader::read(document, undefined)
    }

    /// The version of `OpenAPI`.
    pub fn version(&self) -> Version {
        self.version
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
        fn holds(value: &Value, name: &str) -> bool {
            match value {
                Value::Object(members) => members
                    .iter()
                    .any(|(own, value)| own == name || holds(value, name)),
                Value::Array(elements) => elements.iter().any(|value| holds(value, name)),
                _ => false,
            }
        }
        holds(&self.document, name)
    }
}
