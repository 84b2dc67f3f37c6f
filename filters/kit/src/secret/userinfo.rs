//! User information in URLs: `https://ann:hunter2@example.com`.

use std::ops::Range;

use crate::scan::{Authority, Place, Rule, Sign};

pub(super) const SIGNS: &[Sign<Rule>] = &[Sign::new("://", userinfo)];

/// User information (RFC 3986 section 3.2.1), without its `@`. A user without a password goes as
/// well, because tokens are given as the user: `https://ghp_…@github.com`.
fn userinfo(place: Place<'_>) -> Option<Range<usize>> {
    let userinfo = Authority::after_scheme(place.rest()).userinfo?;
    (!is_mark(userinfo)).then(|| place.end..place.end + userinfo.len())
}

/// Whether it is what was put there when it was masked, such as `[redacted]`. No user information
/// may have brackets.
fn is_mark(userinfo: &str) -> bool {
    userinfo
        .strip_prefix('[')
        .and_then(|word| word.strip_suffix(']'))
        .is_some_and(|word| word.bytes().all(|b| b.is_ascii_alphabetic()))
}
