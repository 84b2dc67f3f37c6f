//! One tag: a name, where its value comes from, what is done with it, and where it goes.

use kit::fact::Fact;

use crate::source::{Phase, Source};
use crate::step::Steps;

/// A tag, ready to use.
#[derive(Debug)]
pub(crate) struct Tag {
    /// The name, as spans and logs have it.
    pub(crate) name: String,
    /// What it is told as.
    pub(crate) fact: Fact,
    /// What its pseudonym under the previous key is told as, where there may be one.
    pub(crate) previous: Option<Fact>,
    pub(crate) source: Source,
    pub(crate) steps: Steps,
    /// When the value is taken.
    pub(crate) phase: Phase,
    pub(crate) sinks: Sinks,
    /// The most octets of the value.
    pub(crate) limit: usize,
}

/// Where the value of a tag goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sinks {
    /// Whether access logs have it.
    pub(crate) log: bool,
    /// Whether spans have it.
    pub(crate) span: bool,
    /// The header field in which the upstream gets it.
    pub(crate) request_header: Option<String>,
    /// The header field in which the client gets it.
    pub(crate) response_header: Option<String>,
    /// The label that it is of the metrics of exchanges.
    pub(crate) metric: Option<String>,
    /// The member of the baggage in which the upstream and those behind it get it.
    pub(crate) baggage: Option<String>,
}

impl Sinks {
    /// Whether it is told. Access logs and spans read what is told by its name, as they are
    /// configured; other filters can, too.
    pub(crate) fn is_told(&self) -> bool {
        self.log || self.span
    }
}
