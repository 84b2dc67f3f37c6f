//! `truncate`: the beginning of a value.

use std::borrow::Cow;

/// The first `length` characters (Unicode scalar values) of a text.
pub(super) fn truncate(text: Cow<'_, str>, length: usize) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(length) else {
        return text;
    };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn truncated(text: &str, length: usize) -> String {
        let borrowed = truncate(Cow::Borrowed(text), length).into_owned();
        assert_eq!(truncate(Cow::Owned(text.to_owned()), length), borrowed);
        borrowed
    }

    #[test]
    fn characters_are_counted_and_never_cut() {
        assert_eq!(truncated("orders", 6), "orders");
        assert_eq!(truncated("orders", 5), "order");
        assert_eq!(truncated("aé😀b", 3), "aé😀");
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_beginning_and_as_long_as_allowed(
            text in any::<String>(),
            length in 0_usize..40,
        ) {
            let left = truncated(&text, length);
            prop_assert!(text.starts_with(&left));
            prop_assert_eq!(left.chars().count(), text.chars().count().min(length));
        }
    }
}
