//! How a store is reached through the proxy.

use std::str::FromStr;

use kit::string_value;

/// The host that is asked.
#[derive(Debug)]
pub(super) struct Authority(pub(super) String);

impl FromStr for Authority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !is_authority(text) {
            return Err(
                "expected a host with or without a port, such as \"etcd.example.com\"".into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Authority, {
    "type": "string",
    "description": "A host with or without a port, such as \"etcd.example.com\" or \"[::1]:2379\".",
    "pattern": "^[A-Za-z0-9._:\\[\\]-]{1,255}$"
});

/// Whether a text can be a host with or without a port.
pub(super) fn is_authority(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"._:[]-".contains(&b);
    (1..=255).contains(&text.len()) && text.bytes().all(fits)
}

/// What the names of all records of a store start with.
#[derive(Debug)]
pub(super) struct Prefix(pub(super) String);

impl Default for Prefix {
    fn default() -> Self {
        Self("treaty/idempotency/".to_owned())
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |octet: u8| octet.is_ascii_graphic();
        if !(1..=128).contains(&text.len()) || !text.bytes().all(fits) {
            return Err(
                "expected 1 to 128 visible characters of ASCII, such as \"treaty/idempotency/\""
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Prefix, {
    "type": "string",
    "description": "What the names of all records start with, such as \"treaty/idempotency/\".",
    "pattern": "^[!-~]{1,128}$"
});

/// The path that is asked for.
#[derive(Debug)]
pub(super) struct RequestPath(pub(super) String);

impl Default for RequestPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for RequestPath {
    type Err = String;

    /// The path of RFC 3986 section 3.3, from the root.
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@%".contains(&b);
        if !text.starts_with('/') || text.len() > 1024 || !text.bytes().all(fits) {
            return Err("expected a path that starts with `/`, without a query".into());
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(RequestPath, {
    "type": "string",
    "description": "A path that starts with `/`, without a query.",
    "pattern": "^/[A-Za-z0-9._~/!$&'()*+,;=:@%-]*$"
});
