//! A text: what is masked comes to rest at once, whatever the kinds, has none of a planted address
//! in it, and takes time in proportion to its length.

#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_tagging::fuzzing::{KINDS, mask};

const PLANTED: &str = "jane.doe@people.example.org";

/// The longest text that is tried. Quadratic time on it would take longer than a target may.
const LONG: usize = 64 << 10;

fn check(text: &str, kinds: &[usize], part: bool) {
    let (masked, found) = mask(text, kinds, part);
    assert_eq!(
        masked == text,
        found.is_empty(),
        "a mask is told, and only one"
    );
    assert_eq!(
        mask(&masked, kinds, part),
        (masked.clone(), Vec::new()),
        "it does not come to rest"
    );
    // The longest mask is of seven octets, and stands for no fewer than three; of what is kept
    // there was as much before.
    assert!(masked.len() <= 4 * text.len() + 16);
}

fuzz_target!(|text: &str| {
    let all: Vec<usize> = (0..KINDS).collect();
    for part in [false, true] {
        check(text, &all, part);
        check(text, &[text.len() % KINDS], part);
    }
    assert_eq!(mask(text, &[], false), (text.to_owned(), Vec::new()));

    let middle = text.floor_char_boundary(text.len() / 2);
    let (before, after) = text.split_at(middle);
    let (masked, _) = mask(&format!("{before} {PLANTED} {after}"), &all, false);
    assert!(!masked.contains(PLANTED));

    if text.len() % 61 == 7 {
        mask(&text.repeat(LONG / text.len()), &all, true);
    }
});
