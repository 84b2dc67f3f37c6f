//! Where in a text a policy says what is off, and the text with something else there.
//!
//! A policy stands in a file as JSON, in a scalar of YAML, block or quoted, or as YAML itself, and
//! people have laid it out and commented it. No reader tells where in the octets of a file a member
//! of it stands, so the few places that it could be are tried, and the caller, who reads what comes
//! of it, says which was right.

use kit::policy::FORMAT;

/// The member.
const OFF: &str = "off";
/// The member that every policy has.
const VERSION: &str = "version";

/// The text with these services in the `off` of the one policy for which `is_right`; `None` where
/// no place is.
pub(super) fn edit(
    text: &str,
    services: &[String],
    is_right: impl Fn(&str) -> bool,
) -> Option<String> {
    let replaced = keys(text, OFF).flat_map(|key| replacements(text, &key, services));
    let inserted = keys(text, VERSION)
        .filter(|key| is_format(text, key))
        .flat_map(|key| insertions(text, &key, services));
    replaced.chain(inserted).find(|edited| is_right(edited))
}

/// The name of a member, with its quotation marks.
struct Key {
    start: usize,
    /// Behind its colon.
    end: usize,
    /// What stands for a quotation mark there.
    quote: &'static str,
}

impl Key {
    fn list(&self, services: &[String]) -> String {
        let quote = self.quote;
        let quoted = services.iter().map(|name| format!("{quote}{name}{quote}"));
        format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
    }
}

/// Every place that could be a member of this name.
fn keys<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = Key> + 'a {
    text.match_indices(name)
        .filter_map(|(at, _)| key_at(text, at, name))
}

fn key_at(text: &str, at: usize, name: &str) -> Option<Key> {
    let (before, after) = (text.get(..at)?, text.get(at + name.len()..)?);
    let marks = [("\\\"", "\\\""), ("\"", "\""), ("'", "\""), ("", "\"")];
    let (mark, quote) = marks
        .into_iter()
        .find(|(mark, _)| before.ends_with(mark) && after.starts_with(mark))?;
    let rest = after.get(mark.len()..)?;
    let colon = rest.find(|c: char| !c.is_whitespace())?;
    rest.get(colon..)?.starts_with(':').then_some(Key {
        start: at - mark.len(),
        end: at + name.len() + mark.len() + colon + 1,
        quote,
    })
}

/// Whether the format of policies stands here, and no version of anything else.
fn is_format(text: &str, key: &Key) -> bool {
    let value = text.get(key.end..).unwrap_or_default();
    value.trim_start().starts_with(&FORMAT.to_string())
}

/// The text with another list at this `off`. A list that would be empty goes with its name.
fn replacements(text: &str, key: &Key, services: &[String]) -> Vec<String> {
    let Some(end) = end_of_list(text, key.end) else {
        return Vec::new();
    };
    let (Some(before), Some(name), Some(after)) = (
        text.get(..key.start),
        text.get(key.start..key.end),
        text.get(end..),
    ) else {
        return Vec::new();
    };
    let replaced = format!("{before}{name} {}{after}", key.list(services));
    if !services.is_empty() {
        return vec![replaced];
    }
    // What follows takes its place, with the comma that stood between them.
    let next = after.trim_start();
    let next = next.strip_prefix(',').unwrap_or(next).trim_start();
    let last = before.trim_end().trim_end_matches(',');
    vec![
        format!("{before}{next}"),
        format!("{last}{after}"),
        replaced,
    ]
}

/// Where the list ends that begins here, in brackets or one entry a line.
fn end_of_list(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let begins = rest.find(|c: char| !c.is_whitespace())?;
    let list = rest.get(begins..)?;
    if list.starts_with('[') {
        return Some(start + begins + list.find(']')? + 1);
    }
    let mut end = None;
    let mut at = start;
    for (index, line) in rest.split_inclusive('\n').enumerate() {
        let is_entry = line.trim_start().starts_with("- ");
        if index > 0 && !is_entry {
            break;
        }
        at += line.len();
        if is_entry {
            end = Some(at - (line.len() - line.trim_end().len()));
        }
    }
    end
}

/// The text with an `off` before this `version`. In JSON, and in braces, a comma follows it; where
/// the key begins its line, it gets a line of its own.
fn insertions(text: &str, key: &Key, services: &[String]) -> Vec<String> {
    let (Some(before), Some(after)) = (text.get(..key.start), text.get(key.start..)) else {
        return Vec::new();
    };
    let quote = key.quote;
    let member = format!("{quote}{OFF}{quote}: {}", key.list(services));
    let indent = before.rsplit('\n').next().unwrap_or_default();
    // The first key of an entry of a list stands behind its dash.
    if indent.chars().all(|c| c == ' ' || c == '\t') {
        return vec![
            format!("{before}{member},\n{indent}{after}"),
            format!("{before}{member}\n{indent}{after}"),
        ];
    }
    vec![format!("{before}{member}, {after}")]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::yaml;

    /// The text with `orders` off, and with nothing off again.
    fn off_and_on(text: &str) -> (String, String) {
        let reads = |text: &str, off: Option<Value>| {
            let read = yaml::documents(text).unwrap_or_default();
            read.iter()
                .any(|read| read.get("services").is_some() && read.get(OFF).cloned() == off)
        };
        let off = edit(text, &["orders".to_owned()], |text| {
            reads(text, Some(json!(["orders"])))
        });
        let off = off.unwrap();
        let on = edit(&off, &[], |text| reads(text, None)).unwrap();
        (off, on)
    }

    #[test]
    fn json_keeps_its_layout_and_is_the_same_again_afterwards() {
        let text = "{\n  \"$schema\": \"x\",\n  \"version\": 1,\n  \"services\": []\n}\n";
        let (off, on) = off_and_on(text);
        let expected = "{\n  \"$schema\": \"x\",\n  \"off\": [\"orders\"],\n  \"version\": 1,\n  \
                        \"services\": []\n}\n";
        assert_eq!(off, expected);
        assert_eq!(on, text);
    }

    #[test]
    fn so_does_json_of_one_line() {
        let text = r#"{"services": [{"version": 2}], "version": 1}"#;
        let (off, on) = off_and_on(text);
        let expected = r#"{"services": [{"version": 2}], "off": ["orders"], "version": 1}"#;
        assert_eq!(off, expected);
        assert_eq!(on, text);
    }

    #[test]
    fn so_does_yaml_with_its_comments() {
        let text = "# Ours.\nversion: 1 # the format\nservices: []\n";
        let (off, on) = off_and_on(text);
        assert_eq!(
            off,
            format!("# Ours.\n\"off\": [\"orders\"]\nversion: 1 # the format\nservices: []\n")
        );
        assert_eq!(on, text);
    }

    #[test]
    fn a_list_of_lines_is_replaced_and_taken_out() {
        let text = "version: 1\n\"off\":\n- payments\n- orders\nservices: []\n";
        let is = |expected: Option<Value>| {
            move |text: &str| {
                yaml::documents(text).is_ok_and(|read| read[0].get(OFF).cloned() == expected)
            }
        };
        let one = edit(
            text,
            &["payments".to_owned()],
            is(Some(json!(["payments"]))),
        );
        assert_eq!(
            one.unwrap(),
            "version: 1\n\"off\": [\"payments\"]\nservices: []\n"
        );
        assert_eq!(
            edit(text, &[], is(None)).unwrap(),
            "version: 1\nservices: []\n"
        );
    }

    #[test]
    fn what_stands_last_takes_the_comma_before_it_along() {
        let text = r#"{"version": 1, "off": ["orders"]}"#;
        let is = |text: &str| {
            serde_json::from_str::<Value>(text).is_ok_and(|read| read.get(OFF).is_none())
        };
        assert_eq!(edit(text, &[], is).unwrap(), r#"{"version": 1}"#);
    }
}
