//! Synthetic traffic: requests that say that they are probes, and prove it.
//!
//! The field's value is `t=<seconds>,s=<signature>`: seconds since 1970-01-01T00:00:00Z in decimal,
//! and in hexadecimal the HMAC-SHA-256 of
//!
//! ```text
//! treaty/probe/1
//! <seconds>
//! <method>
//! <authority>
//! <path with query>
//! ```
//!
//! with one line feed (0x0a) between the lines and none at the end. The signature is bound to the
//! request, so that a mark which was seen on one does not mark another.

use std::time::{Duration, SystemTime};

use crate::key::KeyRing;

/// What is authenticated begins with this, so that no signature is a pseudonym.
const DOMAIN: &[u8] = b"treaty/probe/1";

/// What the mark of a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Nothing: there is no mark.
    Absent,
    /// A probe, signed under a live key and not too long ago.
    Authentic,
    /// No probe: the mark is not in the format, is there twice, or was signed under no live key or
    /// for another request.
    Forged,
    /// A probe once, signed under a live key, but too long ago or too far ahead.
    Stale,
    /// Unknown: no key can be used.
    NoKey,
}

/// The request that a mark is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The method.
    pub(crate) method: &'a [u8],
    /// The authority, as it came.
    pub(crate) authority: &'a [u8],
    /// The path with the query, as it came.
    pub(crate) target: &'a [u8],
}

/// Judges the mark of a request, given as the lines of its field.
///
/// `max_age` is how far the time of the mark may be from `now`, either way: clocks differ.
pub(crate) fn judge(
    lines: &[&[u8]],
    request: &Request<'_>,
    now: SystemTime,
    max_age: Duration,
    ring: &KeyRing,
) -> Probe {
    let mark = match lines {
        [] => return Probe::Absent,
        [line] => Mark::parse(line),
        _ => None,
    };
    let Some(mark) = mark else {
        return Probe::Forged;
    };
    let mut live = ring.live().peekable();
    if live.peek().is_none() {
        return Probe::NoKey;
    }
    let Some(message) = message(mark.digits, request) else {
        return Probe::Forged;
    };
    if !live.any(|key| key.verifies(&message, &mark.signature)) {
        return Probe::Forged;
    }
    // The age comes last: what is told as stale was a probe.
    let now = now.duration_since(SystemTime::UNIX_EPOCH);
    let age = Duration::from_secs(mark.seconds).abs_diff(now.unwrap_or_default());
    if age <= max_age {
        Probe::Authentic
    } else {
        Probe::Stale
    }
}

/// A mark, as it was read.
#[derive(Debug, PartialEq, Eq)]
struct Mark<'a> {
    /// The time, as it is signed.
    digits: &'a [u8],
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    seconds: u64,
    signature: [u8; 32],
}

impl<'a> Mark<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"t=")?;
        let comma = rest.iter().position(|b| *b == b',')?;
        let (digits, rest) = rest.split_at_checked(comma)?;
        Some(Self {
            digits,
            seconds: seconds(digits)?,
            signature: signature(rest.strip_prefix(b",s=")?)?,
        })
    }
}

/// Digits alone: `u64` would also read a sign.
fn seconds(digits: &[u8]) -> Option<u64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok()?;
    text.parse().ok().filter(|_| is_number)
}

/// 64 digits in either case (RFC 4648 section 8).
fn signature(digits: &[u8]) -> Option<[u8; 32]> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
    let mut signature = [0; 32];
    for (octet, pair) in signature.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *octet = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(signature)
}

/// What is signed; `None` where a part has a line feed, with which two requests could have the same
/// text. HTTP has no such request (RFC 9110 section 5.5, RFC 9112 section 3).
fn message<'a>(digits: &'a [u8], request: &Request<'a>) -> Option<[&'a [u8]; 9]> {
    let parts = [request.method, request.authority, request.target];
    if parts.iter().any(|part| part.contains(&b'\n')) {
        return None;
    }
    let [method, authority, target] = parts;
    let feed: &[u8] = b"\n";
    Some([
        DOMAIN, feed, digits, feed, method, feed, authority, feed, target,
    ])
}

/// The mark of a probe, as its sender makes it.
#[cfg(test)]
pub(crate) fn sign(key: &crate::key::UsableKey, seconds: u64, request: &Request<'_>) -> String {
    let digits = seconds.to_string();
    let code = key.code(&message(digits.as_bytes(), request).unwrap());
    let hex = code.map(|octet| format!("{octet:02x}")).concat();
    format!("t={digits},s={hex}")
}

#[cfg(test)]
mod tests;
