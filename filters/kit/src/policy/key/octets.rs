//! The octets of a key, from the value of its variable.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The fewest octets of a key. RFC 2104 section 3 strongly discourages keys that are shorter than
/// the output of the hash function, and NIST SP 800-107 revision 1 section 5.3.4 counts no more
/// strength than the key has.
pub const MIN_OCTETS: usize = 32;

/// Keys are written by `openssl`, by Kubernetes and by hand, so padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
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

/// The octets that the value of a variable stands for: base64 in either alphabet of RFC 4648
/// sections 4 and 5, padded or not, with whitespace around it or not.
///
/// # Errors
/// Why they are no key.
pub fn octets(variable: Option<&str>) -> Result<Vec<u8>, Unusable> {
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
mod tests {
    use super::*;

    /// 32 octets from 0x00 to 0x1f.
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_value_is_base64_in_either_alphabet_padded_or_not() {
        let expected: Vec<u8> = (0..32).collect();
        for value in [
            KEY.to_owned(),
            KEY.trim_end_matches('=').to_owned(),
            format!(" {KEY}\r\n"),
        ] {
            assert_eq!(octets(Some(&value)).as_ref(), Ok(&expected), "{value}");
        }
        let standard = octets(Some(&"+/+/".repeat(11)));
        assert!(standard.is_ok());
        assert_eq!(standard, octets(Some(&"-_-_".repeat(11))));
    }

    #[test]
    fn a_key_has_at_least_thirty_two_octets() {
        // 31 octets.
        let short = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==";
        assert_eq!(octets(Some(short)), Err(Unusable::TooShort));
    }

    #[test]
    fn what_is_no_key_says_why() {
        for value in [None, Some(""), Some(" \n")] {
            assert_eq!(octets(value), Err(Unusable::Missing), "{value:?}");
        }
        for value in ["correct horse battery staple", "A", "ä", "AAE=AAE="] {
            assert_eq!(octets(Some(value)), Err(Unusable::NotBase64), "{value}");
        }
    }

    #[test]
    fn a_reason_says_what_was_expected() {
        let expected = "expected at least 32 random octets in base64";
        for (why, text) in [
            (
                Unusable::Missing,
                "is not set in the environment of the VM".to_owned(),
            ),
            (Unusable::NotBase64, format!("is not base64; {expected}")),
            (Unusable::TooShort, format!("is too short; {expected}")),
        ] {
            assert_eq!(why.to_string(), text);
        }
    }
}
