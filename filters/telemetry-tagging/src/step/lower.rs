//! `lower`: a value in lower case.

use std::borrow::Cow;

/// A text in lower case, character by character, by the mapping of Unicode without conditions
/// (`SpecialCasing.txt`): the same character has the same lower case wherever it stands.
pub(crate) fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.chars().all(|c| c.to_lowercase().eq([c])) {
        return text;
    }
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lowered(text: &str) -> String {
        lower(Cow::Borrowed(text)).into_owned()
    }

    #[test]
    fn letters_of_every_script_are_lower() {
        assert_eq!(lowered("GOLD"), "gold");
        assert_eq!(lowered("ÄÖÜ ẞ ΔΣ Ж"), "äöü ß δσ ж");
        // One letter that becomes two characters, and one in title case.
        assert_eq!(lowered("İ"), "i\u{307}");
        assert_eq!(lowered("ǅ"), "ǆ");
    }

    #[test]
    fn what_is_lower_is_not_copied() {
        assert!(matches!(lower(Cow::Borrowed("gold 1/x")), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn lower_case_is_at_rest(text in any::<String>()) {
            let once = lowered(&text);
            prop_assert_eq!(lowered(&once), once);
        }
    }
}
