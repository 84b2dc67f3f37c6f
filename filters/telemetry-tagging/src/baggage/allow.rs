//! Which members may go in one direction.

/// A list of keys. A policy has one for each direction, because baggage may carry personal data
/// beyond those who may see it (W3C Baggage section 5.1).
///
/// Keys are compared as they are: nothing says that they have no case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Allow {
    /// Sorted.
    keys: Vec<String>,
    prefixes: Vec<String>,
}

impl Allow {
    /// Reads the entries of a policy: a key, or the beginning of keys and a star. A star alone is
    /// every key. `*` may stand in a key too, but at the end it is always the sign.
    pub(crate) fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let mut allow = Self::default();
        for entry in entries {
            match entry.strip_suffix('*') {
                Some(prefix) => allow.prefixes.push(prefix.to_owned()),
                None => allow.keys.push(entry.to_owned()),
            }
        }
        allow
    }

    /// Whether the members with this key may go on.
    pub(crate) fn allows(&self, key: &str) -> bool {
        let is_beginning = |prefix: &String| key.starts_with(prefix.as_str());
        self.keys.iter().any(|own| own == key) || self.prefixes.iter().any(is_beginning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_allowed_whole_or_by_its_beginning() {
        let allow = Allow::new(["tenant", "plan", "app.*"]);
        for key in ["tenant", "plan", "app.", "app.name"] {
            assert!(allow.allows(key), "{key}");
        }
        for key in ["", "tenant.id", "Tenant", "app", "my.app.name", "pla"] {
            assert!(!allow.allows(key), "{key}");
        }
    }

    #[test]
    fn an_empty_list_allows_nothing_and_a_star_everything() {
        assert!(!Allow::default().allows("a"));
        assert!(!Allow::new([""]).allows("a"));
        assert!(Allow::new(["*"]).allows("a"));
    }

    #[test]
    fn a_star_inside_is_a_character() {
        let allow = Allow::new(["a*b"]);
        assert!(allow.allows("a*b") && !allow.allows("axb"));
    }
}
