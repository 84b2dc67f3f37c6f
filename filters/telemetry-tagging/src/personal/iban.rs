//! International bank account numbers (ISO 13616-1).

use std::ops::Range;

use kit::scan::run;

/// By country: how long its numbers are, and how many digits follow the check digits at least,
/// before letters may come (the IBAN registry of SWIFT).
///
/// The second tells a Belgian account from the id of a span, which has sixteen hexadecimal digits
/// and begins with `be` as well.
const COUNTRIES: [(&str, u8, u8); 89] = [
    ("AD", 24, 8),
    ("AE", 23, 19),
    ("AL", 28, 8),
    ("AT", 20, 16),
    ("AZ", 28, 0),
    ("BA", 20, 16),
    ("BE", 16, 12),
    ("BG", 22, 0),
    ("BH", 22, 0),
    ("BI", 27, 23),
    ("BR", 29, 23),
    ("BY", 28, 0),
    ("CH", 21, 5),
    ("CR", 22, 18),
    ("CY", 28, 8),
    ("CZ", 24, 20),
    ("DE", 22, 18),
    ("DJ", 27, 23),
    ("DK", 18, 14),
    ("DO", 28, 0),
    ("EE", 20, 16),
    ("EG", 29, 25),
    ("ES", 24, 20),
    ("FI", 18, 14),
    ("FK", 18, 0),
    ("FO", 18, 14),
    ("FR", 27, 10),
    ("GB", 22, 0),
    ("GE", 22, 0),
    ("GI", 23, 0),
    ("GL", 18, 14),
    ("GR", 27, 7),
    ("GT", 28, 0),
    ("HN", 28, 0),
    ("HR", 21, 17),
    ("HU", 28, 24),
    ("IE", 22, 0),
    ("IL", 23, 19),
    ("IQ", 23, 0),
    ("IS", 26, 22),
    ("IT", 27, 0),
    ("JO", 30, 0),
    ("KW", 30, 0),
    ("KZ", 20, 3),
    ("LB", 28, 4),
    ("LC", 32, 0),
    ("LI", 21, 5),
    ("LT", 20, 16),
    ("LU", 20, 3),
    ("LV", 21, 0),
    ("LY", 25, 21),
    ("MC", 27, 10),
    ("MD", 24, 0),
    ("ME", 22, 18),
    ("MK", 19, 3),
    ("MN", 20, 16),
    ("MR", 27, 23),
    ("MT", 31, 0),
    ("MU", 30, 0),
    ("NI", 28, 0),
    ("NL", 18, 0),
    ("NO", 15, 11),
    ("OM", 23, 3),
    ("PK", 24, 0),
    ("PL", 28, 24),
    ("PS", 29, 0),
    ("PT", 25, 21),
    ("QA", 29, 0),
    ("RO", 24, 0),
    ("RS", 22, 18),
    ("RU", 33, 14),
    ("SA", 24, 2),
    ("SC", 31, 0),
    ("SD", 18, 14),
    ("SE", 24, 20),
    ("SI", 19, 15),
    ("SK", 24, 20),
    ("SM", 27, 0),
    ("SO", 23, 19),
    ("ST", 25, 21),
    ("SV", 28, 0),
    ("TL", 23, 19),
    ("TN", 24, 20),
    ("TR", 26, 5),
    ("UA", 29, 6),
    ("VA", 22, 18),
    ("VG", 24, 0),
    ("XK", 20, 16),
    ("YE", 30, 0),
];

/// The country and the check digits.
const HEAD: usize = 4;

/// Tells of every place of an account number, as machines write it or in groups with single spaces.
/// Letters count in either case, because people type them so.
pub(super) fn find(text: &str, tell: &mut dyn FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(start) = next_word(text, at) {
        let rest = text.get(start..).unwrap_or("");
        at = match length(rest) {
            Some(length) => {
                tell(start..start + length);
                start + length
            }
            None => start + run(rest, |octet| octet.is_ascii_alphanumeric()),
        };
    }
}

/// The country that an account number begins with.
pub(super) fn country(number: &str) -> Option<&str> {
    number.get(..2)
}

/// Where the next run of letters and digits begins.
fn next_word(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    rest.iter()
        .position(u8::is_ascii_alphanumeric)
        .map(|at| from + at)
}

/// How long the account number is that a text begins with, in octets.
fn length(text: &str) -> Option<usize> {
    // Few words begin so, and the table is long.
    let (country, check) = text.get(..HEAD)?.split_at_checked(2)?;
    let is_number = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if !is_number(check) || country.bytes().any(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let &(_, length, digits) = COUNTRIES
        .iter()
        .find(|(known, ..)| country.eq_ignore_ascii_case(known))?;
    let (number, end) = compact(text, usize::from(length))?;
    let (head, account) = number.split_at_checked(HEAD)?;
    let is_formed =
        ("02"..="98").contains(&check) && account.get(..usize::from(digits)).is_some_and(is_number);
    (is_formed && remainder(account.bytes().chain(head.bytes())) == 1).then_some(end)
}

/// The first letters and digits of a text without the spaces between them, and where they end; none
/// where these are more or fewer.
fn compact(text: &str, length: usize) -> Option<(String, usize)> {
    let mut number = String::with_capacity(length);
    let mut octets = text.bytes().enumerate().peekable();
    while let Some((at, octet)) = octets.next() {
        let next = octets.peek().map(|(_, next)| *next);
        let goes_on = next.is_some_and(|next| next.is_ascii_alphanumeric());
        match octet {
            b' ' if goes_on => {}
            _ if octet.is_ascii_alphanumeric() => number.push(octet.into()),
            _ => return None,
        }
        if number.len() == length {
            return (!goes_on).then_some((number, at + 1));
        }
    }
    None
}

/// The remainder modulo 97 where letters stand for 10 to 35 (ISO/IEC 7064, MOD 97-10).
fn remainder(number: impl Iterator<Item = u8>) -> u32 {
    number
        .filter_map(|octet| char::from(octet).to_digit(36))
        .fold(0, |sum, value| {
            let shift = if value < 10 { 10 } else { 100 };
            (sum * shift + value) % 97
        })
}
