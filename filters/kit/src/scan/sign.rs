//! Fixed words that give something away, all looked for in one pass over a text.

use std::ops::Range;

use super::place::Place;

/// A word, and what must hold around it.
#[derive(Debug)]
pub struct Sign<R> {
    literal: &'static str,
    case: Case,
    rule: R,
}

/// Whether letters of either case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Exact,
    Ignored,
}

impl<R> Sign<R> {
    /// A word of at least two octets, in this case, that counts where the rule says so.
    pub const fn new(literal: &'static str, rule: R) -> Self {
        debug_assert!(literal.len() >= 2);
        Self {
            literal,
            case: Case::Exact,
            rule,
        }
    }

    /// A word of at least two octets, its ASCII letters in any case, that counts where the rule says
    /// so.
    pub const fn in_any_case(literal: &'static str, rule: R) -> Self {
        debug_assert!(literal.len() >= 2);
        Self {
            literal,
            case: Case::Ignored,
            rule,
        }
    }

    /// Whether octets are the word.
    fn is(&self, octets: &[u8]) -> bool {
        match self.case {
            Case::Exact => octets == self.literal.as_bytes(),
            Case::Ignored => octets.eq_ignore_ascii_case(self.literal.as_bytes()),
        }
    }

    /// How an octet of the word may come: twice the same where it comes in one form only.
    fn forms(&self, octet: u8) -> [u8; 2] {
        match self.case {
            Case::Exact => [octet; 2],
            Case::Ignored => [octet.to_ascii_lowercase(), octet.to_ascii_uppercase()],
        }
    }
}

/// Says what a sign finds where it stands, by octets of the whole text; none where it means nothing.
pub type Rule = fn(Place<'_>) -> Option<Range<usize>>;

/// Signs that are ready for looking, each of a kind `K`.
#[derive(Debug)]
pub struct Signs<K, R: 'static> {
    /// Each with the index of the next one that has the same first octet, counted from 1.
    all: Vec<(K, &'static Sign<R>, usize)>,
    /// By first octet: the index of the first sign that has it, counted from 1.
    heads: [usize; 256],
    /// By first octet: which second octets its signs have, modulo 64. It turns away nearly every
    /// place of a text without a comparison.
    seconds: [u64; 256],
}

impl<K: Copy, R> Signs<K, R> {
    /// Takes groups of signs. The later ones are asked first.
    pub fn new(groups: impl IntoIterator<Item = (K, &'static [Sign<R>])>) -> Self {
        let mut this = Self {
            all: Vec::new(),
            heads: [0; 256],
            seconds: [0; 256],
        };
        for (kind, signs) in groups {
            for sign in signs {
                this.add(kind, sign);
            }
        }
        this
    }

    fn add(&mut self, kind: K, sign: &'static Sign<R>) {
        let [first, second, ..] = sign.literal.as_bytes() else {
            return;
        };
        let bits = sign
            .forms(*second)
            .iter()
            .fold(0, |bits, octet| bits | bit(*octet));
        let [first, other] = sign.forms(*first);
        self.add_under(first, bits, kind, sign);
        if other != first {
            self.add_under(other, bits, kind, sign);
        }
    }

    fn add_under(&mut self, first: u8, bits: u64, kind: K, sign: &'static Sign<R>) {
        if let Some(head) = self.heads.get_mut(usize::from(first)) {
            self.all.push((kind, sign, *head));
            *head = self.all.len();
        }
        if let Some(seconds) = self.seconds.get_mut(usize::from(first)) {
            *seconds |= bits;
        }
    }

    /// Tells of each place of a sign, in their order, until it hears a value.
    pub fn look<'t, T>(
        &self,
        text: &'t str,
        hear: &mut dyn FnMut(K, &R, Place<'t>) -> Option<T>,
    ) -> Option<T> {
        let octets = text.as_bytes();
        for (start, pair) in octets.windows(2).enumerate() {
            let &[first, second] = pair else { continue };
            let known = self.seconds.get(usize::from(first)).copied().unwrap_or(0);
            if known & bit(second) == 0 {
                continue;
            }
            for (kind, sign) in self.of(first) {
                let end = start + sign.literal.len();
                if octets.get(start..end).is_some_and(|found| sign.is(found)) {
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
    fn of(&self, first: u8) -> impl Iterator<Item = (K, &'static Sign<R>)> {
        let mut next = self.heads.get(usize::from(first)).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let (kind, sign, following) = *self.all.get(next.checked_sub(1)?)?;
            next = following;
            Some((kind, sign))
        })
    }
}

impl<K: Copy> Signs<K, Rule> {
    /// Tells of each range that a sign finds and that is not empty, in the order of the signs. Ranges
    /// may overlap.
    ///
    /// What stands in a range finds nothing itself, so that each octet is looked at once; but a sign
    /// that reaches the end of the range does, because what it speaks of is outside.
    pub fn find(&self, text: &str, hear: &mut dyn FnMut(K, Range<usize>)) {
        let mut until = 0;
        self.look(text, &mut |kind, rule, place| {
            if place.end >= until
                && let Some(range) = rule(place).filter(|range| !range.is_empty())
            {
                until = until.max(range.end);
                hear(kind, range);
            }
            None::<()>
        });
    }
}

/// The bit of an octet in a set of octets modulo 64.
fn bit(octet: u8) -> u64 {
    1 << (octet & 63)
}
