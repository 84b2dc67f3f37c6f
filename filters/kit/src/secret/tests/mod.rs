//! The facts that looking for credentials holds.

mod found;
mod harmless;
mod properties;

use super::find;

/// A text with `[x]` in the place of each credential.
fn masked(text: &str) -> String {
    find(text)
        .into_iter()
        .rev()
        .fold(text.to_owned(), |mut text, place| {
            text.replace_range(place, "[x]");
            text
        })
}
