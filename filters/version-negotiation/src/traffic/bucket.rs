//! Sticky shares: the same key falls into the same place on every proxy, without shared state.

use xxhash_rust::xxh64::Xxh64;

/// How many places there are: a share of one is a hundredth of a percent.
pub(crate) const WHOLE: u16 = 10_000;

/// The place of a key, 0 to 9,999.
///
/// The purpose keeps the shares of different features independent, and a share that grows only
/// takes keys in, because a key never changes its place.
pub(crate) fn bucket(service: &str, purpose: &str, key: &[u8]) -> u16 {
    let mut hash = Xxh64::new(0);
    for part in [service.as_bytes(), b"\0", purpose.as_bytes(), b"\0", key] {
        hash.update(part);
    }
    u16::try_from(hash.digest() % u64::from(WHOLE)).unwrap_or_default()
}
