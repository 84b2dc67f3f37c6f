//! What is found in texts, and what is not.

mod harmful;
mod harmless;
mod properties;

use super::{Keep, Kind, Kinds, mask};

/// A text masked, and the names of what was found.
fn masked(text: &str, keep: Keep) -> (String, Vec<&'static str>) {
    let mut found = Kinds::default();
    let text = mask(text, Kinds::all(), keep, &mut found).into_owned();
    (text, found.iter().map(Kind::name).collect())
}

#[test]
fn only_the_kinds_that_are_asked_for_are_masked() {
    let text = "jane@example.com from 203.0.113.7";
    for (kind, expected) in [
        (Kind::Email, "[email] from 203.0.113.7"),
        (Kind::Ip, "jane@example.com from [ip]"),
        (Kind::Card, text),
    ] {
        let mut found = Kinds::default();
        let kinds = Kinds::from_iter([kind]);
        assert_eq!(mask(text, kinds, Keep::Nothing, &mut found), expected);
        assert_eq!(found.contains(kind), expected != text);
    }
}

#[test]
fn no_kinds_mask_nothing() {
    let mut found = Kinds::default();
    let text = mask(
        "jane@example.com",
        Kinds::default(),
        Keep::Nothing,
        &mut found,
    );
    assert_eq!(text, "jane@example.com");
    assert!(found.is_empty());
}

#[test]
fn what_was_found_before_is_kept() {
    let mut found = Kinds::from_iter([Kind::Phone]);
    mask("jane@example.com", Kinds::all(), Keep::Nothing, &mut found);
    assert_eq!(found, Kinds::from_iter([Kind::Email, Kind::Phone]));
}

#[test]
fn a_set_of_kinds_has_what_was_put_in() {
    assert_eq!(Kinds::all().iter().count(), Kind::ALL.len());
    assert!(Kinds::default().is_empty());
    for kind in Kind::ALL {
        let set = Kinds::from_iter([kind, kind]);
        assert!(set.iter().eq([kind]), "{}", kind.name());
        assert!(!set.is_empty());
    }
}

#[test]
fn no_mask_is_personal_data() {
    for kind in Kind::ALL {
        for text in [kind.mask().to_owned(), format!("password={}", kind.mask())] {
            assert_eq!(masked(&text, Keep::Nothing), (text, vec![]));
        }
    }
}

#[test]
fn what_lies_within_something_is_not_one_more() {
    let (text, found) = masked("password=jane@example.com", Keep::Part);
    assert_eq!(text, "password=[token]");
    assert_eq!(found, ["token"]);
    let (text, found) = masked("jane@203.0.113.7", Keep::Nothing);
    assert_eq!(text, "[email]");
    assert_eq!(found, ["email"]);
}

#[test]
fn the_part_that_tells_nobody_apart_is_kept() {
    for (text, expected) in [
        ("to jane.doe@example.com.", "to [email]@example.com."),
        ("jane%40example.com", "[email]%40example.com"),
        ("\"jane doe\"@example.com", "[email]@example.com"),
        ("jane@[203.0.113.7]", "[email]"),
        ("jane@203.0.113.7", "[email]@203.0.113.0"),
        ("4111 1111 1111 1111", "[card]1111"),
        ("3782-822463-10005", "[card]0005"),
        ("DE89 3704 0044 0532 0130 00", "DE[iban]"),
        ("gb29nwbk60161331926819", "gb[iban]"),
        ("203.0.113.7:443", "203.0.113.0:443"),
        ("203.0.113.0", "203.0.113.0"),
        ("[2001:db8:1:2::3]:443", "[2001:db8:1::]:443"),
        ("2001:DB8:1:2::3", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.0"),
        ("+49 170 1234567", "[phone]"),
        ("jane%2540example.com", "[email]"),
    ] {
        assert_eq!(masked(text, Keep::Part).0, expected, "{text}");
    }
}

#[test]
fn a_network_is_nothing_that_was_found() {
    let (text, found) = masked("203.0.113.0 2001:db8:1::", Keep::Part);
    assert_eq!(text, "203.0.113.0 2001:db8:1::");
    assert!(found.is_empty());
    assert_eq!(masked("203.0.113.0", Keep::Nothing).0, "[ip]");
}

/// Texts that come near a rule and are long, so that a rule in quadratic time would take minutes.
#[test]
fn long_texts_that_come_near_the_rules_end() {
    for part in [
        "a",
        "@",
        "a@",
        "a%40",
        "%40",
        "@a.",
        "a@b.c",
        "\"@",
        "'",
        "1",
        "00",
        "0",
        "+1",
        "+",
        "+1 ",
        "1 ",
        "4111 ",
        "4111-",
        "DE89 ",
        "DE89",
        "1.",
        "1.2.3.4.",
        ":",
        "::",
        "1:",
        "fe80::1%",
        "a/",
        "%",
        "%25",
        "ü",
        "A/1.0.0.1 ",
        "version ",
    ] {
        masked(&part.repeat((64 << 10) / part.len()), Keep::Nothing);
    }
}
