//! The facts that redaction holds.

mod harmful;
mod harmless;
mod own;
mod properties;
mod traces;
mod value;

use super::{Found, Redactor, Settings};

/// What is left of a text, by a redactor that looks for everything.
fn clean(text: &str) -> Option<String> {
    cleaned(text).0
}

/// What is left, and the names of what was found.
fn cleaned(text: &str) -> (Option<String>, Vec<String>) {
    let mut found = Found::default();
    let clean = Redactor::new(Settings::default())
        .clean(text, &mut found)
        .map(std::borrow::Cow::into_owned);
    (clean, found.names().map(str::to_owned).collect())
}
