//! Why a text is not what its parameter's serialisation makes.

use std::fmt;

/// Why a text cannot be read as its parameter. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// A percent sign without two hexadecimal digits (RFC 3986 section 2.1). Readers disagree: some
    /// take it as it is, others drop the parameter.
    PercentEncoding,
    /// Octets that are not UTF-8.
    NotUtf8,
    /// The name stands more than once, where one value is declared. Readers disagree about which
    /// one counts.
    Repeated,
    /// What `content` declares to be JSON is none.
    NotJson,
    /// The text does not start or continue as its style does (`;name=` or a dot).
    Style,
    /// The members of an object are not names with values.
    Members,
}

impl Malformed {
    /// What is wrong, as a sentence without a full stop.
    pub fn detail(self) -> &'static str {
        match self {
            Self::PercentEncoding => "is not percent-encoded correctly",
            Self::NotUtf8 => "is not UTF-8",
            Self::Repeated => "stands more than once, and only one value is allowed",
            Self::NotJson => "is not JSON",
            Self::Style => "is not written in the style that the contract declares",
            Self::Members => "is not a list of names with values",
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for Malformed {}
