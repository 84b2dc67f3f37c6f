//! The request target, in the form in which two of them are compared.

use kit::matching::{PathTemplate, split_query};

/// The path of a target, as the rules of a policy compare it: octets that need no encoding are
/// decoded (RFC 3986 section 6.2.2.2), and nothing else is. So `/%6Frders` is `/orders`, while
/// `%2F` never separates.
pub(crate) fn path(target: &str) -> String {
    let path = split_query(target).0;
    let mut normal = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            normal.push('/');
        }
        normal.push_str(&PathTemplate::decode(segment));
    }
    normal
}

/// The query of a target, without its question mark; empty where there is none.
pub(crate) fn query(target: &str) -> &str {
    let query = split_query(target).1;
    query.strip_prefix('?').unwrap_or(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_that_need_no_encoding_are_decoded() {
        assert_eq!(path("/%6Frders/%7e/a%2Fb?x=%6F"), "/orders/~/a%2Fb");
        assert_eq!(path("//a/"), "//a/");
        assert_eq!(path(""), "");
    }

    #[test]
    fn a_query_stays_as_it_was_sent() {
        assert_eq!(query("/a?x=%6F&y"), "x=%6F&y");
        assert_eq!(query("/a?x?y"), "x?y");
        assert_eq!(query("/a?"), "");
        assert_eq!(query("/a"), "");
    }
}
