//! The content of a message, as filters see it.

use crate::headers::Headers;

/// What a core wants of a body. A core that asks for nothing never sees it, and the stream flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyNeed {
    /// The way in which it comes.
    pub access: Access,
    /// Whether the core may put other octets in place. Then a length that was announced and can
    /// no longer be corrected is withheld.
    pub replaces: bool,
}

/// The way in which a body comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The whole body in one event, held back until then. What cannot be held (more than `cap`
    /// octets, an upgraded connection, an event stream) is reported once as [`Size::NotHeld`] and
    /// streams on unseen.
    Hold {
        /// The most octets that may be held.
        cap: usize,
    },
    /// Like [`Access::Hold`], but what cannot be held comes as with [`Access::Tee`]; the first
    /// chunk is then all that had been held.
    HoldElseTee {
        /// The most octets that may be held.
        cap: usize,
    },
    /// Every chunk as it passes, none held back (unless the core waits on one).
    Tee,
}

/// How much of the body an event carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One chunk of several; more may follow.
    Chunk,
    /// The last chunk, or the whole body where it was held. It may be empty.
    Last,
    /// The body is not held. The event carries no octets and is the last one of this body for this
    /// core.
    NotHeld,
}

/// A body, or a chunk of one.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    size: Size,
    replaced: bool,
}

impl Body {
    /// A chunk as it came from the proxy.
    pub fn new(bytes: Vec<u8>, size: Size) -> Self {
        Self {
            bytes,
            size,
            replaced: false,
        }
    }

    /// The octets.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How much of the body this is.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Puts other octets in place of these. The pipeline corrects the length of the message.
    pub fn replace(&mut self, bytes: Vec<u8>) {
        self.replaced = self.replaced || bytes != self.bytes;
        self.bytes = bytes;
    }

    /// Whether the octets are other ones than those that came.
    pub fn is_replaced(&self) -> bool {
        self.replaced
    }
}

/// The number of octets that a head announces for its content (RFC 9110 section 8.6).
pub fn announced_length(headers: &Headers) -> Option<usize> {
    headers.text("content-length")?.parse().ok()
}

/// Whether trailers may follow the content. A chunked message of HTTP/1.1 says so in `Trailer`
/// (RFC 9110 section 6.6.2); in HTTP/2 there is no transfer coding (RFC 9113 section 8.2.2), and any
/// message may have some.
///
/// `is_http_1` is asked where the head has no transfer coding: proxies take it out of requests.
pub(crate) fn may_have_trailers(headers: &Headers, is_http_1: impl FnOnce() -> bool) -> bool {
    headers.contains("trailer") || !(headers.contains("transfer-encoding") || is_http_1())
}

/// Whether a message has no end to wait for: upgraded connections, tunnels and event streams. They
/// are never held.
pub fn is_endless(headers: &Headers) -> bool {
    let event_stream = |value: &str| {
        value
            .get(..17)
            .is_some_and(|start| start.eq_ignore_ascii_case("text/event-stream"))
    };
    headers.contains("upgrade")
        || headers.text(":method") == Some("CONNECT")
        || headers.text(":status") == Some("101")
        || headers.text("content-type").is_some_and(event_stream)
}
