//! What it means that etcd gave no answer.
//!
//! Codes alone do not say it: one of them stands for a record that is too large, a user that is
//! missing and a login that is out of date alike. The texts are those of etcd's
//! `api/v3rpc/rpctypes/error.go`, which 3.4 to 3.7 have in common; where a text is unknown, its code
//! decides.

use kit::call::{CallFailure, CallResult, GrpcFailure};

use crate::store::Failure;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The lease of what is to be written is not there.
    NoLease,
    /// The lease that is to be granted is there.
    LeaseExists,
    /// The token is missing or no longer valid.
    LoggedOut,
    /// Nothing that can be put right.
    Failed(Failure),
}

impl Refusal {
    /// What it comes to where it was not put right.
    pub(super) const fn failure(self) -> Failure {
        match self {
            // A lease that was granted and is not there.
            Self::NoLease => Failure::Unready,
            Self::LeaseExists => Failure::Unknown,
            Self::LoggedOut => Failure::Denied,
            Self::Failed(failure) => failure,
        }
    }
}

/// The message that was answered, or why there is none.
pub(super) fn outcome(result: CallResult) -> Result<Vec<u8>, Refusal> {
    match result {
        CallResult::Grpc(Ok(message)) => Ok(message),
        CallResult::Grpc(Err(status)) => Err(refusal(&status)),
        CallResult::Failed(CallFailure::NotSent) => Err(Refusal::Failed(Failure::NotSent)),
        CallResult::Failed(CallFailure::Reset) => Err(Refusal::Failed(Failure::Unreachable)),
        CallResult::Http { .. } => Err(Refusal::Failed(Failure::Unknown)),
    }
}

// The codes that are acted on, from google.rpc.Code.
const INVALID_ARGUMENT: u32 = 3;
const DEADLINE_EXCEEDED: u32 = 4;
const NOT_FOUND: u32 = 5;
const PERMISSION_DENIED: u32 = 7;
const RESOURCE_EXHAUSTED: u32 = 8;
const FAILED_PRECONDITION: u32 = 9;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

fn refusal(status: &GrpcFailure) -> Refusal {
    let says = |text: &str| status.message.contains(text);
    let failure = match status.code {
        INVALID_ARGUMENT if says("request is too large") => Failure::TooLarge,
        INVALID_ARGUMENT if says("authentication failed") => Failure::Denied,
        // "user name is empty", "revision of auth store is old".
        INVALID_ARGUMENT | UNAUTHENTICATED => return Refusal::LoggedOut,
        NOT_FOUND => return Refusal::NoLease,
        FAILED_PRECONDITION if says("authentication is not enabled") => Failure::Denied,
        FAILED_PRECONDITION => return Refusal::LeaseExists,
        PERMISSION_DENIED => Failure::Denied,
        // gRPC's own limit, of etcd or of what stands before it.
        RESOURCE_EXHAUSTED if says("larger than max") => Failure::TooLarge,
        RESOURCE_EXHAUSTED if says("too many requests") => Failure::Unready,
        // "mvcc: database space exceeded".
        RESOURCE_EXHAUSTED => Failure::Full,
        // The proxy has the same code for a call that it gave up as for one that reached nobody.
        UNAVAILABLE if says("upstream request timeout") || says("timed out") => Failure::TimedOut,
        UNAVAILABLE => Failure::Unreachable,
        DEADLINE_EXCEEDED => Failure::TimedOut,
        _ => Failure::Unknown,
    };
    Refusal::Failed(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(code: u32, message: &str) -> Refusal {
        let status = GrpcFailure::new(code, message.as_bytes());
        outcome(CallResult::Grpc(Err(status))).unwrap_err()
    }

    #[test]
    fn one_code_is_told_apart_by_its_texts() {
        for (text, expected) in [
            (
                "etcdserver: request is too large",
                Refusal::Failed(Failure::TooLarge),
            ),
            (
                "etcdserver: authentication failed, invalid user ID or password",
                Refusal::Failed(Failure::Denied),
            ),
            ("etcdserver: user name is empty", Refusal::LoggedOut),
            (
                "etcdserver: revision of auth store is old",
                Refusal::LoggedOut,
            ),
            ("", Refusal::LoggedOut),
        ] {
            assert_eq!(meaning(INVALID_ARGUMENT, text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_used_up_is_room_or_the_length_of_a_message_or_patience() {
        for (text, expected) in [
            ("etcdserver: mvcc: database space exceeded", Failure::Full),
            (
                "grpc: received message larger than max (3000115 vs. 2097152)",
                Failure::TooLarge,
            ),
            ("etcdserver: too many requests", Failure::Unready),
            ("", Failure::Full),
        ] {
            let expected = Refusal::Failed(expected);
            assert_eq!(meaning(RESOURCE_EXHAUSTED, text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_out_is_told_from_a_connection_that_is_missing() {
        for (text, expected) in [
            ("upstream request timeout", Failure::TimedOut),
            ("etcdserver: request timed out", Failure::TimedOut),
            (
                "etcdserver: request timed out, possibly due to previous leader failure",
                Failure::TimedOut,
            ),
            (
                "upstream connect error or disconnect/reset before headers. \
                 reset reason: remote connection failure, transport failure reason: delayed \
                 connect error: Connection refused",
                Failure::Unreachable,
            ),
            ("no healthy upstream", Failure::Unreachable),
            ("etcdserver: leader changed", Failure::Unreachable),
            ("", Failure::Unreachable),
        ] {
            let expected = Refusal::Failed(expected);
            assert_eq!(meaning(UNAVAILABLE, text), expected, "{text}");
        }
        assert_eq!(
            meaning(DEADLINE_EXCEEDED, ""),
            Refusal::Failed(Failure::TimedOut)
        );
    }

    #[test]
    fn a_lease_that_exists_is_told_from_a_login_that_nobody_wants() {
        let exists = meaning(FAILED_PRECONDITION, "etcdserver: lease already exists");
        assert_eq!(exists, Refusal::LeaseExists);
        let unwanted = meaning(
            FAILED_PRECONDITION,
            "etcdserver: authentication is not enabled",
        );
        assert_eq!(unwanted, Refusal::Failed(Failure::Denied));
    }

    #[test]
    fn what_was_not_put_right_says_nothing_of_an_outcome_that_is_open() {
        for refusal in [Refusal::NoLease, Refusal::LoggedOut] {
            assert!(!refusal.failure().leaves_open(), "{refusal:?}");
        }
    }
}
