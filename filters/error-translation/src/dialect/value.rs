//! What single values and the members of an object say, whatever the dialect.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// The most characters of a text that are read.
const TEXT: usize = 4096;
/// The most octets that so many characters have in UTF-8.
pub(super) const TEXT_OCTETS: usize = 4 * TEXT;
/// The most extensions of a failure.
pub(super) const EXTENSIONS: usize = 32;

/// The members of RFC 9457 section 3.1, whose names no extension can have.
const PROBLEM_MEMBERS: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// A string that says something, trimmed and cut at 4096 characters.
pub(super) fn text(value: &Value) -> Option<String> {
    trimmed(value.as_str()?)
}

/// A text that says something, trimmed and cut at 4096 characters.
pub(super) fn trimmed(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text
        .char_indices()
        .nth(TEXT)
        .map_or(text.len(), |(at, _)| at);
    let text = text.get(..end)?.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A code: a string, or a number as text.
pub(super) fn code(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        other => text(other),
    }
}

/// A string that can be nothing but a code: one word of at most 64 letters, digits, `_`, `-`, `.`
/// and `:`.
pub(super) fn word(value: &Value) -> Option<String> {
    text(value).filter(|text| is_word(text))
}

/// Whether a text can be nothing but a code.
pub(super) fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(fits)
}

/// A number of seconds, or the text of one, rounded up; what is negative is none.
pub(super) fn seconds(value: &Value) -> Option<u32> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => serde_json::from_str::<Value>(text).ok()?.as_f64()?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "It is not negative, and the cast stops at the greatest number of seconds."
    )]
    (seconds >= 0.0).then(|| seconds.ceil() as u32)
}

/// After how many seconds an object says that another try may succeed.
pub(super) fn retry_after(object: &Map<String, Value>) -> Option<u32> {
    let names = ["retry_after", "retryAfter"];
    names.iter().find_map(|name| seconds(object.get(*name)?))
}

/// The members of an object, of which those that a dialect gives a meaning are taken; the rest are
/// extensions.
pub(super) struct Members<'a> {
    object: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(super) fn of(object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            taken: Vec::new(),
        }
    }

    /// Takes the first of the members with these names that reads as wanted. One of another type is
    /// left as it is, as if it were not there.
    pub(super) fn take<T>(
        &mut self,
        names: &[&'static str],
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let object = self.object;
        let mut members = names
            .iter()
            .filter_map(|name| Some((*name, object.get(*name)?)));
        let (name, value) = members.find_map(|(name, value)| Some((name, read(value)?)))?;
        self.taken.push(name);
        Some(value)
    }

    /// Takes members that say nothing new.
    pub(super) fn leave_out(&mut self, names: &[&'static str]) {
        self.taken.extend_from_slice(names);
    }

    /// Keeps what was not taken as extensions, as far as there is room and RFC 9457 lets the name.
    /// How long to wait is kept as well, because clients may know the member.
    pub(super) fn keep_rest(&self, failure: &mut Failure) {
        failure.retry_after = failure.retry_after.or_else(|| retry_after(self.object));
        for (name, value) in self.object {
            let is_taken = self.taken.contains(&name.as_str());
            if !is_taken && !PROBLEM_MEMBERS.contains(&name.as_str()) {
                keep(failure, name, value);
            }
        }
    }
}

/// Keeps one extension, if it says something and there is room. The first of a name stays.
pub(super) fn keep(failure: &mut Failure, name: &str, value: &Value) {
    let extensions = &mut failure.extensions;
    if !value.is_null() && extensions.len() < EXTENSIONS && !extensions.contains_key(name) {
        extensions.insert(name.to_owned(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_trimmed_and_cut_between_characters() {
        assert_eq!(text(&json!("  a b\n")), Some("a b".to_owned()));
        assert_eq!(text(&json!(" \n")), None);
        assert_eq!(text(&json!(1)), None);
        let long = "ü".repeat(5000);
        assert_eq!(trimmed(&long).unwrap(), "ü".repeat(4096));
    }

    #[test]
    fn numbers_are_codes_as_text() {
        assert_eq!(code(&json!(40012)), Some("40012".to_owned()));
        assert_eq!(code(&json!("E-1")), Some("E-1".to_owned()));
        assert_eq!(code(&json!(true)), None);
    }

    #[test]
    fn seconds_are_rounded_up_and_never_negative() {
        for (value, expected) in [
            (json!(30), Some(30)),
            (json!(0), Some(0)),
            (json!(0.2), Some(1)),
            (json!(1.0), Some(1)),
            (json!("12"), Some(12)),
            (json!(" 1.5 "), Some(2)),
            (json!(1e300), Some(u32::MAX)),
            (json!(-1), None),
            (json!("-3"), None),
            (json!("soon"), None),
            (json!("NaN"), None),
            (json!("\"5\""), None),
            (json!(null), None),
            (json!([5]), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_word_has_no_spaces() {
        for text in ["insufficient_funds", "E1", "orders.not-found", "a:b"] {
            assert!(is_word(text), "{text}");
        }
        for text in ["", "404", "not found", "a/b", "ünder", &"a".repeat(65)] {
            assert!(!is_word(text), "{text}");
        }
    }
}
