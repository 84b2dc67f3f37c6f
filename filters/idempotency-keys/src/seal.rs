//! Sealed answers: what stands in a store is business data of others, and a store is not trusted
//! with it.
//!
//! An answer is encrypted and authenticated with AES-256-GCM (NIST SP 800-38D), together with the
//! key that it stands under and the head of its record. So nobody who can write to the store can
//! change an answer, move it to another key, or pass it off under another head.
//!
//! Each store key has an AES key of its own, which is derived from the named one. GCM is broken by
//! one nonce that is used twice under one key, and random nonces of 96 bits are good for 2^32
//! messages (section 8.3), which a fleet sends in weeks; few messages have one store key.

use std::fmt;

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hmac::{Hmac, Mac};
use kit::policy::key::{Live, Unusable, octets};
use prost::Message;
use sha2::Sha256;

use crate::store::StoreKey;

/// The octets of a nonce (NIST SP 800-38D section 5.2.1.1 recommends this length alone).
pub(crate) const NONCE: usize = 12;

/// A sealed text.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub(crate) struct Sealed {
    /// The id of the key that it is sealed under.
    #[prost(string, tag = "1")]
    key: String,
    /// The nonce.
    #[prost(bytes = "vec", tag = "2")]
    nonce: Vec<u8>,
    /// The cipher text, followed by the tag.
    #[prost(bytes = "vec", tag = "3")]
    text: Vec<u8>,
}

/// A sealed text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It is sealed under a key that is not live, or that cannot be used.
    UnknownKey,
    /// It is not what was sealed, or does not stand where it was put.
    NotAuthentic,
}

/// The keys that answers are sealed under.
///
/// While keys rotate, the current one seals and both open.
#[derive(Debug)]
pub(crate) struct SealingKeys {
    current: Key,
    previous: Option<Key>,
}

impl SealingKeys {
    /// The live keys, each as its id and the value of its environment variable, which [`octets`]
    /// reads: no fewer octets than the keys have that are derived from it.
    pub(crate) fn new(current: Live<'_>, previous: Option<Live<'_>>) -> Self {
        Self {
            current: Key::new(current),
            previous: previous.map(Key::new),
        }
    }

    /// The id of every key that cannot be used, and why; an operator has to be told.
    pub(crate) fn unusable(&self) -> impl Iterator<Item = (&str, Unusable)> {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.filter_map(|key| Some((key.id.as_str(), *key.secret.as_ref().err()?)))
    }

    /// Whether there is a key to seal under.
    pub(crate) fn can_seal(&self) -> bool {
        self.current.secret.is_ok()
    }

    /// Seals a text under the current key, for the record with this head under this store key.
    ///
    /// No nonce may come twice for one store key, so it has to be random.
    ///
    /// `None` where the current key cannot be used. The previous one does not take its place,
    /// because it will be gone soon.
    pub(crate) fn seal(
        &self,
        place: &StoreKey,
        head: &[u8],
        nonce: [u8; NONCE],
        mut text: Vec<u8>,
    ) -> Option<Sealed> {
        let secret = self.current.secret.as_ref().ok()?;
        encrypt(
            &derive(secret, place),
            nonce,
            &bound(place, head),
            &mut text,
        )?;
        Some(Sealed {
            key: self.current.id.clone(),
            nonce: nonce.to_vec(),
            text,
        })
    }

    /// Opens a text that stands in the record with this head under this store key.
    pub(crate) fn open(
        &self,
        place: &StoreKey,
        head: &[u8],
        sealed: Sealed,
    ) -> Result<Vec<u8>, Unopened> {
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let key = keys.find(|key| key.id == sealed.key);
        let secret = key.and_then(|key| key.secret.as_ref().ok());
        let secret = secret.ok_or(Unopened::UnknownKey)?;
        let nonce: [u8; NONCE] = sealed
            .nonce
            .try_into()
            .map_err(|_| Unopened::NotAuthentic)?;
        let mut text = sealed.text;
        decrypt(
            &derive(secret, place),
            nonce,
            &bound(place, head),
            &mut text,
        )
        .ok_or(Unopened::NotAuthentic)?;
        Ok(text)
    }
}

/// A nonce of random bits. They need not be secret.
pub(crate) fn nonce(random: [u64; 2]) -> [u8; NONCE] {
    let [first, second] = random.map(u64::to_be_bytes);
    let mut nonce = [0; NONCE];
    let octets = first.into_iter().chain(second);
    for (octet, random) in nonce.iter_mut().zip(octets) {
        *octet = random;
    }
    nonce
}

/// A named key, whether it can be used or not.
struct Key {
    id: String,
    /// The key, with the two blocks that it fills already hashed.
    secret: Result<Hmac<Sha256>, Unusable>,
}

impl Key {
    fn new((id, variable): Live<'_>) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret(variable),
        }
    }
}

impl fmt::Debug for Key {
    /// Shows the id alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn secret(variable: Option<&str>) -> Result<Hmac<Sha256>, Unusable> {
    // HMAC takes a key of any length, so this never fails.
    Hmac::new_from_slice(&octets(variable)?).map_err(|_| Unusable::TooShort)
}

/// The AES key of one store key: HKDF-Expand (RFC 5869 section 2.3) to one block. Named keys are
/// random, so they need no HKDF-Extract (section 3.3).
fn derive(secret: &Hmac<Sha256>, place: &StoreKey) -> [u8; 32] {
    expand(secret, &[b"treaty/idempotency-keys/seal/1", place.octets()])
}

/// The first block of HKDF-Expand over the joined parts of `info`.
fn expand(secret: &Hmac<Sha256>, info: &[&[u8]]) -> [u8; 32] {
    let mut block = secret.clone();
    for part in info {
        block.update(part);
    }
    block.update(&[1]);
    block.finalize().into_bytes().into()
}

/// Puts the cipher text and its tag in place of the text; `None` beyond 64 GiB (NIST SP 800-38D
/// section 5.2.1.1).
fn encrypt(key: &[u8; 32], nonce: [u8; NONCE], bound: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let cipher = Aes256Gcm::new(key.into());
    cipher.encrypt_in_place(&nonce.into(), bound, text).ok()
}

/// Puts the text in place of the cipher text and its tag, if both are authentic.
fn decrypt(key: &[u8; 32], nonce: [u8; NONCE], bound: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let cipher = Aes256Gcm::new(key.into());
    cipher.decrypt_in_place(&nonce.into(), bound, text).ok()
}

/// What is authenticated with the text. A store key has a fixed length, so where the head begins is
/// clear.
fn bound(place: &StoreKey, head: &[u8]) -> Vec<u8> {
    [place.octets(), head].concat()
}

#[cfg(test)]
mod tests;
