//! Payment cards (ISO/IEC 7812-1): their numbers by length, issuer and check digit.

use std::ops::{Range, RangeInclusive};

use kit::scan::digits;

/// The shortest and the longest number, in digits.
const LENGTHS: RangeInclusive<usize> = 13..=19;

/// The first six digits of the numbers that are issued, and how long such numbers are.
///
/// Only one in ten numbers of orders has a good check digit by chance; the issuers leave few of
/// these. None begins with 1, as the milliseconds and nanoseconds since 1970 do until 2033.
const ISSUERS: [(RangeInclusive<u32>, &[usize]); 17] = [
    // Visa.
    (400_000..=499_999, &[13, 16, 19]),
    // Mastercard.
    (510_000..=559_999, &[16]),
    (222_100..=272_099, &[16]),
    // American Express.
    (340_000..=349_999, &[15]),
    (370_000..=379_999, &[15]),
    // Diners Club.
    (300_000..=305_999, &[14, 15, 16, 17, 18, 19]),
    (309_500..=309_599, &[14, 15, 16, 17, 18, 19]),
    (360_000..=369_999, &[14, 15, 16, 17, 18, 19]),
    (380_000..=399_999, &[14, 15, 16, 17, 18, 19]),
    // Discover and RuPay.
    (600_000..=609_999, &[16, 17, 18, 19]),
    (640_000..=659_999, &[16, 17, 18, 19]),
    // JCB.
    (352_800..=358_999, &[16, 17, 18, 19]),
    // UnionPay and RuPay.
    (620_000..=629_999, &[16, 17, 18, 19]),
    (810_000..=829_999, &[16, 17, 18, 19]),
    // Maestro and Verve.
    (500_000..=509_999, &[13, 14, 15, 16, 17, 18, 19]),
    (560_000..=589_999, &[13, 14, 15, 16, 17, 18, 19]),
    // Mir.
    (220_000..=220_499, &[16, 17, 18, 19]),
];

/// Tells of every place of a card's number: in one run of digits, or in groups as cards show it,
/// with single spaces or dashes between them.
pub(super) fn find(text: &str, tell: &mut dyn FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(group) = next_group(text, at) {
        at = group.end;
        if let Some(end) = card(text, &group) {
            tell(group.start..end);
            at = end;
        }
    }
}

/// The last four digits of a number: what a receipt may show (PCI DSS requirement 3.4.1).
pub(super) fn last_four(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits.iter().rev().take(4).rev().collect()
}

/// The next run of digits.
fn next_group(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let start = from + rest.bytes().position(|octet| octet.is_ascii_digit())?;
    Some(start..start + digits(text.get(start..)?))
}

/// Where the number ends that begins with a group of digits: the longest one.
///
/// Cards show four digits, then groups of four to six, of which only the last may be shorter.
fn card(text: &str, first: &Range<usize>) -> Option<usize> {
    let is_first = first.len() == 4 || LENGTHS.contains(&first.len());
    if !is_first || !opens(text, first.start) {
        return None;
    }
    let mut number = Number::default();
    number.push(text.get(first.clone())?)?;
    if first.len() > 4 {
        return (number.is_card() && closes(text, first.end, None)).then_some(first.end);
    }
    let separator = *text.as_bytes().get(first.end)?;
    let mut end = None;
    let mut at = first.end;
    while let Some(group) = group_behind(text, at, separator) {
        if number.push(group).is_none() {
            break;
        }
        at += 1 + group.len();
        if number.is_card() && closes(text, at, Some(separator)) {
            end = Some(at);
        }
        if group.len() < 4 {
            break;
        }
    }
    end
}

/// The group of digits behind a separator that stands here.
fn group_behind(text: &str, at: usize, separator: u8) -> Option<&str> {
    let is_separator =
        matches!(separator, b' ' | b'-') && text.as_bytes().get(at) == Some(&separator);
    let rest = text.get(at + 1..).filter(|_| is_separator)?;
    rest.get(..digits(rest))
        .filter(|group| (1..=6).contains(&group.len()))
}

/// Whether a number may begin here: not within a word, and not behind a decimal point.
fn opens(text: &str, at: usize) -> bool {
    match text.as_bytes().get(..at) {
        Some([.., digit, b'.']) if digit.is_ascii_digit() => false,
        Some([.., before]) => !before.is_ascii_alphanumeric(),
        _ => true,
    }
}

/// Whether a number may end here: not within a word, not before a decimal point, and not where its
/// dashes go on, as they do in a UUID.
fn closes(text: &str, at: usize, separator: Option<u8>) -> bool {
    match text.as_bytes().get(at..) {
        Some([b'.', next, ..]) if next.is_ascii_digit() => false,
        Some([b'-', next, ..]) if separator == Some(b'-') => !next.is_ascii_alphanumeric(),
        Some([next, ..]) => !next.is_ascii_alphanumeric(),
        _ => true,
    }
}

/// The digits of what may be a number.
#[derive(Default)]
struct Number(Vec<u8>);

impl Number {
    /// Adds digits; none where they are more than a number has.
    fn push(&mut self, digits: &str) -> Option<()> {
        (self.0.len() + digits.len() <= *LENGTHS.end()).then(|| {
            self.0.extend(digits.bytes().map(|digit| digit & 0xf));
        })
    }

    fn is_card(&self) -> bool {
        LENGTHS.contains(&self.0.len()) && self.is_issued() && self.is_checked()
    }

    fn is_issued(&self) -> bool {
        let first = self.0.iter().take(6);
        let first = first.fold(0, |number, digit| number * 10 + u32::from(*digit));
        ISSUERS
            .iter()
            .any(|(range, lengths)| range.contains(&first) && lengths.contains(&self.0.len()))
    }

    /// The check digit (ISO/IEC 7812-1 annex B): from the right, every second digit counts twice,
    /// and the sum of all digits is a multiple of ten.
    fn is_checked(&self) -> bool {
        let digits = self.0.iter().rev().zip([1, 2].into_iter().cycle());
        let sum: u32 = digits
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .map(|product| product / 10 + product % 10)
            .sum();
        sum.is_multiple_of(10)
    }
}
