//! Choices at random that can be made again.

use std::env;
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// Makes choices. The same seed makes the same ones.
#[derive(Debug)]
pub(crate) struct Chance(u64);

/// The seed that `TREATY_SEED` names, or a new one.
pub(crate) fn seed() -> u64 {
    match env::var("TREATY_SEED") {
        Ok(seed) => seed.parse().expect("TREATY_SEED is a number"),
        Err(_) => SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |now| u64::from(now.subsec_nanos())),
    }
}

impl Chance {
    /// Choices from a seed, of which each number has its own: what one thread chooses does not
    /// depend on when another one does.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// One of several.
    pub(crate) fn one_of<T: Copy>(&mut self, several: &[T]) -> T {
        let count = u64::try_from(several.len()).expect("few");
        several[usize::try_from(self.below(count)).expect("few")]
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub(crate) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A time of so many milliseconds.
    pub(crate) fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(range.start + self.below(range.end - range.start))
    }

    /// `SplitMix64`: <https://doi.org/10.1145/2714064.2660195>.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
