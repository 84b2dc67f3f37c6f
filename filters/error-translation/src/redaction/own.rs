//! What a policy looks for beside the kinds that are built in.

use std::ops::Range;
use std::rc::Rc;

use regex_lite::{Regex, RegexBuilder};

use super::masked::MARK;

/// The most patterns that a policy may have: each is run over each text.
pub(crate) const MAX_PATTERNS: usize = 32;
/// The longest pattern, in octets.
const MAX_PATTERN: usize = 256;
/// The largest compiled pattern, in octets.
const MAX_COMPILED: usize = 64 << 10;
/// The most places in one text. Looking for all of them is linear in their number times the text,
/// so a text with more is withheld.
const MAX_PLACES: usize = 64;

/// What happens to a text in which an own pattern is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The place is masked.
    Mask,
    /// Nothing of the text leaves.
    Withhold,
}

/// A pattern of the policy, compiled.
#[derive(Debug)]
pub(crate) struct OwnPattern {
    /// The name that is told where it was found.
    pub(super) name: Rc<str>,
    pattern: Regex,
    pub(super) action: Action,
}

impl OwnPattern {
    /// Compiles a pattern in the syntax of the crate `regex-lite`; it is found anywhere in a text.
    ///
    /// # Errors
    /// What is wrong with the pattern, for the author of the policy.
    pub(crate) fn compile(name: &str, pattern: &str, action: Action) -> Result<Self, String> {
        if pattern.is_empty() || pattern.len() > MAX_PATTERN {
            return Err(format!(
                "expected a regular expression of 1 to {MAX_PATTERN} octets"
            ));
        }
        let pattern = RegexBuilder::new(pattern)
            .size_limit(MAX_COMPILED)
            .build()
            .map_err(|error| mistake(&error.to_string()))?;
        if pattern.is_match("") {
            return Err(
                "expected a regular expression that matches something: this one also matches the \
                 empty text, and so every text"
                    .into(),
            );
        }
        Ok(Self {
            name: name.into(),
            pattern,
            action,
        })
    }

    /// Whether the pattern is in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.pattern.is_match(text)
    }

    /// The places of the pattern in a text; `None` where there are too many.
    ///
    /// A mark that an earlier pass left is not masked again, else no text would come to rest.
    pub(super) fn places(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let mut places = Vec::new();
        for (count, found) in self.pattern.find_iter(text).enumerate() {
            if count == MAX_PLACES {
                return None;
            }
            if !found.as_str().is_empty() && !is_within_mark(text, &found.range()) {
                places.push(found.range());
            }
        }
        Some(places)
    }
}

/// Whether a place is a mark, or a part of one.
fn is_within_mark(text: &str, place: &Range<usize>) -> bool {
    let from = place.start.saturating_sub(MARK.len());
    (from..=place.start).any(|at| {
        at + MARK.len() >= place.end
            && text.as_bytes().get(at..at + MARK.len()) == Some(MARK.as_bytes())
    })
}

/// What `regex-lite` says has nothing of the pattern in it.
fn mistake(error: &str) -> String {
    if error.contains("size limit") {
        return "expected a smaller regular expression: compiled it takes more than 64 KiB, so \
                lower the counts in `{…}`"
            .into();
    }
    format!(
        "expected a regular expression of linear time, without look-around, back-references and \
         Unicode classes, such as \"ACME-[0-9]{{8}}\": {error}"
    )
}
