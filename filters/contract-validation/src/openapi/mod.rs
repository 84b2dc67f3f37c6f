//! `OpenAPI` documents, read into an index of what is checked.
//!
//! A document of version 3.0, 3.1 or 3.2 is read as a whole, so that every mistake is told at once
//! and nothing is left to find out when a request is there. Schemas stay where they stand until
//! somebody asks for a [`SchemaView`]: a large contract has thousands, and few are ever used.

mod compiled;
mod content;
mod document;
mod json;
mod keywords;
mod operation;
mod path;
mod prune;
mod reader;
mod response;
mod schemas;
mod source;
mod version;
mod view;

pub use content::{Body, Content, MediaType};
pub use document::{Contract, Lookup, Matched, Nullable, Reading, Undefined};
pub use json::{Json, Node};
pub use operation::{Declared, Operation, PathItem};
pub use path::Captures;
pub use prune::prune;
pub use response::{Response, Responses, StatusKey};
pub use version::Version;
pub use view::{Direction, Hidden, SchemaRef, SchemaView};

#[cfg(test)]
mod tests;
