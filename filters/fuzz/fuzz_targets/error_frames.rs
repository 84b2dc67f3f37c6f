//! Bodies of gRPC-Web and of Connect streams: without a new message they pass as they are, and how
//! they are cut into parts changes nothing.

#![no_main]

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use error_translation::fuzzing::{Framing, frames};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input {
    kind: Kind,
    cap: u8,
    body: Vec<Piece>,
    /// Octets of the body that are changed, each at a place.
    faults: Vec<(u16, u8)>,
    /// Two ways to cut.
    cuts: [Vec<u8>; 2],
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Kind {
    GrpcWeb,
    /// In base64, a text for so many octets each.
    GrpcWebText(u8),
    Connect,
}

#[derive(Debug, Arbitrary)]
enum Piece {
    Data(Vec<u8>),
    End(Vec<u8>),
    Frame(u8, Vec<u8>),
    Octets(Vec<u8>),
}

impl Kind {
    fn framing(self) -> Framing {
        match self {
            Self::GrpcWeb => Framing::GrpcWeb,
            Self::GrpcWebText(_) => Framing::GrpcWebText,
            Self::Connect => Framing::Connect,
        }
    }

    fn end(self) -> u8 {
        match self {
            Self::GrpcWeb | Self::GrpcWebText(_) => 0x80,
            Self::Connect => 0x02,
        }
    }
}

impl Input {
    fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for piece in &self.body {
            let (flags, message) = match piece {
                Piece::Data(message) => (0, message),
                Piece::End(message) => (self.kind.end(), message),
                Piece::Frame(flags, message) => (*flags, message),
                Piece::Octets(own) => {
                    octets.extend_from_slice(own);
                    continue;
                }
            };
            octets.push(flags);
            octets.extend_from_slice(&(message.len() as u32).to_be_bytes());
            octets.extend_from_slice(message);
        }
        if let Kind::GrpcWebText(len) = self.kind {
            let texts = octets.chunks(usize::from(len).max(1));
            octets = texts
                .flat_map(|own| STANDARD.encode(own).into_bytes())
                .collect();
        }
        for (place, octet) in &self.faults {
            if let Some(own) = octets.get_mut(usize::from(*place)) {
                *own = *octet;
            }
        }
        octets
    }
}

/// The parts of a body, the last of which may be empty.
fn parts<'a>(mut body: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for len in cuts {
        let (part, rest) = body.split_at(body.len().min((*len).into()));
        parts.push(part);
        body = rest;
    }
    parts.push(body);
    parts
}

fuzz_target!(|input: Input| {
    let body = input.octets();
    let (framing, cap) = (input.kind.framing(), usize::from(input.cap));
    let longer = |message: &[u8]| Some([message, b" and more"].concat());
    let whole = frames(framing, cap, &[&body], &mut |message| longer(message));
    for cuts in &input.cuts {
        let parts = parts(&body, cuts);
        let mut calls = 0;
        let as_it_was = frames(framing, cap, &parts, &mut |message| {
            calls += 1;
            assert!(message.len() <= cap);
            None
        });
        assert!(calls <= 1, "a body has one end");
        assert_eq!(as_it_was, body, "cut at {cuts:?}");
        let rewritten = frames(framing, cap, &parts, &mut |message| longer(message));
        assert_eq!(rewritten, whole, "cut at {cuts:?}");
        if calls == 0 {
            assert_eq!(rewritten, body);
        }
    }
});
