//! Where the type URIs of problems begin (RFC 9457 section 3.1.1).

use std::str::FromStr;

use super::value::{Uri, is_absolute};

/// Where relative type URIs begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemBase(pub String);

impl FromStr for ProblemBase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected an absolute URI without a query and a fragment, such as \
                        \"https://errors.example.com/problems\"";
        let uri: Uri = text.parse().map_err(|_| expected.to_owned())?;
        if !is_absolute(uri.as_str()) || text.contains(['?', '#']) {
            return Err(expected.into());
        }
        Ok(Self(uri.0))
    }
}

crate::string_value!(ProblemBase, {
    "type": "string",
    "format": "uri",
    "description": "An absolute URI without a query and a fragment, such as \"https://errors.example.com/problems\".",
    "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[^?#]+$"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_absolute() {
        for text in [
            "/problems",
            "problems",
            "https://",
            "a b:c",
            "https://a/?b",
            "https://a/#",
        ] {
            assert!(text.parse::<ProblemBase>().is_err(), "{text}");
        }
    }
}
