//! Why a keyed request is refused, and what its client is told.

use kit::problem::{Code, Problem, ProblemType};

use crate::idempotency_key;
use crate::machine;
use crate::plan::Plan;
use crate::scope::Unscoped;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its key.
    Key(idempotency_key::Refusal),
    /// Whose key it is cannot be told.
    Scope(Unscoped),
    /// Its content is longer than the policy waits for.
    ContentTooLarge,
    /// It has a key, and is a stream.
    Stream,
    /// What the store knows of its key, or that the store cannot be asked.
    KeyLife(machine::Refusal),
}

impl Reason {
    /// The kind of problem to answer with. The statuses of the first four of a key's life are those
    /// of draft-ietf-httpapi-idempotency-key-header-07 section 2.7, or follow from them.
    pub(crate) fn kind(self) -> &'static ProblemType {
        use machine::Refusal;
        match self {
            Self::Key(refusal) => refusal.kind(),
            Self::Scope(unscoped) => unscoped.kind(),
            Self::ContentTooLarge => &CONTENT_TOO_LARGE,
            Self::Stream => &STREAM,
            Self::KeyLife(Refusal::Mismatch) => &REUSED,
            Self::KeyLife(Refusal::InFlight) => &IN_FLIGHT,
            Self::KeyLife(Refusal::AlreadyDone) => &ALREADY_DONE,
            Self::KeyLife(Refusal::NotKept) => &NOT_KEPT,
            Self::KeyLife(Refusal::OutcomeUnknown) => &UNKNOWN,
            Self::KeyLife(Refusal::StoreUnavailable) => &STORE_UNAVAILABLE,
        }
    }

    /// What metrics and logs call it in report mode, where the request passed.
    pub(crate) fn in_report(self) -> String {
        format!("would_refuse_{}", self.kind().reason)
    }

    /// The problem for a client under this plan.
    pub(crate) fn problem(self, plan: &Plan) -> Problem {
        let kind = self.kind();
        let mut problem = Problem::new(kind)
            .type_uri(kind.uri(plan.problem_base.as_deref()))
            .detail(self.detail());
        if self.may_succeed_later() {
            problem = problem.retry_after(plan.retry_after);
        }
        if let Some(documentation) = &plan.documentation {
            problem = problem.link("describedby", documentation.as_str());
        }
        problem
    }

    /// Whether the same request may succeed after a while.
    fn may_succeed_later(self) -> bool {
        use machine::Refusal::{InFlight, StoreUnavailable};
        matches!(self, Self::KeyLife(InFlight | StoreUnavailable))
    }

    /// What helps the client to go on. It never says what the key is, or what it was used for.
    fn detail(self) -> &'static str {
        use idempotency_key::Refusal as Key;
        use machine::Refusal;
        match self {
            Self::Key(Key::Missing) => {
                "Send a key that is unique to this operation, and the same one whenever it is \
                 repeated. Nothing was carried out."
            }
            Self::Key(_) => "Send one key as it is documented. Nothing was carried out.",
            Self::Scope(_) => {
                "The request does not say who calls, so its key cannot be told from those of \
                 others. Nothing was carried out."
            }
            Self::ContentTooLarge => {
                "The content is too long to be told from that of another request. Nothing was \
                 carried out."
            }
            Self::Stream => {
                "A call that may be a stream cannot be repeated under a key. Send it without one."
            }
            Self::KeyLife(Refusal::Mismatch) => {
                "The key was used before, with another request. Use a new key for a new request. \
                 Nothing was carried out now."
            }
            Self::KeyLife(Refusal::InFlight) => {
                "Repeat the request with the same key a little later to get its answer."
            }
            Self::KeyLife(Refusal::AlreadyDone) => {
                "The request was carried out once, and its answer cannot be given again in this \
                 protocol. Read what it made instead."
            }
            Self::KeyLife(Refusal::NotKept) => {
                "The request was carried out once, and its answer was not kept. Read what it made \
                 instead."
            }
            Self::KeyLife(Refusal::OutcomeUnknown) => {
                "It is not known whether the first request with this key was carried out. Find out \
                 before you send it again with a new key."
            }
            Self::KeyLife(Refusal::StoreUnavailable) => {
                "Nothing was carried out. Repeat the request with the same key a little later."
            }
        }
    }
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

static REUSED: ProblemType = refused(
    "key_reused",
    "The idempotency key was used for another request",
    422,
    Code::InvalidArgument,
);
static IN_FLIGHT: ProblemType = refused(
    "in_flight",
    "The first request with this idempotency key is still on its way",
    409,
    Code::Aborted,
);
static ALREADY_DONE: ProblemType = refused(
    "already_done",
    "The request with this idempotency key was carried out already",
    409,
    Code::AlreadyExists,
);
static NOT_KEPT: ProblemType = refused(
    "answer_not_kept",
    "The answer to the request with this idempotency key was not kept",
    409,
    Code::AlreadyExists,
);
static UNKNOWN: ProblemType = refused(
    "outcome_unknown",
    "The outcome of the request with this idempotency key is not known",
    409,
    Code::FailedPrecondition,
);
static STORE_UNAVAILABLE: ProblemType = refused(
    "store_unavailable",
    "Idempotency keys cannot be checked at the moment",
    503,
    Code::Unavailable,
);
static CONTENT_TOO_LARGE: ProblemType = refused(
    "content_too_large",
    "The content is too long for a request with an idempotency key",
    413,
    Code::ResourceExhausted,
);
static STREAM: ProblemType = refused(
    "streaming_call",
    "An idempotency key means nothing on a streaming call",
    400,
    Code::InvalidArgument,
);
