//! What of a document its schemas are made from.

use super::document::Reading;
use super::json::Json;
use super::version::Version;
use crate::schema::Dialect;

/// A document, and how it is read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) json: Json,
    pub(super) version: Version,
    /// The dialect of schemas that name none.
    pub(super) dialect: Dialect,
    pub(super) reading: Reading,
}
