//! The versions of one API, and which of them a request gets.

use std::rc::Rc;
use std::time::SystemTime;

use deserr::Deserr;

use crate::advice::Advice;
use crate::life::{Life, State};
use crate::traffic::Variant;
use crate::version::Version;

/// How the version that a request names leads to one that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum Resolution {
    /// To the one that is equal to it; missing parts are 0.
    #[default]
    Exact,
    /// To the newest with the same major version that is not older; for `semver` only.
    Compatible,
    /// To the newest that is not newer than it.
    Waterfall,
}

/// A version that exists.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Its number.
    pub(crate) version: Version,
    /// Its canonical form, as upstreams and clients are told.
    pub(crate) label: String,
    /// Its life.
    pub(crate) life: Life,
    /// What responses tell of its life.
    pub(crate) advice: Advice,
    /// The implementations that share its traffic.
    pub(crate) variants: Vec<Variant>,
}

/// All versions that exist.
#[derive(Debug)]
pub(crate) struct Catalog {
    /// Oldest first.
    versions: Vec<Rc<Listed>>,
    resolution: Resolution,
    dated: bool,
}

impl Listed {
    /// Whether it is reached only by its exact name.
    pub(crate) fn is_preview(&self) -> bool {
        self.life.declared == Some(State::Preview) || self.version.is_prerelease()
    }
}

impl Catalog {
    /// A catalog of these versions, in any order.
    pub(crate) fn new(versions: Vec<Listed>, resolution: Resolution) -> Self {
        let dated = versions.iter().any(|listed| listed.life.is_dated());
        // A list of versions is short, and a general sort weighs 5 KB in a module.
        let mut sorted: Vec<Rc<Listed>> = Vec::with_capacity(versions.len());
        for listed in versions {
            let place = sorted.partition_point(|other| other.version < listed.version);
            sorted.insert(place, Rc::new(listed));
        }
        Self {
            versions: sorted,
            resolution,
            dated,
        }
    }

    /// The version that the one asked for leads to at a time.
    pub(crate) fn resolve(&self, asked: &Version, now: SystemTime) -> Option<&Rc<Listed>> {
        match self.resolution {
            Resolution::Exact => self.find(asked),
            Resolution::Compatible => self.compatible(asked, now),
            Resolution::Waterfall => self.find(asked).or_else(|| self.waterfall(asked)),
        }
    }

    /// The version that is equal to the one asked for.
    pub(crate) fn find(&self, asked: &Version) -> Option<&Rc<Listed>> {
        self.versions.iter().find(|listed| listed.version == *asked)
    }

    /// The newest that is neither in preview nor retired. Where none is left, the newest of those
    /// that are gone, so that the client hears that it is.
    pub(crate) fn newest(&self, now: SystemTime) -> Option<&Rc<Listed>> {
        let alive = |listed: &&Rc<Listed>| listed.life.state(now) != State::Retired;
        self.released()
            .rfind(alive)
            .or_else(|| self.released().next_back())
    }

    /// The oldest that is neither in preview nor retired; else as [`Self::newest`].
    pub(crate) fn oldest(&self, now: SystemTime) -> Option<&Rc<Listed>> {
        self.released()
            .find(|listed| listed.life.state(now) != State::Retired)
            .or_else(|| self.released().next_back())
    }

    /// Those that a client can be told to use at a time.
    pub(crate) fn supported(&self, now: SystemTime) -> Vec<&str> {
        self.released()
            .filter(|listed| listed.life.state(now) != State::Retired)
            .map(|listed| listed.label.as_str())
            .collect()
    }

    /// All of them, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<Listed>> {
        self.versions.iter()
    }

    /// Whether anything depends on the time.
    pub(crate) fn is_dated(&self) -> bool {
        self.dated
    }

    /// A version in preview needs its exact name, and a retired one is reached only where no other
    /// is left: whoever asks for `1` wants one that works.
    fn compatible(&self, asked: &Version, now: SystemTime) -> Option<&Rc<Listed>> {
        let fits = |listed: &&Rc<Listed>| asked.accepts(&listed.version);
        let preview = self
            .find(asked)
            .filter(|listed| listed.is_preview() && asked.names(&listed.version));
        preview
            .or_else(|| {
                self.released()
                    .rfind(|listed| fits(listed) && !listed.life.is_gone(now))
            })
            .or_else(|| self.released().rfind(fits))
    }

    fn waterfall(&self, asked: &Version) -> Option<&Rc<Listed>> {
        self.released().rfind(|listed| listed.version <= *asked)
    }

    fn released(&self) -> impl DoubleEndedIterator<Item = &Rc<Listed>> {
        self.versions.iter().filter(|listed| !listed.is_preview())
    }
}

#[cfg(test)]
mod tests;
