//! Pseudonyms: a value that stands for a person, and from which nobody without the key finds out
//! which.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::key::UsableKey;

/// What is authenticated begins with this, so that no pseudonym is the signature of a probe.
const DOMAIN: &[u8] = b"treaty/pseudonym/1\0";

/// How many octets of the code are kept: 128 bits, as the leftmost ones (RFC 2104 section 5). Among
/// 2^32 persons the chance that two share one is 2^-65.
const KEPT: usize = 16;

/// The pseudonym of a value: `<key id>.<22 characters of base64url>`.
///
/// It is HMAC-SHA-256 under the key, over the salt with its length in front and the value. The same
/// value has the same pseudonym under the same key and salt, and nothing else tells that two
/// pseudonyms are of one value: a salt keeps one person's pseudonyms in two tenants apart. An empty
/// salt is none.
pub(crate) fn pseudonym(key: &UsableKey, salt: &str, value: &str) -> String {
    // With its length in front, no salt can take octets of the value, nor give it any.
    let length = (salt.len() as u64).to_be_bytes();
    let code = key.code(&[DOMAIN, &length, salt.as_bytes(), value.as_bytes()]);
    let kept = code.first_chunk::<KEPT>().map_or(&[][..], |kept| kept);
    format!("{}.{}", key.id(), URL_SAFE_NO_PAD.encode(kept))
}

#[cfg(test)]
mod tests;
