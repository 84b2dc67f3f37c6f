//! Places in a text that are masked, so that the rest of it may leave.

mod address;
mod file;
mod host;
mod url;
mod word;

use std::ops::Range;

use kit::scan::{Rule, Signs};
use kit::secret;

use super::kind::{Kind, Kinds};

/// What stands where something was masked.
pub(super) const MARK: &str = "[redacted]";

/// Finds the places that are masked.
pub(super) struct Masked {
    signs: Signs<Kind, Rule>,
    on: Kinds,
}

impl Masked {
    /// Looks for the kinds that are on.
    pub(super) fn new(on: Kinds) -> Self {
        let signs = secret::signs(Kind::Token).chain([(Kind::Host, host::SIGNS)]);
        Self {
            signs: Signs::new(signs.filter(|(kind, _)| on.contains(*kind))),
            on,
        }
    }

    /// The places in a text, in any order; they may overlap.
    pub(super) fn find(&self, text: &str) -> Places {
        let mut places = Places {
            found: Vec::new(),
            on: self.on,
        };
        self.signs
            .find(text, &mut |kind, range| places.add(kind, range));
        word::find(text, &mut places);
        places
    }
}

/// Places of the kinds that are on.
pub(super) struct Places {
    found: Vec<(Range<usize>, Kind)>,
    on: Kinds,
}

impl Places {
    /// Notes a place.
    fn add(&mut self, kind: Kind, range: Range<usize>) {
        if self.on.contains(kind) && !range.is_empty() {
            self.found.push((range, kind));
        }
    }

    /// Which kinds were found.
    pub(super) fn kinds(&self) -> Kinds {
        self.found.iter().map(|(_, kind)| *kind).collect()
    }

    /// The places alone.
    pub(super) fn into_ranges(self) -> Vec<Range<usize>> {
        self.found.into_iter().map(|(range, _)| range).collect()
    }
}

/// A text with its places masked; places that overlap or touch become one mark.
pub(super) fn mask(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_unstable_by_key(|place| place.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut open = false;
    for place in places {
        let start = text.floor_char_boundary(place.start);
        if start > at || !open {
            out.push_str(text.get(at..start).unwrap_or(""));
            out.push_str(MARK);
            open = true;
        }
        at = at.max(text.ceil_char_boundary(place.end));
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}
