//! Links to something related, and other templates that become URIs.

use std::str::FromStr;

use kit::policy::value::is_absolute;
use kit::{object_value, string_value};

use crate::plan::LinkTemplate;
use crate::template::Template;

/// A link to something related (RFC 8288).
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Link", deny_unknown_fields)
)]
pub(super) struct LinkEntry {
    /// What it is to the problem, such as `help`: a registered relation or an absolute URI.
    rel: Relation,
    /// Where it leads: an absolute URI or an absolute path, with values of the occurrence in braces.
    href: UriTemplate,
}

object_value!(LinkEntry {
    rel: required "rel",
    href: required "href",
});

impl LinkEntry {
    /// The link, ready to use.
    pub(super) fn template(&self) -> LinkTemplate {
        LinkTemplate {
            rel: self.rel.0.clone(),
            href: self.href.0.clone(),
        }
    }
}

/// A relation type (RFC 8288 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Relation(String);

impl FromStr for Relation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
        let is_registered =
            text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(fits);
        let is_extension = is_absolute(text) && text.chars().all(is_of_uris);
        if !is_registered && !is_extension {
            return Err(
                "expected a link relation, such as \"help\", or an absolute URI (RFC 8288 section \
                 2.1)"
                    .into(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

string_value!(Relation, {
    "type": "string",
    "description": "A link relation, such as \"help\", or an absolute URI.",
    "pattern": "^([a-z][a-z0-9.-]*|[A-Za-z][A-Za-z0-9+.-]*:.+)$"
});

/// A template that becomes a URI. Whatever its values are, they choose neither the scheme nor the
/// host: these stand in front of the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UriTemplate(pub(super) Template);

impl FromStr for UriTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let template: Template = text.parse()?;
        let is_of_uris = template.texts().all(|text| text.chars().all(is_of_uris));
        let start = template
            .texts()
            .next()
            .filter(|start| text.starts_with(start));
        let begins_well = start.is_some_and(|start| begins_well(start, start == text));
        if !is_of_uris || !begins_well {
            return Err(
                "expected an absolute URI whose host stands there, or an absolute path, such as \
                 \"https://docs.example.com/errors/{code}\" or \"/errors/{requestId}\""
                    .into(),
            );
        }
        Ok(Self(template))
    }
}

string_value!(UriTemplate, {
    "type": "string",
    "description": "An absolute URI or an absolute path, with values of the occurrence in braces, such as \"https://docs.example.com/errors/{code}\".",
    "pattern": "^([A-Za-z][A-Za-z0-9+.-]*:|/)"
});

/// Whether the text in front of the first value fixes where the URI leads.
fn begins_well(start: &str, is_all: bool) -> bool {
    match start.split_once("://") {
        Some((_, rest)) => is_absolute(start) && (is_all || rest.contains(['/', '?', '#'])),
        None if start.starts_with("//") => false,
        None => start.starts_with('/') || is_absolute(start),
    }
}

/// Characters that RFC 3986 allows anywhere.
fn is_of_uris(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_target_is_an_absolute_uri_or_path() {
        for text in [
            "https://docs.example.com/errors/{code}",
            "https://docs.example.com?code={code}",
            "https://docs.example.com",
            "/errors/{requestId}",
            "urn:uuid:{requestId}",
            "mailto:help@example.com",
        ] {
            assert!(text.parse::<UriTemplate>().is_ok(), "{text}");
        }
    }

    #[test]
    fn values_choose_neither_scheme_nor_host() {
        for text in [
            "{/link}",
            "https://{service}/a",
            "https://a.{service}/b",
            "{code}://a/b",
            "//{code}",
            "//docs.example.com/a",
            "errors/{code}",
            "https:{code}",
            "https://docs.example.com/a b",
            "/a/{code}<b>",
            "",
        ] {
            assert!(text.parse::<UriTemplate>().is_err(), "{text}");
        }
    }

    /// The scheme and the authority of a URI reference (RFC 3986 section 3).
    fn target(uri: &str) -> (Option<String>, Option<String>) {
        let hierarchy = uri.find(['/', '?', '#']).unwrap_or(uri.len());
        let scheme = uri[..hierarchy].split_once(':').map(|(scheme, _)| scheme);
        let rest = scheme.map_or(uri, |scheme| &uri[scheme.len() + 1..]);
        let authority = rest.strip_prefix("//");
        let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next());
        (scheme.map(str::to_owned), authority.map(str::to_owned))
    }

    proptest! {
        #[test]
        fn where_an_accepted_target_leads_does_not_depend_on_its_values(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "https", "urn", ":", "/", "//", "://", "a.example", "@", "?", "#", "{code}", "{/a}",
            ]), 1..8),
        ) {
            if let Ok(UriTemplate(template)) = pieces.concat().parse() {
                let [one, other] = ["x", "b.example"]
                    .map(|value| template.fill(|_| Some(value.to_owned())).unwrap());
                prop_assert_eq!(target(&one), target(&other));
            }
        }
    }

    #[test]
    fn a_relation_is_registered_or_a_uri() {
        for text in ["help", "describedby", "https://example.com/rel/x"] {
            assert!(text.parse::<Relation>().is_ok(), "{text}");
        }
        for text in ["", "Help", "a b", "help\"", "/rel", "1a", "https://a\"b"] {
            assert!(text.parse::<Relation>().is_err(), "{text}");
        }
    }
}
