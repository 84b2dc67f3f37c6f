//! The catalogue: which failures become which problems.

use kit::problem::Code;
use serde_json::Value;

use crate::dialect::Dialect;
use crate::failure::Failure;
use crate::local_reply::{Flag, Flags};
use crate::plan::LinkTemplate;
use crate::template::Template;

/// The entries, of which the first that fits counts.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The name, by which metrics and the access log know it.
    pub(crate) name: String,
    pub(crate) when: When,
    pub(crate) then: Then,
}

/// Which failures an entry is for. Every part that is given must fit; within a part one value is
/// enough.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct When {
    /// Who answered.
    pub(crate) sources: Vec<SourceKind>,
    /// HTTP statuses, as they came.
    pub(crate) statuses: Vec<Statuses>,
    /// Status codes of gRPC and Connect, as they came.
    pub(crate) grpc: Vec<Code>,
    /// The service's own codes.
    pub(crate) codes: Vec<String>,
    /// The shapes of the error.
    pub(crate) dialects: Vec<Dialect>,
    /// Kinds of failures of the proxy.
    pub(crate) failures: Vec<&'static str>,
    /// Envoy's response flags.
    pub(crate) flags: Vec<Flag>,
    /// Services, by name.
    pub(crate) services: Vec<String>,
    /// Envoy's routes, by name.
    pub(crate) routes: Vec<String>,
}

/// Who made an answer that an entry may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, deserr::Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum SourceKind {
    /// A service.
    Upstream,
    /// The proxy itself.
    Proxy,
}

/// A range of HTTP statuses, both ends included: one status, or a class such as `5xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statuses {
    pub(crate) first: u16,
    pub(crate) last: u16,
}

/// What becomes of a failure.
#[derive(Debug)]
pub(crate) enum Then {
    /// Another problem.
    Problem(Box<ProblemTemplate>),
    /// A fixed answer in place of the error, for clients of plain HTTP.
    Answer(Answer),
}

/// What an entry says about a problem. What it leaves out stays as it came.
#[derive(Debug, Default)]
pub(crate) struct ProblemTemplate {
    /// The type URI, absolute.
    pub(crate) type_uri: Option<String>,
    pub(crate) title: Option<String>,
    /// The HTTP status.
    pub(crate) status: Option<u16>,
    /// The status code for gRPC and Connect clients.
    pub(crate) grpc: Option<Code>,
    /// The reason and the domain of the `ErrorInfo`.
    pub(crate) reason: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) detail: Option<Template>,
    /// Extension members, which join those that came.
    pub(crate) extensions: Vec<(String, Extension)>,
    /// Seconds.
    pub(crate) retry_after: Option<u32>,
    pub(crate) retryable: Option<bool>,
    pub(crate) links: Vec<LinkTemplate>,
}

/// The value of an extension member.
#[derive(Debug, Clone)]
pub(crate) enum Extension {
    /// Always this.
    Fixed(Value),
    /// Text with values of the occurrence.
    Text(Template),
    /// A copy of what stands in the upstream's document, as the JSON Pointer says.
    Copy(kit::policy::value::Pointer),
}

/// A fixed answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// What an entry looks at.
pub(crate) struct Occurrence<'a> {
    pub(crate) source: SourceKind,
    pub(crate) status: u16,
    /// The kind of the proxy's failure.
    pub(crate) failure: Option<&'static str>,
    pub(crate) flags: Flags,
    pub(crate) service: Option<&'a str>,
    pub(crate) route: Option<&'a str>,
    /// What the content says; `None` while it is not there yet.
    pub(crate) content: Option<&'a Failure>,
    /// Whether a fixed answer is of use to the client.
    pub(crate) takes_answers: bool,
}

impl Catalog {
    /// The entry for an occurrence. Entries that ask for what is not there yet do not fit.
    pub(crate) fn find(&self, occurrence: &Occurrence<'_>) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            let is_of_use = occurrence.takes_answers || matches!(entry.then, Then::Problem(_));
            is_of_use && entry.when.fits(occurrence)
        })
    }

    /// Whether any entry asks for the name of the proxy's route.
    pub(crate) fn asks_for_routes(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| !entry.when.routes.is_empty())
    }
}

impl Entry {
    /// Whether it says when another try may succeed.
    pub(crate) fn sets_retry_after(&self) -> bool {
        matches!(&self.then, Then::Problem(problem) if problem.retry_after.is_some())
    }
}

impl When {
    fn fits(&self, it: &Occurrence<'_>) -> bool {
        let content = it.content;
        let code = content.and_then(|content| content.code.as_ref());
        let grpc = content.and_then(|content| content.grpc.as_ref());
        let dialect = content.map(|content| &content.dialect);
        any(&self.sources, |own| *own == it.source)
            && any(&self.statuses, |own| own.contains(it.status))
            && any(&self.failures, |own| Some(*own) == it.failure)
            && any(&self.flags, |own| it.flags.contains(*own))
            && any(&self.services, |own| Some(own.as_str()) == it.service)
            && any(&self.routes, |own| Some(own.as_str()) == it.route)
            && any(&self.grpc, |own| Some(own) == grpc)
            && any(&self.codes, |own| Some(own) == code)
            && any(&self.dialects, |own| Some(own) == dialect)
    }

    /// Whether it can be told only from the content of an answer.
    pub(crate) fn asks_for_content(&self) -> bool {
        !(self.grpc.is_empty() && self.codes.is_empty() && self.dialects.is_empty())
    }

    /// Whether every occurrence that fits `other` fits this too, as far as one can tell; then an
    /// entry for `other` that stands after one for this can never fit.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        covers(&self.sources, &other.sources, PartialEq::eq)
            && covers(&self.statuses, &other.statuses, |own, other| {
                own.covers(*other)
            })
            && covers(&self.grpc, &other.grpc, PartialEq::eq)
            && covers(&self.codes, &other.codes, PartialEq::eq)
            && covers(&self.dialects, &other.dialects, PartialEq::eq)
            && covers(&self.failures, &other.failures, PartialEq::eq)
            && covers(&self.flags, &other.flags, PartialEq::eq)
            && covers(&self.services, &other.services, PartialEq::eq)
            && covers(&self.routes, &other.routes, PartialEq::eq)
    }
}

impl Statuses {
    fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }

    fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}

/// Whether a list that means "any of these, or anything when empty" has a value that fits.
fn any<T>(list: &[T], fits: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(fits)
}

/// Whether a list that means "any of these, or anything when empty" covers another.
fn covers<T>(own: &[T], other: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let is_covered = |value: &T| own.iter().any(|own| covers(own, value));
    own.is_empty() || (!other.is_empty() && other.iter().all(is_covered))
}
