//! How a unary call of gRPC-Web ended. Its trailers stand in the content, in a frame of their own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The octets before the message of a frame: flags, and a length in network order.
const HEAD: usize = 5;

/// The flag of the frame that holds the trailers.
const TRAILERS: u8 = 0x80;

/// The most octets of trailers that are read.
const MAX_TRAILERS: usize = 16 * 1024;

/// The characters of base64 that stand together for up to three octets.
const GROUP: usize = 4;

/// Looks for the trailers in a content as it passes. Nothing else of it is kept.
#[derive(Debug)]
pub(crate) struct Reader {
    is_text: bool,
    /// The beginning of a group of base64, which says nothing before it is whole.
    group: Vec<u8>,
    /// The head of the current frame, as far as it has come.
    head: Vec<u8>,
    /// The octets that are missing of the current frame's message.
    left: usize,
    stage: Stage,
}

/// How far a content has come.
#[derive(Debug)]
enum Stage {
    Data,
    /// In the frame of trailers.
    Trailers(Vec<u8>),
    /// Behind it.
    Ended(Vec<u8>),
    /// This is no content that can be read.
    Broken,
}

impl Reader {
    /// A reader; `is_text` where the content is base64.
    pub(crate) fn new(is_text: bool) -> Self {
        Self {
            is_text,
            group: Vec::new(),
            head: Vec::new(),
            left: 0,
            stage: Stage::Data,
        }
    }

    /// A part of the content has come.
    pub(crate) fn part(&mut self, octets: &[u8]) {
        if self.is_text {
            match self.decode(octets) {
                Some(octets) => self.read(&octets),
                None => self.stage = Stage::Broken,
            }
        } else {
            self.read(octets);
        }
    }

    /// The `grpc-status`, once all has come; `None` where there is none that can be read.
    pub(crate) fn status(&self) -> Option<u32> {
        match &self.stage {
            Stage::Ended(trailers) if self.group.is_empty() => read_status(trailers),
            _ => None,
        }
    }

    /// The octets of the groups that are whole. A content is one text of base64 or several, each with
    /// padding, one after the other.
    fn decode(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        self.group.extend_from_slice(text);
        let whole = self.group.len() - self.group.len() % GROUP;
        let rest = self.group.split_off(whole);
        let groups = std::mem::replace(&mut self.group, rest);
        let mut octets = Vec::with_capacity(groups.len() / GROUP * 3);
        for group in groups.chunks(GROUP) {
            STANDARD.decode_vec(group, &mut octets).ok()?;
        }
        Some(octets)
    }

    fn read(&mut self, mut octets: &[u8]) {
        while let Some((first, rest)) = octets.split_first() {
            if matches!(self.stage, Stage::Ended(_) | Stage::Broken) {
                // Nothing comes behind the trailers.
                self.stage = Stage::Broken;
                return;
            }
            if self.head.len() < HEAD {
                self.head.push(*first);
                octets = rest;
                self.begin_frame();
            } else {
                let (message, rest) = octets.split_at(self.left.min(octets.len()));
                self.message(message);
                octets = rest;
            }
        }
    }

    /// Reads the head of a frame, once it is whole.
    fn begin_frame(&mut self) {
        let Some((flags, length)) = self.head.split_first_chunk::<1>() else {
            return;
        };
        let Ok(length) = <[u8; 4]>::try_from(length) else {
            return;
        };
        self.left = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if flags == &[TRAILERS] {
            self.stage = if self.left > MAX_TRAILERS {
                Stage::Broken
            } else {
                Stage::Trailers(Vec::new())
            };
        }
        self.message(&[]);
    }

    /// A part of the current frame's message.
    fn message(&mut self, octets: &[u8]) {
        if let Stage::Trailers(trailers) = &mut self.stage {
            trailers.extend_from_slice(octets);
        }
        self.left = self.left.saturating_sub(octets.len());
        if self.left > 0 {
            return;
        }
        self.head.clear();
        if let Stage::Trailers(trailers) = &mut self.stage {
            self.stage = Stage::Ended(std::mem::take(trailers));
        }
    }
}

/// The status among trailers, which are written as the header fields of HTTP/1.1 are.
fn read_status(trailers: &[u8]) -> Option<u32> {
    let mut lines = trailers.split(|octet| *octet == b'\n');
    lines.find_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        let is_status = name.eq_ignore_ascii_case("grpc-status");
        is_status.then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(flags: u8, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap();
        [&[flags], &length.to_be_bytes()[..], message].concat()
    }

    fn status_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>, is_text: bool) -> Option<u32> {
        let mut reader = Reader::new(is_text);
        for part in parts {
            reader.part(part);
        }
        reader.status()
    }

    fn status(content: &[u8], is_text: bool) -> Option<u32> {
        status_of([content], is_text)
    }

    #[test]
    fn the_status_stands_in_the_frame_that_ends_the_content() {
        let message = frame(0, b"\x08\x01");
        let ok = frame(0x80, b"grpc-status:0\r\ngrpc-message:\r\n");
        let failed = frame(0x80, b"Grpc-Status: 13\r\n");
        assert_eq!(status(&[message.clone(), ok].concat(), false), Some(0));
        assert_eq!(status(&[message, failed.clone()].concat(), false), Some(13));
        assert_eq!(status(&failed, false), Some(13));
    }

    #[test]
    fn in_base64_each_part_may_have_its_own_padding() {
        let parts = [frame(0, b"\x08"), frame(0x80, b"grpc-status: 5\r\n")];
        let text: String = parts.iter().map(|part| STANDARD.encode(part)).collect();
        assert_eq!(status(text.as_bytes(), true), Some(5));
        let text = STANDARD.encode(parts.concat());
        assert_eq!(status(text.as_bytes(), true), Some(5));
    }

    #[test]
    fn what_ends_without_trailers_has_no_status() {
        let trailers = frame(0x80, b"grpc-status: 0\r\n");
        let cut = trailers.split_last().unwrap().1.to_vec();
        let behind = [trailers.clone(), frame(0, b"")].concat();
        let none = frame(0x80, b"grpc-message: x\r\n");
        let long = frame(0x80, &vec![b'\n'; MAX_TRAILERS + 1]);
        for content in [Vec::new(), frame(0, b"\x08"), cut, behind, none, long] {
            assert_eq!(status(&content, false), None);
        }
        let text = STANDARD.encode(trailers);
        assert_eq!(status(format!("{text}A").as_bytes(), true), None);
        assert_eq!(status(b"AAA*", true), None);
    }

    proptest! {
        #[test]
        fn how_a_content_is_cut_makes_no_difference(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..4),
            code in 0_u32..17,
            cut in 1_usize..7,
            is_text: bool,
        ) {
            let mut content: Vec<u8> = messages.iter().flat_map(|own| frame(0, own)).collect();
            content.extend(frame(0x80, format!("grpc-status: {code}\r\n").as_bytes()));
            if is_text {
                content = STANDARD.encode(content).into_bytes();
            }
            prop_assert_eq!(status_of(content.chunks(cut), is_text), Some(code));
        }

        #[test]
        fn any_octets_are_read_without_harm(content: Vec<u8>, is_text: bool) {
            let _ = status(&content, is_text);
        }
    }
}
