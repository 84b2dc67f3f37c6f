//! The messages of a stream, as gRPC, gRPC-Web and Connect put them one after the other: flags, a
//! length of four octets in network order, and the message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whose frames they are, which decides on the flags that a frame may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// gRPC: a message is compressed or not.
    Grpc,
    /// gRPC-Web: the last frame, whose highest bit is set, has the trailers.
    GrpcWeb {
        /// Whether all of it is base64.
        text: bool,
    },
    /// A stream of Connect: the last frame, whose second bit is set, says how the stream ended.
    Connect,
}

/// What stands in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Message {
        /// Its octets.
        octets: Vec<u8>,
        /// Whether they are compressed, as the head of the stream says.
        compressed: bool,
    },
    /// A message that is longer than is read. It was told at once, and is skipped.
    TooLarge,
    /// What ends the stream: the trailers of gRPC-Web, or Connect's message of JSON.
    End,
    /// Flags that no frame has, or something behind the end. Nothing behind it is read.
    Malformed,
}

/// Reads the frames of one direction as they come. It holds at most so many octets as a message may
/// have.
#[derive(Debug)]
pub struct Frames {
    framing: Framing,
    /// Where all of it is base64.
    text: Option<WebText>,
    cap: usize,
    head: Vec<u8>,
    /// What has come of the current message.
    octets: Vec<u8>,
    /// What is missing of it.
    left: usize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before a frame, or in its head.
    Head,
    /// In a message that is read.
    Message,
    /// In one that is too long.
    Skipped,
    /// Behind the frame that ends the stream.
    Ended,
    Malformed,
}

/// The octets before a message.
const HEAD: usize = 5;

const COMPRESSED: u8 = 0x01;
const END_OF_CONNECT: u8 = 0x02;
const TRAILERS_OF_WEB: u8 = 0x80;

impl Frames {
    /// A reader of messages of up to `cap` octets.
    pub fn new(framing: Framing, cap: usize) -> Self {
        Self {
            framing,
            text: (framing == Framing::GrpcWeb { text: true }).then(WebText::default),
            cap,
            head: Vec::with_capacity(HEAD),
            octets: Vec::new(),
            left: 0,
            stage: Stage::Head,
        }
    }

    /// The frames that are whole with this part of the stream.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<Frame> {
        let decoded = self.text.as_mut().map(|text| text.decode(octets));
        let mut part = decoded.as_deref().unwrap_or(octets);
        let mut found: Vec<Frame> = std::iter::from_fn(|| self.next(&mut part)).collect();
        let is_broken = self.text.as_ref().is_some_and(|text| text.is_broken);
        if is_broken && self.stage != Stage::Malformed {
            self.stage = Stage::Malformed;
            found.push(Frame::Malformed);
        }
        found
    }

    /// The next frame that is whole, which is taken from the front of a part. `None` once all of it
    /// is taken.
    fn next(&mut self, part: &mut &[u8]) -> Option<Frame> {
        loop {
            match self.stage {
                Stage::Head => {
                    take(&mut self.head, HEAD, part);
                    let head = <[u8; HEAD]>::try_from(self.head.as_slice()).ok()?;
                    if let Some(frame) = self.begin(head) {
                        return Some(frame);
                    }
                }
                Stage::Message => {
                    let before = self.octets.len();
                    take(&mut self.octets, before.saturating_add(self.left), part);
                    self.left = self.left.saturating_sub(self.octets.len() - before);
                    return if self.left == 0 {
                        Some(self.end())
                    } else {
                        None
                    };
                }
                Stage::Skipped => {
                    let (own, rest) = part.split_at(self.left.min(part.len()));
                    *part = rest;
                    self.left -= own.len();
                    if self.left > 0 {
                        return None;
                    }
                    self.head.clear();
                    self.stage = Stage::Head;
                }
                Stage::Ended if !part.is_empty() => {
                    self.stage = Stage::Malformed;
                    return Some(Frame::Malformed);
                }
                Stage::Ended => return None,
                Stage::Malformed => {
                    *part = &[];
                    return None;
                }
            }
        }
    }

    /// Whether a stream that ends here ends in the middle of a frame.
    pub fn is_broken_off(&self) -> bool {
        if self.text.as_ref().is_some_and(WebText::is_within_group) {
            return self.stage != Stage::Malformed;
        }
        match self.stage {
            Stage::Head => !self.head.is_empty(),
            Stage::Message | Stage::Skipped => true,
            Stage::Ended | Stage::Malformed => false,
        }
    }

    /// Reads the head of a frame.
    fn begin(&mut self, [flags, length @ ..]: [u8; HEAD]) -> Option<Frame> {
        let allowed = match self.framing {
            Framing::Grpc => COMPRESSED,
            Framing::GrpcWeb { .. } => COMPRESSED | TRAILERS_OF_WEB,
            Framing::Connect => COMPRESSED | END_OF_CONNECT,
        };
        if flags & !allowed != 0 {
            self.stage = Stage::Malformed;
            return Some(Frame::Malformed);
        }
        self.left = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if self.left > self.cap {
            self.stage = Stage::Skipped;
            return Some(Frame::TooLarge);
        }
        self.stage = Stage::Message;
        None
    }

    /// The frame whose message has come.
    fn end(&mut self) -> Frame {
        let flags = self.head.first().copied().unwrap_or_default();
        let octets = std::mem::take(&mut self.octets);
        let compressed = flags & COMPRESSED != 0;
        self.head.clear();
        if flags & !COMPRESSED == 0 {
            self.stage = Stage::Head;
            Frame::Message { octets, compressed }
        } else {
            self.stage = Stage::Ended;
            Frame::End
        }
    }
}

/// Moves octets to the end of what is held, up to a length.
fn take(held: &mut Vec<u8>, length: usize, part: &mut &[u8]) {
    let missing = length.saturating_sub(held.len());
    let (own, rest) = part.split_at(missing.min(part.len()));
    held.extend_from_slice(own);
    *part = rest;
}

/// The octets of gRPC-Web-text: one text of base64 or several, each with padding, one after the other.
#[derive(Debug, Default)]
struct WebText {
    /// The beginning of a group, which says nothing before it is whole.
    group: Vec<u8>,
    /// Whether a group was not in base64. What stands before it counts all the same.
    is_broken: bool,
}

/// The characters of base64 that stand together for up to three octets.
const GROUP: usize = 4;

impl WebText {
    /// The octets of the groups that are whole with this part, up to one that is not in base64 (RFC
    /// 4648 section 4).
    fn decode(&mut self, part: &[u8]) -> Vec<u8> {
        let mut octets = Vec::new();
        if self.is_broken {
            return octets;
        }
        self.group.extend_from_slice(part);
        let whole = self.group.len() - self.group.len() % GROUP;
        let rest = self.group.split_off(whole);
        let groups = std::mem::replace(&mut self.group, rest);
        octets.reserve(groups.len() / GROUP * 3);
        for group in groups.chunks(GROUP) {
            let before = octets.len();
            if STANDARD.decode_vec(group, &mut octets).is_err() {
                // It may have been decoded in part.
                octets.truncate(before);
                self.is_broken = true;
                break;
            }
        }
        octets
    }

    /// Whether a text that ends here ends in the middle of a group.
    fn is_within_group(&self) -> bool {
        !self.group.is_empty()
    }
}

#[cfg(test)]
mod tests;
