//! Type URIs of problems (RFC 9457 section 3.1.1), and where relative ones begin.

use std::str::FromStr;

use kit::policy::value::Uri;
use kit::policy::{Findings, child};
use kit::string_value;

/// Where relative type URIs begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProblemBase(pub(super) String);

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

string_value!(ProblemBase, {
    "type": "string",
    "format": "uri",
    "description": "An absolute URI without a query and a fragment, such as \"https://errors.example.com/problems\".",
    "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[^?#]+$"
});

/// Makes the type URI of an entry absolute.
pub(super) fn check(
    uri: &Uri,
    base: Option<&ProblemBase>,
    entry: &str,
    findings: &mut Findings,
) -> String {
    let at = || child(entry, "type");
    let uri = uri.as_str();
    if is_absolute(uri) {
        return uri.to_owned();
    }
    let Some(ProblemBase(base)) = base else {
        findings.add(
            at(),
            "is relative and needs `problemBase`, or must be absolute",
        );
        return uri.to_owned();
    };
    if !uri.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let message = "expected what follows `problemBase`, such as \"out-of-stock\", or an \
                       absolute URI";
        findings.add(at(), message);
    }
    format!("{}/{uri}", base.trim_end_matches('/'))
}

/// Whether a URI reference begins with a scheme (RFC 3986 section 3.1) and says something behind it.
pub(super) fn is_absolute(uri: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    uri.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(fits)
            && !rest.trim_start_matches('/').is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(uri: &str, base: Option<&str>) -> Result<String, Findings> {
        let mut findings = Findings::new();
        let base = base.map(|base| base.parse().unwrap());
        let uri = check(&uri.parse().unwrap(), base.as_ref(), "/then", &mut findings);
        findings.or(uri)
    }

    #[test]
    fn a_relative_type_follows_the_base() {
        let base = Some("https://errors.example.com/problems/");
        let expected = "https://errors.example.com/problems/orders/gone";
        assert_eq!(resolved("orders/gone", base).unwrap(), expected);
        assert!(resolved("/gone", base).is_err());
        assert!(resolved("#gone", base).is_err());
        assert!(resolved("gone", None).is_err());
    }

    #[test]
    fn an_absolute_type_stays() {
        let base = Some("https://errors.example.com");
        for uri in ["about:blank", "https://example.com/x", "urn:x:y"] {
            assert_eq!(resolved(uri, base).unwrap(), uri);
            assert_eq!(resolved(uri, None).unwrap(), uri);
        }
    }

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
