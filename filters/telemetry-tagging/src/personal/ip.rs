//! IP addresses that tell somebody apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use kit::scan::{is_word, run, run_back, suffix};

/// Words after which a number of four parts is a version.
const VERSIONS: [&str; 3] = ["version", "release", "build"];

/// How far is looked before an address for what says that it is a version, in octets.
const SIGHT: usize = 64;

/// Tells of every place of an address, without its port, its prefix length and its brackets.
///
/// Addresses of nobody are left out: loopback and unspecified ones, networks of eight bits, which
/// browsers give as their version (`Chrome/120.0.0.0`), and masks of networks.
pub(super) fn find(text: &str, tell: &mut dyn FnMut(Range<usize>)) {
    if !text.contains(['.', ':']) {
        return;
    }
    each_run(text, 0..text.len(), is_v6, &mut |outer| {
        let colons = text
            .get(outer.clone())
            .map_or(0, |run| run.matches(':').count());
        match (colons >= 2).then(|| v6(text, &outer)).flatten() {
            Some(place) => tell(place),
            None => each_run(text, outer, is_v4, &mut |inner| {
                v4(text, inner).into_iter().for_each(&mut *tell);
            }),
        }
    });
}

/// The network of an address: 24 bits of version 4, 48 bits of version 6. The zone goes.
pub(super) fn network(address: &str) -> Option<IpAddr> {
    match address.split('%').next()?.parse().ok()? {
        IpAddr::V4(address) => Some(network_v4(address).into()),
        IpAddr::V6(address) => Some(match address.to_ipv4_mapped() {
            Some(mapped) => network_v4(mapped).to_ipv6_mapped().into(),
            None => network_v6(address).into(),
        }),
    }
}

fn network_v4(address: Ipv4Addr) -> Ipv4Addr {
    let [a, b, c, _] = address.octets();
    Ipv4Addr::new(a, b, c, 0)
}

fn network_v6(address: Ipv6Addr) -> Ipv6Addr {
    let [a, b, c, ..] = address.segments();
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

/// Tells of each run of some octets in a part of a text.
fn each_run(
    text: &str,
    part: Range<usize>,
    is: fn(u8) -> bool,
    tell: &mut dyn FnMut(Range<usize>),
) {
    let octets = text.as_bytes().get(..part.end).unwrap_or(&[]);
    let mut at = part.start;
    while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().take_while(|octet| is(**octet)).count();
        if length > 0 {
            tell(at..at + length);
        }
        at += length.max(1);
    }
}

/// Where in a run an address of version 6 is (RFC 4291 section 2.2), with its zone.
fn v6(text: &str, outer: &Range<usize>) -> Option<Range<usize>> {
    // One colon before or behind it belongs to the sentence: `from:2001:db8::1:`.
    let mut literal = text.get(outer.clone())?.trim_end_matches('.');
    if literal.ends_with(':') && !literal.ends_with("::") {
        literal = literal.get(..literal.len() - 1)?;
    }
    let lead = usize::from(literal.starts_with(':') && !literal.starts_with("::"));
    literal = literal.get(lead..)?;
    let (literal, address) = parsed_v6(literal)?;
    let start = outer.start + lead;
    let end = start + literal.len();
    // `a::b` is rather a path in a language than an address.
    let has_digit = literal.bytes().any(|octet| octet.is_ascii_digit());
    (has_digit && stands_alone(text, start, end) && is_somebody_v6(address))
        .then(|| start..end + zone(text, end, address))
}

/// An address, without the port that may follow one with an embedded address of version 4
/// (RFC 4291 section 2.2, third form). After another, nothing tells the port from the address.
fn parsed_v6(literal: &str) -> Option<(&str, Ipv6Addr)> {
    let whole = |literal: &str| literal.parse().ok();
    whole(literal)
        .map(|address| (literal, address))
        .or_else(|| {
            let (literal, _) = literal.rsplit_once(':')?;
            let address = literal.contains('.').then(|| whole(literal))?;
            Some((literal, address?))
        })
}

/// Where in a run an address of version 4 is.
fn v4(text: &str, run: Range<usize>) -> Option<Range<usize>> {
    let literal = text.get(run.clone())?.trim_start_matches('.');
    let start = run.end - literal.len();
    let literal = literal.trim_end_matches('.');
    let end = start + literal.len();
    let address: Ipv4Addr = literal.parse().ok()?;
    let before = suffix(text.get(..start)?, SIGHT);
    (stands_alone(text, start, end) && is_somebody_v4(address) && !is_version(before))
        .then_some(start..end)
}

fn is_somebody_v4(address: Ipv4Addr) -> bool {
    let [first, rest @ ..] = address.octets();
    !address.is_loopback() && first != 255 && rest != [0, 0, 0]
}

fn is_somebody_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(mapped) => is_somebody_v4(mapped),
        None => !address.is_loopback() && !address.is_unspecified(),
    }
}

/// Whether no letter or digit touches.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let octets = text.as_bytes();
    let before = start.checked_sub(1).and_then(|at| octets.get(at));
    ![before, octets.get(end)]
        .into_iter()
        .flatten()
        .any(|octet| is_word(*octet))
}

/// Whether what stands before says that a version follows: `version=`, or the name of a product
/// (RFC 9110 section 10.1.5). A name that begins in lower case may be the segment of a path.
fn is_version(before: &str) -> bool {
    let name = before.trim_end_matches([' ', '=', ':', '"', '\'']);
    let ends_with = |word: &&str| suffix(name, word.len()).eq_ignore_ascii_case(word);
    VERSIONS.iter().any(ends_with) || is_product(before)
}

fn is_product(before: &str) -> bool {
    let Some(name) = before.strip_suffix('/') else {
        return false;
    };
    let is_name = |octet: u8| is_word(octet) || octet == b'-' || octet == b'.';
    let (outside, name) = name.split_at(name.len() - run_back(name, is_name));
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && (outside.is_empty() || outside.ends_with([' ', '(']))
}

/// How long the zone of a link-local address is (RFC 4007 section 11.2), in octets; elsewhere `%`
/// is rather an escape.
fn zone(text: &str, at: usize, address: Ipv6Addr) -> usize {
    let zone = text.get(at..).and_then(|rest| rest.strip_prefix('%'));
    let length = zone.map_or(0, |zone| {
        run(zone, |octet| is_word(octet) || b".~-".contains(&octet))
    });
    if length > 0 && address.is_unicast_link_local() {
        1 + length
    } else {
        0
    }
}

fn is_v6(octet: u8) -> bool {
    octet.is_ascii_hexdigit() || octet == b':' || octet == b'.'
}

fn is_v4(octet: u8) -> bool {
    octet.is_ascii_digit() || octet == b'.'
}
