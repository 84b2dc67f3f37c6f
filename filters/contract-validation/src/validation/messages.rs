//! The messages of an RPC: those of gRPC, gRPC-Web and Connect.

use std::ops::RangeInclusive;

use kit::body::Access;
use kit::exchange::Exchange;
use kit::headers::Headers;
use kit::media_range::MediaRange;
use kit::policy::Mode;
use kit::protocol::{Client, Protocol};

use crate::plan::{DirectionTerms, Verdict};
use crate::protobuf::{self, Frame, Frames, Framing, Limits, MessageId, Method};
use crate::violation::{Violation, keyword};

use super::connect_get;
use super::content::{self, Coding, Undoable};
use super::expected::{self, Expected};
use super::tally::Tally;

/// The messages of one direction of a call.
#[derive(Debug)]
pub(super) struct Messages {
    message: MessageId,
    codec: Codec,
    /// The coding of messages that say that they have one; `None` where it is one that is not read.
    coding: Option<Coding>,
    /// The messages in their frames; `None` where the content is one message (unary Connect).
    frames: Option<Frames>,
    /// How many messages there may be.
    count: RangeInclusive<usize>,
    /// How many have come.
    seen: usize,
    /// Whether the content could not be read to its end.
    is_broken: bool,
    /// Whether nothing is looked at behind what the content is refused for.
    ends_refused: bool,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// In the binary encoding.
    Binary,
    /// In the JSON mapping.
    Json,
}

impl Codec {
    /// The codec of this name in Connect, or behind the `+` of a media type.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "" | "proto" => Some(Self::Binary),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The codec that a media type says.
    fn of(headers: &Headers) -> Option<Self> {
        let content_type = expected::content_type(headers);
        let media_type = MediaRange::parse(&content_type)?;
        let (_, kind) = media_type.essence.split_once('/')?;
        match kind.split_once('+') {
            Some((_, codec)) => Self::named(codec),
            None if kind
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("grpc")) =>
            {
                Some(Self::Binary)
            }
            None => Self::named(kind),
        }
    }
}

/// A call, and what its messages are held to.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) client: &'a Client,
    pub(super) terms: &'a DirectionTerms,
}

impl Call<'_> {
    /// What is to come of a request.
    pub(super) fn request(
        &self,
        contract: &protobuf::Contract,
        target: &str,
        tally: &mut Tally,
        x: &Exchange<'_>,
    ) -> Expected {
        let headers = x.headers();
        let method = self.method;
        if headers.text(":method") == Some("GET") {
            connect_get::check(contract, method, target, self.terms, tally);
            return Expected::Nothing;
        }
        let count = if method.client_streaming {
            ANY_NUMBER
        } else {
            1..=1
        };
        let Some(mut messages) = self.messages(method.input, count, headers) else {
            content::wrong_media_type(tally);
            return Expected::Nothing;
        };
        messages.ends_refused = self.terms.mode == Mode::Enforce;
        messages.expected(contract, self.terms, tally, x)
    }

    /// What is to come of a response.
    pub(super) fn response(
        &self,
        contract: &protobuf::Contract,
        tally: &mut Tally,
        x: &Exchange<'_>,
    ) -> Expected {
        let headers = x.headers();
        // An error has no message: gRPC tells it in the head or in trailers, Connect by the status.
        let is_error = headers.text(":status") != Some("200") || headers.contains("grpc-status");
        if is_error || (x.head_is_all() && self.framing().is_some()) {
            return Expected::Nothing;
        }
        let method = self.method;
        // Trailers may still tell an error, which comes without a message.
        let count = if method.server_streaming {
            ANY_NUMBER
        } else {
            0..=1
        };
        let Some(messages) = self.messages(method.output, count, headers) else {
            content::wrong_media_type(tally);
            return Expected::Nothing;
        };
        messages.expected(contract, self.terms, tally, x)
    }

    /// How messages are put one after the other; `None` where the content is one message.
    fn framing(&self) -> Option<Framing> {
        match self.client.protocol {
            Protocol::Grpc => Some(Framing::Grpc),
            Protocol::GrpcWeb { text } => Some(Framing::GrpcWeb { text }),
            Protocol::ConnectStream => Some(Framing::Connect),
            Protocol::ConnectUnary | Protocol::Http => None,
        }
    }

    /// The messages of one direction; `None` where their codec is not known, or is not one of
    /// streams.
    fn messages(
        &self,
        message: MessageId,
        count: RangeInclusive<usize>,
        headers: &Headers,
    ) -> Option<Messages> {
        let framing = self.framing();
        let is_stream = self.method.client_streaming || self.method.server_streaming;
        if framing.is_none() && is_stream {
            return None;
        }
        let coding = match framing {
            Some(Framing::Connect) => "connect-content-encoding",
            Some(_) => "grpc-encoding",
            None => "content-encoding",
        };
        Some(Messages {
            message,
            codec: Codec::of(headers)?,
            coding: Coding::named(headers.text(coding).unwrap_or_default()),
            frames: framing.map(|framing| Frames::new(framing, self.terms.max_body)),
            count,
            seen: 0,
            is_broken: false,
            ends_refused: false,
        })
    }
}

/// How many messages a stream has.
const ANY_NUMBER: RangeInclusive<usize> = 0..=usize::MAX;

impl Messages {
    /// What is to come behind a head.
    fn expected(
        mut self,
        contract: &protobuf::Contract,
        terms: &DirectionTerms,
        tally: &mut Tally,
        x: &Exchange<'_>,
    ) -> Expected {
        if x.head_is_all() {
            self.part(contract, &[], true, terms, tally);
            return Expected::Nothing;
        }
        Expected::Messages(Box::new(self))
    }

    /// How the content is to come: as a whole where there is one message, part by part where there
    /// may be several.
    pub(super) fn access(&self, terms: &DirectionTerms) -> Access {
        if *self.count.end() > 1 {
            return Access::Tee;
        }
        Access::Hold {
            // The message in its frame, or in base64 of that, and the frame of trailers.
            cap: terms.max_body.saturating_mul(4) / 3 + FRAMING,
        }
    }

    /// Looks at a part of the content.
    pub(super) fn part(
        &mut self,
        contract: &protobuf::Contract,
        octets: &[u8],
        is_last: bool,
        terms: &DirectionTerms,
        tally: &mut Tally,
    ) {
        let Some(frames) = &mut self.frames else {
            self.seen = 1;
            return self.message(contract, octets, true, terms, tally);
        };
        let mut found = frames.feed(octets);
        if is_last && frames.is_broken_off() {
            found.push(Frame::Malformed);
        }
        for frame in found {
            // What is refused goes no further, however its parts come.
            if self.ends_refused && tally.is_rejected() {
                return;
            }
            match frame {
                Frame::Message { octets, compressed } => {
                    self.seen += 1;
                    self.message(contract, &octets, compressed, terms, tally);
                }
                Frame::TooLarge => {
                    self.seen += 1;
                    content::too_large(terms, tally);
                }
                Frame::End => {}
                Frame::Malformed => {
                    self.is_broken = true;
                    let detail = "must be a sequence of length-prefixed messages";
                    tally.reject(Violation::in_body("", keyword::MALFORMED, detail));
                }
            }
        }
        if is_last {
            self.end(tally);
        }
    }

    /// Looks at one message. `coded` says whether it has the coding of the call.
    fn message(
        &self,
        contract: &protobuf::Contract,
        octets: &[u8],
        coded: bool,
        terms: &DirectionTerms,
        tally: &mut Tally,
    ) {
        if tally.left() == 0 {
            return;
        }
        let coding = if coded {
            self.coding
        } else {
            Some(Coding::Identity)
        };
        let Some(coding) = coding else {
            return content::coded(terms, tally);
        };
        check(
            contract,
            self.message,
            self.codec,
            coding,
            octets,
            terms,
            tally,
        );
    }

    /// Nothing more comes.
    fn end(&self, tally: &mut Tally) {
        if self.is_broken || self.count.contains(&self.seen) {
            return;
        }
        let detail = "must be one message, because the method is unary in this direction";
        tally.reject(Violation::in_body("", keyword::CARDINALITY, detail));
    }
}

/// The octets around a message.
const FRAMING: usize = 16 * 1024;

/// Holds one message to its type.
pub(super) fn check(
    contract: &protobuf::Contract,
    message: MessageId,
    codec: Codec,
    coding: Coding,
    octets: &[u8],
    terms: &DirectionTerms,
    tally: &mut Tally,
) {
    let plain = match coding.undo(octets, terms.max_body) {
        Ok(plain) => plain,
        Err(Undoable::TooLarge) => return content::too_large(terms, tally),
        Err(Undoable::Malformed) => {
            let detail = "must be what its coding says";
            return tally.reject(Violation::in_body("", keyword::MALFORMED, detail));
        }
    };
    let limits = Limits {
        depth: terms.max_depth,
        violations: tally.left(),
        unknown_fields: terms.unknown_fields != Verdict::Allow,
    };
    let violations = match codec {
        Codec::Binary => contract.check_binary(message, &plain, limits),
        Codec::Json => contract.check_json(message, &plain, limits),
    };
    for violation in violations {
        if violation.keyword == protobuf::UNKNOWN_FIELD {
            tally.judge(violation, terms.unknown_fields);
        } else {
            tally.reject(violation);
        }
    }
}
