//! Random bits.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Random bits of the host: `random_get` of WASI, which Envoy takes from its TLS library.
///
/// Where the host has none, the standard library's hasher gives bits that nobody outside can
/// foretell: its keys were drawn when the VM started and change with every use.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| RandomState::new().build_hasher().finish())
}
