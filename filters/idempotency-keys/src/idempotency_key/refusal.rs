//! Why a request has no key that can be used.

use kit::problem::{Code, ProblemType};

/// Why a request has no key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is none.
    Missing,
    /// There is more than one.
    Several,
    /// It is not written as the policy says.
    Malformed,
    /// It has more octets than the policy allows.
    TooLong,
    /// It has fewer octets than the policy demands.
    TooShort,
    /// It is not made of what the policy allows.
    Alphabet,
    /// It would stand in a content that is no JSON, or none that all readers read alike.
    Unreadable,
}

impl Refusal {
    /// The kind of problem to answer with. The status of each is that of a missing key in
    /// draft-ietf-httpapi-idempotency-key-header-07 section 2.7.
    pub(crate) fn kind(self) -> &'static ProblemType {
        match self {
            Self::Missing => &MISSING,
            Self::Several => &SEVERAL,
            Self::Malformed => &MALFORMED,
            Self::TooLong => &TOO_LONG,
            Self::TooShort => &TOO_SHORT,
            Self::Alphabet => &ALPHABET,
            Self::Unreadable => &UNREADABLE,
        }
    }
}

const fn bad_key(reason: &'static str, title: &'static str) -> ProblemType {
    ProblemType {
        filter: "idempotency-keys",
        reason,
        title,
        status: 400,
        grpc: Code::InvalidArgument,
    }
}

static MISSING: ProblemType = bad_key("key_missing", "This operation requires an idempotency key");
static SEVERAL: ProblemType = bad_key("several_keys", "More than one idempotency key was sent");
static MALFORMED: ProblemType = bad_key("malformed_key", "The idempotency key is malformed");
static TOO_LONG: ProblemType = bad_key("key_too_long", "The idempotency key is too long");
static TOO_SHORT: ProblemType = bad_key("key_too_short", "The idempotency key is too short");
static ALPHABET: ProblemType = bad_key(
    "key_alphabet",
    "The idempotency key has characters or a form that are not allowed",
);
static UNREADABLE: ProblemType = bad_key(
    "key_unreadable",
    "The content that should hold the idempotency key is not unambiguous JSON",
);
