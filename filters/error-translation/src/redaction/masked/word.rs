//! One pass over the words of a text: each is looked at once for what it is.

use kit::scan::{is_atom, run};

use super::{Places, address, file, host, url};
use crate::redaction::kind::Kind;

/// A word in its text.
#[derive(Clone, Copy)]
pub(super) struct Word<'t> {
    /// The whole text.
    pub(super) text: &'t str,
    /// The word itself.
    pub(super) itself: &'t str,
    /// Where it begins.
    pub(super) start: usize,
    /// The word before it.
    pub(super) before: &'t str,
}

/// Notes what is masked in the words of a text.
pub(super) fn find(text: &str, places: &mut Places) {
    let mut start = 0;
    // Where a path or a connection string of several words ends.
    let mut until = 0;
    let mut before = "";
    for piece in text.split_inclusive(is_between) {
        let word = piece.trim_end_matches(is_between);
        if !word.is_empty() && start >= until {
            until = of_word(
                Word {
                    text,
                    itself: word,
                    start,
                    before,
                },
                places,
            );
            before = word;
        }
        start += piece.len();
    }
}

/// Notes what is masked in a word, and says where what was found ends.
fn of_word(word: Word<'_>, places: &mut Places) -> usize {
    if let Some(end) = url::find(word, places) {
        return end;
    }
    if let Some(range) = file::find(word) {
        places.add(Kind::Path, range.clone());
        return range.end;
    }
    address::find(word, places);
    for (start, atom) in atoms(word.itself) {
        let start = word.start + start;
        if let Some(length) = host::find(word.text.get(start..).unwrap_or(""), atom) {
            places.add(Kind::Host, start..start + length);
        }
    }
    0
}

/// The runs of what host names consist of, each with its start.
fn atoms(word: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = word.get(at..)?;
        let skipped = rest.bytes().take_while(|&b| !is_atom(b)).count();
        let rest = rest.get(skipped..).filter(|rest| !rest.is_empty())?;
        let start = at + skipped;
        let atom = rest.get(..run(rest, is_atom))?;
        at = start + atom.len();
        Some((start, atom))
    })
}

/// What stands between words: white space, quotes, brackets, the separators of parameters, and what
/// is no letter beyond ASCII. Ideographs count as such, because they need no space after a path.
fn is_between(c: char) -> bool {
    match c {
        '\0'..='\x7f' => {
            c.is_ascii_whitespace() || c.is_ascii_control() || "\"'`<>()[]{},;|=&".contains(c)
        }
        '\u{c0}'..='\u{1fff}' => false,
        _ => true,
    }
}
