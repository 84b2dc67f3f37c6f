//! IP addresses that mean something inside only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use kit::scan::{digits, is_word, prefix, run};

use super::Places;
use super::word::Word;
use crate::redaction::kind::Kind;

/// Notes the addresses in a word, each with its port or prefix length.
pub(super) fn find(word: Word<'_>, places: &mut Places) {
    // "version 10.0.2.1" is no address.
    if ["version", "release", "build"]
        .iter()
        .any(|name| word.before.eq_ignore_ascii_case(name))
    {
        return;
    }
    let (dots, colons) = word.itself.bytes().fold((0, 0), |(dots, colons), b| {
        (
            dots + usize::from(b == b'.'),
            colons + usize::from(b == b':'),
        )
    });
    if dots >= 3 {
        each_run(word, |b| b.is_ascii_digit() || b == b'.', places);
    }
    if colons >= 2 {
        each_run(
            word,
            |b| b.is_ascii_hexdigit() || b == b':' || b == b'.',
            places,
        );
    }
}

/// Whether an address is private (RFC 1918, RFC 4193), shared (RFC 6598), loopback, link-local or
/// unspecified.
pub(super) fn is_inside(address: &str) -> bool {
    // Parsing costs more than telling that there is nothing to parse.
    if address.len() > 45 || !address.contains(['.', ':']) {
        return false;
    }
    let address = address.split('%').next().unwrap_or("");
    match address.parse() {
        Ok(IpAddr::V4(address)) => is_inside_v4(address),
        Ok(IpAddr::V6(address)) => is_inside_v6(address),
        Err(_) => false,
    }
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || (first == 100 && second & 0b1100_0000 == 64)
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_inside_v4(mapped);
    }
    address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
}

/// Notes the addresses among the runs of some octets that no letter or digit touches.
fn each_run(word: Word<'_>, is: fn(u8) -> bool, places: &mut Places) {
    let octets = word.itself.as_bytes();
    let mut at = 0;
    while at < octets.len() {
        let rest = word.itself.get(at..).unwrap_or("");
        let length = run(rest, is);
        let before = at.checked_sub(1).and_then(|at| octets.get(at));
        let next = octets.get(at + length);
        let stands_alone = ![before, next].into_iter().flatten().any(|&b| is_word(b));
        if stands_alone && let Some(length) = address_length(prefix(rest, length)) {
            let start = word.start + at;
            places.add(Kind::Address, extended(word.text, start, start + length));
        }
        at += length.max(1);
    }
}

/// The length of the address that a run begins with: the run may end with a port or a full stop.
fn address_length(run: &str) -> Option<usize> {
    let run = run.trim_end_matches('.');
    let run = run
        .strip_suffix(':')
        .filter(|address| !address.ends_with(':'))
        .unwrap_or(run);
    let host = run
        .rsplit_once(':')
        .filter(|(_, port)| digits(port) == port.len())
        .map_or(run, |(host, _)| host);
    (is_inside(run) || is_inside(host)).then_some(run.len())
}

/// An address with its zone, its brackets, and its port or prefix length.
fn extended(text: &str, start: usize, end: usize) -> Range<usize> {
    let after = |at: usize| text.get(at..).unwrap_or("");
    let zone = after(end)
        .strip_prefix('%')
        .map_or(0, |zone| 1 + run(zone, is_word));
    let end = end + zone;
    let opened = text
        .get(..start)
        .is_some_and(|before| before.ends_with('['));
    let brackets = usize::from(opened && after(end).starts_with(']'));
    let end = end + brackets;
    let number = after(end).strip_prefix([':', '/']).map_or(0, digits);
    start - brackets..end + number + usize::from(number > 0)
}
