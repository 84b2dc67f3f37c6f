//! Panics and backtraces of Rust, in the forms before and since 1.73 and since 1.89, and the chains
//! of causes that `anyhow` and `eyre` print.

use kit::scan::{Place, Sign, digits};

use super::{Rule, always, line, word};
use crate::redaction::source::location;

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("panicked at ", panicked),
    Sign::new("RUST_BACKTRACE", always),
    Sign::new("RUST_LIB_BACKTRACE", always),
    Sign::new("stack backtrace:", always),
    Sign::new("Stack backtrace:", always),
    Sign::new("core::panicking", always),
    Sign::new("std::panicking", always),
    Sign::new("std::panic::", always),
    Sign::new("std::rt::", always),
    Sign::new("std::sys::", always),
    Sign::new("core::ops::function", always),
    Sign::new("core::result::", always),
    Sign::new("core::option::", always),
    Sign::new("rust_begin_unwind", always),
    Sign::new("__rust_", always),
    Sign::new("__libc_start", always),
    Sign::new("libc_start_main", always),
    Sign::new("panic_fmt", word),
    Sign::new("/rustc/", always),
    Sign::new("called `Option::", always),
    Sign::new("called `Result::", always),
    Sign::new("assertion `left ", always),
    Sign::new("assertion failed: ", assertion),
    Sign::new("index out of bounds: the len", always),
    Sign::new("attempt to ", arithmetic),
    Sign::new("internal error: entered unreachable code", always),
    Sign::new("BorrowMutError", always),
    Sign::new("BorrowError", always),
    Sign::new("PoisonError", always),
    Sign::new("PanicInfo {", always),
    Sign::new("PanicHookInfo", always),
    Sign::new("JoinError::Panic", always),
    Sign::new("task panicked", word),
    Sign::new(" is not a char boundary", always),
    Sign::new("range start index ", number_then_out),
    Sign::new("range end index ", number_then_out),
    Sign::new("slice index starts at ", word),
    Sign::new("Caused by:\n", line),
    Sign::new(".rs:", frame),
];

/// `panicked at src/main.rs:4:5:`, `panicked at 'boom', src/main.rs:4:5`, and a thread before it.
fn panicked(place: Place<'_>) -> bool {
    let before = place.before_on_line();
    let next = place
        .after()
        .split(char::is_whitespace)
        .next()
        .unwrap_or("");
    before.contains("thread ")
        || place.after().starts_with('\'')
        || next.ends_with(':')
        || location(next).is_some()
}

/// The text of `assert!` is code.
fn assertion(place: Place<'_>) -> bool {
    let code = place.after_on_line();
    ["(", "==", "!=", "<", ">", "!", "::"]
        .iter()
        .any(|part| code.contains(part))
}

/// Arithmetic that panics in debug builds, and division in all.
fn arithmetic(place: Place<'_>) -> bool {
    let rest = place.after_on_line();
    rest.contains("with overflow")
        || rest.starts_with("divide by zero")
        || rest.contains("with a divisor of zero")
}

fn number_then_out(place: Place<'_>) -> bool {
    digits(place.after()) > 0 && place.after_on_line().contains("out of range")
}

/// `at ./src/main.rs:4:5`, at the start of a line or not, but with a column.
fn frame(place: Place<'_>) -> bool {
    let before = place.before_on_line();
    let after = place.after();
    let column = after.get(digits(after)..).unwrap_or("");
    let file = before.rsplit(' ').next().unwrap_or("");
    let before = before.strip_suffix(file).unwrap_or("");
    digits(after) > 0 && column.starts_with(':') && before.ends_with("at ")
}
