//! How an exchange ended, in few words: `error.type`, and the class of the status.

use std::borrow::Cow;

use crate::method::OTHER;
use crate::rpc;

/// The `error.type` of an exchange that got no answer.
pub(crate) const NO_RESPONSE: &str = "no_response";

/// The `error.type` of an exchange whose answer broke off.
pub(crate) const INCOMPLETE_RESPONSE: &str = "incomplete_response";

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// The status of the final response; `None` where none came.
    pub(crate) status: Option<u16>,
    /// The status code of gRPC, from wherever it stands. A client of gRPC reads it from the HTTP
    /// status where there is none (`Code::of_http`), so should who fills this in.
    pub(crate) grpc: Option<u8>,
    /// Whether nothing is missing of what the server had to do. An exchange that the client has left
    /// is complete, whatever was sent of the answer.
    pub(crate) is_complete: bool,
}

/// Why an exchange failed on the server's side; `None` where it did not.
///
/// The values are the HTTP statuses from 500 to 599, the names of the codes of gRPC that
/// [`rpc::is_server_error`] has, [`NO_RESPONSE`], [`INCOMPLETE_RESPONSE`], and `_OTHER` for statuses
/// that HTTP does not have. A 4xx is no error of a server (semantic conventions for HTTP spans,
/// section "Status").
pub(crate) fn error_type(outcome: Outcome) -> Option<Cow<'static, str>> {
    if let Some(code) = outcome.grpc {
        return rpc::is_server_error(code).then(|| rpc::status_name(code).into());
    }
    match outcome.status {
        Some(status @ 500..=599) => Some(status.to_string().into()),
        Some(600..) => Some(OTHER.into()),
        _ if outcome.is_complete => None,
        Some(_) => Some(INCOMPLETE_RESPONSE.into()),
        None => Some(NO_RESPONSE.into()),
    }
}

/// The class of the status (RFC 9110 section 15), of gRPC that of the HTTP status that stands for
/// its code: gRPC answers with 200 whatever happened. `none` where there is no status.
pub(crate) fn status_class(status: Option<u16>, grpc: Option<u8>) -> &'static str {
    let status = grpc.map(|code| rpc::code(code).http_status()).or(status);
    match status {
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        // Whoever does not know the class treats it as a server error (RFC 9110 section 15).
        Some(500..) => "5xx",
        _ => "none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16) -> Option<Cow<'static, str>> {
        error_type(Outcome {
            status: Some(status),
            grpc: None,
            is_complete: true,
        })
    }

    fn grpc(code: u8) -> Option<Cow<'static, str>> {
        error_type(Outcome {
            status: Some(200),
            grpc: Some(code),
            is_complete: true,
        })
    }

    #[test]
    fn only_server_errors_have_a_type() {
        for status in [101, 200, 204, 304, 400, 404, 429, 499] {
            assert_eq!(http(status), None, "{status}");
        }
        assert_eq!(http(500).as_deref(), Some("500"));
        assert_eq!(http(599).as_deref(), Some("599"));
    }

    #[test]
    fn a_status_that_http_does_not_have_adds_no_type_of_its_own() {
        assert_eq!(http(600).as_deref(), Some("_OTHER"));
        assert_eq!(http(u16::MAX).as_deref(), Some("_OTHER"));
    }

    #[test]
    fn of_grpc_the_code_counts_and_not_the_status() {
        assert_eq!(grpc(0), None);
        assert_eq!(grpc(5), None);
        assert_eq!(grpc(4).as_deref(), Some("DEADLINE_EXCEEDED"));
        assert_eq!(grpc(99).as_deref(), Some("UNKNOWN"));
        let refused = Outcome {
            status: Some(503),
            grpc: Some(8),
            is_complete: true,
        };
        assert_eq!(error_type(refused), None);
    }

    #[test]
    fn what_did_not_end_well_has_a_type_unless_the_status_says_more() {
        let nothing = Outcome::default();
        assert_eq!(error_type(nothing).as_deref(), Some(NO_RESPONSE));
        let broken = |status, grpc| Outcome {
            status: Some(status),
            grpc,
            is_complete: false,
        };
        assert_eq!(
            error_type(broken(200, None)).as_deref(),
            Some(INCOMPLETE_RESPONSE)
        );
        assert_eq!(error_type(broken(503, None)).as_deref(), Some("503"));
        // The code is the last word of a call; what follows it is of no matter.
        assert_eq!(error_type(broken(200, Some(0))), None);
    }

    #[test]
    fn a_client_that_left_is_no_error_of_the_server() {
        let left = Outcome {
            is_complete: true,
            ..Outcome::default()
        };
        assert_eq!(error_type(left), None);
    }

    #[test]
    fn a_class_is_that_of_the_status_and_of_grpc_that_which_stands_for_its_code() {
        for (status, grpc, class) in [
            (None, None, "none"),
            (Some(0), None, "none"),
            (Some(99), None, "none"),
            (Some(101), None, "1xx"),
            (Some(204), None, "2xx"),
            (Some(304), None, "3xx"),
            (Some(499), None, "4xx"),
            (Some(500), None, "5xx"),
            (Some(700), None, "5xx"),
            (Some(200), Some(0), "2xx"),
            (Some(200), Some(5), "4xx"),
            (Some(200), Some(14), "5xx"),
            (Some(200), Some(99), "5xx"),
            (None, Some(1), "4xx"),
        ] {
            assert_eq!(status_class(status, grpc), class, "{status:?} {grpc:?}");
        }
    }
}
