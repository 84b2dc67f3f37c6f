//! Passwords and tokens of stores, which a policy names and never holds.

use kit::object_value;
use kit::policy::Environment;
use kit::policy::key::Variable;

use crate::store::Secret;

/// A password or a token in an environment variable of the VM.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "SecretSource", deny_unknown_fields)
)]
pub(super) struct SecretEntry {
    /// The name of the environment variable.
    env: Variable,
}

object_value!(SecretEntry {
    env: required "env",
});

/// Reads passwords, and remembers those that are not there.
pub(super) struct Passwords<'a> {
    environment: &'a Environment,
    warnings: Vec<String>,
}

impl<'a> Passwords<'a> {
    /// Those in this environment.
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            warnings: Vec::new(),
        }
    }

    /// What an operator has to be told.
    pub(super) fn warnings(self) -> Vec<String> {
        self.warnings
    }

    /// A password for the store of this name. One that is not set is empty: to leave it out would be
    /// to come as somebody else, and the store refuses an empty one.
    pub(super) fn read(&mut self, store: &str, entry: &SecretEntry) -> Secret {
        let secret = self.find(store, entry, |_| true);
        Secret::new(secret.unwrap_or_default())
    }

    /// What goes into a header field for the store of this name, if it can stand there (RFC 9110
    /// section 5.5). Without it the store refuses.
    pub(super) fn read_for_field(&mut self, store: &str, entry: &SecretEntry) -> Option<String> {
        let is_visible = |octet: u8| (b' '..=b'~').contains(&octet);
        self.find(store, entry, |secret| secret.bytes().all(is_visible))
    }

    fn find(
        &mut self,
        store: &str,
        entry: &SecretEntry,
        fits: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let variable = self.environment.get(&entry.env.0);
        // A secret that was made with `echo` ends in a line feed.
        let secret = variable.map(|value| value.trim_end_matches(['\r', '\n']));
        let why = match secret {
            Some(secret) if !secret.is_empty() && fits(secret) => return Some(secret.to_owned()),
            None | Some("") => "is not set in the environment of the VM",
            Some(_) => "has characters that no header field may have",
        };
        self.warnings.push(format!(
            "treaty: {}: what store `{store}` asks for in `{}` {why}; the store will refuse",
            crate::NAME,
            entry.env.0
        ));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> SecretEntry {
        SecretEntry {
            env: name.parse().unwrap(),
        }
    }

    fn environment(value: &str) -> Environment {
        Environment::from_iter([("PASSWORD".to_owned(), value.to_owned())])
    }

    #[test]
    fn a_password_ends_before_its_line_feed() {
        let environment = environment(" hidden \r\n");
        let mut passwords = Passwords::new(&environment);
        let secret = passwords.read("fleet", &entry("PASSWORD"));
        assert_eq!(secret.expose(), " hidden ");
        assert!(passwords.warnings().is_empty());
    }

    #[test]
    fn a_password_that_is_not_set_is_empty_and_told() {
        for value in ["", "\n"] {
            let environment = environment(value);
            let mut passwords = Passwords::new(&environment);
            assert_eq!(passwords.read("fleet", &entry("PASSWORD")).expose(), "");
            assert_eq!(
                passwords.warnings(),
                [
                    "treaty: idempotency-keys: what store `fleet` asks for in `PASSWORD` is not set \
                     in the environment of the VM; the store will refuse"
                ]
            );
        }
    }

    #[test]
    fn what_no_header_field_may_have_is_not_sent_and_not_shown() {
        for value in ["hid\nden", "hidd\u{e9}n"] {
            let environment = environment(value);
            let mut passwords = Passwords::new(&environment);
            assert_eq!(passwords.read_for_field("fleet", &entry("PASSWORD")), None);
            let warnings = passwords.warnings();
            assert!(warnings[0].contains("header field"), "{warnings:?}");
            assert!(!warnings[0].contains("den"), "{warnings:?}");
        }
    }
}
