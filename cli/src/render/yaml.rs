//! YAML that is written for people: every line on purpose, with comments above what was chosen.

use std::fmt::Write;

/// How wide a comment may be.
const WIDTH: usize = 100;

const STEP: usize = 2;

/// A document on its way.
#[derive(Default)]
pub(super) struct Yaml {
    text: String,
    depth: usize,
    /// Whether the next line is the first one of an item of a list.
    begins_item: bool,
}

impl Yaml {
    /// The text, with a newline at its end.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A comment, broken where it is too wide. It stands above what it is about.
    pub(super) fn note(&mut self, sentence: &str) {
        let indent = " ".repeat(self.depth);
        let mut line = format!("{indent}#");
        for word in sentence.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.text += &line;
                self.text.push('\n');
                line = format!("{indent}#");
            }
            line.push(' ');
            line += word;
        }
        self.text += &line;
        self.text.push('\n');
    }

    /// A member whose value is text.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}: {}", scalar(value)));
    }

    /// A member whose value is YAML already.
    pub(super) fn put_raw(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}: {value}"));
    }

    /// A member whose value is a list of texts on one line.
    pub(super) fn put_all(&mut self, name: &str, values: &[String]) {
        let values: Vec<String> = values.iter().map(|value| scalar(value)).collect();
        self.line(&format!("{name}: [{}]", values.join(", ")));
    }

    /// A member whose value is a text of several lines, kept octet for octet.
    pub(super) fn put_text(&mut self, name: &str, text: &str) {
        self.line(&format!("{name}: |"));
        let indent = " ".repeat(self.depth + STEP);
        for line in text.trim().lines() {
            let line = format!("{indent}{}", printable(line));
            self.text += line.trim_end();
            self.text.push('\n');
        }
    }

    /// A member whose value is a mapping or a list.
    pub(super) fn below(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.line(&format!("{name}:"));
        self.deeper(write);
    }

    /// An item of a list: a mapping.
    pub(super) fn item(&mut self, write: impl FnOnce(&mut Self)) {
        self.begins_item = true;
        self.deeper(write);
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += STEP;
        write(self);
        self.depth -= STEP;
    }

    fn line(&mut self, line: &str) {
        let indent = if self.begins_item {
            format!("{:width$}- ", "", width = self.depth - STEP)
        } else {
            " ".repeat(self.depth)
        };
        self.begins_item = false;
        self.text += &indent;
        self.text += line;
        self.text.push('\n');
    }
}

/// A text as a scalar that every reader takes for a text.
fn scalar(text: &str) -> String {
    // What YAML 1.1 takes for something else begins with a letter too.
    const OTHER: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._/:@".contains(&octet))
        && !text.ends_with(':')
        && !OTHER.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        text.to_owned()
    } else {
        // JSON is YAML.
        serde_json::Value::from(text).to_string()
    }
}

/// A line of JSON without what YAML does not take as it is, or takes for the end of a line (YAML 1.2
/// section 5.1, YAML 1.1 section 4.2). Such characters stand in strings alone, where an escape says
/// the same.
fn printable(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for own in line.chars() {
        match own {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(own));
            }
            own => text.push(own),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let policy =
            "{\n  \"a\": \"\u{2028}\u{85}\u{feff}é😀\",\n\n  \"b\": \"# no: comment\"\n}\n";
        let mut yaml = Yaml::default();
        yaml.note("Why.");
        yaml.below("spec", |yaml| {
            yaml.below("list", |yaml| {
                yaml.item(|yaml| {
                    yaml.put("name", "no");
                    yaml.put("value", "1");
                });
                yaml.item(|yaml| yaml.put_all("keys", &["A".to_owned(), "~".to_owned()]));
            });
            yaml.put_text("policyJson", policy);
            yaml.put_raw("last", "{ a: 1 }");
        });
        let read: Value = serde_saphyr::from_str(&yaml.into_text()).unwrap();
        assert_eq!(
            read["spec"]["list"],
            json!([{"name": "no", "value": "1"}, {"keys": ["A", "~"]}])
        );
        assert_eq!(read["spec"]["last"]["a"], 1);
        let text = read["spec"]["policyJson"].as_str().unwrap();
        let own: Value = serde_json::from_str(text).unwrap();
        assert_eq!(own, serde_json::from_str::<Value>(policy).unwrap());
    }

    #[test]
    fn comments_are_no_wider_than_a_line() {
        let mut yaml = Yaml::default();
        yaml.below("a", |yaml| yaml.note(&"word ".repeat(50)));
        let text = yaml.into_text();
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.matches("word").count(), 50);
    }

    #[test]
    fn what_readers_take_for_something_else_is_quoted() {
        for text in [
            "Off", "1.0", "", "a: b", "a #b", "{a}", "null", "-", "a:", "\"", "1e3",
        ] {
            assert_eq!(scalar(text), Value::from(text).to_string());
        }
        for text in [
            "oci://example.com/a:0.1.0",
            "type.googleapis.com/x",
            "FAIL_RELOAD",
        ] {
            assert_eq!(scalar(text), text);
        }
    }
}
