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

/// Every code, by its number.
const ALL: [Code; 17] = [
    Code::Ok,
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

impl Code {
    /// The code with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// The code with this name in `google.rpc.Code`, such as `NOT_FOUND`.
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|code| code.name() == name)
    }

    /// The code of an error with this name in the Connect protocol, such as `not_found`. There is
    /// none for success.
    pub fn from_connect_name(name: &str) -> Option<Self> {
        let mut errors = ALL.into_iter().filter(|code| *code != Self::Ok);
        errors.find(|code| code.connect_name() == name)
    }

    /// The code that a gRPC client reads from a bare HTTP status, where `grpc-status` is absent
    /// (`http-grpc-status-mapping.md` of gRPC).
    ///
    /// This is not [`Code::http_status`] read backwards.
    pub fn of_http(status: u16) -> Self {
        match status {
            400 | 431 => Self::Internal,
            other => Self::of_http_in_connect(other),
        }
    }

    /// The code that a Connect client reads from a bare HTTP status, where the content names none
    /// ("HTTP to error code" of the Connect protocol). It differs from that of gRPC for 431.
    pub fn of_http_in_connect(status: u16) -> Self {
        match status {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502..=504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

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
    fn codes_are_found_by_number_and_by_either_name() {
        for (code, number, name, connect_name, _) in TABLE {
            assert_eq!(Code::from_number(number.into()), Some(code));
            assert_eq!(Code::from_name(name), Some(code));
            let error = (code != Code::Ok).then_some(code);
            assert_eq!(Code::from_connect_name(connect_name), error);
        }
        assert_eq!(Code::from_number(17), None);
        assert_eq!(Code::from_number(u32::MAX), None);
        assert_eq!(Code::from_name("not_found"), None);
        assert_eq!(Code::from_connect_name("cancelled"), None);
    }

    /// From http-grpc-status-mapping.md.
    #[test]
    fn a_bare_http_status_is_read_as_grpc_clients_read_it() {
        for (status, code) in [
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::Unimplemented),
            (429, Code::Unavailable),
            (431, Code::Internal),
            (502, Code::Unavailable),
            (503, Code::Unavailable),
            (504, Code::Unavailable),
        ] {
            assert_eq!(Code::of_http(status), code, "{status}");
        }
        for status in [
            200, 302, 402, 405, 408, 409, 412, 418, 422, 499, 500, 501, 505,
        ] {
            assert_eq!(Code::of_http(status), Code::Unknown, "{status}");
        }
    }

    #[test]
    fn connect_reads_431_otherwise_than_grpc() {
        assert_eq!(Code::of_http_in_connect(431), Code::Unknown);
        for status in [200, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504] {
            assert_eq!(Code::of_http_in_connect(status), Code::of_http(status));
        }
    }

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
