//! The kinds of values that policies are made of, each checked as it is read.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef};

use super::finding::{Findings, pointer};

pub use super::object::Members;
pub use super::problem_base::ProblemBase;
pub use super::tagged::take_tag;

/// Reads a string and hands it to a parser whose error says what was expected.
///
/// # Errors
/// A value that is no string, or what the parser found.
pub fn parse_string<T, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Findings> {
    match value {
        Value::String(text) => {
            parse(&text).map_err(|message| Findings::one(pointer(location), message))
        }
        actual => {
            let error = ErrorKind::IncorrectValueKind {
                actual,
                accepted: &[ValueKind::String],
            };
            Err(deserr::take_cf_content(Findings::error::<V>(
                None, error, location,
            )))
        }
    }
}

/// Declares a value that is written as a string in policies, which its `FromStr` reads, and what
/// its JSON Schema says. The error of the `FromStr` says what was expected.
#[macro_export]
macro_rules! string_value {
    ($name:ident, {$($schema:tt)*}) => {
        impl ::deserr::Deserr<$crate::policy::Findings> for $name {
            fn deserialize_from_value<V: ::deserr::IntoValue>(
                value: ::deserr::Value<V>,
                location: ::deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::policy::Findings> {
                $crate::policy::value::parse_string(value, location, str::parse)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({$($schema)*})
            }
        }
    };
}

/// A length of time, written `"250ms"`, `"1h 30m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text).map(Self).map_err(|_| {
            "expected a duration with its unit, such as \"250ms\" or \"1h 30m\"".into()
        })
    }
}

string_value!(Span, {
    "type": "string",
    "description": "A duration with its unit, such as \"250ms\", \"30s\" or \"1h 30m\".",
    "pattern": "^[0-9]+ ?[a-z]+( ?[0-9]+ ?[a-z]+)*$"
});

/// A number of octets, written `"64KiB"`, `"1MB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Octets(pub usize);

impl FromStr for Octets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<bytesize::ByteSize>()
            .ok()
            .and_then(|size| usize::try_from(size.as_u64()).ok())
            .map(Self)
            .ok_or_else(|| "expected a size with its unit, such as \"64KiB\" or \"1MB\"".into())
    }
}

string_value!(Octets, {
    "type": "string",
    "description": "A size with its unit, such as \"64KiB\" or \"1MB\".",
    "pattern": "^[0-9]+ ?([kKMG]i?)?B?$"
});

/// The most octets of a content that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxBody(pub usize);

impl FromStr for MaxBody {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Octets(octets @ 1..=1_048_576) => Ok(Self(octets)),
            Octets(_) => Err("expected a size from 1 B to 1 MiB".into()),
        }
    }
}

string_value!(MaxBody, {
    "type": "string",
    "description": "A size with its unit from 1 B to 1 MiB, such as \"64KiB\".",
    "pattern": "^[0-9]+ ?([kKM]i?)?B?$"
});

/// A point in time, written as RFC 3339 says: `"2026-01-31T00:00:00Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub SystemTime);

impl Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down; none before it.
    pub fn unix_seconds(self) -> u64 {
        self.0
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// The HTTP-date of RFC 9110 section 5.6.7 (IMF-fixdate, `GMT`).
    pub fn http_date(self) -> String {
        httpdate::fmt_http_date(self.0)
    }
}

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected an RFC 3339 date and time from 1970 to 9999, such as \
                        \"2026-01-31T00:00:00Z\"";
        let parsed =
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
                .map_err(|_| expected.to_owned())?;
        let seconds = parsed.unix_timestamp();
        // An HTTP-date has four digits for the year.
        if parsed.to_offset(time::UtcOffset::UTC).year() > 9999 {
            return Err(expected.to_owned());
        }
        u64::try_from(seconds)
            .ok()
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
            .map(Self)
            .ok_or_else(|| expected.to_owned())
    }
}

string_value!(Timestamp, {
    "type": "string",
    "format": "date-time",
    "description": "A date and time as RFC 3339 says, such as \"2026-01-31T00:00:00Z\"."
});

/// The name of a header field, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldName(pub String);

impl FieldName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FieldName {
    type Err = String;

    /// A token of RFC 9110 section 5.6.2.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if text.is_empty() || !text.chars().all(is_token) {
            return Err("expected the name of a header field, such as \"api-version\"".into());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

string_value!(FieldName, {
    "type": "string",
    "description": "The name of a header field, in any case.",
    "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
});

/// A text on one line: a title, a code, the name of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(pub String);

impl Line {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_short = (1..=256).contains(&text.chars().count());
        if !is_short || text.trim() != text || text.chars().any(char::is_control) {
            return Err(
                "expected a text of 1 to 256 characters on one line, without space around it"
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Line, {
    "type": "string",
    "description": "A text of 1 to 256 characters on one line.",
    "minLength": 1,
    "maxLength": 256
});

/// A name that an author gives: a service, a rule, a version's variant, a flag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub String);

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
            return Err("expected a name of 1 to 64 letters, digits, `-`, `_` or `.`".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Name, {
    "type": "string",
    "description": "A name of 1 to 64 letters, digits, `-`, `_` or `.`.",
    "pattern": "^[A-Za-z0-9_.-]{1,64}$"
});

/// An absolute or relative reference to a document, as RFC 3986 says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri(pub String);

impl Uri {
    /// The reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uri {
    type Err = String;

    /// Only characters that RFC 3986 allows anywhere: none that could end a `Link` target.
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
        if text.is_empty() || !text.chars().all(fits) {
            return Err(
                "expected a URI reference, such as \"https://api.example.com/docs\"".into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Uri, {
    "type": "string",
    "format": "uri-reference",
    "description": "A URI reference (RFC 3986)."
});

/// Whether a URI reference begins with a scheme (RFC 3986 section 3.1) and says something behind it.
pub fn is_absolute(uri: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    uri.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(fits)
            && !rest.trim_start_matches('/').is_empty()
    })
}

/// A place in a JSON document, as a JSON Pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The pointer, as it was written; empty for the whole document.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands there in a document.
    pub fn find<'a>(&self, document: &'a serde_json::Value) -> Option<&'a serde_json::Value> {
        document.pointer(&self.0)
    }
}

impl FromStr for Pointer {
    type Err = String;

    /// The string form of RFC 6901 section 3, not the URI fragment of section 6.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_escape = |after: &str| after.starts_with(['0', '1']);
        let starts = text.is_empty() || text.starts_with('/');
        if !starts || !text.split('~').skip(1).all(is_escape) {
            return Err(
                "expected a JSON Pointer, such as \"/error/code\", with `~0` for `~` and `~1` \
                 for `/` in a name"
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Pointer, {
    "type": "string",
    "format": "json-pointer",
    "description": "A JSON Pointer (RFC 6901), such as \"/error/code\"; empty for the whole document.",
    "pattern": "^(/([^/~]|~[01])*)*$"
});

/// A share of a whole in percent, with up to two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u16);

impl Percent {
    /// The share in hundredths of a percent, 0 to 10,000.
    pub fn basis_points(self) -> u16 {
        self.0
    }
}

impl Deserr<Findings> for Percent {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        #[expect(clippy::cast_precision_loss, reason = "Anything above 100 is refused.")]
        let percent = match value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => f64::NAN,
        };
        let hundredths = percent * 100.0;
        if (0.0..=10_000.0).contains(&hundredths) && (hundredths - hundredths.round()).abs() < 1e-6
        {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "It is between 0 and 10,000."
            )]
            return Ok(Self(hundredths.round() as u16));
        }
        Err(Findings::one(
            pointer(location),
            "expected a percentage from 0 to 100 with at most two decimals",
        ))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Percent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number",
            "minimum": 0,
            "maximum": 100,
            "multipleOf": 0.01,
            "description": "A share in percent, with at most two decimals."
        })
    }
}
