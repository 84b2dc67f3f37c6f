//! What a rule asks of a value.

use std::borrow::Cow;
use std::collections::BTreeSet;

use regex_lite::Regex;

use super::range::Range;
use crate::protobuf::types::{EnumId, Types};
use crate::protobuf::value::{List, Scalar, Value};

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tested<'v> {
    Scalar(&'v Scalar<'v>),
    List(&'v List<'v>),
    /// A map with so many entries.
    Map(usize),
    /// The paths of a `google.protobuf.FieldMask`.
    Paths(&'v [Cow<'v, str>]),
}

#[derive(Debug)]
pub(super) enum Test {
    Equals(Scalar<'static>),
    OneOf(Vec<Scalar<'static>>),
    NoneOf(Vec<Scalar<'static>>),
    InRange(Range),
    Finite,
    /// One of the declared values of an enumeration.
    Defined(EnumId),
    /// The number of characters.
    Characters(Size),
    /// The number of octets; of a text too, as it is written in UTF-8.
    Octets(Size),
    Matches(Regex),
    Begins(Vec<u8>),
    Ends(Vec<u8>),
    Contains(Vec<u8>),
    Lacks(Vec<u8>),
    NotEmpty,
    /// Empty, or in this form.
    Form(fn(&str) -> bool),
    /// Empty, or with one of these numbers of octets.
    Lengths(&'static [usize]),
    /// The number of elements or of entries.
    Count(Size),
    Unique,
    PathsEqual(Vec<String>),
    PathsIn(Vec<String>),
    PathsNotIn(Vec<String>),
}

impl PartialEq for Test {
    /// Whether both are of one sort.
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Bounds of a number of things, both included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Size {
    fn has(self, size: usize) -> bool {
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        (self.least..=self.most).contains(&size)
    }
}

impl Test {
    /// Whether a value is as the rule asks. Rules are read for the type of their field, so a value
    /// of another sort does not come here.
    pub(super) fn is_met(&self, tested: Tested<'_>, types: &Types) -> bool {
        match tested {
            Tested::Scalar(scalar) => self.is_met_by(scalar, types),
            Tested::List(list) => match self {
                Self::Count(size) => size.has(list.count),
                Self::Unique => are_unique(&list.elements),
                _ => true,
            },
            Tested::Map(entries) => match self {
                Self::Count(size) => size.has(entries),
                _ => true,
            },
            Tested::Paths(paths) => match self {
                Self::PathsEqual(own) => paths == own.as_slice(),
                Self::PathsIn(own) => paths.iter().all(|path| covers(own, path)),
                Self::PathsNotIn(own) => !paths.iter().any(|path| covers(own, path)),
                _ => true,
            },
        }
    }

    fn is_met_by(&self, scalar: &Scalar<'_>, types: &Types) -> bool {
        let octets = || scalar.octets().unwrap_or_default();
        match self {
            Self::Equals(own) => scalar == own,
            Self::OneOf(own) => own.contains(scalar),
            Self::NoneOf(own) => !own.contains(scalar),
            Self::InRange(range) => range.has(scalar),
            Self::Finite => !matches!(scalar, Scalar::Real(value) if !value.is_finite()),
            Self::Defined(id) => match (scalar, types.enumeration(*id)) {
                (Scalar::Integer(number), Some(own)) => {
                    i32::try_from(*number).is_ok_and(|number| own.has(number))
                }
                _ => true,
            },
            Self::Characters(size) => size.has(text(scalar).map_or(0, |own| own.chars().count())),
            Self::Octets(size) => size.has(octets().len()),
            // Octets that are no text match no pattern.
            Self::Matches(pattern) => text(scalar).is_some_and(|own| pattern.is_match(own)),
            Self::Begins(own) => octets().starts_with(own),
            Self::Ends(own) => octets().ends_with(own),
            Self::Contains(own) => contains(octets(), own),
            Self::Lacks(own) => !contains(octets(), own),
            Self::NotEmpty => !octets().is_empty(),
            Self::Form(is_in_form) => {
                text(scalar).is_some_and(|own| own.is_empty() || is_in_form(own))
            }
            Self::Lengths(lengths) => octets().is_empty() || lengths.contains(&octets().len()),
            Self::Count(_)
            | Self::Unique
            | Self::PathsEqual(_)
            | Self::PathsIn(_)
            | Self::PathsNotIn(_) => true,
        }
    }
}

fn text<'v>(scalar: &'v Scalar<'_>) -> Option<&'v str> {
    std::str::from_utf8(scalar.octets()?).ok()
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    part.is_empty() || octets.windows(part.len()).any(|window| window == part)
}

/// Whether a path is one of these, or below one of them.
fn covers(paths: &[String], path: &str) -> bool {
    paths.iter().any(|own| {
        let below = path.strip_prefix(own.as_str());
        below.is_some_and(|below| below.is_empty() || below.starts_with('.'))
    })
}

fn are_unique(elements: &[Value<'_>]) -> bool {
    let mut seen = BTreeSet::new();
    elements.iter().all(|element| match element {
        Value::Scalar(scalar) => Comparable::of(scalar).is_none_or(|own| seen.insert(own)),
        _ => true,
    })
}

/// A scalar that can be sorted, so that looking for equal ones is no matter of their square.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Comparable<'v> {
    Bool(bool),
    Integer(i128),
    Real(u64),
    Octets(&'v [u8]),
}

impl<'v> Comparable<'v> {
    /// `None` for what equals nothing, not even itself.
    fn of(scalar: &'v Scalar<'_>) -> Option<Self> {
        Some(match scalar {
            Scalar::Bool(value) => Self::Bool(*value),
            Scalar::Integer(value) => Self::Integer(*value),
            Scalar::Real(value) if value.is_nan() => return None,
            // Both zeros are one value.
            Scalar::Real(value) => Self::Real((value + 0.0).to_bits()),
            Scalar::Text(value) => Self::Octets(value.as_bytes()),
            Scalar::Octets(value) => Self::Octets(value),
        })
    }
}
