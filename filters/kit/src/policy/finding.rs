//! What is wrong with a policy, said so that its author can mend it.

use std::fmt;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};

/// One mistake in a document.
///
/// It never repeats a value of the document: the pointer says where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, as a JSON Pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// What is wrong and what was expected, as a sentence without a full stop.
    pub message: String,
}

/// Every mistake in a document. It is never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Nothing found so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// One mistake alone.
    pub fn one(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let mut findings = Self::new();
        findings.add(pointer, message);
        findings
    }

    /// Notes a mistake.
    pub fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Finding {
            pointer: pointer.into(),
            message: message.into(),
        });
    }

    /// Keeps the first of findings that are alike: a layer that several rules share is found fault
    /// with once.
    pub fn once(&mut self) {
        let mut seen = Vec::new();
        self.0.retain(|finding| {
            let is_new = !seen.contains(finding);
            if is_new {
                seen.push(finding.clone());
            }
            is_new
        });
    }

    /// `value` if there is nothing to find fault with.
    ///
    /// # Errors
    /// All that was found.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

/// A step down in a JSON Pointer: `child("/rules", 0)` is `/rules/0`.
pub fn child(pointer: &str, token: impl fmt::Display) -> String {
    let token = token.to_string().replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{token}")
}

/// The nearest of the valid names, worded as a hint, where one is near enough to be meant.
pub fn did_you_mean<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = valid
        .into_iter()
        .map(|name| (strsim::osa_distance(given, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .min();
    match nearest {
        Some((_, name)) => format!("; did you mean `{name}`?"),
        None => String::new(),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.pointer, self.message)
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

impl MergeWithError<Findings> for Findings {
    fn merge(
        found: Option<Self>,
        more: Findings,
        _: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let mut found = found.unwrap_or_default();
        found.0.extend(more.0);
        ControlFlow::Continue(found)
    }
}

/// What a value's own parser found, placed by where the value stands.
impl MergeWithError<String> for Findings {
    fn merge(
        found: Option<Self>,
        message: String,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let mut found = found.unwrap_or_default();
        found.add(pointer(location), message);
        ControlFlow::Continue(found)
    }
}

impl DeserializeError for Findings {
    fn error<V: IntoValue>(
        found: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let mut found = found.unwrap_or_default();
        let at = pointer(location);
        match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let expected: Vec<&str> = accepted.iter().map(|kind| kind_name(*kind)).collect();
                let message = format!(
                    "expected {}, found {}",
                    expected.join(" or "),
                    kind_name(actual.kind())
                );
                found.add(at, message);
            }
            ErrorKind::MissingField { field } => {
                found.add(at, format!("`{field}` is missing"));
            }
            ErrorKind::UnknownKey { key, accepted } => {
                let hint = did_you_mean(key, accepted.iter().copied());
                let message = format!(
                    "is not a known name here; expected {}{hint}",
                    list(accepted)
                );
                found.add(child(&at, key), message);
            }
            ErrorKind::UnknownValue { value, accepted } => {
                let hint = did_you_mean(value, accepted.iter().copied());
                found.add(at, format!("expected {}{hint}", list(accepted)));
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                found.add(at, format!("expected a list of {expected}"));
            }
            ErrorKind::Unexpected { msg } => found.add(at, without_value(&msg)),
        }
        ControlFlow::Continue(found)
    }
}

/// Names the valid ones, in the order given.
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("one of {} or {last}", rest.join(", ")),
    }
}

/// Where deserr stands in the document, as a JSON Pointer.
pub fn pointer(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => child(&pointer(*prev), key),
        ValuePointerRef::Index { index, prev } => child(&pointer(*prev), index),
    }
}

/// deserr repeats an integer that its type cannot hold, and puts the bound behind it.
fn without_value(message: &str) -> String {
    let bound = message
        .rsplit('`')
        .nth(1)
        .filter(|_| message.starts_with("value: `"));
    match bound {
        Some(bound) => format!("is out of range; the bound is {bound}"),
        None => message.to_owned(),
    }
}

fn kind_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer => "an integer",
        ValueKind::NegativeInteger => "a negative integer",
        ValueKind::Float => "a number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "a list",
        ValueKind::Map => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_their_tokens() {
        assert_eq!(child("/a", "b/c~d"), "/a/b~1c~0d");
    }

    #[test]
    fn a_name_far_from_all_gets_no_hint() {
        assert_eq!(
            did_you_mean("modee", ["mode", "rules"]),
            "; did you mean `mode`?"
        );
        assert_eq!(did_you_mean("zzzzzz", ["mode", "rules"]), "");
    }
}
