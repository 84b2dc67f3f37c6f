//! Qualified names of exceptions: `com.example.OrderException`, `System.IO.IOException`.

use kit::scan::{Place, is_word, run, run_back, suffix};

use crate::redaction::kind::Kind;

/// The longest qualified name that is looked at, in octets.
const LONGEST: usize = 192;

/// Which language names an exception so, where the sign is the end of its name.
///
/// Packages of Java and modules of Python begin with a small letter, namespaces of .NET with a
/// capital. What stands in a path or a URL is no class.
pub(super) fn qualified_exception(place: Place<'_>) -> Option<Kind> {
    if !place.closes_word() {
        return None;
    }
    let before = suffix(place.text.get(..place.start)?, LONGEST);
    let name = run_back(before, |b| is_word(b) || b == b'.' || b == b'$');
    let (rest, name) = before.split_at_checked(before.len() - name)?;
    let package = name.rsplit_once('.')?.0;
    if rest.ends_with(['/', '@', '-']) || package.is_empty() {
        return None;
    }
    if package.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Some(Kind::DotnetTrace);
    }
    Some(if place.text.get(place.start..place.end) == Some("Error") {
        Kind::PythonTrace
    } else {
        Kind::JavaTrace
    })
}

/// Whether the next word is the qualified name of a class.
pub(super) fn names_a_class(place: Place<'_>) -> bool {
    let after = place.after();
    let length = run(after, |b| is_word(b) || b == b'.' || b == b'$');
    after.get(..length).is_some_and(|name| {
        name.trim_end_matches('.').contains('.')
            || name.ends_with("Exception")
            || name.ends_with("Error")
    })
}
