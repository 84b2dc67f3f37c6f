//! The header fields that only the mesh needs, and that never leave it.

use std::str::FromStr;

use kit::headers::Headers;
use kit::policy::value::FieldName;
use kit::string_value;

/// What HTTP, its caches and security, gRPC and clients need of an answer. No policy takes it away.
const NEEDED: [&str; 46] = [
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "allow",
    "authentication-info",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "date",
    "deprecation",
    "etag",
    "expires",
    "grpc-encoding",
    "grpc-message",
    "grpc-status",
    "grpc-status-details-bin",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "proxy-authenticate",
    "proxy-connection",
    "retry-after",
    "sec-websocket-accept",
    "set-cookie",
    "strict-transport-security",
    "sunset",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "www-authenticate",
    "x-content-type-options",
];

/// The fields of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InternalHeaders {
    /// In lower case.
    names: Vec<String>,
    /// How names begin, in lower case.
    prefixes: Vec<String>,
}

/// A field, or all fields whose names begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InternalHeader {
    /// The one with this name, in lower case.
    Name(String),
    /// Those whose names begin so, in lower case: a final `*` in policies.
    Prefix(String),
}

impl InternalHeaders {
    /// Whether no field is taken away.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.prefixes.is_empty()
    }

    /// Takes the internal fields away.
    pub(crate) fn remove_from(&self, fields: &mut Headers) {
        fields.remove_matching(|name| self.is_internal(name));
    }

    /// Whether the field with this name stays in the mesh; case does not count (RFC 9110 section
    /// 5.1).
    fn is_internal(&self, name: &[u8]) -> bool {
        let begins = |prefix: &String| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let mut names = self.names.iter();
        names.any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
            || self.prefixes.iter().any(begins)
    }
}

impl FromIterator<InternalHeader> for InternalHeaders {
    fn from_iter<I: IntoIterator<Item = InternalHeader>>(headers: I) -> Self {
        let mut own = Self::default();
        for header in headers {
            match header {
                InternalHeader::Name(name) => own.names.push(name),
                InternalHeader::Prefix(prefix) => own.prefixes.push(prefix),
            }
        }
        own
    }
}

impl InternalHeader {
    /// Whether all that `other` is for is taken by this too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(own), Self::Name(other)) => own == other,
            (Self::Name(_), Self::Prefix(_)) => false,
            (Self::Prefix(own), Self::Name(other) | Self::Prefix(other)) => other.starts_with(own),
        }
    }
}

impl FromStr for InternalHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, is_prefix) = match text.strip_suffix('*') {
            Some(start) => (start, true),
            None => (text, false),
        };
        let name = text.parse::<FieldName>().ok().map(|name| name.0);
        let Some(name) = name.filter(|name| !name.contains('*')) else {
            return Err(
                "expected the name of a header field, or how names begin with a final `*`, such \
                 as \"server\" or \"x-internal-*\""
                    .into(),
            );
        };
        let is_taken = |needed: &&&str| **needed == name || is_prefix && needed.starts_with(&name);
        if let Some(needed) = NEEDED.iter().find(is_taken) {
            return Err(format!(
                "takes away `{needed}`, which HTTP or its clients need; expected a field that only \
                 the mesh needs, such as \"server\" or \"x-internal-*\""
            ));
        }
        Ok(if is_prefix {
            Self::Prefix(name)
        } else {
            Self::Name(name)
        })
    }
}

string_value!(InternalHeader, {
    "type": "string",
    "description": "The name of a header field, or how names begin with a final `*`, such as \"server\" or \"x-internal-*\". What HTTP or its clients need, such as `content-type`, cannot be taken away.",
    "pattern": "^[!#$%&'+.^_`|~0-9A-Za-z-]+\\*?$"
});

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(entries: &[&str]) -> InternalHeaders {
        let entries = entries.iter().map(|entry| entry.parse().unwrap());
        entries.collect()
    }

    #[test]
    fn a_name_is_internal_in_any_case_and_alone() {
        let own = headers(&["Server"]);
        assert!(own.is_internal(b"server") && own.is_internal(b"SERVER"));
        assert!(!own.is_internal(b"server-timing") && !own.is_internal(b"serve"));
    }

    #[test]
    fn a_final_star_stands_for_all_names_that_begin_so() {
        let own = headers(&["x-internal-*"]);
        assert!(own.is_internal(b"x-internal-host") && own.is_internal(b"X-Internal-"));
        assert!(!own.is_internal(b"x-internal") && !own.is_internal(b"x-interna\xff-a"));
    }

    #[test]
    fn nothing_is_internal_where_nothing_is_listed() {
        assert!(headers(&[]).is_empty());
        assert!(!headers(&[]).is_internal(b"server"));
        assert!(!headers(&["x-a*"]).is_empty());
    }

    #[test]
    fn what_clients_need_cannot_be_taken_away() {
        for entry in NEEDED {
            assert!(entry.parse::<InternalHeader>().is_err(), "{entry}");
        }
        for entry in [
            "*",
            "**",
            "",
            ":status",
            "a b",
            "x-*-a",
            "x-**",
            "Content-*",
            "c*",
            "grpc-s*",
            "Set-Cookie",
        ] {
            assert!(entry.parse::<InternalHeader>().is_err(), "{entry}");
        }
    }

    #[test]
    fn an_entry_covers_what_it_takes() {
        let covers = |own: &str, other: &str| {
            let [own, other] = [own, other].map(|entry| entry.parse::<InternalHeader>().unwrap());
            own.covers(&other)
        };
        assert!(covers("server", "Server") && covers("x-a*", "x-ab") && covers("x-a*", "x-ab*"));
        assert!(!covers("x-ab", "x-a*") && !covers("x-ab*", "x-a*") && !covers("x-a*", "x-b"));
    }
}
