//! How signs are looked for.

use std::ops::Range;

use proptest::prelude::*;

use super::{Authority, Place, Rule, SIGHT, Sign, Signs, prefix, run_back, suffix};

fn place(text: &'static str, sign: &str) -> Place<'static> {
    let start = text.find(sign).unwrap();
    Place {
        text,
        start,
        end: start + sign.len(),
    }
}

/// The kinds and the places of the signs in a text.
fn looked(signs: &Signs<char, ()>, text: &str) -> Vec<(char, Range<usize>)> {
    let mut found = Vec::new();
    signs.look(text, &mut |kind, (), place| {
        found.push((kind, place.start..place.end));
        None::<()>
    });
    found
}

#[test]
fn signs_are_told_in_the_order_of_the_text_and_the_later_ones_first() {
    const FIRST: &[Sign<()>] = &[Sign::new("ab", ()), Sign::new("abc", ())];
    const SECOND: &[Sign<()>] = &[Sign::new("abcd", ()), Sign::new("b\u{fc}", ())];
    let signs = Signs::new([('1', FIRST), ('2', SECOND)]);
    assert_eq!(
        looked(&signs, "abcd b\u{fc} aB"),
        [('2', 0..4), ('1', 0..3), ('1', 0..2), ('2', 5..8)]
    );
}

#[test]
fn a_sign_says_whether_its_case_matters() {
    const SIGNS: &[Sign<()>] = &[Sign::in_any_case("key-", ()), Sign::new("KeY_", ())];
    let signs = Signs::new([('k', SIGNS)]);
    assert_eq!(
        looked(&signs, "kEy- KEY- KeY_ key_"),
        [('k', 0..4), ('k', 5..9), ('k', 10..14)]
    );
}

#[test]
fn looking_ends_when_a_value_is_heard() {
    const SIGNS: &[Sign<()>] = &[Sign::new("ab", ())];
    let signs = Signs::new([((), SIGNS)]);
    let mut heard = 0;
    let at = signs.look("ab ab ab", &mut |(), (), place| {
        heard += 1;
        (place.start > 0).then_some(place.start)
    });
    assert_eq!((at, heard), (Some(3), 2));
}

#[test]
fn what_stands_in_a_range_finds_nothing_unless_it_reaches_its_end() {
    fn word(place: Place<'_>) -> Option<Range<usize>> {
        let word = place.after().split(' ').next()?;
        Some(place.end..place.end + word.len())
    }
    const SIGNS: &[Sign<Rule>] = &[Sign::new("k=", word)];
    let signs = Signs::new([((), SIGNS)]);
    let mut found = Vec::new();
    signs.find("k= k=ak=bk= k=k= c", &mut |(), range| found.push(range));
    // The first finds nothing; the one in the middle of a word is in it; the last of one is not.
    assert_eq!(found, [5..11, 14..16]);
}

#[test]
fn a_place_knows_what_stands_around_it() {
    let inner = place("first\n\t -_sign. rest\nlast", "sign");
    assert_eq!(inner.rest(), ". rest\nlast");
    assert_eq!(inner.after_on_line(), ". rest");
    assert_eq!(inner.before_on_line(), "\t -_");
    assert!(!inner.opens_word() && inner.closes_word() && !inner.opens_line());
    assert!(place("x-sign", "sign").opens_word());
    assert!(!place("x-sign", "sign").opens_atom());
    assert!(place("/sign", "sign").opens_atom());
    assert!(place("x\n \tsigns", "sign").opens_line());
    assert!(!place("signs", "sign").closes_word());
    assert!(place("sign", "sign").closes_word());
}

#[test]
fn a_place_sees_so_far() {
    let text = "\u{fc}".repeat(SIGHT);
    let whole = Place {
        text: &text,
        start: SIGHT,
        end: SIGHT,
    };
    assert_eq!(whole.after().len(), SIGHT);
    assert_eq!(whole.before_on_line().len(), SIGHT / 4);
    assert_eq!(whole.rest().len(), SIGHT);
}

#[test]
fn characters_are_not_cut() {
    assert_eq!((prefix("a\u{fc}b", 2), suffix("a\u{fc}b", 2)), ("a", "b"));
    assert_eq!((prefix("ab", 9), suffix("ab", 9)), ("ab", "ab"));
    assert_eq!(run_back("a12", |b| b.is_ascii_digit()), 2);
}

#[test]
fn user_information_ends_at_the_last_at() {
    for (text, userinfo, host) in [
        ("db:5432/orders", None, "db:5432"),
        ("ann:p@ss@db:5432?x=a@b", Some("ann:p@ss"), "db:5432"),
        ("@db#a@b", Some(""), "db"),
        ("[::1]:80\" x", None, "[::1]:80"),
        ("", None, ""),
    ] {
        assert_eq!(Authority::after_scheme(text), Authority { userinfo, host });
    }
}

proptest! {
    #[test]
    fn every_place_of_every_sign_is_told(text in "[aAbB-]{0,40}") {
        const SIGNS: &[Sign<()>] = &[Sign::new("aB", ()), Sign::in_any_case("ab-", ()), Sign::new("--", ())];
        let lower = text.to_ascii_lowercase();
        let mut expected: Vec<_> = text
            .match_indices("aB")
            .chain(lower.match_indices("ab-"))
            .map(|(at, word)| ('x', at..at + word.len()))
            .collect();
        expected.extend((0..text.len()).filter(|at| text[*at..].starts_with("--")).map(|at| ('x', at..at + 2)));
        let mut found = looked(&Signs::new([('x', SIGNS)]), &text);
        let order = |(_, range): &(char, Range<usize>)| (range.start, range.end);
        found.sort_by_key(order);
        expected.sort_by_key(order);
        prop_assert_eq!(found, expected);
    }
}
