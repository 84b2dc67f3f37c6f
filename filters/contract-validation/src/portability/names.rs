//! Names of an object's members that readers take for one.

use std::borrow::Cow;
use std::ops::Range;

use super::Kind;

/// A name, and where it stands.
#[derive(Debug)]
pub(super) struct Name<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) octets: Range<usize>,
}

/// The names of an object that are alike, each time the later one.
pub(super) fn alike<'n, 't>(names: &'n [Name<'t>]) -> Vec<(Kind, &'n Name<'t>)> {
    // Most objects are small and have nothing alike, which is seen without sorting.
    if names.len() <= FEW && !any_pair(names) {
        return Vec::new();
    }
    let mut sorted: Vec<_> = names.iter().map(|name| (fold(&name.text), name)).collect();
    // Those of one spelling stand together, the first of them first.
    sorted.sort_unstable_by(|(one_fold, one), (other_fold, other)| {
        (one_fold, &one.text, one.octets.start).cmp(&(other_fold, &other.text, other.octets.start))
    });
    let mut found = Vec::new();
    for pair in sorted.windows(2) {
        if let [(one_fold, one), (other_fold, other)] = pair
            && one_fold == other_fold
        {
            let kind = if one.text == other.text {
                Kind::DuplicateName
            } else {
                Kind::NameCase
            };
            let later = if one.octets.start < other.octets.start {
                other
            } else {
                one
            };
            found.push((kind, *later));
        }
    }
    found
}

/// How many names are compared each with each.
const FEW: usize = 16;

/// Whether two of a few names may be alike.
fn any_pair(names: &[Name<'_>]) -> bool {
    let alike = |one: &str, other: &str| {
        one.eq_ignore_ascii_case(other) || !(one.is_ascii() && other.is_ascii())
    };
    names.iter().enumerate().any(|(index, one)| {
        let mut others = names.iter().take(index);
        others.any(|other| alike(&one.text, &other.text))
    })
}

/// A name as Go's `encoding/json` compares it to the fields of a struct: by Unicode's simple case
/// folding, in which `K` (Kelvin) is `k` and `ſ` is `s`.
fn fold(name: &str) -> Cow<'_, str> {
    let is_folded = |octet: u8| octet.is_ascii() && !octet.is_ascii_uppercase();
    if name.bytes().all(is_folded) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().map(fold_one).collect())
}

/// Simple folding maps a character to one: what has several in the other case is left as it is.
fn fold_one(char: char) -> char {
    match char {
        _ if char.is_ascii() => return char.to_ascii_lowercase(),
        // Its capital is `I`, which is that of `i` too; folding keeps them apart.
        'ı' => return char,
        _ => {}
    }
    let upper = single(char.to_uppercase()).unwrap_or(char);
    single(upper.to_lowercase()).unwrap_or(upper)
}

fn single(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next();
    first.filter(|_| mapped.next().is_none())
}
