//! How a record stands in Redis.
//!
//! A value is the owner's token in sixteen hexadecimal digits, a letter that says how the record is
//! written, and the record. The token comes first, so that scripts compare it without reading the
//! rest, and in digits, so that it is the same in every encoding.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::store::Token;

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Binary,
    /// In base64 of the URL-safe alphabet (RFC 4648 section 5), for fronts that speak text.
    Text,
}

const BINARY: u8 = b'b';
const TEXT: u8 = b't';
const DIGITS: usize = 16;

impl Encoding {
    /// The value of an owner's record.
    pub(super) fn value(self, token: Token, record: &[u8]) -> Vec<u8> {
        let mut value = digits(token).into_bytes();
        match self {
            Self::Binary => {
                value.push(BINARY);
                value.extend_from_slice(record);
            }
            Self::Text => {
                value.push(TEXT);
                value.extend_from_slice(URL_SAFE_NO_PAD.encode(record).as_bytes());
            }
        }
        value
    }

    /// The owner and the record of a value; `None` for one that was not written so.
    ///
    /// Text is read wherever it comes through, so that a fleet can move from an HTTP front to the
    /// tunnel. The other way round is a mistake: what is binary does not survive JSON.
    pub(super) fn read(self, value: &[u8]) -> Option<(Token, Vec<u8>)> {
        let (digits, rest) = value.split_first_chunk::<DIGITS>()?;
        let (encoding, record) = rest.split_first()?;
        let record = match (*encoding, self) {
            (BINARY, Self::Binary) => record.to_vec(),
            (TEXT, _) => URL_SAFE_NO_PAD.decode(record).ok()?,
            _ => return None,
        };
        Some((token(digits)?, record))
    }
}

/// A token in digits, as it stands in values and in the arguments of scripts.
pub(super) fn digits(token: Token) -> String {
    format!("{:016x}", token.0)
}

fn token(digits: &[u8; DIGITS]) -> Option<Token> {
    // from_str_radix would take a sign, and upper case, which are never written.
    let written = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let digits = str::from_utf8(digits).ok()?;
    digits
        .as_bytes()
        .iter()
        .all(written)
        .then(|| u64::from_str_radix(digits, 16).ok())?
        .map(Token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_gives_back_what_was_written(token: u64, record: Vec<u8>) {
            for encoding in [Encoding::Binary, Encoding::Text] {
                let value = encoding.value(Token(token), &record);
                let read = encoding.read(&value);
                prop_assert_eq!(read, Some((Token(token), record.clone())));
            }
        }

        #[test]
        fn any_octets_are_read_or_refused(value: Vec<u8>) {
            for encoding in [Encoding::Binary, Encoding::Text] {
                if let Some((token, record)) = encoding.read(&value) {
                    prop_assert!(value.starts_with(digits(token).as_bytes()));
                    prop_assert!(record.len() < value.len());
                }
            }
        }

        #[test]
        fn text_is_ascii(token: u64, record: Vec<u8>) {
            prop_assert!(Encoding::Text.value(Token(token), &record).is_ascii());
        }
    }

    #[test]
    fn text_is_read_through_the_tunnel_and_binary_not_through_a_front() {
        let text = Encoding::Text.value(Token(1), b"r");
        let binary = Encoding::Binary.value(Token(1), b"r");
        assert_eq!(
            Encoding::Binary.read(&text),
            Some((Token(1), b"r".to_vec()))
        );
        assert_eq!(Encoding::Text.read(&binary), None);
    }

    #[test]
    fn digits_that_are_never_written_are_refused() {
        for value in ["+00000000000000ab", "000000000000000Ab", "0b", ""] {
            assert_eq!(Encoding::Binary.read(value.as_bytes()), None, "{value}");
        }
    }
}
