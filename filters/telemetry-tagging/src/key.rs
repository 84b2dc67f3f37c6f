//! The keys under which values are made pseudonyms and probes are told from forgeries.
//!
//! A policy names keys, and never holds one: their octets come from the environment of the VM.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The fewest octets of a key. RFC 2104 section 3 strongly discourages keys that are shorter than
/// the output of the hash function, and NIST SP 800-107 revision 1 section 5.3.4 counts no more
/// strength than the key has.
pub(crate) const MIN_OCTETS: usize = 32;

/// Keys are written by `openssl`, by Kubernetes and by hand, so padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

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
    /// A ring of keys, each as its id and the value of its environment variable.
    ///
    /// A value is base64 in either alphabet of RFC 4648 sections 4 and 5, padded or not, with
    /// whitespace around it or not.
    pub(crate) fn new(
        name: &str,
        current: (&str, Option<&str>),
        previous: Option<(&str, Option<&str>)>,
    ) -> Self {
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

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Its variable is not in the environment of the VM, or is empty.
    Missing,
    /// The value of its variable is not base64.
    NotBase64,
    /// It has fewer than [`MIN_OCTETS`] octets.
    TooShort,
}

impl fmt::Display for Unusable {
    /// What is wrong with the value of the variable, and what was expected.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is not set in the environment of the VM"),
            Self::NotBase64 => write!(
                f,
                "is not base64; expected at least {MIN_OCTETS} random octets in base64"
            ),
            Self::TooShort => write!(
                f,
                "is too short; expected at least {MIN_OCTETS} random octets in base64"
            ),
        }
    }
}

/// A key of a ring, whether it can be used or not.
#[derive(Debug)]
struct Key {
    id: String,
    state: Result<UsableKey, Unusable>,
}

impl Key {
    fn new((id, variable): (&str, Option<&str>)) -> Self {
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

/// The octets that the value of a variable stands for.
fn octets(variable: Option<&str>) -> Result<Vec<u8>, Unusable> {
    // A secret that was made with `echo` ends in a line feed.
    let text = variable.map(str::trim_ascii).unwrap_or_default();
    if text.is_empty() {
        return Err(Unusable::Missing);
    }
    let standard = text.replace('-', "+").replace('_', "/");
    let octets = LENIENT.decode(standard);
    let octets = octets.map_err(|_| Unusable::NotBase64)?;
    if octets.len() < MIN_OCTETS {
        return Err(Unusable::TooShort);
    }
    Ok(octets)
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
