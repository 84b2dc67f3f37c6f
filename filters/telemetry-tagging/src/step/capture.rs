//! `capture`: a part of a value, by a regular expression.

use std::borrow::Cow;
use std::ops::Range;

use regex_lite::{Regex, RegexBuilder};

use super::Lost;

/// The longest pattern, in octets.
const MAX_PATTERN: usize = 512;
/// The largest compiled pattern, in octets. Patterns with counts up to some 60 fit.
const MAX_COMPILED: usize = 8 << 10;
/// The longest value that is looked at, in octets. A match takes time in proportion to the sizes of
/// the value and of the compiled pattern: at both limits, a few milliseconds.
pub(crate) const MAX_INPUT: usize = 2048;

/// The name of the group that is taken where several are there.
const GROUP: &str = "value";

/// A pattern, compiled.
#[derive(Debug)]
pub(crate) struct Capture {
    pattern: Regex,
    /// The group that is taken; 0 for the whole match.
    group: usize,
}

impl Capture {
    /// Compiles a pattern in the syntax of the crate `regex-lite`; it is found anywhere in a value.
    /// What is taken is the group named `value`, else the first group, else the whole match.
    ///
    /// # Errors
    /// What is wrong with the pattern, for the author of the policy.
    pub(crate) fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() || pattern.len() > MAX_PATTERN {
            return Err(format!(
                "expected a regular expression of 1 to {MAX_PATTERN} octets"
            ));
        }
        let pattern = RegexBuilder::new(pattern)
            .size_limit(MAX_COMPILED)
            .build()
            .map_err(|error| mistake(&error.to_string()))?;
        let named = pattern.capture_names().position(|name| name == Some(GROUP));
        let group = named.unwrap_or(usize::from(pattern.captures_len() > 1));
        Ok(Self { pattern, group })
    }

    /// Takes the part out of a value; a group that took no part in the match takes nothing.
    pub(super) fn take<'a>(&self, value: Cow<'a, str>) -> Result<Cow<'a, str>, Lost> {
        if value.len() > MAX_INPUT {
            return Err(Lost::TooLong);
        }
        let range = self.find(&value).ok_or(Lost::NoMatch)?;
        let part = match value {
            Cow::Borrowed(value) => value.get(range).map(Cow::Borrowed),
            Cow::Owned(value) => value.get(range).map(|part| Cow::Owned(part.to_owned())),
        };
        part.ok_or(Lost::NoMatch)
    }

    fn find(&self, value: &str) -> Option<Range<usize>> {
        let found = match self.group {
            // The place of a match costs less than those of its groups.
            0 => self.pattern.find(value)?,
            group => self.pattern.captures(value)?.get(group)?,
        };
        Some(found.range()).filter(|range| !range.is_empty())
    }
}

/// What `regex-lite` says has nothing of the pattern in it.
fn mistake(error: &str) -> String {
    if error.contains("size limit") {
        return "expected a smaller regular expression: compiled it takes more than 8 KiB, so \
                shorten it or lower the counts in `{…}`"
            .into();
    }
    format!(
        "expected a regular expression of linear time, without look-around, back-references and \
         Unicode classes, such as \"^tenant-([a-z]+)\": {error}"
    )
}

#[cfg(test)]
mod tests;
