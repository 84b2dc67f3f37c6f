//! The keys under which values are made pseudonyms and probes are told from forgeries.
//!
//! A policy names keys, and never holds one: their octets come from the environment of the VM.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use kit::policy::key::{Live, Unusable, octets};
use sha2::Sha256;

/// A named key, and the one before it while both are live.
///
/// While keys rotate, the current one makes and the previous one is still recognised.
#[derive(Debug)]
pub(crate) struct KeyRing {
    name: String,
    current: Key,
    previous: Option<Key>,
}

impl KeyRing {
    /// A ring of keys, each as its id and the value of its environment variable, which
    /// [`octets`] reads.
    pub(crate) fn new(name: &str, current: Live<'_>, previous: Option<Live<'_>>) -> Self {
        Self {
            name: name.to_owned(),
            current: Key::new(current),
            previous: previous.map(Key::new),
        }
    }

    /// The name, by which the policy refers to the ring.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The key that pseudonyms are made under.
    ///
    /// # Errors
    /// Why it cannot be used. The previous key does not take its place: a pseudonym that it made
    /// would be told as current.
    pub(crate) fn current(&self) -> Result<&UsableKey, Unusable> {
        self.current.state.as_ref().map_err(|why| *why)
    }

    /// The key before the current one, where there is one that can be used.
    pub(crate) fn previous(&self) -> Option<&UsableKey> {
        self.previous.as_ref()?.state.as_ref().ok()
    }

    /// Whether the policy names a key before the current one, whether it can be used or not.
    pub(crate) fn has_previous(&self) -> bool {
        self.previous.is_some()
    }

    /// Every key under which a probe may be signed, the current one first.
    pub(crate) fn live(&self) -> impl Iterator<Item = &UsableKey> {
        self.current().ok().into_iter().chain(self.previous())
    }

    /// The id of every key that cannot be used, and why; an operator has to be told.
    pub(crate) fn unusable(&self) -> impl Iterator<Item = (&str, Unusable)> {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.filter_map(|key| Some((key.id.as_str(), *key.state.as_ref().err()?)))
    }
}

/// A key of a ring, whether it can be used or not.
#[derive(Debug)]
struct Key {
    id: String,
    state: Result<UsableKey, Unusable>,
}

impl Key {
    fn new((id, variable): Live<'_>) -> Self {
        let state = octets(variable).and_then(|octets| UsableKey::new(id, &octets));
        let id = id.to_owned();
        Self { id, state }
    }
}

/// A key that authenticates messages with HMAC-SHA-256 (RFC 2104, FIPS 180-4).
///
/// The two blocks that the key fills are hashed once, when it is read. The octets themselves are
/// not kept.
pub(crate) struct UsableKey {
    id: String,
    keyed: Hmac<Sha256>,
}

impl UsableKey {
    fn new(id: &str, octets: &[u8]) -> Result<Self, Unusable> {
        // HMAC takes a key of any length, so this never fails.
        let keyed = Hmac::new_from_slice(octets).map_err(|_| Unusable::TooShort)?;
        let id = id.to_owned();
        Ok(Self { id, keyed })
    }

    /// The id, which stands in front of each pseudonym.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The code of a message, which is given in parts.
    ///
    /// Parts are joined as they are: the caller sees to it that no two messages join to the same
    /// octets.
    pub(crate) fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.over(parts).finalize().into_bytes().into()
    }

    /// Whether a code is that of a message. The time that it takes tells nothing of the right one.
    pub(crate) fn verifies(&self, parts: &[&[u8]], code: &[u8; 32]) -> bool {
        self.over(parts).verify_slice(code).is_ok()
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut keyed = self.keyed.clone();
        for part in parts {
            keyed.update(part);
        }
        keyed
    }
}

impl fmt::Debug for UsableKey {
    /// Shows the id alone: what is derived from the octets forges as well as they do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsableKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl UsableKey {
    /// A key of any octets, for tests: vectors of standards have short ones.
    pub(crate) fn of(id: &str, octets: &[u8]) -> Self {
        Self::new(id, octets).unwrap()
    }
}

#[cfg(test)]
mod tests;
