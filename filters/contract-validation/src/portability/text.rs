//! Strings that hold something: base64 and timestamps.

use super::Kind;

/// An alphabet of base64 (RFC 4648 sections 4 and 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// With `+`, `/` and padding, as Go writes a `[]byte`.
    Standard,
    /// With `-` and `_`. Padding is left to those who use it.
    Url,
}

/// Whether a text is written in an alphabet.
pub(super) fn is_base64(text: &str, alphabet: Alphabet) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(digits.len());
    let others: [u8; 2] = match alphabet {
        Alphabet::Standard => *b"+/",
        Alphabet::Url => *b"-_",
    };
    let is_digit = |octet: u8| octet.is_ascii_alphanumeric() || others.contains(&octet);
    let is_padded = text.len().is_multiple_of(4) && padding <= 2;
    let may_lack = alphabet == Alphabet::Url && padding == 0 && digits.len() % 4 != 1;
    digits.bytes().all(is_digit) && (is_padded || may_lack)
}

/// How readers differ about a timestamp (RFC 3339 section 5.6).
pub(super) fn timestamp(text: &str, second_digits: usize) -> Option<Kind> {
    match parse(text) {
        None => Some(Kind::TimestampForm),
        Some(digits) if digits > second_digits => Some(Kind::TimestampPrecision),
        Some(_) => None,
    }
}

/// The number of digits of a second, in a timestamp that every reader takes.
fn parse(text: &str) -> Option<usize> {
    let (date, time) = text.split_once('T')?;
    let (year, month, day) = three(date, '-', 4)?;
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let time_end = time.find(['Z', '+', '-'])?;
    let (time, offset) = time.split_at_checked(time_end)?;
    let is_offset = offset == "Z" || {
        let (hours, minutes) = offset.get(1..)?.split_once(':')?;
        number(hours, 2)? < 24 && number(minutes, 2)? < 60
    };
    let (whole, fraction) = time
        .split_once('.')
        .map_or((time, None), |(whole, fraction)| (whole, Some(fraction)));
    let (hour, minute, second) = three(whole, ':', 2)?;
    // A second 60 is a leap second, which Go refuses.
    let is_time = hour < 24 && minute < 60 && second < 60;
    let digits = fraction.map_or(Some(0), |fraction| {
        let is_number =
            !fraction.is_empty() && fraction.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then_some(fraction.len())
    })?;
    (is_offset && is_time && (1..=days).contains(&day)).then_some(digits)
}

/// Three numbers, the first with `digits` digits and the others with two.
fn three(text: &str, between: char, digits: usize) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(between);
    let all = (
        number(parts.next()?, digits)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    parts.next().is_none().then_some(all)
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
