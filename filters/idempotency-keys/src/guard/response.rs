//! What the machine has to know of a response: who made it, how it ended, and where it ends.

use kit::body::{announced_length, is_endless};
use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::protocol::Protocol;

use crate::grpc_web;
use crate::machine::{Content, Event, Origin, Status};

/// How the end of a response is found.
#[derive(Debug)]
pub(super) enum Framing {
    /// It is that of its content.
    Plain,
    /// Trailers tell the outcome (gRPC).
    Grpc,
    /// The content ends with trailers that tell the outcome (gRPC-Web).
    GrpcWeb {
        /// Looks for those trailers.
        reader: grpc_web::Reader,
        /// How many octets are still to come, where that was announced.
        left: Option<u64>,
    },
}

impl Framing {
    /// What the machine has to know of a part of the content.
    pub(super) fn part(&mut self, octets: &[u8], is_last: bool) -> [Option<Event>; 2] {
        let length = octets.len() as u64;
        let part = |is_last| {
            Some(Event::ResponseBody {
                octets: length,
                is_last,
            })
        };
        match self {
            Self::Plain => [part(is_last), None],
            Self::Grpc => [part(false), None],
            Self::GrpcWeb { reader, left } => {
                reader.part(octets);
                // A client takes the response as complete with the last octet that was announced,
                // and the end of the stream may come apart from it.
                *left = left.map(|left| left.saturating_sub(length));
                let ends = is_last || *left == Some(0);
                let trailers = ends.then(|| Event::ResponseTrailers {
                    grpc_status: reader.status(),
                });
                [part(false), trailers]
            }
        }
    }
}

/// Who made the response whose head has come, and how its end is found.
pub(super) fn origin(protocol: Protocol, x: &Exchange<'_>) -> (Origin, Framing) {
    let details = x.property(&["response", "code_details"]);
    let details = details.unwrap_or_default();
    if details != b"via_upstream" {
        let origin = if was_never_sent(&details, x) {
            Origin::NeverSent
        } else {
            Origin::AfterSend
        };
        return (origin, Framing::Plain);
    }
    let headers = x.headers();
    let http = headers.text(":status").and_then(|text| text.parse().ok());
    let http = Status::Http(http.unwrap_or_default());
    let (status, framing) = match (protocol, grpc_status(headers)) {
        _ if http != Status::Http(200) => (http, Framing::Plain),
        (Protocol::Grpc | Protocol::GrpcWeb { .. }, Some(code)) => {
            (Status::Grpc(code), Framing::Plain)
        }
        (Protocol::Grpc, None) if is_of(headers, "application/grpc") => {
            (Status::GrpcInTrailers, Framing::Grpc)
        }
        (Protocol::GrpcWeb { text }, None) if is_of(headers, "application/grpc-web") => {
            let framing = Framing::GrpcWeb {
                reader: grpc_web::Reader::new(text),
                left: announced_length(headers).map(|length| length as u64),
            };
            (Status::GrpcInTrailers, framing)
        }
        _ => (http, Framing::Plain),
    };
    (Origin::Upstream(status), framing)
}

/// How much content follows the head.
pub(super) fn content(framing: &Framing, x: &Exchange<'_>) -> Content {
    if x.head_is_all() {
        return Content::None;
    }
    let headers = x.headers();
    if is_endless(headers) {
        return Content::Endless;
    }
    match (framing, announced_length(headers)) {
        (Framing::Plain, Some(0)) => Content::None,
        (Framing::Plain, Some(length)) => Content::Octets(length as u64),
        _ => Content::UntilEnd,
    }
}

/// The `grpc-status` of a head or of trailers.
pub(super) fn grpc_status(fields: &Headers) -> Option<u32> {
    fields.text("grpc-status")?.trim().parse().ok()
}

fn is_of(headers: &Headers, media_type: &str) -> bool {
    let own = headers.text("content-type").unwrap_or_default();
    own.get(..media_type.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(media_type))
}

/// Envoy's response flags for requests that no upstream has seen: UH (no healthy host), UF (no
/// connection), UO (too many requests wait), NR (no route), NC (no cluster).
const NEVER_SENT: u64 = 1 << 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 24;

/// The code details where the upstream said that it did not process the stream (RFC 9113 section
/// 8.7).
const REFUSED_STREAM: &[u8] =
    b"upstream_reset_before_response_started{remote_refused_stream_reset}";

/// Whether a request that the proxy has answered itself has surely not reached the upstream.
///
/// The flags are those of the last attempt, and an earlier one may have arrived. Without any attempt
/// it was a filter behind this one that answered. All flags have to say so: where the proxy may not
/// retry any more, UO stands beside what became of the request.
fn was_never_sent(details: &[u8], x: &Exchange<'_>) -> bool {
    match number(x.property(&["upstream", "request_attempt_count"])) {
        Some(0) => true,
        Some(1) => {
            let flags = number(x.property(&["response", "flags"])).unwrap_or_default();
            details == REFUSED_STREAM || (flags != 0 && flags & !NEVER_SENT == 0)
        }
        _ => false,
    }
}

/// A number as Envoy writes it: eight octets, little-endian.
fn number(property: Option<Vec<u8>>) -> Option<u64> {
    property?.try_into().ok().map(u64::from_le_bytes)
}
