//! What holds for every text.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::personal::{Keep, Kinds, is_short_word, mask, place};

/// Parts that have a meaning in some rule, so that random texts come near the rules.
const PARTS: &[&str] = &[
    "jane",
    "@",
    "%40",
    "%2540",
    "example.com",
    ".com",
    ".",
    "-",
    "+",
    " ",
    "%20",
    "%2B",
    "%",
    "25",
    "4111111111111111",
    "4111 1111 1111 1111",
    "1111",
    "4",
    "00",
    "0049",
    "+49",
    "170 1234567",
    "DE89",
    "370400440532013000",
    "3704 0044 0532 0130 00",
    "BE68539007547034",
    "203.0.113.7",
    "203.0.113.0",
    "2001:db8:1:2::3",
    "::",
    ":",
    "fe80::1",
    "%eth0",
    "::ffff:",
    "version ",
    "Chrome/",
    "/",
    "=",
    "&",
    "\"",
    "'",
    "[",
    "]",
    "(",
    ")",
    "[email]",
    "[card]",
    "[iban]",
    "[token]",
    "[ip]",
    "[phone]",
    "password=",
    "Bearer ",
    "token: ",
    "://",
    "eyJhbGciOiJIUzI1NiJ9.e30.",
    "AKIAIOSFODNN7EXAMPLE",
    "x",
    "ü",
    "\u{a0}",
    "日本",
    "\0",
];

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,8}",
        1 => "[0-9]{1,6}",
    ];
    vec(part, 0..16).prop_map(|parts| parts.concat())
}

fn keeps() -> impl Strategy<Value = Keep> {
    proptest::sample::select(&[Keep::Nothing, Keep::Part][..])
}

fn cards() -> impl Strategy<Value = String> {
    let number = |digits: String| {
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 })
            .map(|product| product / 10 + product % 10)
            .sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    };
    let number = prop_oneof![
        "4[0-9]{14}",
        "5[1-5][0-9]{13}",
        "3[47][0-9]{12}",
        "65[0-9]{13}"
    ]
    .prop_map(number);
    (number, proptest::sample::select(&["", " ", "-"][..])).prop_map(|(number, separator)| {
        let groups: Vec<_> = number
            .as_bytes()
            .chunks(4)
            .map(String::from_utf8_lossy)
            .collect();
        groups.join(separator)
    })
}

fn ibans() -> impl Strategy<Value = String> {
    let account = prop_oneof![
        ("[0-9]{18}", Just("DE")),
        ("[A-Z]{4}[0-9]{14}", Just("GB")),
        ("[0-9]{12}", Just("BE")),
        ("[0-9]{10}[0-9A-Z]{11}[0-9]{2}", Just("FR")),
    ];
    (account, any::<bool>()).prop_map(|((account, country), is_grouped)| {
        let remainder = format!("{account}{country}00")
            .chars()
            .filter_map(|c| c.to_digit(36))
            .fold(0, |sum, value| {
                (sum * if value < 10 { 10 } else { 100 } + value) % 97
            });
        let number = format!("{country}{:02}{account}", 98 - remainder);
        let groups: Vec<_> = number
            .as_bytes()
            .chunks(4)
            .map(String::from_utf8_lossy)
            .collect();
        groups.join(if is_grouped { " " } else { "" })
    })
}

/// Something personal. A local part may be cut off at the octets that part words.
fn personal() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9._+-]{0,20}[a-z0-9]@[a-z0-9]{1,10}(-[a-z0-9]{1,5})?\\.[a-z]{2,10}",
        cards(),
        ibans(),
        "([1-9][0-9]?\\.){3}[1-9]",
        "2001:db8:[1-9a-f]{1,4}:[1-9a-f]{1,4}::[1-9a-f]{1,4}",
        "\\+49 ?1[5-7][0-9] ?[0-9]{7,8}",
    ]
}

/// What may stand around something, and parts it from the rest.
fn around() -> impl Strategy<Value = String> {
    "([a-z]{0,8}[,;|<>(){}\"&=]){0,3}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The short way past the rules leads past nothing that they would find.
    #[test]
    fn a_short_word_is_nothing_that_any_rule_finds(
        beginning in prop::sample::select(&[
            "", "ghp_", "gho_", "sk_live_", "sk-", "AKIA", "ASIA", "eyJ", "xoxb-", "glpat-", "AIza",
            "npm_", "password", "token", "Bearer", "0049", "00", "DE89", "NO93", "rk_test_",
        ][..]),
        end in "[A-Za-z0-9_-]{0,12}",
    ) {
        let word: String = format!("{beginning}{end}").chars().take(12).collect();
        if is_short_word(&word) {
            let places = place::find(&word, Kinds::all(), Keep::Nothing);
            prop_assert_eq!(places.kinds().next(), None, "{}", word);
        }
    }

    #[test]
    fn what_was_masked_stays(text in texts(), keep in keeps()) {
        let once = mask(&text, Kinds::all(), keep, &mut Kinds::default());
        let mut found = Kinds::default();
        let twice = mask(&once, Kinds::all(), keep, &mut found);
        prop_assert_eq!(&twice, &once);
        prop_assert!(found.is_empty());
    }

    #[test]
    fn a_text_changes_if_something_was_found(text in texts(), keep in keeps()) {
        let mut found = Kinds::default();
        let masked = mask(&text, Kinds::all(), keep, &mut found);
        prop_assert_eq!(found.is_empty(), masked == text);
        if masked == text {
            prop_assert!(matches!(masked, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn no_octets_make_it_panic(octets in vec(any::<u8>(), 0..200), keep in keeps()) {
        mask(&String::from_utf8_lossy(&octets), Kinds::all(), keep, &mut Kinds::default());
    }

    #[test]
    fn personal_data_never_comes_out(before in around(), data in personal(), after in around()) {
        let text = format!("{before} {data} {after}");
        let masked = mask(&text, Kinds::all(), Keep::Nothing, &mut Kinds::default());
        prop_assert!(!masked.contains(&data), "{} in {}", data, masked);
    }

    #[test]
    fn personal_data_never_comes_out_decoded(data in personal()) {
        let encoded = percent_encode(data.as_bytes(), NON_ALPHANUMERIC).to_string();
        let masked = mask(&encoded, Kinds::all(), Keep::Nothing, &mut Kinds::default());
        prop_assert!(masked.starts_with('['), "{} of {}", masked, encoded);
    }

    #[test]
    fn what_is_kept_tells_nobody_apart(data in personal()) {
        let masked = mask(&data, Kinds::all(), Keep::Part, &mut Kinds::default());
        let local = data.split_inclusive('@').next().unwrap_or(&data);
        prop_assert!(!masked.contains(local), "{} of {}", masked, data);
    }
}
