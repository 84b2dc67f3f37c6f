//! JSON for people: what is short stands on one line.

use std::fmt::Write;

use serde_json::{Map, Value};

/// How wide a line may be that could be broken.
const WIDTH: usize = 100;

const STEP: usize = 2;

/// A value as JSON text, with a newline at its end.
pub(super) fn lay_out(value: &Value) -> String {
    let mut text = String::new();
    put(value, 0, &mut text);
    text.push('\n');
    text
}

/// The members of an object as YAML, one after the other, so that more can stand beside them.
pub(super) fn lay_out_members(members: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (name, value) in members {
        let is_broken = value.is_object() || value.is_array();
        let before = if is_broken {
            format!("\n{:STEP$}", "")
        } else {
            " ".to_owned()
        };
        let _ = write!(text, "{name}:{before}");
        put(value, STEP, &mut text);
        text.push('\n');
    }
    text
}

fn put(value: &Value, indent: usize, text: &mut String) {
    let line = on_one_line(value);
    if indent + line.chars().count() <= WIDTH {
        text.push_str(&line);
        return;
    }
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (label(name), value));
            put_all(members, ['{', '}'], indent, text);
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| (String::new(), item));
            put_all(items, ['[', ']'], indent, text);
        }
        _ => text.push_str(&line),
    }
}

/// Puts values with what stands before them, one a line.
fn put_all<'a>(
    values: impl Iterator<Item = (String, &'a Value)>,
    [open, close]: [char; 2],
    indent: usize,
    text: &mut String,
) {
    let inner = indent + STEP;
    text.push(open);
    for (index, (label, value)) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        let _ = write!(text, "\n{:inner$}{label}", "");
        put(value, inner, text);
    }
    let _ = write!(text, "\n{:indent$}{close}", "");
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members = members
                .iter()
                .map(|(name, value)| label(name) + &on_one_line(value));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(on_one_line).collect();
            format!("[{}]", items.join(", "))
        }
        _ => value.to_string(),
    }
}

fn label(name: &str) -> String {
    format!("{}: ", Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_short_stands_on_one_line() {
        let short = json!({"a": [1, "two", {}], "b": {"c": null}});
        let line = "{ \"a\": [1, \"two\", {}], \"b\": { \"c\": null } }\n";
        assert_eq!(lay_out(&short), line);
    }

    #[test]
    fn members_are_yaml_that_says_the_same() {
        let members = json!({"a": ["x".repeat(60), "y".repeat(60)], "b": 0, "c": "%A% %B%"});
        let text = lay_out_members(members.as_object().unwrap());
        assert!(text.starts_with("a:\n  [\n    \"xx"), "{text}");
        assert!(text.ends_with("b: 0\nc: \"%A% %B%\"\n"), "{text}");
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), members);
    }

    #[test]
    fn what_is_long_is_broken_at_its_outermost_members() {
        let long = "x".repeat(WIDTH);
        let value = json!({"a": [long, "\"quoted\""], "b": {"c": 1}});
        let text = format!(
            "{{\n  \"a\": [\n    \"{long}\",\n    \"\\\"quoted\\\"\"\n  ],\n  \"b\": {{ \"c\": 1 }}\n}}\n"
        );
        assert_eq!(lay_out(&value), text);
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }
}
