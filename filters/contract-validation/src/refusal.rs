//! Why a message is refused, and what its client is told.

use kit::problem::{Code, Problem, ProblemType, fragment};
use serde_json::{Map, Value};

use crate::plan::Plan;
use crate::violation::{Place, Violation, keyword};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The contract does not know its path.
    UnknownPath,
    /// The contract knows its path with other methods.
    UnknownMethod,
    /// The media type of its content is not declared.
    MediaType,
    /// The coding of its content is not read.
    ContentCoding,
    /// Its content is longer than the policy reads.
    TooLarge,
    /// It has to be conditional (RFC 6585 section 3).
    Unconditional,
    /// Its parameters.
    Parameters,
    /// Its content cannot be read.
    Malformed,
    /// Its content is not what the contract asks for.
    Content,
}

impl Reason {
    /// The reason of one violation in a request.
    pub(crate) fn of(violation: &Violation) -> Self {
        let is_if_match = || {
            let name = violation.name.as_deref();
            name.is_some_and(|name| name.eq_ignore_ascii_case("if-match"))
        };
        match (violation.place, violation.keyword.as_ref()) {
            (_, keyword::UNKNOWN_PATH) => Self::UnknownPath,
            (_, keyword::UNKNOWN_METHOD) => Self::UnknownMethod,
            (_, keyword::MEDIA_TYPE) => Self::MediaType,
            (_, keyword::CONTENT_CODING) => Self::ContentCoding,
            (_, keyword::TOO_LARGE) => Self::TooLarge,
            (Place::Header, keyword::REQUIRED) if is_if_match() => Self::Unconditional,
            (
                Place::Body,
                keyword::MALFORMED | keyword::DEPTH | keyword::MISSING | keyword::WIRE,
            ) => Self::Malformed,
            (Place::Body, _) => Self::Content,
            _ => Self::Parameters,
        }
    }

    /// The kind of problem to answer with.
    pub(crate) fn kind(self) -> &'static ProblemType {
        match self {
            Self::UnknownPath => &UNKNOWN_PATH,
            Self::UnknownMethod => &UNKNOWN_METHOD,
            Self::MediaType => &MEDIA_TYPE,
            Self::ContentCoding => &CONTENT_CODING,
            Self::TooLarge => &TOO_LARGE,
            Self::Unconditional => &UNCONDITIONAL,
            Self::Parameters => &PARAMETERS,
            Self::Malformed => &MALFORMED,
            Self::Content => &CONTENT,
        }
    }

    /// What helps the client to go on; `None` where the violations say it.
    fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownPath => "The contract of the service has no such path.",
            Self::UnknownMethod => "Use one of the methods that the path has.",
            Self::MediaType => "Send the content in one of the media types that are accepted.",
            Self::ContentCoding => "Send the content without a coding, or as gzip.",
            Self::TooLarge => "Send less content.",
            Self::Unconditional => {
                "Read the resource, and send the entity tag that you get in `If-Match`, so that \
                 nobody's change is lost."
            }
            Self::Parameters | Self::Malformed | Self::Content => return None,
        })
    }
}

/// Why a request is refused, with all that the client needs to know.
pub(crate) struct Refusal<'a> {
    /// The violations, of which the gravest says the reason.
    pub(crate) violations: &'a [&'a Violation],
    /// What the client may send instead.
    pub(crate) offers: &'a [Offer],
}

/// A header field that tells a refused client what it may send instead.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// The reason that it is for.
    pub(crate) reason: Reason,
    /// The name of the field.
    pub(crate) field: &'static str,
    /// Its value.
    pub(crate) value: String,
}

impl Refusal<'_> {
    /// The reason. A client that repairs it may hear of the others next.
    pub(crate) fn reason(&self) -> Reason {
        let reasons = self.violations.iter().map(|own| Reason::of(own));
        reasons.min().unwrap_or(Reason::Content)
    }

    /// What helps the client to go on. Clients of RPC often show nothing but this.
    fn detail(&self, reason: Reason) -> String {
        if let Some(advice) = reason.advice() {
            return advice.to_owned();
        }
        let mut gravest = self
            .violations
            .iter()
            .filter(|own| Reason::of(own) == reason);
        let Some(first) = gravest.next() else {
            return String::new();
        };
        let more = match self.violations.len().saturating_sub(1) {
            0 => String::new(),
            1 => " There is one more violation.".to_owned(),
            more => format!(" There are {more} more violations."),
        };
        format!("{} {}.{more}", subject(first), first.detail)
    }

    /// The problem for a client under this plan.
    pub(crate) fn problem(&self, plan: &Plan) -> Problem {
        let reason = self.reason();
        let kind = reason.kind();
        let problem = Problem::new(kind)
            .type_uri(kind.uri(plan.problem_base.as_deref()))
            .detail(self.detail(reason))
            .extension("errors", errors(self.violations));
        let offers = self.offers.iter().filter(|offer| offer.reason == reason);
        offers.fold(problem, |problem, offer| {
            problem.header(offer.field, offer.value.as_str())
        })
    }
}

/// The problem for the client of a service that broke its contract. What it broke is none of the
/// client's business.
pub(crate) fn of_response(plan: &Plan) -> Problem {
    let kind = &RESPONSE;
    Problem::new(kind)
        .type_uri(kind.uri(plan.problem_base.as_deref()))
        .detail("The service gave an answer that breaks its contract, so it was withheld.")
        .extension("contract", plan.contract.name.as_str())
}

/// What the metric and the log call a refused response in report mode.
pub(crate) fn response_kind() -> &'static ProblemType {
    &RESPONSE
}

/// The part of a request that a violation is in, as the subject of a sentence.
fn subject(violation: &Violation) -> String {
    let part = match (violation.place, &violation.name) {
        (Place::Body, _) => "The content".to_owned(),
        (Place::Path, Some(name)) => format!("The path parameter `{name}`"),
        (Place::Query, Some(name)) => format!("The query parameter `{name}`"),
        (Place::Header, Some(name)) => format!("The header field `{name}`"),
        (Place::Cookie, Some(name)) => format!("The cookie `{name}`"),
        (Place::Query, None) => "The query".to_owned(),
        (Place::Cookie, None) => "The field `Cookie`".to_owned(),
        _ => "The request".to_owned(),
    };
    match violation.pointer.as_str() {
        "" => part,
        pointer => format!("{part} at `{pointer}`"),
    }
}

/// The violations for machines.
fn errors(violations: &[&Violation]) -> Value {
    violations.iter().map(|own| error(own)).collect()
}

fn error(violation: &Violation) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: String| {
        members.insert(name.to_owned(), Value::String(value));
    };
    let is_part = violation.place != Place::Body;
    if is_part && let Some(name) = &violation.name {
        put("field", name.clone());
    }
    if !is_part || !violation.pointer.is_empty() {
        put("pointer", fragment(&violation.pointer));
    }
    put("in", violation.place.as_str().to_owned());
    put("detail", violation.detail.clone().into_owned());
    put("keyword", violation.keyword.clone().into_owned());
    Value::Object(members)
}

const fn refused(
    reason: &'static str,
    title: &'static str,
    status: u16,
    grpc: Code,
) -> ProblemType {
    ProblemType {
        filter: crate::NAME,
        reason,
        title,
        status,
        grpc,
    }
}

static UNKNOWN_PATH: ProblemType = refused(
    "unknown_path",
    "The path is not part of the contract",
    404,
    Code::Unimplemented,
);
static UNKNOWN_METHOD: ProblemType = refused(
    "unknown_method",
    "The method is not part of the contract",
    405,
    Code::Unimplemented,
);
static MEDIA_TYPE: ProblemType = refused(
    "unsupported_media_type",
    "The media type of the content is not part of the contract",
    415,
    Code::InvalidArgument,
);
static CONTENT_CODING: ProblemType = refused(
    "unsupported_content_coding",
    "The coding of the content cannot be read",
    415,
    Code::Unimplemented,
);
static TOO_LARGE: ProblemType = refused(
    "content_too_large",
    "The content is too long to be held to the contract",
    413,
    Code::ResourceExhausted,
);
static UNCONDITIONAL: ProblemType = refused(
    "precondition_required",
    "The request has to be conditional",
    428,
    Code::FailedPrecondition,
);
static PARAMETERS: ProblemType = refused(
    "invalid_parameters",
    "The parameters break the contract",
    400,
    Code::InvalidArgument,
);
static MALFORMED: ProblemType = refused(
    "malformed_content",
    "The content cannot be read",
    400,
    Code::InvalidArgument,
);
static CONTENT: ProblemType = refused(
    "invalid_content",
    "The content breaks the contract",
    422,
    Code::InvalidArgument,
);
static RESPONSE: ProblemType = refused(
    "response_breaks_contract",
    "The answer of the service breaks its contract",
    502,
    Code::Internal,
);
