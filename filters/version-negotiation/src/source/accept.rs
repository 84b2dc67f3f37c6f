//! Which version `Accept` asks for (RFC 9110 section 12.5.1).

use std::rc::Rc;

use super::media_type::MediaTypeForm;
use super::{Reader, Said};
use crate::catalog::Listed;
use crate::fields;
use crate::version::Version;
use kit::media_range::{MediaRange, elements};

/// The most ranges that count; a list that is longer was not written for negotiation.
const MAX_RANGES: usize = 100;

/// What the ranges say, taken together.
///
/// - The narrowest range that names a version gives its weight; 0 excludes it.
/// - The version that exists and has the greatest weight wins, then the narrower range, then the
///   one that comes first.
/// - A range without a version names none, but whoever sends it takes any.
pub(super) fn read(form: &MediaTypeForm, reader: &Reader<'_>) -> Option<Said> {
    let ranges = reader
        .headers
        .get_all(fields::ACCEPT)
        .flat_map(elements)
        .take(MAX_RANGES)
        .filter_map(MediaRange::parse);
    let mut wishes = Wishes::default();
    for range in ranges {
        if let Some(weight) = range.weight() {
            wishes.note(form, &range, weight, reader);
        }
    }
    wishes.outcome(reader)
}

#[derive(Default)]
struct Wishes<'a> {
    named: Vec<Wish<'a>>,
    missing: Option<Version>,
    malformed: bool,
    takes_any: bool,
}

struct Wish<'a> {
    asked: Version,
    listed: &'a Rc<Listed>,
    weight: u16,
    specificity: (u8, usize),
}

impl<'a> Wishes<'a> {
    fn note(
        &mut self,
        form: &MediaTypeForm,
        range: &MediaRange<'_>,
        weight: u16,
        reader: &'a Reader<'_>,
    ) {
        let Some(text) = form.text(range) else {
            self.takes_any |= weight > 0;
            return;
        };
        let Some(asked) = reader.version(text.as_bytes()) else {
            self.malformed |= weight > 0;
            return;
        };
        match reader.resolve(&asked) {
            Some(listed) => self.note_named(Wish {
                asked,
                listed,
                weight,
                specificity: range.specificity(),
            }),
            None if weight > 0 && self.missing.is_none() => self.missing = Some(asked),
            None => {}
        }
    }

    fn note_named(&mut self, wish: Wish<'a>) {
        let known = self
            .named
            .iter_mut()
            .find(|known| Rc::ptr_eq(known.listed, wish.listed));
        match known {
            None => self.named.push(wish),
            Some(known) => {
                let rank = |wish: &Wish<'_>| (wish.specificity, wish.weight);
                if rank(&wish) > rank(known) {
                    *known = wish;
                }
            }
        }
    }

    fn outcome(self, reader: &Reader<'_>) -> Option<Said> {
        let is_gone = |wish: &Wish<'_>| wish.listed.life.is_gone(reader.now);
        let wanted = self.named.into_iter().filter(|wish| wish.weight > 0);
        let (gone, alive): (Vec<_>, Vec<_>) = wanted.partition(is_gone);
        if let Some(asked) = best(alive) {
            return Some(Said::Named(asked));
        }
        if self.takes_any {
            return None;
        }
        // One that is gone is named, because the client then hears what came after it.
        if let Some(asked) = best(gone) {
            return Some(Said::Named(asked));
        }
        match (self.missing, self.malformed) {
            (Some(missing), _) => Some(Said::NotAcceptable(missing)),
            (None, true) => Some(Said::Malformed),
            (None, false) => None,
        }
    }
}

fn best(wishes: Vec<Wish<'_>>) -> Option<Version> {
    let rank = |wish: &Wish<'_>| (wish.weight, wish.specificity);
    // Of equal elements the last is the greatest, so the list is read backwards.
    wishes
        .into_iter()
        .rev()
        .max_by_key(rank)
        .map(|wish| wish.asked)
}
