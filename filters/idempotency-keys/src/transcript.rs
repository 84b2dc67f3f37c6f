//! Hashes over sequences of values, such that different sequences never hash the same octets.

use sha2::{Digest, Sha256};

/// A SHA-256 (FIPS 180-4) that is fed with values, each of which says where it ends.
///
/// Values that are only joined can trade octets: `ab` and `c` would be `a` and `bc`. So each one
/// is encoded with its kind and its length first, which is what `TupleHash` does (NIST SP 800-185
/// section 5), and two sequences of values are the same octets only if they are the same values.
#[derive(Clone)]
pub(crate) struct Transcript(Sha256);

/// What precedes a value, so that no value of one kind is one of another.
#[derive(Clone, Copy)]
enum Kind {
    Absent = 0,
    Octets = 1,
    List = 2,
    Mark = 3,
    Rest = 4,
}

impl Transcript {
    /// Starts a transcript for one purpose: transcripts of different domains are never alike.
    pub(crate) fn new(domain: &str) -> Self {
        let mut transcript = Self(Sha256::new());
        transcript.octets(domain.as_bytes());
        transcript
    }

    /// Adds a string of octets.
    pub(crate) fn octets(&mut self, octets: &[u8]) {
        self.sized(Kind::Octets, octets.len());
        self.0.update(octets);
    }

    /// Adds a string of octets, or that there is none, which is not the same as an empty one.
    pub(crate) fn optional(&mut self, octets: Option<&[u8]>) {
        match octets {
            Some(octets) => self.octets(octets),
            None => self.0.update([Kind::Absent as u8]),
        }
    }

    /// Adds that the next `count` values belong together.
    pub(crate) fn list(&mut self, count: usize) {
        self.sized(Kind::List, count);
    }

    /// Adds one octet with a meaning that the domain gives it.
    pub(crate) fn mark(&mut self, mark: u8) {
        self.0.update([Kind::Mark as u8, mark]);
    }

    /// What follows is one string of octets up to the end, whose length need not be known.
    pub(crate) fn rest(mut self) -> Rest {
        self.0.update([Kind::Rest as u8]);
        Rest(self.0)
    }

    /// The hash over all that was added.
    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn sized(&mut self, kind: Kind, size: usize) {
        // A `usize` has at most 64 bits on everything that Rust runs on.
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        self.0.update([kind as u8]);
        self.0.update(size.to_be_bytes());
    }
}

/// The last string of octets of a transcript, which comes in parts.
#[derive(Clone)]
pub(crate) struct Rest(Sha256);

impl Rest {
    /// Adds a part. How the octets are cut makes no difference.
    pub(crate) fn part(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The hash over all that was added.
    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(strings: &[Option<Vec<u8>>]) -> [u8; 32] {
        let mut transcript = Transcript::new("test");
        for string in strings {
            transcript.optional(string.as_deref());
        }
        transcript.finish()
    }

    /// Computed by hand: the kind, the length in eight octets and the string, for each.
    #[test]
    fn the_encoding_stays_as_it_is() {
        let mut transcript = Transcript::new("d");
        transcript.octets(b"ab");
        transcript.optional(None);
        transcript.list(3);
        transcript.mark(7);
        let mut rest = transcript.rest();
        rest.part(b"x");
        let octets = b"\x01\0\0\0\0\0\0\0\x01d\
                       \x01\0\0\0\0\0\0\0\x02ab\
                       \x00\
                       \x02\0\0\0\0\0\0\0\x03\
                       \x03\x07\
                       \x04x";
        let expected: [u8; 32] = Sha256::digest(octets).into();
        assert_eq!(rest.finish(), expected);
    }

    #[test]
    fn domains_are_apart() {
        assert_ne!(Transcript::new("a").finish(), Transcript::new("b").finish());
    }

    /// Sequences that are alike when their strings are joined.
    fn cuts() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<Vec<u8>>)> {
        let cut = |octets: &[u8], marks: &[bool]| {
            let mut parts = vec![Vec::new()];
            for (octet, mark) in octets.iter().zip(marks) {
                if *mark {
                    parts.push(Vec::new());
                }
                if let Some(last) = parts.last_mut() {
                    last.push(*octet);
                }
            }
            parts
        };
        let octets = prop::collection::vec(0_u8..5, 0..12);
        let marks = || prop::collection::vec(any::<bool>(), 12);
        (octets, marks(), marks())
            .prop_map(move |(octets, one, other)| (cut(&octets, &one), cut(&octets, &other)))
    }

    proptest! {
        #[test]
        fn strings_never_trade_octets((one, other) in cuts()) {
            let some = |parts: &[Vec<u8>]| parts.iter().cloned().map(Some).collect::<Vec<_>>();
            prop_assert_eq!(one == other, hash(&some(&one)) == hash(&some(&other)));
        }

        #[test]
        fn different_sequences_have_different_hashes(
            one in prop::collection::vec(prop::option::of(prop::collection::vec(0_u8..3, 0..3)), 0..4),
            other in prop::collection::vec(prop::option::of(prop::collection::vec(0_u8..3, 0..3)), 0..4),
        ) {
            prop_assert_eq!(one == other, hash(&one) == hash(&other));
        }

        #[test]
        fn the_rest_may_be_cut_anywhere(octets in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..200) {
            let (head, tail) = octets.split_at(at.min(octets.len()));
            let mut cut = Transcript::new("test").rest();
            cut.part(head);
            cut.part(tail);
            let mut whole = Transcript::new("test").rest();
            whole.part(&octets);
            prop_assert_eq!(cut.finish(), whole.finish());
        }
    }
}
