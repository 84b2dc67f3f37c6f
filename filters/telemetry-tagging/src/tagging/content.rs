//! A content that passes is looked at for tags, and never held for them.

use kit::body::{Access, Body, BodyNeed, Size, announced_length, is_endless};
use kit::exchange::Exchange;
use serde_json::Value;

/// What is kept of a content.
#[derive(Debug, Default)]
pub(super) enum Content {
    /// Nobody needs it.
    #[default]
    Unread,
    /// It cannot be read, and why.
    Unreadable(&'static str),
    /// What has come of it.
    Passing { octets: Vec<u8>, cap: usize },
    /// It was read.
    Read(Value),
}

impl Content {
    /// Asks for the content of the message whose head has come, if it is JSON that can be read.
    pub(super) fn begin(cap: usize, x: &mut Exchange<'_>) -> Self {
        let headers = x.headers();
        let content_type = headers.text("content-type").unwrap_or_default();
        let encoding = headers.text("content-encoding").unwrap_or("identity");
        if !is_json(content_type) || is_endless(headers) {
            return Self::Unreadable("not_json");
        }
        if !encoding.eq_ignore_ascii_case("identity") {
            return Self::Unreadable("encoded");
        }
        if announced_length(headers).is_some_and(|length| length > cap) {
            return Self::Unreadable("body_too_large");
        }
        x.need_body(BodyNeed {
            access: Access::Tee,
            replaces: false,
        });
        Self::Passing {
            octets: Vec::new(),
            cap,
        }
    }

    /// Takes in a part; says whether it was the last one.
    pub(super) fn take_in(&mut self, body: &Body) -> bool {
        if let Self::Passing { octets, cap } = self {
            if octets.len() + body.bytes().len() > *cap {
                *self = Self::Unreadable("body_too_large");
            } else {
                octets.extend_from_slice(body.bytes());
            }
        }
        let is_last = body.size() != Size::Chunk;
        if is_last {
            self.end();
        }
        is_last
    }

    /// Reads what has come, because that was all.
    pub(super) fn end(&mut self) {
        if let Self::Passing { octets, .. } = self {
            // The depth is bounded by the reader.
            *self = match serde_json::from_slice(octets) {
                _ if octets.is_empty() => Self::Unread,
                Ok(document) => Self::Read(document),
                Err(_) => Self::Unreadable("not_json"),
            };
        }
    }

    /// The document, or why there is none; `Ok(None)` where no content came.
    pub(super) fn document(&self) -> Result<Option<&Value>, &'static str> {
        match self {
            Self::Unread => Ok(None),
            Self::Read(document) => Ok(Some(document)),
            Self::Unreadable(why) => Err(why),
            Self::Passing { .. } => Err("incomplete"),
        }
    }
}

/// `application/json` and every type with the suffix `+json` (RFC 6839 section 3.1).
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing(cap: usize) -> Content {
        Content::Passing {
            octets: Vec::new(),
            cap,
        }
    }

    #[test]
    fn parts_are_put_together_and_read_at_the_end() {
        let mut content = passing(64);
        assert!(!content.take_in(&Body::new(b"{\"a\"".to_vec(), Size::Chunk)));
        assert!(content.take_in(&Body::new(b":1}".to_vec(), Size::Last)));
        assert_eq!(content.document().unwrap().unwrap()["a"], 1);
    }

    #[test]
    fn what_is_longer_than_the_cap_is_not_read_and_not_kept() {
        let mut content = passing(3);
        content.take_in(&Body::new(b"[1,".to_vec(), Size::Chunk));
        content.take_in(&Body::new(b"2]".to_vec(), Size::Last));
        assert_eq!(content.document(), Err("body_too_large"));
    }

    #[test]
    fn nesting_without_end_is_no_document() {
        let mut content = passing(1 << 20);
        content.take_in(&Body::new(b"[".repeat(100_000), Size::Last));
        assert_eq!(content.document(), Err("not_json"));
    }

    #[test]
    fn types_with_the_suffix_are_json() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
        ] {
            assert!(is_json(json), "{json}");
        }
        for other in [
            "",
            "text/json5",
            "application/jsonl",
            "application/grpc+json2",
        ] {
            assert!(!is_json(other), "{other}");
        }
    }
}
