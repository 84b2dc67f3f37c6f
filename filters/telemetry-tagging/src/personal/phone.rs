//! International telephone numbers (ITU-T E.164), with `+` or with the prefix `00`.

use std::ops::{Range, RangeInclusive};

use kit::scan::digits;

/// How many digits a number has, with its country code: E.164 section 6.1 says at most fifteen; the
/// shortest that are in use have eight.
const LENGTHS: RangeInclusive<usize> = 8..=15;

/// How many digits follow `00` where nothing parts them. A number that begins with two zeros may as
/// well be that of an order, so it has to look more like one of a telephone, and not to begin with
/// 1, as counters do.
const UNPARTED: RangeInclusive<usize> = 10..=13;

/// How many digits may follow `00` at once where something parts the rest: a country code and the
/// beginning of an area's.
const MAX_FIRST: usize = 5;

/// The most octets between two digits, as in `) - (`.
const MAX_BETWEEN: usize = 5;

/// The separators of a decimal number: `+52.520008`.
const DECIMAL: u128 = 0x2e;
/// The separators of a place (ISO 6709 annex H) to the west or the south: `+40.20361-075.00417/`.
const COORDINATES: u128 = 0x2e_2d_2e;

/// Tells of every place of a number. Numbers without a prefix are none: nothing tells them from
/// others.
pub(super) fn find(text: &str, tell: &mut dyn FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(start) = next_prefix(text, at) {
        at = match number(text, start) {
            Some(end) => {
                tell(start..end);
                end
            }
            None => start + 1,
        };
    }
}

/// Where the next prefix is.
fn next_prefix(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let pairs = rest
        .windows(2)
        .position(|pair| matches!(pair, [b'+', _] | [b'0', b'0']))?;
    Some(from + pairs)
}

/// Where the number ends that begins with the prefix here.
fn number(text: &str, start: usize) -> Option<usize> {
    let before = text.as_bytes().get(..start)?;
    let rest = text.get(start..)?;
    let (number, from) = match rest.strip_prefix('+') {
        Some(number) if opens(before) => after_plus(number)?,
        None if opens(before) && !is_in_number(before) => after_zeros(rest.strip_prefix("00")?)?,
        _ => return None,
    };
    Some(text.len() - from + number.length)
}

/// The number after `+`, and how much of the text is left where it begins.
fn after_plus(rest: &str) -> Option<(Number, usize)> {
    let rest = rest.strip_prefix('(').unwrap_or(rest);
    let number = Number::read(rest)?;
    LENGTHS
        .contains(&number.digits)
        .then_some((number, rest.len()))
}

/// The number after `00`, and how much of the text is left where it begins.
fn after_zeros(rest: &str) -> Option<(Number, usize)> {
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let number = Number::read(rest)?;
    let is_long_enough = if number.separators == 0 {
        UNPARTED.contains(&number.digits) && !rest.starts_with('1')
    } else {
        LENGTHS.contains(&number.digits) && number.first <= MAX_FIRST
    };
    is_long_enough.then_some((number, rest.len()))
}

/// Whether a prefix may stand behind what is before it: not within a word.
fn opens(before: &[u8]) -> bool {
    !before.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether zeros that stand behind this belong to something else: to a time, a decimal number, a
/// UUID, or the groups of an account.
fn is_in_number(before: &[u8]) -> bool {
    match before {
        [.., b'.' | b',' | b'-' | b'+' | b'_'] => true,
        [.., digit, b':' | b' '] => digit.is_ascii_digit(),
        _ => false,
    }
}

/// The digits of a number, in groups.
#[derive(Default)]
struct Number {
    /// How many digits.
    digits: usize,
    /// How many of them are in the first group.
    first: usize,
    /// How long it is with what stands between, in octets.
    length: usize,
    /// The first octets of what stands between the groups, one after the other; 0 where there is
    /// one group.
    separators: u128,
}

impl Number {
    /// Reads as many groups as make a number: one that would make it too long, or that begins a
    /// word, is not part of it. No country code begins with 0.
    fn read(text: &str) -> Option<Self> {
        let mut number = Self::default();
        let mut at = 0;
        let mut separator = 0;
        while number.add(separator, at, text.get(at..)?) {
            let after = text.get(number.length..)?;
            separator = after.bytes().next().unwrap_or(0);
            at = number.length + between(after);
            // `+` is a space in a form, and then all spaces are.
            let last = number.separators & 0xff;
            let mixes = separator == b'+' && last != 0 && last != u128::from(b'+');
            if at == number.length || mixes {
                break;
            }
        }
        let is_other = [DECIMAL, COORDINATES].contains(&number.separators);
        (number.digits > 0 && !is_other && !text.starts_with('0')).then_some(number)
    }

    /// Adds the group that a text begins with, and says whether it is part of the number.
    fn add(&mut self, separator: u8, at: usize, text: &str) -> bool {
        let length = digits(text);
        let is_part = length > 0
            && self.digits + length <= *LENGTHS.end()
            && !is_in_word(text.get(length..).unwrap_or(""));
        if is_part {
            if self.digits == 0 {
                self.first = length;
            }
            self.digits += length;
            self.length = at + length;
            self.separators = self.separators << 8 | u128::from(separator);
        }
        is_part
    }
}

/// Whether a word goes on here. `x` and digits are an extension.
fn is_in_word(rest: &str) -> bool {
    match rest.as_bytes() {
        [b'x', digit, ..] if digit.is_ascii_digit() => false,
        [first, ..] => first.is_ascii_alphabetic(),
        [] => false,
    }
}

/// How much stands between two groups, in octets.
fn between(text: &str) -> usize {
    let mut at = 0;
    while at < MAX_BETWEEN {
        match separator(text.get(at..).unwrap_or("")) {
            0 => break,
            length => at += length,
        }
    }
    at
}

/// How long the separator is that a text begins with, in octets: as people write them, and the same
/// percent-encoded.
fn separator(text: &str) -> usize {
    match text.as_bytes() {
        [b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'+', ..] => 1,
        // The no-break space.
        [0xc2, 0xa0, ..] => 2,
        [b'%', b'2', b'0' | b'8' | b'9', ..] => 3,
        _ => 0,
    }
}
