//! A pattern and a value, a line each: what is taken is a part of the value, a pattern that is
//! refused is not repeated, and the other steps leave what they say.

#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_tagging::fuzzing::{bucket, capture, capture_mistake, lower_and_truncate};

const BOUNDS: [f64; 4] = [-1.5, 0.0, 10.0, 1e6];

/// Patterns shorter than this turn up in any message by chance.
const TELLING: usize = 12;

fn check_capture(pattern: &str, value: &str) {
    match capture(pattern, value) {
        Some(Ok(part)) => {
            let part = part.expect("a value that matches has a part");
            assert!(!part.is_empty() && value.contains(&part));
        }
        Some(Err(reason)) => assert!(["no_match", "too_long"].contains(&reason), "{reason}"),
        None => {
            let mistake = capture_mistake(pattern).expect("it is refused");
            assert!(pattern.len() < TELLING || !mistake.contains(pattern));
        }
    }
}

/// JSON says what a number is (RFC 8259 section 6).
fn check_bucket(value: &str) {
    let number = serde_json::from_str::<f64>(value).ok();
    let number = number.filter(|_| value.trim() == value);
    let expected = number.map(|number| {
        let place = BOUNDS.iter().position(|bound| number < *bound);
        place.map_or("rest".to_owned(), |place| place.to_string())
    });
    assert_eq!(bucket(&BOUNDS, value).ok().flatten(), expected);
}

fuzz_target!(|text: &str| {
    let (pattern, value) = text.split_once('\n').unwrap_or(("(?<value>[a-z]+)", text));
    if !value.is_empty() {
        check_capture(pattern, value);
        check_bucket(value);
    }
    for length in [1, 2, 64] {
        let left = lower_and_truncate(value, length);
        assert_eq!(left.is_none(), value.is_empty());
        // The mask that stands in place of what was cut may itself be longer.
        let left = left.unwrap_or_default();
        assert!(left.chars().count() <= length.max(7));
        assert!(left.chars().flat_map(char::to_lowercase).eq(left.chars()));
    }
});
