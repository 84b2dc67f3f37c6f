//! A place in a text, and what stands around it.

use super::octets::{is_atom, is_word, prefix, suffix};

/// Where a sign was found.
#[derive(Debug, Clone, Copy)]
pub struct Place<'t> {
    /// The whole text.
    pub text: &'t str,
    /// Where the sign begins, in octets.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// How far is looked around a sign, in octets: it keeps a rule in constant time.
pub const SIGHT: usize = 1024;

impl<'t> Place<'t> {
    /// All that stands after the sign. A rule that looks further than [`SIGHT`] has to find all that
    /// it looked at, or to stop where its sign could stand again.
    pub fn rest(&self) -> &'t str {
        self.text.get(self.end..).unwrap_or("")
    }

    /// What stands after the sign, as far as is looked.
    pub fn after(&self) -> &'t str {
        prefix(self.rest(), SIGHT)
    }

    /// What stands after the sign on its line, as far as is looked.
    pub fn after_on_line(&self) -> &'t str {
        self.after().split('\n').next().unwrap_or("")
    }

    /// What stands before the sign on its line, as far as is looked: a quarter of [`SIGHT`].
    pub fn before_on_line(&self) -> &'t str {
        let before = self.text.get(..self.start).unwrap_or("");
        suffix(before, SIGHT / 4).rsplit('\n').next().unwrap_or("")
    }

    /// Whether no letter, digit or `_` stands right before.
    pub fn opens_word(&self) -> bool {
        !self.octet_before().is_some_and(is_word)
    }

    /// Whether nothing that belongs to the same atom stands right before.
    pub fn opens_atom(&self) -> bool {
        !self.octet_before().is_some_and(is_atom)
    }

    /// Whether no letter, digit or `_` stands right after.
    pub fn closes_word(&self) -> bool {
        !self
            .text
            .as_bytes()
            .get(self.end)
            .is_some_and(|&b| is_word(b))
    }

    /// Whether only white space stands before it on its line.
    pub fn opens_line(&self) -> bool {
        self.before_on_line().trim_start().is_empty()
    }

    fn octet_before(&self) -> Option<u8> {
        let before = self.start.checked_sub(1)?;
        self.text.as_bytes().get(before).copied()
    }
}
