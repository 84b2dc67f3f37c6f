//! What must not be shown.

use std::fmt;

/// A password or a token, shown to nobody, `Debug` included.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// A secret.
    pub(crate) const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// What it says; for the store alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("hidden".to_owned())), "Secret");
    }
}
