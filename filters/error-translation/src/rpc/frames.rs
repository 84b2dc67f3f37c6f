//! Bodies of frames that pass as they come, but for the frame that ends them: the trailers of
//! gRPC-Web, and the end of a stream of the Connect protocol.

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

use super::decode_base64;
use super::frame_walk::{self, Reached, Walk};

/// How a body is made of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// gRPC-Web, binary.
    GrpcWeb,
    /// gRPC-Web in base64: one text or several with padding, one after the other.
    GrpcWebText,
    /// A stream of the Connect protocol.
    Connect,
}

/// Passes a framed body on and hands over the frame that ends it.
///
/// Data go on unchanged and at once. Only the frame that ends the body is held, as long as its
/// message stays within the cap. From what cannot be read on (a frame that is compressed, too long,
/// or cut off; octets that are no frame) everything passes as it was: nothing is lost or doubled.
///
/// How the body is cut into chunks makes no difference to what comes out in the end.
#[derive(Debug)]
pub(crate) struct Frames {
    framing: Framing,
    cap: usize,
    stage: Stage,
    /// The beginning of a group of base64, which says nothing before it is whole.
    group: Vec<u8>,
}

/// How far a body has come.
#[derive(Debug)]
enum Stage {
    /// In the data.
    Data(Walk),
    /// In the frame that ends the body.
    End(Held),
    /// Whatever comes, passes.
    Through,
}

/// The frame that ends a body, as far as it has come.
#[derive(Debug, Default)]
struct Held {
    /// As it came.
    original: Vec<u8>,
    /// As octets. In base64 the frame may begin within a group, with data before it.
    octets: Vec<u8>,
    /// How many octets of data stand before the frame.
    before: usize,
}

/// The characters of base64 that stand together for up to three octets.
const GROUP: usize = 4;

/// What becomes of the message of the frame that ends a body; `None` leaves it as it was.
type Rewrite<'r> = dyn FnMut(&[u8]) -> Option<Vec<u8>> + 'r;

impl Framing {
    /// The flags of the frame that ends a body, where it is not compressed.
    fn end_flags(self) -> u8 {
        match self {
            Self::GrpcWeb | Self::GrpcWebText => 0x80,
            Self::Connect => 0x02,
        }
    }
}

impl Frames {
    /// Begins a body. A message longer than `cap` octets is not collected.
    pub(crate) fn new(framing: Framing, cap: usize) -> Self {
        Self {
            framing,
            cap,
            stage: Stage::Data(Walk::new(framing.end_flags())),
            group: Vec::new(),
        }
    }

    /// What goes on of the body after this chunk. After the last nothing is held back.
    ///
    /// `rewrite` is called at most once for a body, with the whole message of the frame that ends
    /// it.
    pub(crate) fn pass(&mut self, chunk: &[u8], last: bool, rewrite: &mut Rewrite<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.len());
        match self.framing {
            Framing::GrpcWeb | Framing::Connect => self.pass_octets(chunk, rewrite, &mut out),
            Framing::GrpcWebText => self.pass_text(chunk, last, rewrite, &mut out),
        }
        if last {
            self.let_through(&mut out);
        }
        out
    }

    fn pass_octets(&mut self, chunk: &[u8], rewrite: &mut Rewrite<'_>, out: &mut Vec<u8>) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let done = self.pass_unit(rest, rest, rewrite, out);
            rest = rest.get(done..).unwrap_or_default();
        }
    }

    fn pass_text(
        &mut self,
        chunk: &[u8],
        last: bool,
        rewrite: &mut Rewrite<'_>,
        out: &mut Vec<u8>,
    ) {
        let mut text = std::mem::take(&mut self.group);
        text.extend_from_slice(chunk);
        let mut rest = &*text;
        while !rest.is_empty() {
            if matches!(self.stage, Stage::Through) {
                out.extend_from_slice(rest);
                return;
            }
            let Some(unit) = self.unit_of_text(rest, last) else {
                self.group = rest.to_vec();
                return;
            };
            let Some(octets) = decode_base64(unit) else {
                self.let_through(out);
                continue;
            };
            let done = self.pass_unit(unit, &octets, rewrite, out);
            rest = rest.get(done..).unwrap_or_default();
        }
    }

    /// What of a text that is not empty is decoded next; `None` where that must wait for more.
    fn unit_of_text<'a>(&self, text: &'a [u8], last: bool) -> Option<&'a [u8]> {
        // What follows the group in which the last frame ends is to pass as it is.
        let length = match self.stage {
            Stage::Data(_) => plain_groups(text).max(GROUP),
            _ => GROUP,
        };
        // At the end of the body the padding may be left out.
        text.get(..length).or(last.then_some(text))
    }

    /// Passes a piece of the body, given as it came and as octets, and tells how much of it, as it
    /// came, is done.
    fn pass_unit(
        &mut self,
        original: &[u8],
        octets: &[u8],
        rewrite: &mut Rewrite<'_>,
        out: &mut Vec<u8>,
    ) -> usize {
        match &mut self.stage {
            Stage::Data(walk) => {
                let reached = walk.advance(octets);
                return self.pass_data(original, &reached, out);
            }
            Stage::End(held) => {
                held.original.extend_from_slice(original);
                held.octets.extend_from_slice(octets);
                self.settle(rewrite, out);
            }
            Stage::Through => out.extend_from_slice(original),
        }
        original.len()
    }

    /// Passes what comes before the frame that ends the body.
    fn pass_data(&mut self, original: &[u8], reached: &Reached, out: &mut Vec<u8>) -> usize {
        let done = match *reached {
            Reached::Data => original.len(),
            Reached::End(at) => {
                let (done, before) = self.begin_of_unit(at);
                self.stage = Stage::End(Held::after(before));
                done
            }
            Reached::Foreign => {
                self.stage = Stage::Through;
                original.len()
            }
        };
        out.extend_from_slice(original.get(..done).unwrap_or_default());
        done
    }

    /// Where, in a piece of the body as it came, that begins which holds the octet `at`, and how
    /// many octets stand before it there: a group of base64 is one.
    fn begin_of_unit(&self, at: usize) -> (usize, usize) {
        match self.framing {
            Framing::GrpcWeb | Framing::Connect => (at, 0),
            Framing::GrpcWebText => (at / 3 * GROUP, at % 3),
        }
    }

    /// Lets the frame go that ends the body, if it is there as a whole or will not be.
    fn settle(&mut self, rewrite: &mut Rewrite<'_>, out: &mut Vec<u8>) {
        let Stage::End(held) = &self.stage else {
            return;
        };
        let frame = held.octets.get(held.before..).unwrap_or_default();
        let Some(length) = frame_walk::length(frame) else {
            return;
        };
        if length > self.cap {
            self.let_through(out);
        } else if let Some((message, _)) = frame_walk::message(frame) {
            let rewritten = rewrite(message).and_then(|message| self.rewritten(held, &message));
            match rewritten {
                Some(rewritten) => {
                    out.extend_from_slice(&rewritten);
                    self.stage = Stage::Through;
                }
                None => self.let_through(out),
            }
        }
    }

    /// What is held, with another message, as the body is written.
    fn rewritten(&self, held: &Held, message: &[u8]) -> Option<Vec<u8>> {
        let (before, frame) = held.octets.split_at_checked(held.before)?;
        let (_, after) = frame_walk::message(frame)?;
        let new = frame_walk::frame(self.framing.end_flags(), message)?;
        let octets = [before, &new, after].concat();
        Some(match self.framing {
            Framing::GrpcWeb | Framing::Connect => octets,
            Framing::GrpcWebText => STANDARD.encode(octets).into_bytes(),
        })
    }

    /// What is held passes as it came, and so does everything after it.
    fn let_through(&mut self, out: &mut Vec<u8>) {
        if let Stage::End(held) = std::mem::replace(&mut self.stage, Stage::Through) {
            out.extend_from_slice(&held.original);
        }
    }
}

impl Held {
    /// Begins after so many octets of data.
    fn after(before: usize) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }
}

/// How many octets of a text belong to whole groups without padding, which all decode.
fn plain_groups(text: &[u8]) -> usize {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let plain = text.iter().take_while(|byte| is_plain(byte)).count();
    plain / GROUP * GROUP
}

#[cfg(test)]
mod tests;
