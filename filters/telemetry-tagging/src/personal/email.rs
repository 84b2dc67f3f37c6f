//! Mailboxes (RFC 5321 section 4.1.2), as people use them.

use std::net::Ipv4Addr;
use std::ops::Range;

use kit::scan::{prefix, run};

/// How `@` stands in percent-encoded text (RFC 3986 section 2.1).
const ENCODED_SIGN: &str = "%40";

/// The longest local part (RFC 5321 section 4.5.3.1.1), in octets; beyond it no quote is looked
/// for.
const MAX_LOCAL: usize = 64;

/// The longest address in brackets that is looked at, in octets: `IPv6:`, 45 octets, a zone.
const MAX_LITERAL: usize = 64;

/// Tells of every place of a mailbox.
///
/// Of what RFC 5322 section 3.2.3 allows before `@`, the octets that part words elsewhere are left
/// out (`/`, `=`, `?`, `&`, `#`, braces, bars), so that in `?user=jane@example.com` the name of the
/// parameter stays. A host without a dot makes no mailbox: `package@latest` is none.
pub(super) fn find(text: &str, tell: &mut dyn FnMut(Range<usize>)) {
    if !text.contains('@') && !text.contains(ENCODED_SIGN) {
        return;
    }
    let mut before = Before::default();
    let mut at = 0;
    while let Some(&octet) = text.as_bytes().get(at) {
        let length = sign(text, at);
        if length == 0 {
            before.pass(at, octet);
            at += 1;
            continue;
        }
        let local = before.local(text, at);
        let host = text.get(at + length..).and_then(host);
        at += length;
        if let (Some(start), Some(host)) = (local, host) {
            at += host;
            tell(start..at);
        }
        before.start = at;
    }
}

/// The host of a mailbox with the sign before it; none where it is no name.
pub(super) fn domain(mailbox: &str) -> Option<&str> {
    let at = mailbox.rfind('@').or_else(|| mailbox.rfind(ENCODED_SIGN))?;
    mailbox.get(at..).filter(|host| !host.ends_with(']'))
}

/// How long the sign is that stands here, in octets; 0 where there is none.
fn sign(text: &str, at: usize) -> usize {
    match text.as_bytes().get(at..) {
        Some([b'@', ..]) => 1,
        Some([b'%', b'4', b'0', ..]) => ENCODED_SIGN.len(),
        _ => 0,
    }
}

/// What was passed on the way to a sign.
#[derive(Default)]
struct Before {
    /// Where the run begins that may be a local part.
    start: usize,
    /// The last two quotes.
    quotes: [usize; 2],
    /// Whether the last quote opened something.
    is_open: bool,
}

impl Before {
    fn pass(&mut self, at: usize, octet: u8) {
        if !is_local(octet) {
            self.start = at + 1;
        }
        if octet == b'"' {
            let [_, last] = self.quotes;
            self.quotes = [last, at];
            self.is_open = !self.is_open;
        }
    }

    /// Where the local part begins that ends here: a dot-string, or a quoted string.
    fn local(&self, text: &str, end: usize) -> Option<usize> {
        let run = text.get(self.start..end)?;
        let local = run.trim_start_matches('\'');
        if !local.is_empty() {
            return Some(end - local.len());
        }
        let [opening, closing] = self.quotes;
        let is_quoted = !self.is_open && closing + 1 == end && opening < closing;
        (is_quoted && closing - opening <= MAX_LOCAL).then_some(opening)
    }
}

/// How long the host is that a text begins with, in octets; none where it is none.
fn host(text: &str) -> Option<usize> {
    literal(text).or_else(|| {
        let host = prefix(text, run(text, |octet| is_label(octet) || octet == b'.'));
        address(host).or_else(|| name(host))
    })
}

/// An address in brackets (RFC 5321 section 4.1.3).
fn literal(text: &str) -> Option<usize> {
    let (inner, _) = prefix(text, MAX_LITERAL)
        .strip_prefix('[')?
        .split_once(']')?;
    let is_address = |octet: u8| octet.is_ascii_alphanumeric() || b".:%-".contains(&octet);
    (inner.contains(['.', ':']) && inner.bytes().all(is_address)).then_some(inner.len() + 2)
}

/// An address without brackets, as SIP has it (RFC 3261 section 25.1).
fn address(host: &str) -> Option<usize> {
    let host = host.trim_end_matches('.');
    host.parse::<Ipv4Addr>().is_ok().then_some(host.len())
}

/// A domain of two labels at least, as far as it goes to something like a top-level domain.
fn name(host: &str) -> Option<usize> {
    let mut end = None;
    let mut start = 0;
    for (index, label) in host.split('.').enumerate() {
        if label.is_empty() {
            break;
        }
        let length = top_level(label);
        if index > 0 && length > 0 {
            end = Some(start + length);
        }
        start += label.len() + 1;
    }
    end
}

/// How much of a label may be a top-level domain, in octets: two letters at least, or the form of
/// an internationalized one (RFC 5890 section 2.3.2.1). Versions (`package@1.2.3`) end with none.
fn top_level(label: &str) -> usize {
    if prefix(label, 4).eq_ignore_ascii_case("xn--") {
        return label.len();
    }
    let letters = run(label, |octet| {
        octet.is_ascii_alphabetic() || !octet.is_ascii()
    });
    let ends = matches!(label.as_bytes().get(letters), None | Some(b'-'));
    if letters >= 2 && ends { letters } else { 0 }
}

/// Whether an octet may stand in a local part. Letters beyond ASCII may (RFC 6531 section 3.3).
fn is_local(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b".!$%'*+-^_~".contains(&octet) || !octet.is_ascii()
}

/// Whether an octet may stand in a label of a domain, of which some have letters beyond ASCII.
fn is_label(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-' || !octet.is_ascii()
}
