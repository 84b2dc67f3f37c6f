//! What is to be done with one error. Nothing is changed here, so that report mode judges exactly
//! as enforcement does.

use kit::exchange::Exchange;
use kit::problem::Problem;
use kit::protocol::Protocol;

use crate::asked::Asked;
use crate::catalog::{Answer, Entry, Occurrence, SourceKind, Then};
use crate::failure::Failure;
use crate::origin::Origin;
use crate::plan::Policy;
use crate::problem;
use crate::redaction::Found;
use crate::values::Values;

/// An error, as far as it has come.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) asked: &'a Asked,
    pub(crate) origin: Origin,
    /// The HTTP status that it came with, or the one that stands for its code.
    pub(crate) status: u16,
    /// The HTTP status that the client has been told already.
    pub(crate) told: Option<u16>,
    /// The client has been told a fixed answer, so entries that ask for the content come too late.
    pub(crate) is_fixed: bool,
    /// What its content says; `None` while it is not there yet.
    pub(crate) content: Option<&'a Failure>,
    /// Seconds, where the head says them.
    pub(crate) retry_after: Option<u32>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    pub(crate) outcome: Outcome<'a>,
    /// What metrics and the access log call the problem.
    pub(crate) label: &'a str,
    pub(crate) source: SourceKind,
    /// What was taken out.
    pub(crate) found: Found,
    /// Whether the service's own words were withheld as a whole.
    pub(crate) withholds: bool,
    /// The id under which the client can ask for help.
    pub(crate) request_id: String,
    /// Whether it is the policy that says when another try may succeed.
    pub(crate) sets_retry_after: bool,
}

/// What the client gets.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    /// A problem, in the client's own protocol.
    Problem(Box<Problem>),
    /// The fixed answer of an entry.
    Answer(&'a Answer),
}

impl Verdict<'_> {
    /// The HTTP status that the client gets.
    pub(crate) fn status(&self) -> u16 {
        match &self.outcome {
            Outcome::Problem(problem) => problem.status,
            Outcome::Answer(answer) => answer.status,
        }
    }
}

impl<'a> Case<'a> {
    /// Judges.
    pub(crate) fn judge(self, x: &Exchange<'_>) -> Verdict<'a> {
        let values = Values::of(self.asked, x);
        let entry = self.entry(values.service.as_deref());
        let request_id = values.request_id.clone();
        let template = match entry.map(|entry| &entry.then) {
            Some(Then::Problem(template)) => Some(template.as_ref()),
            _ => None,
        };
        // A fixed answer is given in place of the problem, and what is found is told all the same.
        let made = problem::make(self, template, values);
        let outcome = match entry.map(|entry| &entry.then) {
            Some(Then::Answer(answer)) => Outcome::Answer(answer),
            _ => Outcome::Problem(Box::new(made.problem)),
        };
        let sets_retry_after = entry.is_some_and(Entry::sets_retry_after);
        let label = match (entry, self.origin.failure()) {
            (Some(entry), _) => entry.name.as_str(),
            (None, Some(failure)) => failure.name,
            (None, None) => "upstream",
        };
        Verdict {
            outcome,
            label,
            source: self.origin.kind(),
            found: made.found,
            withholds: made.withholds,
            request_id,
            sets_retry_after,
        }
    }

    fn entry(self, service: Option<&str>) -> Option<&'a Entry> {
        self.policy.catalog.find(&Occurrence {
            source: self.origin.kind(),
            status: self.status,
            failure: self.origin.failure().map(|failure| failure.name),
            flags: self.origin.flags(),
            service,
            route: self.asked.route.as_deref(),
            content: self.content.filter(|_| !self.is_fixed),
            takes_answers: self.asked.client.protocol == Protocol::Http,
        })
    }
}
