//! One member of a baggage: `key = value; property; property = value` (W3C Baggage section 3.3.1).

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What may not stand in a value as it is, and the percent sign itself (section 3.3.1.3).
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// A member. What came is kept octet for octet, but for the whitespace around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    text: Cow<'a, str>,
    key: Range<usize>,
    value: Range<usize>,
}

impl<'a> Member<'a> {
    /// Reads a member; `None` where it is not in the format.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.trim_ascii();
        let (pair, properties) = text.split_once(';').unzip();
        let pair = pair.unwrap_or(text);
        let (key, value) = pair.split_once('=')?;
        if !is_token(key.trim_ascii_end()) || !is_value(value.trim_ascii()) {
            return None;
        }
        if properties.is_some_and(|list| !list.split(';').all(is_property)) {
            return None;
        }
        let begin = pair.len().checked_sub(value.trim_ascii_start().len())?;
        Some(Self {
            text: Cow::Borrowed(text),
            key: 0..key.trim_ascii_end().len(),
            value: begin..begin + value.trim_ascii().len(),
        })
    }

    /// A member with any value, which is percent-encoded; `None` where the key is no token.
    pub(super) fn new(key: &str, value: &str) -> Option<Self> {
        if !is_token(key) {
            return None;
        }
        let text = format!("{key}={}", utf8_percent_encode(value, ENCODED));
        Some(Self {
            key: 0..key.len(),
            value: key.len() + 1..text.len(),
            text: Cow::Owned(text),
        })
    }

    /// The key. Its case counts.
    pub(crate) fn key(&self) -> &str {
        self.text.get(self.key.clone()).unwrap_or_default()
    }

    /// The value, decoded. What is not UTF-8 then becomes U+FFFD (section 3.3.1.3).
    pub(crate) fn value(&self) -> Cow<'_, str> {
        let value = self.text.get(self.value.clone()).unwrap_or_default();
        percent_decode_str(value).decode_utf8_lossy()
    }

    /// The member as it is sent.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its length as it is sent.
    pub(super) fn octets(&self) -> usize {
        self.text.len()
    }
}

/// Section 3.3.1.4. Nothing is said of what properties mean.
fn is_property(text: &str) -> bool {
    match text.split_once('=') {
        Some((key, value)) => is_token(key.trim_ascii()) && is_value(value.trim_ascii()),
        None => is_token(text.trim_ascii()),
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_allowed =
        |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Octets of a value (section 3.3.1): printable ASCII but space, `"`, `,`, `;` and `\`.
fn is_value(text: &str) -> bool {
    text.bytes()
        .all(|octet| matches!(octet, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e))
}
