//! What holds for every text.

use std::ops::Range;

use proptest::prelude::*;

use super::{find, masked};

/// Parts that have a meaning in some rule, so that random texts come near the rules.
const PARTS: &[&str] = &[
    "Bearer ",
    "Basic ",
    "Authorization",
    "Cookie",
    "password",
    "secret",
    "secret_key",
    "token",
    "session",
    "sig",
    "?sig=",
    "code=",
    "-----BEGIN ",
    "-----END ",
    "-----",
    "eyJ",
    "eyJhbGciOi",
    "ghp_",
    "sk-",
    "AKIAIOSFODNN7EXAMPLE",
    "A1b2C3d4E5f6G7h8I9j0",
    "://",
    "@",
    "ann:pw",
    "[token]",
    "null",
    ": ",
    "=",
    "=>",
    ":=",
    "\"",
    "'",
    "\\",
    " ",
    "\n",
    ".",
    "-",
    "_",
    "&",
    ";",
    ",",
    "[",
    "]",
    "<",
    "x",
    "42",
    "\u{fc}",
    "\u{65e5}",
    "\0",
];

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,8}",
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn places_are_sorted_apart_and_between_characters(text in texts()) {
        let mut at = None;
        for place in find(&text) {
            prop_assert!(at < Some(place.start) && place.start < place.end, "{:?}", place);
            prop_assert!(text.get(place.clone()).is_some(), "{:?}", place);
            at = Some(place.end);
        }
    }

    #[test]
    fn a_text_comes_to_rest_when_its_places_are_masked(text in texts()) {
        let rested = (0..4).fold(text, |text, _| masked(&text));
        prop_assert_eq!(find(&rested), []);
    }

    #[test]
    fn a_secret_never_survives_its_context(
        secret in "[A-Za-z0-9]{8,40}",
        context in proptest::sample::select(&["password=", "api_key=", "&access_token=", "pwd = "][..]),
        before in "[a-z ]{0,20}",
    ) {
        let text = masked(&format!("{before} {context}{secret} and more"));
        prop_assert!(!text.contains(&secret), "{}", text);
    }

    #[test]
    fn a_long_secret_goes_whole(length in 1000_usize..1100, slashes in 0_usize..20, tail in 0_usize..40) {
        let secret = ["s".repeat(length), "\\".repeat(slashes), "\u{fc}".repeat(tail)].concat();
        let end = secret.trim_end_matches('\\').len();
        let places = find(&format!("password={secret}"));
        prop_assert_eq!(places, vec![Range { start: 9, end: 9 + end }]);
    }
}

/// Texts that are long and close to a rule, so that a rule that looks too far would take minutes.
#[test]
fn long_texts_that_come_near_the_rules_end() {
    for part in PARTS.iter().chain(&[
        "token:",
        "token: ",
        "a.",
        "a-",
        "eyJ.",
        "-----BEGIN -----",
        "://a",
        "a@",
        "://a@[x]",
    ]) {
        find(&part.repeat((64 << 10) / part.len()));
    }
}
