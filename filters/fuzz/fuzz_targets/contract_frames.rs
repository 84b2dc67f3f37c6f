//! Messages of an RPC in a content: how it is cut into parts changes nothing, no message is longer than
//! what is held, and what was framed well comes out as it was.

#![no_main]

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract_validation::protobuf::{Frame, Frames, Framing};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input {
    framing: u8,
    cap: u8,
    content: Vec<Piece>,
    /// Octets of the content that are changed, each at a place.
    faults: Vec<(u16, u8)>,
    /// Two ways to cut.
    cuts: [Vec<u8>; 2],
}

#[derive(Debug, Arbitrary)]
enum Piece {
    Message(Vec<u8>),
    Compressed(Vec<u8>),
    Frame(u8, Vec<u8>),
    Octets(Vec<u8>),
}

const FRAMINGS: [Framing; 4] = [
    Framing::Grpc,
    Framing::GrpcWeb { text: false },
    Framing::GrpcWeb { text: true },
    Framing::Connect,
];

impl Input {
    fn framing(&self) -> Framing {
        FRAMINGS[usize::from(self.framing) % FRAMINGS.len()]
    }

    /// The content before anything is changed in it.
    fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for piece in &self.content {
            let (flags, message) = match piece {
                Piece::Message(message) => (0, message),
                Piece::Compressed(message) => (1, message),
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
        if self.framing() == (Framing::GrpcWeb { text: true }) {
            octets = STANDARD.encode(octets).into_bytes();
        }
        octets
    }

    fn faulty(&self, mut octets: Vec<u8>) -> Vec<u8> {
        for (place, octet) in &self.faults {
            if let Some(own) = octets.get_mut(usize::from(*place)) {
                *own = *octet;
            }
        }
        octets
    }

    /// The messages, where the content has nothing else.
    fn messages(&self) -> Option<Vec<Frame>> {
        let frame = |octets: &Vec<u8>, compressed| {
            if octets.len() > usize::from(self.cap) {
                return Frame::TooLarge;
            }
            Frame::Message {
                octets: octets.clone(),
                compressed,
            }
        };
        let pieces = self.content.iter().map(|piece| match piece {
            Piece::Message(octets) => Some(frame(octets, false)),
            Piece::Compressed(octets) => Some(frame(octets, true)),
            Piece::Frame(..) | Piece::Octets(_) => None,
        });
        pieces.collect()
    }

    /// What is found in a content that is cut so, and whether it breaks off.
    fn read(&self, mut octets: &[u8], cuts: &[u8]) -> (Vec<Frame>, bool) {
        let mut frames = Frames::new(self.framing(), self.cap.into());
        let mut found = Vec::new();
        for len in cuts {
            let (part, rest) = octets.split_at(octets.len().min((*len).into()));
            found.extend(frames.feed(part));
            octets = rest;
        }
        found.extend(frames.feed(octets));
        (found, frames.is_broken_off())
    }
}

fuzz_target!(|input: Input| {
    let well = input.octets();
    if let Some(messages) = input.messages() {
        assert_eq!(input.read(&well, &[]), (messages, false));
    }
    let octets = input.faulty(well);
    let whole = input.read(&octets, &[]);
    for frame in &whole.0 {
        if let Frame::Message { octets, .. } = frame {
            assert!(octets.len() <= usize::from(input.cap));
        }
    }
    let malformed = whole.0.iter().position(|own| *own == Frame::Malformed);
    assert!(malformed.is_none_or(|place| place + 1 == whole.0.len()));
    for cuts in &input.cuts {
        assert_eq!(input.read(&octets, cuts), whole, "cut at {cuts:?}");
    }
    let each = vec![1; octets.len()];
    assert_eq!(input.read(&octets, &each), whole, "cut at every octet");
});
