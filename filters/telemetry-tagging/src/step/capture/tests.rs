use proptest::prelude::*;

use super::*;

fn captured(pattern: &str, value: &str) -> Result<String, Lost> {
    let capture = Capture::compile(pattern).unwrap();
    let owned = capture.take(Cow::Owned(value.to_owned()));
    let borrowed = capture.take(Cow::Borrowed(value));
    assert_eq!(owned, borrowed);
    borrowed.map(Cow::into_owned)
}

#[test]
fn the_group_named_value_is_taken_before_the_first_one() {
    let part = captured("(a+)(?P<value>b+)(c+)", "xaabbcc");
    assert_eq!(part.as_deref(), Ok("bb"));
}

#[test]
fn the_first_group_is_taken_before_the_whole_match() {
    assert_eq!(captured("a+(b+)(c+)", "xaabbcc").as_deref(), Ok("bb"));
    assert_eq!(captured("a+(?P<other>b+)c", "xaabbcc").as_deref(), Ok("bb"));
}

#[test]
fn without_a_group_the_whole_match_is_taken() {
    assert_eq!(captured("a+(?:b+)c", "xaabbcc").as_deref(), Ok("aabbc"));
}

#[test]
fn a_group_that_took_no_part_takes_nothing() {
    assert_eq!(captured("a(b)|c", "c"), Err(Lost::NoMatch));
    assert_eq!(captured("^([0-9]*)", "x"), Err(Lost::NoMatch));
    assert_eq!(captured("[0-9]*", "x1"), Err(Lost::NoMatch));
}

#[test]
fn the_first_match_counts() {
    assert_eq!(captured("[0-9]+", "a 12 345").as_deref(), Ok("12"));
}

#[test]
fn a_value_is_looked_at_up_to_its_longest_length() {
    let longest = "a".repeat(MAX_INPUT);
    assert_eq!(captured("a$", &longest).as_deref(), Ok("a"));
    assert_eq!(captured("a$", &format!("{longest}a")), Err(Lost::TooLong));
}

#[test]
fn a_pattern_is_no_longer_than_it_may_be() {
    assert!(Capture::compile(&format!("[{}]", "a".repeat(510))).is_ok());
    let expected = "expected a regular expression of 1 to 512 octets";
    for pattern in [String::new(), "a".repeat(513)] {
        assert_eq!(Capture::compile(&pattern).unwrap_err(), expected);
    }
}

#[test]
fn a_pattern_is_no_larger_than_it_may_be() {
    assert!(Capture::compile("^[a-z]{60}$").is_ok());
    for pattern in ["^[a-z]{600}$", "(?:a{100}){100}"] {
        let mistake = Capture::compile(pattern).unwrap_err();
        assert!(
            mistake.starts_with("expected a smaller regular expression"),
            "{pattern}"
        );
    }
}

#[test]
fn a_mistake_says_what_is_wrong_and_nothing_of_the_pattern() {
    for pattern in [
        "secret(",
        "secret)",
        "secret[",
        "(?=secret)",
        r"(secret)\1",
        r"secret\p{L}",
        "secret{2,1}",
        "*secret",
        "(?P<secret>a)(?P<secret>b)",
        "(?secret)",
        r"secret\",
        "[z-a]secret",
        "secret{",
    ] {
        let mistake = Capture::compile(pattern).unwrap_err();
        assert!(
            mistake.starts_with("expected a regular expression of linear time"),
            "{pattern}"
        );
        assert!(!mistake.contains("secret"), "{mistake}");
    }
}

proptest! {
    #[test]
    fn what_is_taken_is_a_part_of_the_value(value in any::<String>()) {
        if let Ok(part) = captured("[^a](.?b*)", &value) {
            prop_assert!(value.contains(&part) && !part.is_empty());
        }
    }

    #[test]
    fn any_pattern_compiles_or_says_why(pattern in any::<String>(), value in any::<String>()) {
        if let Ok(capture) = Capture::compile(&pattern) {
            let _ = capture.take(Cow::Owned(value));
        }
    }
}
