//! Fixed words that give something away, all looked for in one pass over a text.

use super::kind::{Kind, Kinds};

/// A word, and what must hold around it.
pub(super) struct Sign<R> {
    /// The word, of at least two octets; in lower case where the case is ignored.
    literal: &'static str,
    /// What must hold.
    rule: R,
}

impl<R> Sign<R> {
    /// A word that counts where the rule says so.
    pub(super) const fn new(literal: &'static str, rule: R) -> Self {
        debug_assert!(literal.len() >= 2);
        Self { literal, rule }
    }
}

/// Whether letters of either case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// They are not.
    Exact,
    /// They are.
    Ignored,
}

/// Where a word was found.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    /// The whole text.
    pub(super) text: &'t str,
    /// Where the word begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// How far is looked around a word, in octets: it keeps every rule in constant time.
pub(super) const SIGHT: usize = 1024;

impl<'t> Place<'t> {
    /// What stands after the word, as far as is looked.
    pub(super) fn after(&self) -> &'t str {
        let rest = self.text.get(self.end..).unwrap_or("");
        prefix(rest, SIGHT)
    }

    /// What stands after the word on its line, as far as is looked.
    pub(super) fn after_on_line(&self) -> &'t str {
        self.after().split('\n').next().unwrap_or("")
    }

    /// What stands before the word on its line, as far as is looked.
    pub(super) fn before_on_line(&self) -> &'t str {
        let before = self.text.get(..self.start).unwrap_or("");
        suffix(before, SIGHT / 4).rsplit('\n').next().unwrap_or("")
    }

    /// Whether no letter, digit or `_` stands right before.
    pub(super) fn opens_word(&self) -> bool {
        !self
            .text
            .as_bytes()
            .get(..self.start)
            .and_then(<[u8]>::last)
            .is_some_and(|&b| is_word(b))
    }

    /// Whether no letter, digit or `_` stands right after.
    pub(super) fn closes_word(&self) -> bool {
        !self
            .text
            .as_bytes()
            .get(self.end)
            .is_some_and(|&b| is_word(b))
    }

    /// Whether only white space stands before it on its line.
    pub(super) fn opens_line(&self) -> bool {
        self.before_on_line().trim_start().is_empty()
    }
}

/// The signs of the kinds that are on, ready for looking.
pub(super) struct Signs<R: 'static> {
    /// Each with the index of the next one that has the same first octet, counted from 1.
    all: Vec<(Kind, &'static Sign<R>, usize)>,
    /// By first octet: the index of the first sign that has it, counted from 1.
    heads: [usize; 256],
    /// By first octet: which second octets its signs have, modulo 64. It turns away nearly every
    /// place of a text without a comparison.
    seconds: [u64; 256],
    case: Case,
}

impl<R> Signs<R> {
    /// Takes the signs of the kinds that are on. The later groups are asked first.
    pub(super) fn new(groups: &[(Kind, &'static [Sign<R>])], on: Kinds, case: Case) -> Self {
        let mut this = Self {
            all: Vec::new(),
            heads: [0; 256],
            seconds: [0; 256],
            case,
        };
        for &(kind, signs) in groups.iter().filter(|(kind, _)| on.contains(*kind)) {
            for sign in signs {
                this.add(kind, sign);
            }
        }
        this
    }

    fn add(&mut self, kind: Kind, sign: &'static Sign<R>) {
        let [first, second, ..] = sign.literal.as_bytes() else {
            return;
        };
        if let Some(head) = self.heads.get_mut(usize::from(*first)) {
            self.all.push((kind, sign, *head));
            *head = self.all.len();
        }
        if let Some(seconds) = self.seconds.get_mut(usize::from(*first)) {
            *seconds |= 1 << (second & 63);
        }
    }

    /// Tells of each place of a sign until it hears a value.
    pub(super) fn look<'t, T>(
        &self,
        text: &'t str,
        hear: &mut dyn FnMut(Kind, &R, Place<'t>) -> Option<T>,
    ) -> Option<T> {
        let octets = text.as_bytes();
        for (start, pair) in octets.windows(2).enumerate() {
            let &[first, second] = pair else { continue };
            let (first, second) = (self.fold(first), self.fold(second));
            let known = self.seconds.get(usize::from(first)).copied().unwrap_or(0);
            if known & (1 << (second & 63)) == 0 {
                continue;
            }
            for (kind, sign) in self.of(first) {
                let end = start + sign.literal.len();
                if octets
                    .get(start..end)
                    .is_some_and(|found| self.is(found, sign.literal))
                {
                    let heard = hear(kind, &sign.rule, Place { text, start, end });
                    if heard.is_some() {
                        return heard;
                    }
                }
            }
        }
        None
    }

    /// The signs with a first octet.
    fn of(&self, first: u8) -> impl Iterator<Item = (Kind, &'static Sign<R>)> {
        let mut next = self.heads.get(usize::from(first)).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let (kind, sign, following) = *self.all.get(next.checked_sub(1)?)?;
            next = following;
            Some((kind, sign))
        })
    }

    fn fold(&self, octet: u8) -> u8 {
        match self.case {
            Case::Exact => octet,
            Case::Ignored => octet.to_ascii_lowercase(),
        }
    }

    fn is(&self, found: &[u8], literal: &str) -> bool {
        match self.case {
            Case::Exact => found == literal.as_bytes(),
            Case::Ignored => found.eq_ignore_ascii_case(literal.as_bytes()),
        }
    }
}

/// Whether an octet is an ASCII letter or digit, or `_`.
pub(super) fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

/// The first octets of a text, up to a number of them.
pub(super) fn prefix(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// The last octets of a text, up to a number of them.
pub(super) fn suffix(text: &str, most: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(most));
    text.get(from..).unwrap_or(text)
}

/// How many octets at the start of a text are of a kind.
pub(super) fn run(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|&b| is(b)).count()
}

/// How many octets at the end of a text are of a kind.
pub(super) fn run_back(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().rev().take_while(|&b| is(b)).count()
}

/// How many digits a text begins with.
pub(super) fn digits(text: &str) -> usize {
    run(text, |b| b.is_ascii_digit())
}
