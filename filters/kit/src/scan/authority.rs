//! The authority of a URL as it stands in a text.

use super::octets::{prefix, run};

/// The authority of a URL (RFC 3986 section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority<'t> {
    /// The user information, without its `@`; none where there is no `@`.
    ///
    /// It ends at the last `@`, because passwords are pasted into URLs as they are.
    pub userinfo: Option<&'t str>,
    /// The host and the port.
    pub host: &'t str,
}

impl<'t> Authority<'t> {
    /// Reads it from what stands after `://`. It ends where the URL goes on with a path, a query or
    /// a fragment, and at what closes a URL in a sentence: white space, quotes and brackets but `[`.
    pub fn after_scheme(text: &'t str) -> Self {
        let is_part = |b: u8| !b.is_ascii_whitespace() && !b"/?#\"'`<>\\(){}".contains(&b);
        let whole = prefix(text, run(text, is_part));
        match whole.rsplit_once('@') {
            Some((userinfo, host)) => Self {
                userinfo: Some(userinfo),
                host,
            },
            None => Self {
                userinfo: None,
                host: whole,
            },
        }
    }
}
