//! Where something was found in a text, and what stands there instead.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;

use super::kinds::{Kind, Kinds};
use super::{Keep, card, email, iban, ip, phone, token};

/// The places of the kinds that have to be masked.
pub(super) fn find(text: &str, kinds: Kinds, keep: Keep) -> Places {
    let mut all = Vec::new();
    for kind in kinds.iter() {
        look_for(kind, text, &mut |range| {
            all.push(Place {
                range,
                kind,
                is_whole: true,
            });
        });
    }
    let mut all = joined(all);
    // What was truncated once is still an address, but not one that tells somebody apart.
    all.retain(|place| !place.stays(text, keep));
    Places { all, keep }
}

/// Places in a text, in order, none of which overlap.
pub(super) struct Places {
    all: Vec<Place>,
    keep: Keep,
}

struct Place {
    range: Range<usize>,
    kind: Kind,
    /// Whether it is one thing of its kind: then a part of it may be kept.
    is_whole: bool,
}

impl Places {
    /// Their kinds, in the order of the text.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.all.iter().map(|place| place.kind)
    }

    /// The text that they were found in, masked.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for place in &self.all {
            out.push_str(text.get(at..place.range.start).unwrap_or(""));
            out.push_str(&place.instead(text, self.keep));
            at = place.range.end;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        out
    }
}

impl Place {
    /// What stands in its place.
    fn instead(&self, text: &str, keep: Keep) -> Cow<'static, str> {
        let part = match keep {
            Keep::Part if self.is_whole => {
                part(self.kind, text.get(self.range.clone()).unwrap_or(""))
            }
            _ => None,
        };
        part.map_or(Cow::Borrowed(self.kind.mask()), Cow::Owned)
    }

    /// Whether what stands there is already what is kept of it.
    fn stays(&self, text: &str, keep: Keep) -> bool {
        keep == Keep::Part
            && text
                .get(self.range.clone())
                .is_some_and(|found| found == self.instead(text, keep))
    }
}

/// Tells of every place of a kind.
fn look_for(kind: Kind, text: &str, tell: &mut dyn FnMut(Range<usize>)) {
    match kind {
        Kind::Email => email::find(text, tell),
        Kind::Card => card::find(text, tell),
        Kind::Iban => iban::find(text, tell),
        Kind::Token => token::find(text, tell),
        Kind::Ip => ip::find(text, tell),
        Kind::Phone => phone::find(text, tell),
    }
}

/// What was found, masked but for the part that is kept; none where nothing is.
fn part(kind: Kind, found: &str) -> Option<String> {
    match kind {
        Kind::Email => email::domain(found).map(|domain| format!("{}{domain}", kind.mask())),
        Kind::Card => Some(format!("{}{}", kind.mask(), card::last_four(found))),
        Kind::Iban => iban::country(found).map(|country| format!("{country}{}", kind.mask())),
        Kind::Ip => ip::network(found).map(|network| network.to_string()),
        Kind::Token | Kind::Phone => None,
    }
}

/// Leaves out what lies within another place: the address in a mailbox is not one more. Of two
/// kinds in the same place, the credential stays. Places that overlap become one, of which nothing
/// is kept.
fn joined(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_unstable_by_key(|place| {
        let longest_first = Reverse(place.range.end);
        (place.range.start, longest_first, place.kind != Kind::Token)
    });
    let mut joined: Vec<Place> = Vec::with_capacity(places.len());
    for place in places {
        match joined.last_mut() {
            Some(last) if place.range.end <= last.range.end => {}
            Some(last) if place.range.start < last.range.end => {
                last.range.end = place.range.end;
                last.is_whole = false;
            }
            _ => joined.push(place),
        }
    }
    joined
}
