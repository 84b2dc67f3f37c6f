//! Type URIs of problems (RFC 9457 section 3.1.1).

use kit::policy::value::{ProblemBase, Uri, is_absolute};
use kit::policy::{Findings, child};

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
}
