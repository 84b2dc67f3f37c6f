//! A hash that is quick without optimisation, which is how tests are built.

use std::hash::Hasher;

/// Folds words together by multiplication to 128 bits, as wyhash does.
#[derive(Debug, Default)]
pub(super) struct Fold(u64);

/// Irregular bits: the fractional parts of e and of pi.
const ODD: u64 = 0xb7e1_5162_8aed_2a6b;
const OTHER: u64 = 0x243f_6a88_85a3_08d3;

impl Fold {
    #[allow(clippy::cast_possible_truncation, reason = "Each half is taken.")]
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ OTHER) * u128::from(ODD);
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.0 = low ^ high;
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for chunk in octets.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.word(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.word(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.word(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.word(word as u64);
    }
}
