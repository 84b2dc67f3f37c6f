//! A request target: what logs may show of it comes to rest at once, is no longer than allowed, is
//! cut and not changed where it would be, and has no value of a parameter that is secret by its name.

#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_tagging::fuzzing::target;

const OWN: [&str; 2] = ["customer", "q"];
const SECRET: &str = "Zq7-hidden";
const NAMES: [&str; 6] = [
    "token",
    "customer",
    "X-Amz-Signature",
    "user[password]",
    "%73ig",
    "Q",
];

/// A target with a secret parameter behind half of the text, and the rest behind it.
fn planted(text: &str, name: &str) -> String {
    let (before, after) = text.split_at(text.floor_char_boundary(text.len() / 2));
    let begin = if before.contains('?') { '&' } else { '?' };
    let end = if after.is_empty() { "" } else { "&" };
    format!("{before}{begin}{name}={SECRET}{end}{after}")
}

fuzz_target!(|text: &str| {
    let whole = target(text, &OWN, usize::MAX);
    assert_eq!(
        target(&whole, &OWN, usize::MAX),
        whole,
        "it does not come to rest"
    );
    for max in [0, 1, 3, 16, 255, 256] {
        let cut = target(text, &OWN, max);
        assert!(cut.len() <= max, "{} octets", cut.len());
        assert!(whole.starts_with(&cut), "it is cut, and not changed");
    }
    // Where it stands already, it may be anything.
    let names = NAMES.iter().filter(|_| !text.contains(SECRET));
    for name in names {
        let shown = target(&planted(text, name), &OWN, usize::MAX);
        assert!(!shown.contains(SECRET), "{name} is shown");
    }
});
