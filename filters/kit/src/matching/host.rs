//! Patterns of host names.

use std::str::FromStr;

use crate::string_value;

/// A host (`orders.example.com`), all hosts below one (`*.example.com`), or any (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// In lower case; a leading `*` is cut off.
    name: String,
    wildcard: bool,
}

impl HostPattern {
    /// Whether an authority matches: case and port do not count (RFC 3986 section 3.2.2).
    pub fn matches(&self, authority: &str) -> bool {
        let host = without_port(authority);
        if !self.wildcard {
            return host.eq_ignore_ascii_case(&self.name);
        }
        let Some(start) = host.len().checked_sub(self.name.len()) else {
            return false;
        };
        let ends_alike = || {
            host.get(start..)
                .is_some_and(|end| end.eq_ignore_ascii_case(&self.name))
        };
        start > 0 && ends_alike()
    }

    /// Whether every host that `other` matches is matched by this too.
    pub fn covers(&self, other: &Self) -> bool {
        if self.wildcard {
            (other.wildcard && other.name.ends_with(&self.name))
                || (!other.wildcard && self.matches(&other.name))
        } else {
            self == other
        }
    }
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (wildcard, name) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        let is_host = name.bytes().all(fits) || is_ipv6(name);
        let is_anchored = !wildcard || name.is_empty() || name.starts_with('.');
        if text.is_empty() || !is_host || !is_anchored {
            return Err(
                "expected a host without a port, such as \"orders.example.com\" or \"*.example.com\""
                    .into(),
            );
        }
        Ok(Self {
            name: name.to_ascii_lowercase(),
            wildcard,
        })
    }
}

fn is_ipv6(name: &str) -> bool {
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

string_value!(HostPattern, {
    "type": "string",
    "description": "A host (`orders.example.com`), all hosts below one (`*.example.com`), or any (`*`).",
    "pattern": "^(\\*|(\\*\\.)?[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])$"
});
