//! What the encoder of one language writes and the decoder of another reads differently.
//!
//! A JSON text may be valid, and valid against its schema, and still mean something else to a
//! service in Go than to one in Rust: RFC 8259 leaves to readers what becomes of large numbers
//! (section 6), of names that stand twice (section 4), and of halves of surrogate pairs (section
//! 8.2). RFC 7493 (I-JSON) says what everybody reads alike, and this tells where a text leaves that.

mod declared;
mod names;
mod scanner;
mod text;

use std::ops::Range;

use serde_json::Value;

/// A way in which readers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An integer that a double does not carry exactly (RFC 7493 section 2.2). Go reads it into an
    /// `int64` as it is, and into `any` as its neighbour, as JavaScript always does.
    LargeInteger,
    /// A number that no double carries. Rust's and Go's readers refuse it, others make it infinite.
    Overflow,
    /// `NaN` or `Infinity`, which Python writes and which is no JSON.
    NonFinite,
    /// A whole number with a fraction or an exponent where an integer is declared. It is valid
    /// against the schema, and neither Go nor Rust reads it into an integer.
    FractionalInteger,
    /// `null` where an array is declared: a nil slice of Go. Rust's `Vec` refuses it.
    NullForArray,
    /// `null` where an object is declared: a nil map of Go.
    NullForObject,
    /// A name that stands twice in an object (RFC 7493 section 2.3). The last one wins in Go and in
    /// maps of Rust; a struct of Rust refuses it.
    DuplicateName,
    /// Names that differ by case only. Go takes either for the field of a struct.
    NameCase,
    /// Octets that are not UTF-8 (RFC 8259 section 8.1). Go replaces them, Rust refuses.
    InvalidUtf8,
    /// Half of a surrogate pair (RFC 7493 section 2.1). Go replaces it, Rust refuses.
    LoneSurrogate,
    /// Arrays and objects nested more deeply than readers go: Rust's stop at 128, Go's at 10,000.
    Depth,
    /// A text that is not written in the alphabet of base64 that is declared, or without its padding
    /// (RFC 4648 sections 3.2 and 4).
    Base64,
    /// A timestamp with more digits of a second than are kept (RFC 3339 section 5.6).
    TimestampPrecision,
    /// A timestamp that RFC 3339 allows and not every reader takes: a leap second, a small `t` or
    /// `z`, a space in place of the `T`; or one that it does not allow.
    TimestampForm,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::LargeInteger,
        Self::Overflow,
        Self::NonFinite,
        Self::FractionalInteger,
        Self::NullForArray,
        Self::NullForObject,
        Self::DuplicateName,
        Self::NameCase,
        Self::InvalidUtf8,
        Self::LoneSurrogate,
        Self::Depth,
        Self::Base64,
        Self::TimestampPrecision,
        Self::TimestampForm,
    ];

    /// The name, for policies and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LargeInteger => "largeInteger",
            Self::Overflow => "overflow",
            Self::NonFinite => "nonFinite",
            Self::FractionalInteger => "fractionalInteger",
            Self::NullForArray => "nullForArray",
            Self::NullForObject => "nullForObject",
            Self::DuplicateName => "duplicateName",
            Self::NameCase => "nameCase",
            Self::InvalidUtf8 => "invalidUtf8",
            Self::LoneSurrogate => "loneSurrogate",
            Self::Depth => "depth",
            Self::Base64 => "base64",
            Self::TimestampPrecision => "timestampPrecision",
            Self::TimestampForm => "timestampForm",
        }
    }

    /// What is wrong, as a sentence without a full stop.
    pub fn detail(self) -> &'static str {
        match self {
            Self::LargeInteger => {
                "is an integer beyond 2^53, which not every reader keeps; send it as a string"
            }
            Self::Overflow => "is a number that no double carries",
            Self::NonFinite => "is no finite number",
            Self::FractionalInteger => "is an integer with a fraction or an exponent",
            Self::NullForArray => "is null where an array is expected",
            Self::NullForObject => "is null where an object is expected",
            Self::DuplicateName => "stands more than once in its object",
            Self::NameCase => "differs from another name of its object by case only",
            Self::InvalidUtf8 => "is not UTF-8",
            Self::LoneSurrogate => "holds half of a surrogate pair",
            Self::Depth => "is nested too deeply",
            Self::Base64 => "is not written in the base64 that is expected",
            Self::TimestampPrecision => "is a timestamp with more digits of a second than are kept",
            Self::TimestampForm => "is a timestamp in a form that not every reader takes",
        }
    }
}

/// Some of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u16);

impl Kinds {
    /// All of them.
    pub const ALL: Self = Self(u16::MAX);

    /// Whether a kind is one of them.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    fn bit(kind: Kind) -> u16 {
        1 << kind as u16
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |all, kind| all | Self::bit(kind)))
    }
}

/// One place that readers read differently. It never repeats a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How they differ.
    pub kind: Kind,
    /// Where, as a JSON Pointer. What is not UTF-8 in a name is replaced.
    pub pointer: String,
    /// The octets of the value or the name in the text.
    pub octets: Range<usize>,
    /// What may stand there instead without changing what is meant.
    pub repair: Option<&'static str>,
}

/// How far a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting; beyond it nothing is read.
    pub depth: usize,
    /// The kinds that are looked for.
    pub kinds: Kinds,
    /// The number of differences of each kind that are told. Those that can be repaired are not
    /// counted: there are no more of them than the text has room for.
    pub differences: usize,
    /// The digits of a second that are kept: 9 for nanoseconds, as in Go and Rust.
    pub second_digits: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // serde_json's.
            depth: 128,
            kinds: Kinds::ALL,
            differences: 32,
            second_digits: 9,
        }
    }
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The differences, in the order in which their values end.
    pub differences: Vec<Difference>,
    /// Whether there are more than were asked for.
    pub more: bool,
    /// Whether the text was read to its end: it is JSON but for the differences, and not too deep.
    pub complete: bool,
}

/// Reads a text once, in linear time but for the sorting of an object's names.
///
/// `schema` is one that needs nothing around it, such as a
/// [`SchemaView`](crate::openapi::SchemaView); without it, what depends on what is declared is not
/// found.
pub fn check(text: &[u8], schema: Option<&Value>, limits: Limits) -> Report {
    scanner::read(text, schema, limits)
}

/// The text with all that can be repaired repaired; `None` where nothing can.
///
/// Only the octets of the values are replaced, so that numbers, order and white space stay.
pub fn repair(text: &[u8], differences: &[Difference]) -> Option<Vec<u8>> {
    let mut repairs: Vec<_> = differences
        .iter()
        .filter_map(|own| Some((own.octets.clone(), own.repair?)))
        .collect();
    repairs.sort_unstable_by_key(|(octets, _)| octets.start);
    if repairs.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for (octets, repair) in repairs {
        out.extend_from_slice(text.get(done..octets.start)?);
        out.extend_from_slice(repair.as_bytes());
        done = octets.end;
    }
    out.extend_from_slice(text.get(done..)?);
    Some(out)
}

#[cfg(test)]
mod tests;
