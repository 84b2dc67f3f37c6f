//! What octets are, and how many of a kind stand at an end of a text.

/// Whether an octet is an ASCII letter or digit, or `_`.
pub fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

/// Whether an octet is one of those that host names and tokens consist of: a letter, a digit, `_`,
/// `.` or `-`. A longest run of them is an atom.
pub fn is_atom(octet: u8) -> bool {
    is_word(octet) || octet == b'.' || octet == b'-'
}

/// The first octets of a text, up to a number of them; a character is never cut.
pub fn prefix(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// The last octets of a text, up to a number of them; a character is never cut.
pub fn suffix(text: &str, most: usize) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(most));
    text.get(from..).unwrap_or(text)
}

/// How many octets at the start of a text are of a kind.
pub fn run(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|&b| is(b)).count()
}

/// How many octets at the end of a text are of a kind.
pub fn run_back(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().rev().take_while(|&b| is(b)).count()
}

/// How many ASCII digits a text begins with.
pub fn digits(text: &str) -> usize {
    run(text, |b| b.is_ascii_digit())
}
