//! The name of a record in a store.

use std::fmt::{self, Write};

/// The key of a record, as stores have it: SHA-256 over scope and client key, so that nothing a
/// client sent stands in a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StoreKey([u8; 32]);

impl StoreKey {
    /// The octets of a hash.
    pub(crate) const LENGTH: usize = 32;

    /// The key with this digest.
    pub(crate) const fn new(digest: [u8; Self::LENGTH]) -> Self {
        Self(digest)
    }

    /// The digest.
    pub(crate) const fn octets(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The digest in 64 lower-case hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        let mut hex = String::with_capacity(2 * Self::LENGTH);
        for octet in self.0 {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{octet:02x}");
        }
        hex
    }

    /// Which of `n` slots is this key's; 0 where there is none. Digests are uniform, so slots fill
    /// evenly.
    pub(crate) fn slot(&self, n: u32) -> u32 {
        let hash = self.0.first_chunk().copied().map_or(0, u64::from_be_bytes);
        hash.checked_rem(u64::from(n))
            .and_then(|slot| u32::try_from(slot).ok())
            .unwrap_or(0)
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_in_hexadecimal_with_leading_zeros() {
        let mut digest = [0; 32];
        digest[0] = 0x0a;
        digest[31] = 0xff;
        let hex = StoreKey::new(digest).hex();
        assert_eq!(hex.len(), 64);
        assert!(hex.starts_with("0a00") && hex.ends_with("00ff"), "{hex}");
    }

    #[test]
    fn a_slot_is_one_of_those_there_are() {
        for last in 0..=255 {
            let key = StoreKey::new([last; 32]);
            assert!(key.slot(7) < 7);
            assert_eq!(key.slot(1), 0);
            assert_eq!(key.slot(0), 0);
        }
    }
}
