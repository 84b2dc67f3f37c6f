use proptest::prelude::*;

use super::*;

const WEB: Framing = Framing::GrpcWeb { text: false };

fn frame(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[flags], &length.to_be_bytes()[..], message].concat()
}

fn read<'a>(framing: Framing, parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Frame>, bool) {
    let mut frames = Frames::new(framing, 8);
    let mut found = Vec::new();
    for part in parts {
        found.extend(frames.feed(part));
        assert!(frames.octets.len() <= 8);
    }
    (found, frames.is_broken_off())
}

fn message(octets: &[u8], compressed: bool) -> Frame {
    Frame::Message {
        octets: octets.to_vec(),
        compressed,
    }
}

#[test]
fn messages_come_whole_however_a_stream_is_cut() {
    let trailers = b"a: b";
    let stream = [
        frame(0, b"one"),
        frame(0, b""),
        frame(1, b"12345678"),
        frame(0, b"123456789"),
        frame(0, b"two"),
        frame(0x80, trailers),
    ]
    .concat();
    let expected = vec![
        message(b"one", false),
        message(b"", false),
        message(b"12345678", true),
        Frame::TooLarge,
        message(b"two", false),
        Frame::End,
    ];
    for size in 1..=stream.len() {
        let (found, is_within) = read(WEB, stream.chunks(size));
        assert_eq!(found, expected, "{size}");
        assert!(!is_within);
    }
    for cut in 0..stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(read(WEB, [head, tail]).0, expected, "{cut}");
    }
}

#[test]
fn a_stream_that_ends_within_a_frame_is_known() {
    let stream = [frame(0, b"one"), frame(0, b"123456789")].concat();
    for cut in 0..=stream.len() {
        let (_, is_within) = read(Framing::Grpc, [&stream[..cut]]);
        assert_eq!(is_within, ![0, 8, stream.len()].contains(&cut), "{cut}");
    }
}

#[test]
fn flags_are_those_of_the_framing() {
    let cases = [
        (Framing::Grpc, 0x02),
        (Framing::Grpc, 0x80),
        (WEB, 0x02),
        (WEB, 0x40),
        (Framing::Connect, 0x80),
        (Framing::Connect, 0x04),
    ];
    for (framing, flags) in cases {
        let stream = [frame(0, b"a"), frame(flags, b"b"), frame(0, b"c")].concat();
        let expected = vec![message(b"a", false), Frame::Malformed];
        assert_eq!(
            read(framing, [&stream[..]]).0,
            expected,
            "{framing:?} {flags}"
        );
    }
    for (framing, flags) in [(WEB, 0x81), (Framing::Connect, 0x03)] {
        let end = Frame::End;
        assert_eq!(read(framing, [&frame(flags, b"b")[..]]).0, [end]);
    }
}

#[test]
fn nothing_comes_behind_the_end() {
    let stream = [frame(2, b"{}"), frame(0, b"a")].concat();
    let (found, _) = read(Framing::Connect, [&stream[..]]);
    assert_eq!(found.last(), Some(&Frame::Malformed));
    assert_eq!(found.len(), 2);
}

#[test]
fn in_base64_each_part_may_have_its_own_padding() {
    let text = [
        STANDARD.encode(frame(0, b"a")),
        STANDARD.encode(frame(0x80, b"b")),
    ]
    .concat();
    let framing = Framing::GrpcWeb { text: true };
    for size in 1..=text.len() {
        let (found, is_broken_off) = read(framing, text.as_bytes().chunks(size));
        assert_eq!(found, [message(b"a", false), Frame::End], "{size}");
        assert!(!is_broken_off);
    }
    let cut = &text.as_bytes()[..text.len() - 1];
    assert!(read(framing, [cut]).1);
    assert_eq!(
        read(framing, [b"AAA*".as_slice(), b"AAA*"]).0,
        [Frame::Malformed]
    );
}

#[test]
fn what_stands_before_what_is_no_base64_counts_wherever_it_is_cut() {
    let content = b"AAAAAAFhAA_-AAAAAAFh";
    let expected = [message(b"a", false), Frame::Malformed];
    for cut in 0..content.len() {
        let (head, tail) = content.split_at(cut);
        let framing = Framing::GrpcWeb { text: true };
        assert_eq!(read(framing, [head, tail]).0, expected, "{cut}");
    }
}

proptest! {
    #[test]
    fn any_octets_are_read_without_harm(content: Vec<u8>, size in 1_usize..9) {
        for framing in [Framing::Grpc, WEB, Framing::GrpcWeb { text: true }, Framing::Connect] {
            let _ = read(framing, content.chunks(size));
        }
    }
}
