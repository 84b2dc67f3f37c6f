//! Percent-encoding, read strictly.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::Malformed;

/// What a plus sign stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plus {
    /// A space, as in forms and, by their example, in queries (OAS 3.2.0 appendix E).
    Space,
    /// Itself.
    Itself,
}

/// The text that was encoded.
pub(super) fn decode(raw: &str, plus: Plus) -> Result<Cow<'_, str>, Malformed> {
    let is_encoded = raw.bytes().any(|octet| octet == b'%');
    if !is_encoded {
        return Ok(spaced(raw, plus));
    }
    let complete = raw.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        let mut digit = || digits.next().is_some_and(|octet| octet.is_ascii_hexdigit());
        digit() && digit()
    });
    if !complete {
        return Err(Malformed::PercentEncoding);
    }
    // A plus is replaced first: `%2B` is a plus and no space.
    match spaced(raw, plus) {
        Cow::Borrowed(raw) => percent_decode_str(raw).decode_utf8(),
        Cow::Owned(raw) => percent_decode_str(&raw)
            .decode_utf8()
            .map(|text| Cow::Owned(text.into_owned())),
    }
    .map_err(|_| Malformed::NotUtf8)
}

fn spaced(raw: &str, plus: Plus) -> Cow<'_, str> {
    if plus == Plus::Space && raw.contains('+') {
        Cow::Owned(raw.replace('+', " "))
    } else {
        Cow::Borrowed(raw)
    }
}
