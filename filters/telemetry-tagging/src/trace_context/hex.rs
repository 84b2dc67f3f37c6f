//! Numbers in hexadecimal, as ids are written.

/// The most digits that a number may have: those of a trace id.
const MAX_DIGITS: usize = 32;

/// Reads 1 to 32 digits, of which the letters are lower case: Trace Context Level 2 section 3.2.2
/// takes no others.
pub(super) fn lower(digits: &[u8]) -> Option<u128> {
    let has_upper = digits.iter().any(u8::is_ascii_uppercase);
    (!has_upper).then(|| any_case(digits)).flatten()
}

/// Reads 1 to 32 digits, whatever the case of the letters.
pub(super) fn any_case(digits: &[u8]) -> Option<u128> {
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_lower_case_where_that_is_asked() {
        assert_eq!(lower(b"0af"), Some(0xaf));
        assert_eq!(lower(b"0aF"), None);
        assert_eq!(any_case(b"0aF"), Some(0xaf));
    }

    #[test]
    fn nothing_but_one_to_thirty_two_digits_is_a_number() {
        assert_eq!(any_case(&[b'f'; 32]), Some(u128::MAX));
        for text in [&b""[..], &[b'0'; 33], b"+1", b"0x1", b"1 ", b"g", b"\xff"] {
            assert_eq!(any_case(text), None, "{text:?}");
        }
    }
}
