//! The kinds of values that only this policy has, each checked as it is read.

use std::str::FromStr;

use deserr::Deserr;
use kit::policy::value::Span;
use kit::policy::{Findings, did_you_mean, list};
use kit::problem::Code;
use kit::string_value;

/// A status code of gRPC that tells an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GrpcError(pub(super) Code);

impl FromStr for GrpcError {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Code::from_name(text) {
            Some(Code::Ok) => Err("is no error; expected a code other than `OK`".into()),
            Some(code) => Ok(Self(code)),
            None => {
                let names = error_codes();
                let hint = did_you_mean(&text.to_ascii_uppercase(), names.iter().copied());
                Err(format!("expected {}{hint}", list(&names)))
            }
        }
    }
}

/// The names of the codes that tell errors.
fn error_codes() -> Vec<&'static str> {
    (1..).map_while(Code::from_number).map(Code::name).collect()
}

string_value!(GrpcError, {
    "description": "A status code of gRPC that tells an error.",
    "enum": error_codes()
});

/// A whole number of seconds, 1 or more, written as a duration: `"30s"`, `"2m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seconds(pub(super) u32);

impl FromStr for Seconds {
    type Err = String;

    /// `Retry-After` has no fractions (RFC 9110 section 10.2.3).
    fn from_str(text: &str) -> Result<Self, String> {
        let Span(length) = text.parse()?;
        u32::try_from(length.as_secs())
            .ok()
            .filter(|seconds| *seconds > 0 && length.subsec_nanos() == 0)
            .map(Self)
            .ok_or_else(|| "expected whole seconds, one or more, such as \"30s\" or \"2m\"".into())
    }
}

string_value!(Seconds, {
    "type": "string",
    "description": "A duration of whole seconds, such as \"30s\" or \"2m\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// The reason of an `ErrorInfo` (AIP-193).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason(pub(super) String);

impl FromStr for Reason {
    type Err = String;

    /// `[A-Z][A-Z0-9_]+[A-Z0-9]` in at most 63 characters.
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let begins = text.starts_with(|c: char| c.is_ascii_uppercase());
        if !(3..=63).contains(&text.len())
            || !begins
            || !text.bytes().all(fits)
            || text.ends_with('_')
        {
            return Err(
                "expected 3 to 63 capitals, digits and `_`, such as \"OUT_OF_STOCK\" (AIP-193)"
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Reason, {
    "type": "string",
    "description": "Why the error happened, for machines: 3 to 63 capitals, digits and `_`, such as \"OUT_OF_STOCK\".",
    "pattern": "^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$"
});

/// Who gives a reason its meaning (AIP-193).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Domain(pub(super) String);

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._/".contains(&b);
        if !(1..=253).contains(&text.len()) || !text.bytes().all(fits) {
            return Err("expected the name of a service, such as \"orders.example.com\"".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Domain, {
    "type": "string",
    "description": "Who gives a reason its meaning, such as \"orders.example.com\".",
    "pattern": "^[A-Za-z0-9._/-]{1,253}$"
});

/// An HTTP status that tells an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Findings, try_from(u16) = ErrorStatus::check -> String)]
pub(super) struct ErrorStatus(pub(super) u16);

impl ErrorStatus {
    fn check(status: u16) -> Result<Self, String> {
        if (400..=599).contains(&status) {
            Ok(Self(status))
        } else {
            Err("expected the status of an error, from 400 to 599".into())
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ErrorStatus {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorStatus".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An HTTP status that tells an error.",
            "type": "integer",
            "minimum": 400,
            "maximum": 599
        })
    }
}
