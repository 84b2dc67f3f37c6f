//! What keys are made of.

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// A UUID of any version in its text form (RFC 9562 section 4). Its case does not matter.
    Uuid,
    /// A UUID of version 4, as AIP-155 asks for.
    Uuid4,
    /// A token (RFC 9110 section 5.6.2).
    Token,
    /// Visible ASCII (VCHAR of RFC 5234 appendix B.1).
    Visible,
}

impl Alphabet {
    /// The key in the form in which it is compared, if it is made of this.
    pub(crate) fn normalise(self, key: String) -> Option<String> {
        match self {
            Self::Uuid => uuid(&key, |_| true),
            Self::Uuid4 => uuid(&key, is_version_4),
            Self::Token => key.bytes().all(is_token).then_some(key),
            Self::Visible => key
                .bytes()
                .all(|octet| octet.is_ascii_graphic())
                .then_some(key),
        }
    }
}

/// A UUID in lower case: on input case does not matter (RFC 9562 section 4).
fn uuid(key: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    let is_hyphen = |index| matches!(index, 8 | 13 | 18 | 23);
    let has_form = key.bytes().enumerate().all(|(index, octet)| {
        if is_hyphen(index) {
            octet == b'-'
        } else {
            octet.is_ascii_hexdigit()
        }
    });
    // The nil and the max UUID (sections 5.9 and 5.10) stand for no value at all: who sends them
    // has forgotten to make one, and all its requests would be one.
    let is_all = |digit: char| {
        key.chars()
            .all(|c| c == '-' || c.eq_ignore_ascii_case(&digit))
    };
    let is_uuid = key.len() == 36 && has_form && !is_all('0') && !is_all('f');
    let key = is_uuid.then(|| key.to_ascii_lowercase())?;
    fits(&key).then_some(key)
}

/// RFC 9562 section 5.4: the version is 4 and the variant begins with the bits 10.
fn is_version_4(uuid: &str) -> bool {
    let digit = |index| uuid.as_bytes().get(index);
    digit(14) == Some(&b'4') && matches!(digit(19), Some(b'8' | b'9' | b'a' | b'b'))
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}
