//! A record as it stands in a store.

use std::time::Duration;

/// A record as it stands in a store, for a test that looks behind the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name, prefix included.
    pub name: String,
    /// What was written.
    pub value: Vec<u8>,
    /// How long the store will keep it; `None` for ever.
    pub ends_in: Option<Duration>,
}
