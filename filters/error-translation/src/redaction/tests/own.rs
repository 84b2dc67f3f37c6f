//! Patterns of the policy.

use crate::redaction::{Action, Found, Kind, Kinds, OwnPattern, Redactor, Settings};

fn redactor(own: &[(&str, Action)]) -> Redactor {
    let own = own
        .iter()
        .map(|(pattern, action)| OwnPattern::compile("own", pattern, *action).unwrap())
        .collect();
    Redactor::new(Settings {
        kinds: Kinds::all(),
        own,
    })
}

fn clean(pattern: &str, action: Action, text: &str) -> Option<String> {
    let mut found = Found::default();
    redactor(&[(pattern, action)])
        .clean(text, &mut found)
        .map(std::borrow::Cow::into_owned)
}

#[test]
fn an_own_pattern_masks_its_places() {
    let clean = clean("ACME-[0-9]{4}", Action::Mask, "card ACME-1234, ACME-5678");
    assert_eq!(clean.as_deref(), Some("card [redacted], [redacted]"));
}

#[test]
fn an_own_pattern_withholds_the_text() {
    assert_eq!(
        clean("(?i)mainframe", Action::Withhold, "the Mainframe is away"),
        None
    );
}

#[test]
fn an_own_pattern_is_named_once() {
    let mut found = Found::default();
    redactor(&[("a+", Action::Mask)]).clean("a 10.0.0.1 aa", &mut found);
    assert_eq!(found.names().collect::<Vec<_>>(), ["address", "own"]);
}

#[test]
fn a_pattern_that_matches_the_mark_comes_to_rest() {
    for pattern in ["[a-z]+", ".+", "\\[", "(?s).+", "[a-z]+\\W"] {
        let once = clean(pattern, Action::Mask, "a [redacted] b").unwrap();
        let twice = clean(pattern, Action::Mask, &once).unwrap();
        assert_eq!(once, twice, "{pattern}");
    }
}

#[test]
fn a_mark_of_the_upstream_hides_nothing_from_a_pattern() {
    let clean = clean("card: .*", Action::Mask, "card: 4111 [redacted] 1111").unwrap();
    assert!(!clean.contains("41") && !clean.contains("11"), "{clean}");
}

#[test]
fn a_text_with_too_many_places_is_withheld() {
    assert_eq!(clean("x", Action::Mask, &"x ".repeat(65)), None);
}

#[test]
fn mistakes_in_patterns_say_what_was_expected() {
    for (pattern, part) in [
        ("", "1 to 256 octets"),
        ("(?=x)", "look-around"),
        ("(a)\\1", "back-references"),
        ("(a", "expected a regular expression"),
        ("a*", "empty text"),
        ("\\pL", "Unicode classes"),
        ("(((a{99}){99}){99})", "smaller"),
    ] {
        let error = OwnPattern::compile("x", pattern, Action::Mask).unwrap_err();
        assert!(
            error.starts_with("expected ") && error.contains(part),
            "{pattern}: {error}"
        );
    }
    assert!(OwnPattern::compile("x", &"a".repeat(257), Action::Mask).is_err());
}

#[test]
fn each_kind_can_be_switched_off() {
    for (kind, text) in [
        (Kind::GoPanic, "panic: boom"),
        (Kind::RustPanic, "stack backtrace:"),
        (Kind::JavaTrace, "\tat a.b.C.m(Native Method)"),
        (Kind::PythonTrace, "Traceback (most recent call last):"),
        (Kind::NodeTrace, "    at new Promise (<anonymous>)"),
        (Kind::PhpTrace, "#1 {main}"),
        (
            Kind::DotnetTrace,
            "--- End of inner exception stack trace ---",
        ),
        (Kind::RubyTrace, "(NoMethodError)"),
        (Kind::Sql, "pq: boom"),
        (Kind::Path, "/etc/passwd.d/x"),
        (Kind::Address, "10.0.0.1"),
        (Kind::Host, "orders.default.svc"),
        (Kind::Token, "password=hunter2"),
    ] {
        let mut kinds = Kinds::all();
        assert!(kinds.contains(kind));
        kinds.remove(kind);
        let redactor = Redactor::new(Settings {
            kinds,
            own: Vec::new(),
        });
        let mut found = Found::default();
        assert_eq!(
            redactor.clean(text, &mut found).as_deref(),
            Some(text),
            "{}",
            kind.name()
        );
        assert!(found.is_empty());
        assert_ne!(super::clean(text).as_deref(), Some(text));
    }
}
