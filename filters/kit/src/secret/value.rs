//! What stands after a name: `name=value`, `"name": "value"`, `name: value`.

use std::ops::Range;

use crate::scan::{Place, SIGHT, prefix, run};

/// A value, which begins where its name said.
#[derive(Clone, Copy)]
pub(super) struct Value<'t> {
    text: &'t str,
    /// Where it begins in the text, after its quote.
    pub(super) at: usize,
    /// The quote right before it.
    quote: Option<u8>,
    /// Whether `=` stands before it.
    pub(super) is_assigned: bool,
    /// Whether what stands there is surely a value: after `=`, or where both it and its name are in
    /// quotes.
    pub(super) is_sure: bool,
}

impl<'t> Value<'t> {
    /// The value of the name that a sign ends; none where none follows.
    ///
    /// Quotes may be escaped, as in JSON that was written into a text.
    pub(super) fn after_name(place: Place<'t>) -> Option<Self> {
        let after = place.after();
        let rest = after.trim_start_matches('\\');
        let unquoted = rest.trim_start_matches(['"', '\'']);
        let name_quoted = unquoted.len() < rest.len();
        let rest = unquoted.trim_start_matches(' ');
        let is_assigned = rest.starts_with('=');
        let rest = rest
            .strip_prefix("=>")
            .or_else(|| rest.strip_prefix(":="))
            .or_else(|| rest.strip_prefix('='))
            .or_else(|| rest.strip_prefix(':'))?;
        let rest = rest.trim_start_matches(' ').trim_start_matches('\\');
        let quote = rest.bytes().next().filter(|b| b"\"'`".contains(b));
        let opened = usize::from(quote.is_some());
        Some(Self {
            text: place.text,
            at: place.end + after.len() - rest.len() + opened,
            quote,
            is_assigned,
            is_sure: is_assigned || (name_quoted && quote.is_some()),
        })
    }

    /// What is left of it after some octets.
    pub(super) fn from(self, octets: usize) -> Self {
        Self {
            at: self.at + octets,
            ..self
        }
    }

    /// It, as far as is looked to see what it is.
    pub(super) fn seen(&self, is: &dyn Fn(u8) -> bool) -> &'t str {
        let seen = prefix(self.rest(), SIGHT);
        prefix(seen, run(seen, is))
    }

    /// All of it. No other value is looked for in it, so that each octet is looked at once.
    pub(super) fn whole(&self, is: &dyn Fn(u8) -> bool) -> Range<usize> {
        self.at..self.at + run(self.rest(), is)
    }

    /// All of a part, without the backslashes of an escaped quote.
    pub(super) fn whole_part(&self) -> Range<usize> {
        let rest = self.rest();
        let part = prefix(rest, run(rest, |b| self.is_part(b)));
        self.at..self.at + part.trim_end_matches('\\').len()
    }

    /// Whether it stands in quotes.
    pub(super) fn is_quoted(&self) -> bool {
        self.quote.is_some()
    }

    /// Up to the end of the line, or of the quotes.
    pub(super) fn is_line(&self, octet: u8) -> bool {
        octet != b'\n' && Some(octet) != self.quote
    }

    /// Up to the end of the quotes; without them, of the word.
    pub(super) fn is_part(&self, octet: u8) -> bool {
        match self.quote {
            Some(_) => self.is_line(octet),
            None => !octet.is_ascii_whitespace() && !b"&;,\"'`<>)]}".contains(&octet),
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }
}

/// What stands for a value: `<token>`, `{secret}`, `$PASSWORD`, `***`, and a mark such as
/// `[redacted]`.
pub(super) fn is_placeholder(value: &str) -> bool {
    value.starts_with(['<', '{', '[', '$', '*', '%', '.', '(']) || value.starts_with("null")
}

/// Whether a word is a secret rather than a word of a sentence.
pub(super) fn is_secret(word: &str) -> bool {
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    let has_letter = word.bytes().any(|b| b.is_ascii_alphabetic());
    let inner = word.get(..word.len().saturating_sub(1)).unwrap_or("");
    let has_symbol =
        has_letter && inner.contains(['!', '@', '#', '$', '%', '^', '&', '*', '+', '=']);
    let is_number = word.bytes().all(|b| b.is_ascii_digit());
    word.len() >= 6 && (is_number || has_digit && has_letter || has_symbol)
}

/// Whether an octet is of `token68` (RFC 9110 section 11.2).
pub(super) fn is_token68(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet)
}
