//! `pseudonymise`: a keyed pseudonym in place of a value.

use std::rc::Rc;

use super::Lost;
use crate::key::{KeyRing, UsableKey};
use crate::pseudonym::pseudonym;

/// Under which keys pseudonyms are made, and what keeps them apart.
#[derive(Debug)]
pub(crate) struct Pseudonymise {
    ring: Rc<KeyRing>,
    salt: Option<String>,
}

impl Pseudonymise {
    /// Pseudonyms under the current key of a ring, salted with the value of the tag `salt`.
    pub(crate) fn new(ring: Rc<KeyRing>, salt: Option<String>) -> Self {
        Self { ring, salt }
    }

    /// The name of the tag whose value salts the pseudonyms.
    pub(super) fn salt(&self) -> Option<&str> {
        self.salt.as_deref()
    }

    /// The keys.
    pub(super) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The pseudonym of a value under the current key; `value_of_salt` gives the salt.
    pub(super) fn current(
        &self,
        value: &str,
        value_of_salt: &dyn Fn() -> Option<String>,
    ) -> Result<String, Lost> {
        let key = self.ring.current().map_err(|_| Lost::KeyMissing)?;
        self.under(key, value, value_of_salt)
    }

    /// The pseudonym of a value under a key.
    pub(super) fn under(
        &self,
        key: &UsableKey,
        value: &str,
        value_of_salt: &dyn Fn() -> Option<String>,
    ) -> Result<String, Lost> {
        let salt = match self.salt {
            Some(_) => value_of_salt().filter(|salt| !salt.is_empty()),
            None => Some(String::new()),
        };
        let salt = salt.ok_or(Lost::SaltMissing)?;
        Ok(pseudonym(key, &salt, value))
    }
}
