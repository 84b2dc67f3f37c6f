//! A text as those read it who decode it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::Keep;
use super::kinds::{Kind, Kinds};
use super::place;

/// How often a text may be encoded over: once by the client, once by a redirect, once by a proxy.
const LAYERS: usize = 3;

/// A text without percent-encoding (RFC 3986 section 2.1), however often it was applied, up to
/// three times. What is no UTF-8 is replaced.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..LAYERS {
        if !text.contains('%') {
            break;
        }
        match percent_decode_str(&text).decode_utf8_lossy() {
            Cow::Borrowed(_) => break,
            Cow::Owned(decoded) => text = Cow::Owned(decoded),
        }
    }
    text
}

/// The first kind that a text shows only once it is decoded. All of them are noted.
pub(super) fn hidden(text: &str, kinds: Kinds, keep: Keep, found: &mut Kinds) -> Option<Kind> {
    let mut first = None;
    for form in forms(text) {
        for kind in place::find(&form, kinds, keep).kinds() {
            found.insert(kind);
            first = first.or(Some(kind));
        }
    }
    first
}

/// What a text may mean where it does not mean itself: percent-decoded, and read as a form, where
/// `+` is a space (the `application/x-www-form-urlencoded` parser of the URL standard).
fn forms(text: &str) -> impl Iterator<Item = String> {
    let percent = match decoded(text) {
        Cow::Owned(decoded) => Some(decoded),
        Cow::Borrowed(_) => None,
    };
    let form = text
        .contains('+')
        .then(|| decoded(&text.replace('+', " ")).into_owned());
    [percent, form].into_iter().flatten()
}
