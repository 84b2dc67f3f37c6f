//! Personal data in texts: found by its form, and masked.
//!
//! - `kinds`: what is looked for. Each kind has a file that finds it: `email`, `card`, `iban`,
//!   `token`, `ip`, `phone`.
//! - `place`: where something was found, and what stands there instead.
//! - `encoding`: a text as those read it who decode it.
//!
//! Each kind is looked for in one pass of linear time, and not at all where an octet is missing
//! that it cannot be without.

mod card;
mod email;
mod encoding;
mod iban;
mod ip;
mod kinds;
mod phone;
mod place;
mod token;

use std::borrow::Cow;

pub(crate) use encoding::decoded;
pub(crate) use kinds::{Kind, Kinds};

/// What a mask keeps of what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Keep {
    /// Nothing but its kind, such as `[email]`.
    #[default]
    Nothing,
    /// The part that tells nobody apart: `[email]@example.com`, `[card]1111`, `DE[iban]`,
    /// `203.0.113.0` for a network of 24 bits, `2001:db8:1::` for one of 48 bits. Of a credential
    /// and of a telephone number there is none.
    Part,
}

/// The fewest octets that anything is found in: an address such as `1::2`.
const SHORTEST: usize = 4;

/// How often a text is looked at again after something was masked in it. A mask parts what stood
/// together, so that what is left may have a new meaning. A text that does not come to rest becomes
/// one mask.
const ROUNDS: usize = 4;

/// Masks every place of the kinds, and tells which kinds there were; borrowed where nothing was
/// found.
///
/// What comes out is a text in which the same call finds nothing. Where the text shows personal
/// data only once it is decoded (`jane%2540example.com`, `4111+1111+1111+1111`), the whole of it
/// becomes one mask, because places in the decoded text are none in this one.
pub(crate) fn mask<'t>(text: &'t str, kinds: Kinds, keep: Keep, found: &mut Kinds) -> Cow<'t, str> {
    if text.len() < SHORTEST || is_short_word(text) {
        return Cow::Borrowed(text);
    }
    let mut text = Cow::Borrowed(text);
    let mut rounds = 0;
    loop {
        let places = place::find(&text, kinds, keep);
        let Some(first) = places.kinds().next() else {
            let hidden = encoding::hidden(&text, kinds, keep, found);
            return hidden.map_or(text, |kind| Cow::Borrowed(kind.mask()));
        };
        places.kinds().for_each(|kind| found.insert(kind));
        if rounds == ROUNDS {
            return Cow::Borrowed(first.mask());
        }
        text = Cow::Owned(places.masked(&text));
        rounds += 1;
    }
}

/// Whether a text is a word in which no kind has room: most values of tags are one, and looking for
/// every kind costs more than all else that happens to them. A mailbox and an address need other
/// octets, a card and a bank account more digits, a credential more octets.
fn is_short_word(text: &str) -> bool {
    const LONGEST: usize = 12;
    const MOST_DIGITS: usize = 7;
    let is_of_word = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    text.len() <= LONGEST
        && text.as_bytes().iter().all(is_of_word)
        && text.bytes().filter(u8::is_ascii_digit).count() <= MOST_DIGITS
}

#[cfg(test)]
mod tests;
