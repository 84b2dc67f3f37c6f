//! The names of request methods that are told as they are.

use std::str::FromStr;

use kit::policy::did_you_mean;
use kit::string_value;

/// What is told of a method, an RPC or an error that has no name of its own.
pub(crate) const OTHER: &str = "_OTHER";

/// What the semantic conventions call known: the methods of RFC 9110 section 9.3, PATCH (RFC 5789)
/// and QUERY (RFC 10008).
pub(crate) const STANDARD: [&str; 10] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "QUERY", "CONNECT", "TRACE",
];

/// The most octets of a method that is told as the client gave it.
const MAX_OCTETS: usize = 32;

/// The name of a method that every policy knows. Methods are case-sensitive (RFC 9110 section 9.1).
pub(crate) fn known(method: &[u8]) -> Option<&'static str> {
    let is_it = |name: &&str| name.as_bytes() == method;
    STANDARD.into_iter().find(is_it)
}

/// A method as the client gave it, for `http.request.method_original`. What is no method at all
/// (RFC 9110 section 9.1), or is longer than 32 octets, is not repeated.
pub(crate) fn original(method: &[u8]) -> Option<&str> {
    let is_method =
        (1..=MAX_OCTETS).contains(&method.len()) && method.iter().copied().all(is_token);
    is_method.then(|| std::str::from_utf8(method).ok())?
}

/// A character of a token (RFC 9110 section 5.6.2).
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

/// The name of a method in a policy, which may be one that no standard knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodName(String);

impl MethodName {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MethodName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let has_lower = text.bytes().any(|octet| octet.is_ascii_lowercase());
        if has_lower || original(text.as_bytes()).is_none() {
            let hint = did_you_mean(&text.to_ascii_uppercase(), STANDARD);
            return Err(format!(
                "expected a request method in capitals, such as \"GET\", of at most 32 \
                 characters{hint}"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(MethodName, {
    "type": "string",
    "description": "A request method in capitals, such as GET.",
    "pattern": "^[!#$%&'*+.^_`|~0-9A-Z-]{1,32}$"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_the_standards_are_known_in_capitals_alone() {
        for name in STANDARD {
            assert_eq!(known(name.as_bytes()), Some(name));
            assert_eq!(known(name.to_ascii_lowercase().as_bytes()), None);
        }
        for method in [&b""[..], b"GETS", b"GE", b"PROPFIND", b"\xff"] {
            assert_eq!(known(method), None);
        }
    }

    #[test]
    fn only_a_token_of_at_most_32_octets_is_repeated() {
        assert_eq!(original(b"GeT"), Some("GeT"));
        assert_eq!(original(b"M-SEARCH"), Some("M-SEARCH"));
        assert_eq!(original(&[b'A'; 32]).map(str::len), Some(32));
        for method in [
            &[b'A'; 33][..],
            b"",
            b"GE T",
            b"GET\n",
            b"G\xc3\xa9T",
            b"a@b",
        ] {
            assert_eq!(original(method), None, "{method:?}");
        }
    }

    #[test]
    fn a_policy_may_name_a_method_that_no_standard_knows_but_in_capitals() {
        let name = "VERSION-CONTROL".parse::<MethodName>().unwrap();
        assert_eq!(name.as_str(), "VERSION-CONTROL");
        let error = "get".parse::<MethodName>().unwrap_err();
        assert!(error.ends_with("did you mean `GET`?"), "{error}");
        for text in ["", "GET POST", "Get", "A".repeat(33).as_str()] {
            assert!(text.parse::<MethodName>().is_err(), "{text}");
        }
    }
}
