//! Versions of an API: how they are written, and which is newer.

use std::cmp::Ordering;
use std::fmt;

use deserr::Deserr;
use semver::{BuildMetadata, Prerelease};

/// The most octets that the text of a version may have; anything longer is no version.
pub(crate) const MAX_TEXT: usize = 64;

/// How versions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum Scheme {
    /// `2` or `v2`.
    Integer,
    /// `1`, `1.2`, `1.2.3` or `1.2.3-rc.1`, with or without a leading `v` (semver.org 2.0.0).
    Semver,
    /// A day of the calendar: `2026-01-31`.
    Date,
}

/// One version. Two are equal when they have the same number, however much of it was written out:
/// missing parts are 0.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    number: Number,
    /// How many parts of a semantic version were written.
    parts: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Integer(u64),
    Semver(semver::Version),
    Date(Date),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Scheme {
    /// The version that a text names, if it names one.
    pub(crate) fn parse(self, text: &str) -> Option<Version> {
        if text.len() > MAX_TEXT {
            return None;
        }
        match self {
            Self::Integer => integer(without_v(text)).map(|number| Version {
                number: Number::Integer(number),
                parts: 1,
            }),
            Self::Semver => semantic(without_v(text)),
            Self::Date => date(text).map(|date| Version {
                number: Number::Date(date),
                parts: 1,
            }),
        }
    }

    /// What a policy is told to write.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Integer => "expected an integer version, such as \"2\"",
            Self::Semver => "expected a semantic version, such as \"1.2\" or \"1.2.3\"",
            Self::Date => "expected the date of a version, such as \"2026-01-31\"",
        }
    }
}

impl Version {
    /// Whether this names `other` and not just the series that it belongs to: `1` does not name
    /// `1.0.0`.
    pub(crate) fn names(&self, other: &Self) -> bool {
        self == other && self.parts >= other.parts
    }

    /// Whether the number says itself that it is not yet released (semver.org section 9).
    pub(crate) fn is_prerelease(&self) -> bool {
        matches!(&self.number, Number::Semver(version) if !version.pre.is_empty())
    }

    /// Whether `other` may stand in for this: the same major version, and not older.
    pub(crate) fn accepts(&self, other: &Self) -> bool {
        match (&self.number, &other.number) {
            (Number::Semver(own), Number::Semver(theirs)) => {
                own.major == theirs.major && own <= theirs
            }
            _ => self == other,
        }
    }
}

/// Whether a text is meant as a version: a segment such as `vault` after the template `/v{version}`
/// is no mistake, it is another path.
pub(crate) fn is_meant_as_version(text: &str) -> bool {
    without_v(text).starts_with(|c: char| c.is_ascii_digit())
}

fn without_v(text: &str) -> &str {
    text.strip_prefix(['v', 'V']).unwrap_or(text)
}

/// Digits alone, without leading zeros.
fn integer(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    (plain && !padded).then(|| text.parse().ok())?
}

fn semantic(text: &str) -> Option<Version> {
    let (release, pre) = match text.split_once('-') {
        Some((release, pre)) => (release, Some(pre)),
        None => (text, None),
    };
    let mut numbers = [0; 3];
    let mut parts = 0;
    for part in release.split('.') {
        *numbers.get_mut(usize::from(parts))? = integer(part)?;
        parts += 1;
    }
    let pre = match pre {
        None => Prerelease::EMPTY,
        Some(pre) if parts == 3 && !pre.is_empty() => Prerelease::new(pre).ok()?,
        Some(_) => return None,
    };
    let [major, minor, patch] = numbers;
    let number = semver::Version {
        major,
        minor,
        patch,
        pre,
        build: BuildMetadata::EMPTY,
    };
    Some(Version {
        number: Number::Semver(number),
        parts,
    })
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut next = |len: usize| {
        let part = parts.next()?;
        let fits = part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse::<u16>().ok())?
    };
    let (year, month, day) = (next(4)?, next(2)?, next(2)?);
    if parts.next().is_some() {
        return None;
    }
    let date = Date {
        year,
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
    };
    (1..=date.days_of_month())
        .contains(&date.day)
        .then_some(date)
}

impl Date {
    /// 0 for a month that does not exist.
    fn days_of_month(self) -> u8 {
        let every = |years: u16| self.year.is_multiple_of(years);
        let leap = every(4) && (!every(100) || every(400));
        match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 0,
        }
    }
}

impl fmt::Display for Version {
    /// The canonical form: without a `v`, with the parts that were written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.number {
            Number::Integer(number) => write!(f, "{number}"),
            Number::Semver(version) => match self.parts {
                1 => write!(f, "{}", version.major),
                2 => write!(f, "{}.{}", version.major, version.minor),
                _ => write!(f, "{version}"),
            },
            Number::Date(date) => {
                write!(f, "{:04}-{:02}-{:02}", date.year, date.month, date.day)
            }
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

#[cfg(test)]
mod tests;
