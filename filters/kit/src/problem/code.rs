//! The status codes of gRPC, which Connect shares.

/// A status code of gRPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "The names are those of google.rpc.Code.")]
pub enum Code {
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    /// The number on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The name in `google.rpc.Code`, such as `NOT_FOUND`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The name in the Connect protocol, such as `not_found`.
    pub fn connect_name(self) -> String {
        match self {
            // Connect spells this one as the Americans do.
            Self::Cancelled => "canceled".to_owned(),
            other => other.name().to_ascii_lowercase(),
        }
    }

    /// The HTTP status that stands for the code, as `google.rpc.Code` and Connect map it.
    ///
    /// There is no way back: which code a gRPC client reads from a bare HTTP status is another
    /// table.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists | Self::Aborted => 409,
            Self::ResourceExhausted => 429,
            Self::Cancelled => 499,
            Self::Unknown | Self::Internal | Self::DataLoss => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From google/rpc/code.proto and the Connect protocol reference.
    const TABLE: [(Code, u8, &str, &str, u16); 17] = [
        (Code::Ok, 0, "OK", "ok", 200),
        (Code::Cancelled, 1, "CANCELLED", "canceled", 499),
        (Code::Unknown, 2, "UNKNOWN", "unknown", 500),
        (
            Code::InvalidArgument,
            3,
            "INVALID_ARGUMENT",
            "invalid_argument",
            400,
        ),
        (
            Code::DeadlineExceeded,
            4,
            "DEADLINE_EXCEEDED",
            "deadline_exceeded",
            504,
        ),
        (Code::NotFound, 5, "NOT_FOUND", "not_found", 404),
        (
            Code::AlreadyExists,
            6,
            "ALREADY_EXISTS",
            "already_exists",
            409,
        ),
        (
            Code::PermissionDenied,
            7,
            "PERMISSION_DENIED",
            "permission_denied",
            403,
        ),
        (
            Code::ResourceExhausted,
            8,
            "RESOURCE_EXHAUSTED",
            "resource_exhausted",
            429,
        ),
        (
            Code::FailedPrecondition,
            9,
            "FAILED_PRECONDITION",
            "failed_precondition",
            400,
        ),
        (Code::Aborted, 10, "ABORTED", "aborted", 409),
        (Code::OutOfRange, 11, "OUT_OF_RANGE", "out_of_range", 400),
        (
            Code::Unimplemented,
            12,
            "UNIMPLEMENTED",
            "unimplemented",
            501,
        ),
        (Code::Internal, 13, "INTERNAL", "internal", 500),
        (Code::Unavailable, 14, "UNAVAILABLE", "unavailable", 503),
        (Code::DataLoss, 15, "DATA_LOSS", "data_loss", 500),
        (
            Code::Unauthenticated,
            16,
            "UNAUTHENTICATED",
            "unauthenticated",
            401,
        ),
    ];

    #[test]
    fn codes_are_those_of_the_standards() {
        for (code, number, name, connect_name, http_status) in TABLE {
            assert_eq!(code.number(), number);
            assert_eq!(code.name(), name);
            assert_eq!(code.connect_name(), connect_name);
            assert_eq!(code.http_status(), http_status);
        }
    }
}
