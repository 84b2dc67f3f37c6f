//! Base64 as peers write it, padded or not.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// gRPC must take binary fields with padding and without, and so must Connect.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The octets that a text in the standard alphabet stands for; `None` where it is not base64.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_optional() {
        for text in ["aA==", "aA=", "aA", "aB"] {
            assert_eq!(
                decode(text.as_bytes()).as_deref(),
                Some(&b"h"[..]),
                "{text}"
            );
        }
        for text in ["a", "a===", "aA==aA==", "aA -", "aA_"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
