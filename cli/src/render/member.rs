//! One member of a JSON object, set in the object's text.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// The text of an object in which a member has this value. What stood there is replaced; a new
/// member comes behind `version`, or first. The rest of the text stays as its author wrote it.
///
/// `None` where the text is not that of an object.
pub(super) fn with_member(text: &str, name: &str, value: &Value) -> Option<String> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    if let Some(old) = members.get(name) {
        let (before, after) = around(text, old)?;
        return Some(format!("{before}{value}{after}"));
    }
    let member = format!("{}: {value}", Value::from(name));
    if let Some(version) = members.get("version") {
        let (_, after) = around(text, version)?;
        let before = text.strip_suffix(after)?;
        let space = indentation(before);
        return Some(format!("{before},{space}{member}{after}"));
    }
    let (before, after) = text.split_once('{')?;
    let comma = if members.is_empty() { "" } else { ", " };
    Some(format!("{before}{{{member}{comma}{after}"))
}

/// What stands before and behind a value that is a part of the text.
fn around<'a>(text: &'a str, part: &RawValue) -> Option<(&'a str, &'a str)> {
    let begin = part
        .get()
        .as_ptr()
        .addr()
        .checked_sub(text.as_ptr().addr())?;
    let before = text.get(..begin)?;
    let after = text.get(begin + part.get().len()..)?;
    Some((before, after))
}

/// A new line as far in as the last one, or a space where the object stands on one line.
fn indentation(before: &str) -> String {
    match before.rsplit_once('\n') {
        Some((_, line)) if line.starts_with([' ', '\t']) => {
            let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
            format!("\n{indent}")
        }
        _ => " ".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        let value = "streamed".into();
        assert_eq!(with_member(text, "form", &value).as_deref(), Some(expected));
    }

    #[test]
    fn a_member_is_replaced_and_nothing_else() {
        becomes(
            "{ \"form\" :\n \"held\" , \"a\": {\"form\": 1.0} }\n",
            "{ \"form\" :\n \"streamed\" , \"a\": {\"form\": 1.0} }\n",
        );
    }

    #[test]
    fn a_new_member_stands_behind_the_version() {
        becomes(
            "{\n  \"version\": 1,\n  \"rules\": []\n}\n",
            "{\n  \"version\": 1,\n  \"form\": \"streamed\",\n  \"rules\": []\n}\n",
        );
        becomes("{\"version\":1}", "{\"version\":1, \"form\": \"streamed\"}");
    }

    #[test]
    fn a_text_without_a_version_gets_it_first() {
        becomes("{}", "{\"form\": \"streamed\"}");
        becomes("{\"a\": 1}", "{\"form\": \"streamed\", \"a\": 1}");
    }

    #[test]
    fn what_is_no_object_stays_away() {
        assert_eq!(with_member("[1]", "form", &Value::Null), None);
        assert_eq!(with_member("{", "form", &Value::Null), None);
    }
}
