//! Lines that are frames of a trace by their shape alone, so that a trace that was cut is known.

use kit::scan::{digits, is_word, prefix, run, suffix};

use crate::redaction::kind::Kind;
use crate::redaction::masked::MARK;
use crate::redaction::source::location;

/// The longest part of a line that is looked at, in octets.
const LONGEST: usize = 1024;

/// The kind of the first line that is a frame.
///
/// A trace may also have been escaped into one line, with `\n` and `\t` as two characters.
pub(super) fn find(text: &str) -> Option<Kind> {
    text.split('\n').find_map(|line| {
        if line.contains('\\') {
            line.split("\\n").find_map(of_line)
        } else {
            of_line(line)
        }
    })
}

fn of_line(line: &str) -> Option<Kind> {
    let content = line.trim_start_matches("\\t").trim();
    match content.as_bytes().first()? {
        b'a' => content.strip_prefix("at ").and_then(at),
        b'#' => content.strip_prefix('#').and_then(numbered),
        b'0'..=b'9' => backtrace(content),
        b'.' => omitted(content),
        b'^' | b'~' => carets(line, content),
        _ => None,
    }
    .or_else(|| place_alone(content))
}

/// What follows `at ` in a frame of Java, JavaScript, .NET or Rust.
fn at(frame: &str) -> Option<Kind> {
    let frame = frame.trim_end_matches('{').trim_end();
    let frame = frame.strip_prefix("async ").unwrap_or(frame);
    if let Some((name, inner)) = frame
        .strip_suffix(')')
        .and_then(|frame| suffix(frame, LONGEST).rsplit_once('('))
    {
        return in_parentheses(inner).or_else(|| method(prefix(frame, LONGEST), name));
    }
    if frame.contains(' ') {
        return None;
    }
    if frame.starts_with("node:") || frame.starts_with("file:///") {
        return Some(Kind::NodeTrace);
    }
    ends_at_place(frame)
}

fn in_parentheses(inner: &str) -> Option<Kind> {
    match inner {
        "Native Method" | "Unknown Source" => Some(Kind::JavaTrace),
        "<anonymous>" | "native" => Some(Kind::NodeTrace),
        _ if inner.starts_with("node:") => Some(Kind::NodeTrace),
        _ => ends_at_place(inner),
    }
}

/// `Acme.Orders.Get(String id)`: no space before the arguments.
fn method(frame: &str, before_last: &str) -> Option<Kind> {
    let name = frame.split('(').next().unwrap_or(before_last);
    let fits = |b| is_word(b) || b".`<>[],$+/@".contains(&b);
    let ends_well = name.ends_with(|c: char| is_ascii_word(c) || c == ']' || c == '>');
    let is_whole = !frame.contains(MARK);
    (is_whole && name.contains('.') && ends_well && run(name, fits) == name.len())
        .then_some(Kind::DotnetTrace)
}

/// `5: core::panicking::panic`, `5:     0x55a0c0ffee - start_thread`.
fn backtrace(content: &str) -> Option<Kind> {
    let frame = content
        .get(digits(content)..)?
        .strip_prefix(": ")?
        .trim_start();
    let first = prefix(frame, LONGEST).split(' ').next().unwrap_or("");
    let symbol = first.starts_with('<') && frame.contains("::")
        || first
            .split_once("::")
            .is_some_and(|(start, _)| start.bytes().all(|b| is_word(b) || b"<&[]".contains(&b)));
    let address = frame.strip_prefix("0x").is_some_and(|hex| {
        let digits = run(hex, |b| b.is_ascii_hexdigit());
        digits >= 4
            && hex
                .get(digits..)
                .is_some_and(|rest| rest.starts_with(" - "))
    });
    (symbol || address).then_some(Kind::RustPanic)
}

/// `#1 /app/x.php(12): f()`, `#2 {main}`.
fn numbered(frame: &str) -> Option<Kind> {
    let rest = frame.get(digits(frame)..).filter(|_| digits(frame) > 0)?;
    let rest = rest.strip_prefix(' ')?;
    let first = prefix(rest, LONGEST).split(' ').next().unwrap_or("");
    let place = first.starts_with('/') && (first.contains('(') || location(first).is_some());
    (place || rest.starts_with("{main}") || rest.starts_with("[internal function]"))
        .then_some(Kind::PhpTrace)
}

/// `... 3 more`, `... 4 lines matching cause stack trace ...`.
fn omitted(content: &str) -> Option<Kind> {
    let rest = content.strip_prefix("... ")?;
    let rest = rest.get(digits(rest)..).filter(|_| digits(rest) > 0)?;
    match rest {
        " more" => Some(Kind::JavaTrace),
        _ if rest.starts_with(" common frames") => Some(Kind::JavaTrace),
        _ if rest.contains("stack trace") => Some(Kind::NodeTrace),
        _ => None,
    }
}

/// A line of `^` below a line of code, as Python and JavaScript show where an error is.
fn carets(line: &str, content: &str) -> Option<Kind> {
    let indented = line.starts_with([' ', '\t']);
    let only = content.bytes().all(|b| b"^~ ".contains(&b));
    (indented && only && content.contains('^')).then_some(Kind::PythonTrace)
}

/// A line that is nothing but a place in source code, with its offset in Go.
fn place_alone(content: &str) -> Option<Kind> {
    let place = content.split(" +0x").next().unwrap_or(content);
    if place.contains(' ') || !place.contains(['/', '\\']) {
        return None;
    }
    ends_at_place(place)
}

/// The kind of a text that ends with a place in source code.
fn ends_at_place(text: &str) -> Option<Kind> {
    let found = location(suffix(text, LONGEST))?;
    (found.end == suffix(text, LONGEST).len()).then_some(found.kind)
}

fn is_ascii_word(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_word)
}
