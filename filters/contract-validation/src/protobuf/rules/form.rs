//! The forms of texts that rules name, as protovalidate defines them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fluent_uri::{Uri, UriRef};

/// An address as HTML's `input type=email` takes it, not as RFC 5322 does.
pub(super) fn email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_atom =
        |octet: u8| octet.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&octet);
    !local.is_empty() && local.bytes().all(is_atom) && domain.split('.').all(is_label)
}

/// A name of RFC 1123 section 2.1: up to 253 characters, and its last label has something else than
/// digits, which tells it from an address.
pub(super) fn hostname(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let last = name.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && name.split('.').all(is_label)
        && !last.bytes().all(|octet| octet.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

pub(super) fn ip(text: &str) -> bool {
    ipv4(text) || ipv6(text)
}

pub(super) fn ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// An address of IPv6, with or without a zone (RFC 4007 section 11).
pub(super) fn ipv6(text: &str) -> bool {
    match text.split_once('%') {
        Some((address, zone)) => {
            address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && !zone.contains('\0')
        }
        None => text.parse::<Ipv6Addr>().is_ok(),
    }
}

pub(super) fn address(text: &str) -> bool {
    hostname(text) || ip(text)
}

pub(super) fn uri(text: &str) -> bool {
    Uri::parse(text).is_ok()
}

pub(super) fn uri_ref(text: &str) -> bool {
    UriRef::parse(text).is_ok()
}

/// A UUID (RFC 9562 section 4) in either case.
pub(super) fn uuid(text: &str) -> bool {
    let mut lengths = [8, 4, 4, 4, 12].into_iter();
    let is_part = |part: &str| lengths.next() == Some(part.len()) && is_hexadecimal(part);
    text.len() == 36 && text.split('-').all(is_part)
}

/// A UUID without its hyphens.
pub(super) fn tuuid(text: &str) -> bool {
    text.len() == 32 && is_hexadecimal(text)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// 128 bits in Crockford's base 32, whose first digit has three of them.
pub(super) fn ulid(text: &str) -> bool {
    let is_digit =
        |octet: u8| octet.is_ascii_alphanumeric() && !b"ILOU".contains(&octet.to_ascii_uppercase());
    text.len() == 26
        && text.starts_with(|first| ('0'..='7').contains(&first))
        && text.bytes().all(is_digit)
}

/// The full name of a type.
pub(super) fn protobuf_fqn(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.starts_with(|first: char| first.is_ascii_digit())
            && !part.is_empty()
            && part
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
    })
}

pub(super) fn protobuf_dot_fqn(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(protobuf_fqn)
}

pub(super) fn ip_with_prefixlen(text: &str) -> bool {
    prefix(text).is_some()
}

pub(super) fn ipv4_with_prefixlen(text: &str) -> bool {
    matches!(prefix(text), Some((IpAddr::V4(_), _)))
}

pub(super) fn ipv6_with_prefixlen(text: &str) -> bool {
    matches!(prefix(text), Some((IpAddr::V6(_), _)))
}

pub(super) fn ip_prefix(text: &str) -> bool {
    prefix(text).is_some_and(is_network)
}

pub(super) fn ipv4_prefix(text: &str) -> bool {
    ipv4_with_prefixlen(text) && ip_prefix(text)
}

pub(super) fn ipv6_prefix(text: &str) -> bool {
    ipv6_with_prefixlen(text) && ip_prefix(text)
}

/// An address and how many bits of it are the network's (RFC 4632 section 3.1, RFC 4291 section 2.3).
fn prefix(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = number(length).filter(|length| *length <= most)?;
    Some((address, length))
}

/// Whether the bits behind the prefix are zero.
fn is_network((address, length): (IpAddr, u32)) -> bool {
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    bits.trailing_zeros() >= width - length || bits == 0
}

/// A host and a port: `example.com:80`, `127.0.0.1:80` or `[::1]:80`.
pub(super) fn host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let is_host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']').is_some_and(ipv6),
        None => hostname(host) || ipv4(host),
    };
    is_host && number(port).is_some_and(|port| port <= 65_535)
}

/// A decimal number without leading zeros.
fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|octet| octet.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok())?
}

/// A field name of HTTP (RFC 9110 section 5.1), or of a pseudo-header (RFC 9113 section 8.3).
pub(super) fn header_name(text: &str) -> bool {
    let name = text.strip_prefix(':').unwrap_or(text);
    // The pattern of protovalidate has `+-.`, a range, so `,` is in it.
    let is_token =
        |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+,-.^_|~`".contains(&octet);
    !name.is_empty() && name.bytes().all(is_token)
}

/// A field value of HTTP (RFC 9110 section 5.5).
pub(super) fn header_value(text: &str) -> bool {
    text.bytes()
        .all(|octet| octet == b'\t' || (octet >= b' ' && octet != 0x7f))
}

/// What does not break out of a field of HTTP.
pub(super) fn loose_header(text: &str) -> bool {
    !text
        .bytes()
        .any(|octet| matches!(octet, b'\0' | b'\n' | b'\r'))
}
