//! Tracebacks of Python.

use kit::scan::{Place, Sign, digits};

use super::qualified::qualified_exception;
use super::{Rule, always, line, number, word};
use crate::redaction::kind::Kind;

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("Traceback (most recent call", always),
    Sign::new("File \"", frame),
    Sign::new("File \\\"", frame),
    Sign::new(".py\", line ", number),
    Sign::new(".py\\\", line ", number),
    Sign::new("During handling of the above exception", always),
    Sign::new("The above exception was the direct cause", always),
    Sign::new("[Previous line repeated ", always),
    Sign::new("Exception Group Traceback", always),
    Sign::new(" sub-exception", always),
    Sign::new("+----------------", line),
    Sign::new("+-+----------------", line),
    Sign::new("site-packages/", always),
    Sign::new("AttributeError: ", word),
    Sign::new("KeyError: ", word),
    Sign::new("IndexError: ", word),
    Sign::new("NameError: ", word),
    Sign::new("UnboundLocalError: ", word),
    Sign::new("ModuleNotFoundError: ", word),
    Sign::new("ImportError: ", word),
    Sign::new("RecursionError: ", word),
    Sign::new("ZeroDivisionError: ", word),
    Sign::new("Error", error),
];

/// `File "/app/x.py", line 3, in f`.
fn frame(place: Place<'_>) -> bool {
    place
        .after_on_line()
        .split_once(", line ")
        .is_some_and(|(file, rest)| file.ends_with('"') && digits(rest) > 0)
}

/// `requests.exceptions.ConnectionError: …`. A name without the colon may be one of protobuf.
fn error(place: Place<'_>) -> bool {
    place.after().starts_with(": ") && qualified_exception(place) == Some(Kind::PythonTrace)
}
