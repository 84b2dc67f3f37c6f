//! How a unary call of gRPC-Web ended. Its trailers stand in the content, in a frame of their own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The octets before the message of a frame: flags, and a length in network order.
const HEAD: usize = 5;

/// The flag of the frame that holds the trailers.
const TRAILERS: u8 = 0x80;

/// The characters of base64 that stand together for up to three octets.
const GROUP: usize = 4;

/// The `grpc-status` in a whole content; `None` where there is none that can be read.
pub(crate) fn status(content: &[u8], is_text: bool) -> Option<u32> {
    if is_text {
        trailers(&decode(content)?).and_then(read_status)
    } else {
        trailers(content).and_then(read_status)
    }
}

/// A content in base64: one text or several, each with padding, one after the other.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / GROUP * 3);
    for group in text.chunks(GROUP) {
        STANDARD.decode_vec(group, &mut octets).ok()?;
    }
    Some(octets)
}

/// The message of the frame with the trailers, which ends the content.
fn trailers(mut content: &[u8]) -> Option<&[u8]> {
    loop {
        let (head, rest) = content.split_at_checked(HEAD)?;
        let (flags, length) = head.split_first()?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let (message, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        if *flags == TRAILERS {
            return rest.is_empty().then_some(message);
        }
        content = rest;
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
        for content in [Vec::new(), frame(0, b"\x08"), cut, behind, none] {
            assert_eq!(status(&content, false), None, "{content:?}");
        }
        assert_eq!(status(b"AAAA*", true), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_harm(content: Vec<u8>, is_text: bool) {
            let _ = status(&content, is_text);
        }
    }
}
