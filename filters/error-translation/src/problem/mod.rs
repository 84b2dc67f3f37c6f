//! How a failure becomes a problem: what it says, cleaned; what the catalogue says about it; and
//! what tells this occurrence from others.

mod content;
mod template;

use http::StatusCode;
use kit::problem::google_rpc::{Any, RequestInfo};
use kit::problem::{Code, Problem};
use kit::protocol::Protocol;

use crate::catalog::ProblemTemplate;
use crate::local_reply::{ProxyFailure, Retry};
use crate::redaction::Found;
use crate::values::Values;
use crate::verdict::Case;

/// Beyond so many octets of details none is added to those of the service.
const ROOM: usize = 4096;

/// A problem, and what had to be taken out of it.
pub(crate) struct Made {
    pub(crate) problem: Problem,
    pub(crate) found: Found,
    /// Whether the service's own words were withheld as a whole.
    pub(crate) withholds: bool,
}

/// Makes the problem that a case becomes.
pub(crate) fn make(case: Case<'_>, template: Option<&ProblemTemplate>, values: Values<'_>) -> Made {
    let mut making = Making {
        case,
        values,
        found: Found::default(),
        withholds: false,
        is_named_by_status: false,
    };
    Made {
        problem: making.problem(template),
        found: making.found,
        withholds: making.withholds,
    }
}

/// A problem in the making.
struct Making<'a> {
    case: Case<'a>,
    values: Values<'a>,
    found: Found,
    withholds: bool,
    /// Whether the title is no more than the phrase of the status.
    is_named_by_status: bool,
}

impl Making<'_> {
    fn problem(&mut self, template: Option<&ProblemTemplate>) -> Problem {
        let mut problem = match self.case.origin.failure() {
            Some(failure) => self.of_proxy(failure),
            None => self.of_content(),
        };
        problem.retry_after = problem.retry_after.or(self.case.retry_after);
        if let Some(template) = template {
            self.apply(template, &mut problem);
        }
        self.enrich(&mut problem);
        if let Some(told) = self.case.told {
            problem.status = told;
        }
        // A problem without a type is named by its status (RFC 9457 section 4.2.1).
        if self.is_named_by_status && problem.type_uri == "about:blank" {
            problem.title = phrase(problem.status).into();
        }
        problem
    }

    /// What the proxy says about itself is known from its code details; what it wrote into the
    /// content is not for clients.
    fn of_proxy(&self, failure: &'static ProxyFailure) -> Problem {
        let retryable = match failure.retry {
            Retry::Yes => true,
            Retry::IfIdempotent => self.case.asked.is_idempotent,
            Retry::No => false,
        };
        let mut problem = Problem::untyped(self.case.status, failure.title, failure.grpc);
        problem.type_uri = failure.uri(self.case.policy.problem_base.as_deref());
        problem.reason = failure.name.replace('-', "_").to_ascii_uppercase();
        failure.detail.clone_into(&mut problem.detail);
        problem.extension("retryable", retryable)
    }

    /// What tells this occurrence from others.
    fn enrich(&mut self, problem: &mut Problem) {
        let plan = &self.case.asked.plan;
        if problem.instance.is_none()
            && let Some(template) = &plan.instance
        {
            problem.instance = self.fill_link(template);
        }
        self.link(&plan.links, problem);
        let request_id = self.values.request_id.clone();
        let told = [
            ("requestId", Some(request_id.as_str())),
            ("traceId", self.values.trace_id),
            ("service", self.values.service.as_deref()),
            ("apiVersion", self.values.version.as_deref()),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                problem.extensions.insert(name.to_owned(), value.into());
            }
        }
        // Clients need take no more than 8 KiB of metadata, of which the service's own come first.
        let attached: usize = problem.attached.iter().map(|any| any.value.len()).sum();
        if self.speaks_rpc() && attached < ROOM {
            let info = RequestInfo {
                request_id,
                serving_data: String::new(),
            };
            add(&mut problem.attached, RequestInfo::NAME, &info);
        }
    }

    /// What may leave of a text; `None` where that is nothing.
    fn clean(&mut self, text: Option<&str>) -> Option<String> {
        let redactor = &self.case.policy.redactor;
        let clean = redactor.clean(text?, &mut self.found)?;
        (!clean.is_empty()).then(|| clean.into_owned())
    }

    /// A text that means nothing once a part of it is masked.
    fn clean_unchanged(&mut self, text: Option<&str>) -> Option<String> {
        let clean = self.clean(text)?;
        (Some(clean.as_str()) == text).then_some(clean)
    }

    fn speaks_rpc(&self) -> bool {
        self.case.asked.client.protocol != Protocol::Http
    }

    /// The code that the client itself would read from the status.
    fn code_of_status(&self) -> Code {
        match self.case.asked.client.protocol {
            Protocol::ConnectUnary | Protocol::ConnectStream => {
                Code::of_http_in_connect(self.case.status)
            }
            _ => Code::of_http(self.case.status),
        }
    }
}

/// Adds a message of a type that is not there yet: AIP-193 wants each at most once.
fn add(attached: &mut Vec<Any>, name: &str, message: &impl prost::Message) {
    if !attached.iter().any(|any| any.name() == name) {
        attached.push(Any::pack(name, message));
    }
}

/// The reason phrase of a status (RFC 9110 section 15).
fn phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .filter(|_| status >= 400)
        .unwrap_or(match status {
            500.. => "Server Error",
            400.. => "Client Error",
            // A page instead of an answer of gRPC.
            _ => "Unexpected Answer",
        })
}
