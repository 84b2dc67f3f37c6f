//! What holds for every text.

use proptest::prelude::*;

use super::clean;
use crate::redaction::{Action, Found, Kinds, OwnPattern, Redactor, Settings};

/// Parts that have a meaning in some rule, so that random texts come near the rules.
const PARTS: &[&str] = &[
    "panic: ",
    "goroutine ",
    "1",
    " [",
    "at ",
    ".go:",
    ".rs:",
    ".js:",
    ":",
    "/",
    "//",
    "://",
    "\\",
    "\\\\",
    "C:\\",
    "\n",
    "\t",
    " ",
    "(",
    ")",
    "[",
    "]",
    "[redacted]",
    "\"",
    "'",
    "=",
    "&",
    ";",
    ",",
    "@",
    ".",
    "..",
    "-",
    "_",
    "#",
    "%",
    "::",
    "::1",
    "fe80",
    "10.0.0.1",
    "127.0.0.1",
    "localhost",
    "svc",
    ".local",
    ".internal",
    "eyJ",
    "abcDEF123",
    "Bearer ",
    "Basic ",
    "Authorization",
    "Cookie",
    "password",
    "token",
    "secret",
    "sig",
    "?sig=",
    "-----BEGIN ",
    "-----END ",
    "-----",
    "SELECT ",
    " FROM ",
    "WHERE ",
    "UPDATE ",
    "select ",
    "set ",
    "orders",
    "home",
    "app",
    "x.py",
    "File \"",
    ", line ",
    "Exception",
    "Error",
    "Caused by: ",
    "dial tcp ",
    "lookup ",
    " on ",
    "host=",
    "postgres",
    "@tcp(",
    "outbound|",
    "|",
    "{",
    "}",
    "ü",
    "日本",
    "\u{1b}[0m",
    "\r",
    "\0",
    "0x1f",
    "+0x1d",
    "^^^",
    "... ",
    " more",
    "^",
    "~/",
    "./",
    "file",
    "AKIAIOSFODNN7EXAMPLE",
    "ip-10-0-0-1",
    "orders-7d9f8b6c5d-x2x7k",
    "...",
    "…",
];

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => proptest::sample::select(PARTS).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,8}",
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

fn own() -> Redactor {
    let own = ["[a-z]+@[a-z]+", "ACME-[0-9]+", "(?i)redacted|x+"]
        .iter()
        .map(|pattern| OwnPattern::compile("own", pattern, Action::Mask).unwrap())
        .collect();
    Redactor::new(Settings {
        kinds: Kinds::all(),
        own,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_was_cleaned_stays(text in texts()) {
        let once = clean(&text);
        if let Some(once) = once {
            let twice = clean(&once);
            prop_assert_eq!(twice, Some(once));
        }
    }

    #[test]
    fn what_was_cleaned_stays_with_own_patterns(text in texts()) {
        let redactor = own();
        let mut found = Found::default();
        if let Some(once) = redactor.clean(&text, &mut found) {
            let twice = redactor.clean(&once, &mut Found::default());
            prop_assert_eq!(twice, Some(once.clone()));
        }
    }

    #[test]
    fn what_leaves_has_no_control_characters(text in texts()) {
        if let Some(clean) = clean(&text) {
            prop_assert!(!clean.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }

    #[test]
    fn a_text_that_changed_was_counted(text in "[ -~\n]{0,80}") {
        let mut found = Found::default();
        let redactor = Redactor::new(Settings::default());
        let clean = redactor.clean(&text, &mut found);
        prop_assert_eq!(clean.as_deref() == Some(&text), found.is_empty());
    }

    #[test]
    fn the_log_keeps_its_length_and_its_line(text in texts(), max in 0_usize..200) {
        let log = own().for_log(&text, max);
        prop_assert!(log.len() <= max);
        prop_assert!(!log.chars().any(char::is_control));
    }
}

/// Texts that are long and close to a rule, so that a rule that looks too far would take minutes.
#[test]
fn long_texts_that_come_near_the_rules_end() {
    for part in PARTS.iter().chain(&[
        "a",
        "a.",
        "a:",
        "a/",
        "/a",
        ":/",
        "1.",
        "token:",
        "SELECT a ",
        "SELECT a,",
        "a-",
        "at x(",
        "File \"x",
        "x.go:1 ",
        "a@",
        "\\n",
        "^ ",
    ]) {
        clean(&part.repeat((16 << 10) / part.len()));
    }
}
