//! What kind of content an answer says it carries.

use kit::media_range::{MediaRange, elements};

/// A kind of content, as far as errors are read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/problem+json` (RFC 9457 section 3).
    Problem,
    /// `application/problem+xml` (RFC 9457 appendix B).
    ProblemXml,
    /// `application/vnd.api+json`.
    JsonApi,
    /// Other JSON.
    Json,
    /// Other XML.
    Xml,
    /// HTML, in either syntax.
    Html,
    /// Other text.
    Text,
    /// Anything else.
    Other,
    /// The answer does not say, or not in a way that can be read.
    Unsaid,
}

impl MediaType {
    /// The kind that the value of `Content-Type` names.
    pub(super) fn of(content_type: Option<&[u8]>) -> Self {
        content_type
            .and_then(|value| elements(value).next())
            .and_then(MediaRange::parse)
            .map_or(Self::Unsaid, |range| Self::of_essence(range.essence))
    }

    /// Types have no case (RFC 9110 section 8.3.1). `+json` and `+xml` name the syntax beneath
    /// (RFC 6838 section 4.2.8).
    fn of_essence(essence: &str) -> Self {
        let essence = essence.to_ascii_lowercase();
        match essence.as_str() {
            "application/problem+json" => Self::Problem,
            "application/problem+xml" => Self::ProblemXml,
            "application/vnd.api+json" => Self::JsonApi,
            "application/json" | "text/json" => Self::Json,
            "application/xml" | "text/xml" => Self::Xml,
            "text/html" | "application/xhtml+xml" => Self::Html,
            other if other.ends_with("+json") => Self::Json,
            other if other.ends_with("+xml") => Self::Xml,
            other if other.starts_with("text/") => Self::Text,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_type_and_suffix_whatever_the_case_and_the_parameters() {
        for (value, kind) in [
            ("application/problem+json", MediaType::Problem),
            (
                "Application/Problem+JSON; charset=utf-8",
                MediaType::Problem,
            ),
            ("application/problem+xml", MediaType::ProblemXml),
            ("application/vnd.api+json; ext=\"a,b\"", MediaType::JsonApi),
            ("application/json;charset=UTF-8", MediaType::Json),
            ("text/json", MediaType::Json),
            ("application/graphql-response+json", MediaType::Json),
            ("application/hal+json", MediaType::Json),
            ("text/xml", MediaType::Xml),
            ("application/soap+xml", MediaType::Xml),
            ("text/html; charset=utf-8", MediaType::Html),
            ("application/xhtml+xml", MediaType::Html),
            ("text/plain; charset=utf-8", MediaType::Text),
            ("text/markdown", MediaType::Text),
            ("application/octet-stream", MediaType::Other),
            ("application/grpc", MediaType::Other),
            ("application/jsonish", MediaType::Other),
            ("json", MediaType::Unsaid),
            ("", MediaType::Unsaid),
        ] {
            assert_eq!(MediaType::of(Some(value.as_bytes())), kind, "{value}");
        }
        assert_eq!(MediaType::of(Some(b"text/\xFF")), MediaType::Unsaid);
        assert_eq!(MediaType::of(None), MediaType::Unsaid);
    }
}
