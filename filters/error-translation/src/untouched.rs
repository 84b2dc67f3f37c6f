//! Answers whose content is not the filter's to change.

use kit::body::is_endless;
use kit::headers::Headers;

use crate::asked::Asked;
use crate::fields;

/// Why an answer is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untouched {
    /// It answers HEAD, or its status allows no content (RFC 9110 section 6.4.1).
    NoContent,
    /// The service forbids it (RFC 9110 section 7.7).
    NoTransform,
    /// It is a part of a representation, or about one (RFC 9110 section 14.4).
    Range,
    /// Its content is encoded.
    Encoded,
    /// It has no end to wait for.
    Stream,
    /// Its content is longer than the cap.
    OverCap,
    /// One of Treaty's filters gave it, and a refusal is final.
    Refusal,
}

impl Untouched {
    /// Whether an answer is to be left alone, by what its head says.
    pub(crate) fn by_head(headers: &Headers, status: u16, asked: &Asked) -> Option<Self> {
        let has = |name, wanted: &str| {
            headers
                .combined(name)
                .is_some_and(|list| names(&list, wanted))
        };
        if asked.is_head || matches!(status, 100..=199 | 204 | 205 | 304) {
            Some(Self::NoContent)
        } else if has(fields::CACHE_CONTROL, "no-transform") {
            Some(Self::NoTransform)
        } else if status == 206 || headers.contains(fields::CONTENT_RANGE) {
            Some(Self::Range)
        } else if headers
            .get(fields::CONTENT_ENCODING)
            .is_some_and(|coding| !coding.trim_ascii().eq_ignore_ascii_case(b"identity"))
        {
            Some(Self::Encoded)
        } else if is_endless(headers) {
            Some(Self::Stream)
        } else {
            None
        }
    }

    /// What metrics and the access log call it.
    pub(crate) fn outcome(self) -> &'static str {
        match self {
            Self::NoContent => "left_alone_no_content",
            Self::NoTransform => "left_alone_no_transform",
            Self::Range => "left_alone_range",
            Self::Encoded => "left_alone_encoded",
            Self::Stream => "left_alone_stream",
            Self::OverCap => "left_alone_over_cap",
            Self::Refusal => "left_alone_refusal",
        }
    }
}

/// Whether a list of directives names this one, with or without a value.
fn names(list: &[u8], wanted: &str) -> bool {
    list.split(|byte| *byte == b',').any(|element| {
        let name = element
            .split(|byte| *byte == b'=')
            .next()
            .unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
    })
}
