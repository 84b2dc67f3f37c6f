//! Where a proxy gets the code of a module.

use super::RenderError;

/// Stands for the name of the module in a URL.
const NAME: &str = "{filter}";

/// Where modules are, and what they must be.
#[derive(Debug)]
pub(super) struct Source<'a> {
    url: &'a str,
    /// The digest of the one module there.
    pub(super) sha256: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// # Errors
    /// A digest that is none, or that would be that of several modules.
    pub(super) fn new(
        url: &'a str,
        sha256: Option<&'a str>,
        modules: impl Iterator<Item = &'static str>,
    ) -> Result<Self, RenderError> {
        let mut modules: Vec<_> = modules.collect();
        modules.dedup();
        if modules.len() > 1 && !url.contains(NAME) {
            return Err(RenderError::options(format!(
                "--module names one module for several filters; let `{NAME}` stand for their names"
            )));
        }
        if let Some(digest) = sha256 {
            let is_lower_hex = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
            if digest.len() != 64 || !digest.bytes().all(is_lower_hex) {
                return Err(RenderError::options(
                    "--sha256 is not 64 lower-case hexadecimal digits",
                ));
            }
            if modules.len() > 1 {
                return Err(RenderError::options(
                    "--sha256 is the digest of one module; render its policies alone",
                ));
            }
        }
        Ok(Self { url, sha256 })
    }

    /// Where this module is.
    pub(super) fn of(&self, module: &str) -> String {
        self.url.replace(NAME, module)
    }
}

/// Where the modules of this version are when nobody says it: in your own registry, which has to
/// have them first.
pub(super) const REGISTRY: &str = concat!(
    "oci://registry.example.com/treaty/{filter}:",
    env!("CARGO_PKG_VERSION")
);
