//! Feature flags that are handed to the upstream.

use crate::version::Version;

/// A flag. It is on when every condition that is given holds.
#[derive(Debug)]
pub(crate) struct Flag {
    /// Its name, which is also the purpose of its share.
    pub(crate) name: String,
    /// The versions that it is for; empty for all.
    pub(crate) versions: Vec<Version>,
    /// The consumers that it is for; empty for all.
    pub(crate) consumers: Vec<String>,
    /// Its share of keys, in hundredths of a percent.
    pub(crate) share: Option<u16>,
}

impl Flag {
    /// Whether the flag is on for a request; `place` gives the place of its key for a purpose.
    pub(crate) fn is_on(
        &self,
        version: &Version,
        consumer: Option<&str>,
        place: impl FnOnce(&str) -> u16,
    ) -> bool {
        let version_fits = self.versions.is_empty() || self.versions.contains(version);
        let consumer_fits = self.consumers.is_empty()
            || consumer.is_some_and(|consumer| self.consumers.iter().any(|own| own == consumer));
        version_fits && consumer_fits && self.share.is_none_or(|share| place(&self.name) < share)
    }
}
