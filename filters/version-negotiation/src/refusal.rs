//! Why a request is refused, and the answer that the client gets.

use std::time::SystemTime;

use kit::problem::{Code, Problem, ProblemType};

use crate::catalog::{Catalog, Listed};
use crate::fields;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// What should be a version is none of the scheme.
    MalformedVersion,
    /// There is no such version.
    UnknownVersion,
    /// The request names two different versions.
    ConflictingVersions,
    /// `Accept` allows only versions that there are not.
    NotAcceptable,
    /// The request names no version and must.
    VersionRequired,
    /// The version is gone.
    RetiredVersion,
    /// The version is refused for a time, to rehearse its end.
    Brownout,
    /// The request comes by again and again.
    Loop,
}

/// The HTTP status of each reason, as the policy has it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Statuses {
    pub(crate) malformed_version: Option<u16>,
    pub(crate) unknown_version: Option<u16>,
    pub(crate) conflicting_versions: Option<u16>,
    pub(crate) not_acceptable: Option<u16>,
    pub(crate) version_required: Option<u16>,
    pub(crate) retired_version: Option<u16>,
    pub(crate) brownout: Option<u16>,
}

static MALFORMED_VERSION: ProblemType = kind(
    "malformed_version",
    "Malformed API version",
    400,
    Code::InvalidArgument,
);
static UNKNOWN_VERSION: ProblemType = kind(
    "unknown_version",
    "Unknown API version",
    404,
    Code::Unimplemented,
);
static CONFLICTING_VERSIONS: ProblemType = kind(
    "conflicting_versions",
    "Conflicting API versions",
    400,
    Code::InvalidArgument,
);
static NOT_ACCEPTABLE: ProblemType = kind(
    "not_acceptable",
    "No acceptable API version",
    406,
    Code::Unimplemented,
);
static VERSION_REQUIRED: ProblemType = kind(
    "version_required",
    "API version required",
    400,
    Code::InvalidArgument,
);
static RETIRED_VERSION: ProblemType = kind(
    "retired_version",
    "Retired API version",
    410,
    Code::Unimplemented,
);
static BROWNOUT: ProblemType = kind(
    "brownout",
    "API version in a planned brownout",
    410,
    Code::Unavailable,
);
static LOOP: ProblemType = kind("loop", "Request in a loop", 508, Code::Internal);

const fn kind(reason: &'static str, title: &'static str, status: u16, grpc: Code) -> ProblemType {
    ProblemType {
        filter: crate::NAME,
        reason,
        title,
        status,
        grpc,
    }
}

impl Reason {
    /// The kind of problem.
    pub(crate) fn kind(self) -> &'static ProblemType {
        match self {
            Self::MalformedVersion => &MALFORMED_VERSION,
            Self::UnknownVersion => &UNKNOWN_VERSION,
            Self::ConflictingVersions => &CONFLICTING_VERSIONS,
            Self::NotAcceptable => &NOT_ACCEPTABLE,
            Self::VersionRequired => &VERSION_REQUIRED,
            Self::RetiredVersion => &RETIRED_VERSION,
            Self::Brownout => &BROWNOUT,
            Self::Loop => &LOOP,
        }
    }

    /// What would have been the outcome in report mode.
    pub(crate) fn in_report(self) -> &'static str {
        match self {
            Self::MalformedVersion => "would_refuse_malformed_version",
            Self::UnknownVersion => "would_refuse_unknown_version",
            Self::ConflictingVersions => "would_refuse_conflicting_versions",
            Self::NotAcceptable => "would_refuse_not_acceptable",
            Self::VersionRequired => "would_refuse_version_required",
            Self::RetiredVersion => "would_refuse_retired_version",
            Self::Brownout => "would_refuse_brownout",
            Self::Loop => "would_refuse_loop",
        }
    }

    /// The answer. It never repeats what the client sent.
    pub(crate) fn problem(
        self,
        statuses: &Statuses,
        catalog: &Catalog,
        version: Option<&Listed>,
        now: SystemTime,
    ) -> Problem {
        let kind = self.kind();
        let problem = Problem::new(kind)
            .status(statuses.of(self).unwrap_or(kind.status))
            .detail(self.detail());
        if self == Self::Loop {
            return problem;
        }
        let problem = problem.extension("supportedVersions", catalog.supported(now));
        match (self, version) {
            (Self::RetiredVersion, Some(version)) => with_advice(problem, version),
            (Self::Brownout, Some(version)) => {
                let problem = with_advice(problem, version);
                match version.life.brownout(now) {
                    Some(brownout) => problem.retry_after(brownout.seconds_left(now)),
                    None => problem,
                }
            }
            _ => problem,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::MalformedVersion => "What the request gives as its API version is not one.",
            Self::UnknownVersion => "This API has no such version.",
            Self::ConflictingVersions => "The request names more than one API version.",
            Self::NotAcceptable => "None of the API versions that the request accepts exists.",
            Self::VersionRequired => "The request must name an API version.",
            Self::RetiredVersion => "This API version is no longer served.",
            Self::Brownout => {
                "This API version will end and is switched off for a time to make that known."
            }
            Self::Loop => "The request has passed the same proxy too often.",
        }
    }
}

impl Statuses {
    fn of(&self, reason: Reason) -> Option<u16> {
        match reason {
            Reason::MalformedVersion => self.malformed_version,
            Reason::UnknownVersion => self.unknown_version,
            Reason::ConflictingVersions => self.conflicting_versions,
            Reason::NotAcceptable => self.not_acceptable,
            Reason::VersionRequired => self.version_required,
            Reason::RetiredVersion => self.retired_version,
            Reason::Brownout => self.brownout,
            Reason::Loop => None,
        }
    }
}

/// A refusal tells of the version's end what its responses told, and where to go.
fn with_advice(mut problem: Problem, version: &Listed) -> Problem {
    let advice = &version.advice;
    for (name, value) in [
        (fields::DEPRECATION, &advice.deprecation),
        (fields::SUNSET, &advice.sunset),
    ] {
        if let Some(value) = value {
            problem = problem.header(name, value.as_bytes());
        }
    }
    match &advice.successor {
        Some(successor) => problem.link("successor-version", successor.clone()),
        None => problem,
    }
}
