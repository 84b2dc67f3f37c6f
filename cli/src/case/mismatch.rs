//! One way in which what was seen is not what was expected.

use std::fmt;

use similar::{ChangeTag, TextDiff};

/// A difference, worded for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What was compared, such as `response header x-treaty-version`.
    pub what: String,
    /// What was expected of it.
    pub expected: String,
    /// What it was.
    pub got: String,
}

/// What still reads well on one line.
const SHORT: usize = 100;

impl Mismatch {
    /// A difference.
    pub fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            got: got.into(),
        }
    }

    /// The difference, said to be in a part of the case by this name; the whole has none.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        if !part.is_empty() {
            self.what = format!("{part}: {}", self.what);
        }
        self
    }
}

/// One line, or a difference by lines where the texts are long.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            expected,
            got,
        } = self;
        let is_short = |text: &str| text.len() <= SHORT && !text.contains('\n');
        if is_short(expected) && is_short(got) {
            return write!(f, "{what}: expected {expected}, got {got}");
        }
        write!(f, "{what} (- expected, + got):")?;
        for change in TextDiff::from_lines(expected.as_str(), got.as_str()).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            write!(f, "\n  {sign} {}", change.value().trim_end_matches('\n'))?;
        }
        Ok(())
    }
}
