use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const FRAMINGS: [Framing; 3] = [Framing::GrpcWeb, Framing::GrpcWebText, Framing::Connect];
const CAP: usize = 64;

fn same(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[expect(clippy::unnecessary_wraps, reason = "It is what a rewrite gives.")]
fn shout(message: &[u8]) -> Option<Vec<u8>> {
    Some([&message.to_ascii_uppercase()[..], b"!"].concat())
}

fn frame(flags: u8, message: &[u8]) -> Vec<u8> {
    frame_walk::frame(flags, message).unwrap()
}

/// Passes a body in these chunks and gives what comes out of each.
fn passed<'c>(
    framing: Framing,
    chunks: impl IntoIterator<Item = &'c [u8]>,
    rewrite: &mut Rewrite<'_>,
) -> Vec<Vec<u8>> {
    let mut frames = Frames::new(framing, CAP);
    let mut out: Vec<Vec<u8>> = chunks
        .into_iter()
        .map(|chunk| frames.pass(chunk, false, rewrite))
        .collect();
    out.push(frames.pass(b"", true, rewrite));
    out
}

/// Passes a body as one chunk.
fn whole(framing: Framing, body: &[u8], rewrite: &mut Rewrite<'_>) -> Vec<u8> {
    let mut frames = Frames::new(framing, CAP);
    frames.pass(body, true, rewrite)
}

fn octet_by_octet(framing: Framing, body: &[u8], rewrite: &mut Rewrite<'_>) -> Vec<u8> {
    passed(framing, body.chunks(1), rewrite).concat()
}

fn base64(octets: &[u8]) -> Vec<u8> {
    STANDARD.encode(octets).into_bytes()
}

#[test]
fn the_last_frame_is_rewritten_and_data_stay() {
    let data = [frame(0, b"one"), frame(1, b""), frame(0, &[0x80; 300])].concat();
    for (framing, flags) in [(Framing::GrpcWeb, 0x80), (Framing::Connect, 0x02)] {
        let body = [&data[..], &frame(flags, b"bye")].concat();
        let expected = [&data[..], &frame(flags, b"BYE!")].concat();
        assert_eq!(whole(framing, &body, &mut shout), expected);
        assert_eq!(octet_by_octet(framing, &body, &mut shout), expected);
    }
}

#[test]
fn text_is_encoded_anew_from_the_group_in_which_the_last_frame_begins() {
    for length in 0..9 {
        let data = frame(0, &vec![b'd'; length]);
        let body = base64(&[&data[..], &frame(0x80, b"bye")].concat());
        let expected = base64(&[&data[..], &frame(0x80, b"BYE!")].concat());
        let framing = Framing::GrpcWebText;
        assert_eq!(whole(framing, &body, &mut shout), expected, "{length}");
        assert_eq!(octet_by_octet(framing, &body, &mut shout), expected);
    }
}

#[test]
fn text_may_be_padded_within() {
    let data = frame(0, b"d");
    let end = frame(0x80, b"bye");
    // A server that writes piece by piece pads piece by piece, wherever in a frame it is.
    let pieces = [&data[..2], &data[2..], &end[..4], &end[4..6], &end[6..]];
    let body = pieces.map(base64).concat();
    let expected = [
        base64(&data[..2]),
        base64(&data[2..]),
        base64(&frame(0x80, b"BYE!")),
    ]
    .concat();
    assert_eq!(whole(Framing::GrpcWebText, &body, &mut shout), expected);
    assert_eq!(
        octet_by_octet(Framing::GrpcWebText, &body, &mut shout),
        expected
    );
    assert_eq!(whole(Framing::GrpcWebText, &body, &mut same), body);
}

#[test]
fn text_may_end_without_padding() {
    let body = base64(&frame(0x80, b"bye"));
    let body = String::from_utf8(body).unwrap();
    assert!(body.ends_with('='));
    let body = body.trim_end_matches('=').as_bytes();
    let expected = base64(&frame(0x80, b"BYE!"));
    assert_eq!(whole(Framing::GrpcWebText, body, &mut shout), expected);
    assert_eq!(
        octet_by_octet(Framing::GrpcWebText, body, &mut shout),
        expected
    );
    assert_eq!(whole(Framing::GrpcWebText, body, &mut same), body);
}

#[test]
fn data_go_on_at_once() {
    let body = [&frame(0, b"one")[..], &frame(0x80, b"bye")].concat();
    let out = passed(Framing::GrpcWeb, body.chunks(1), &mut shout);
    for (out, octet) in out.iter().zip(&body).take(8) {
        assert_eq!(out, &[*octet]);
    }
    assert!(out[8..15].iter().all(Vec::is_empty));
    assert_eq!(out[15], frame(0x80, b"BYE!"));

    let body = base64(&body);
    let out = passed(Framing::GrpcWebText, body.chunks(1), &mut shout);
    assert_eq!(out[..8].concat(), body[..8]);
    let chunks = [&body[..6], &body[6..]];
    let out = passed(Framing::GrpcWebText, chunks, &mut shout);
    assert_eq!(out[0], body[..4]);
}

#[test]
fn a_frame_may_be_longer_than_any_memory() {
    let mut frames = Frames::new(Framing::GrpcWeb, CAP);
    let head = [0, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(frames.pass(&head, false, &mut shout), head);
    let chunk = vec![0x80; 1 << 20];
    assert_eq!(frames.pass(&chunk, false, &mut shout), chunk);
    assert_eq!(frames.pass(b"", true, &mut shout), b"");
}

#[test]
fn a_last_frame_over_the_cap_is_not_collected() {
    for (length, rewritten) in [(CAP, true), (CAP + 1, false)] {
        let body = frame(0x80, &vec![b'a'; length]);
        let out = whole(Framing::GrpcWeb, &body, &mut shout);
        assert_eq!(out != body, rewritten);
        assert_eq!(octet_by_octet(Framing::GrpcWeb, &body, &mut shout), out);
    }
    let mut frames = Frames::new(Framing::GrpcWeb, CAP);
    let head = [0x80, 0, 0, 0, 65];
    assert_eq!(frames.pass(&head[..4], false, &mut shout), b"");
    assert_eq!(frames.pass(&head[4..], false, &mut shout), head);
}

#[test]
fn compressed_last_frames_and_other_octets_pass() {
    let never = |_: &[u8]| -> Option<Vec<u8>> { panic!("there is nothing to rewrite") };
    for (framing, flags) in [
        (Framing::GrpcWeb, 0x81),
        (Framing::GrpcWeb, 0x02),
        (Framing::Connect, 0x03),
        (Framing::Connect, 0x80),
        (Framing::GrpcWeb, b'<'),
    ] {
        let end = if framing == Framing::Connect {
            0x02
        } else {
            0x80
        };
        let body = [frame(0, b"one"), frame(flags, b"bye"), frame(end, b"bye")].concat();
        assert_eq!(whole(framing, &body, &mut { never }), body);
        assert_eq!(octet_by_octet(framing, &body, &mut { never }), body);
    }
}

#[test]
fn a_body_that_ends_within_a_frame_passes() {
    for framing in FRAMINGS {
        let body = [frame(0, b"one"), frame(framing.end_flags(), b"bye")].concat();
        for end in 0..body.len() {
            let mut body = body[..end].to_vec();
            if framing == Framing::GrpcWebText {
                body = base64(&body);
            }
            assert_eq!(whole(framing, &body, &mut shout), body);
            assert_eq!(octet_by_octet(framing, &body, &mut shout), body);
        }
    }
}

#[test]
fn what_follows_the_last_frame_passes() {
    for framing in FRAMINGS {
        let end = frame(framing.end_flags(), b"bye");
        let new = frame(framing.end_flags(), b"BYE!");
        let (body, expected) = if framing == Framing::GrpcWebText {
            let body = [base64(&[&end[..], b"x"].concat()), base64(&end)].concat();
            let expected = [base64(&[&new[..], b"x"].concat()), base64(&end)].concat();
            (body, expected)
        } else {
            ([&end[..], &end].concat(), [&new[..], &end].concat())
        };
        assert_eq!(whole(framing, &body, &mut shout), expected);
        assert_eq!(octet_by_octet(framing, &body, &mut shout), expected);
    }
}

#[test]
fn text_that_is_no_base64_passes() {
    let end = base64(&frame(0x80, b"bye-bye"));
    for odd in [&b"\r\n"[..], b"=", b"====", b"A===", b"AA-_", b"\xff"] {
        for cut in 0..end.len() {
            let body = [&end[..cut], odd, &end[cut..]].concat();
            assert_eq!(whole(Framing::GrpcWebText, &body, &mut same), body);
            let out = whole(Framing::GrpcWebText, &body, &mut shout);
            assert_eq!(octet_by_octet(Framing::GrpcWebText, &body, &mut shout), out);
        }
    }
}

/// Cuts a body where the indices say.
fn cut<'b>(body: &'b [u8], cuts: &[Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    places.extend([0, body.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &body[pair[0]..pair[1]])
        .collect()
}

fn sound_body() -> impl Strategy<Value = (Framing, Vec<u8>)> {
    let data = prop::collection::vec((0..2_u8, prop::collection::vec(any::<u8>(), 0..9)), 0..4);
    let message = prop::collection::vec(any::<u8>(), 0..80);
    let pieces = prop::collection::vec(any::<Index>(), 0..4);
    let rest = prop::collection::vec(any::<u8>(), 0..4);
    let framing = prop::sample::select(FRAMINGS.to_vec());
    (framing, data, message, pieces, rest).prop_map(|(framing, data, message, pieces, rest)| {
        let mut body: Vec<u8> = data
            .iter()
            .flat_map(|(flags, message)| frame(*flags, message))
            .collect();
        body.extend(frame(framing.end_flags(), &message));
        body.extend(rest);
        if framing == Framing::GrpcWebText {
            body = cut(&body, &pieces).into_iter().flat_map(base64).collect();
        }
        (framing, body)
    })
}

fn any_body() -> impl Strategy<Value = (Framing, Vec<u8>)> {
    let octet = prop_oneof![any::<u8>(), Just(0), Just(0x80), Just(2)];
    let text = prop::sample::select(b"AAAAgCE=".to_vec());
    let body = prop_oneof![
        prop::collection::vec(octet, 0..40),
        prop::collection::vec(text, 0..40),
    ];
    (prop::sample::select(FRAMINGS.to_vec()), body)
}

proptest! {
    #[test]
    fn a_body_of_which_nothing_is_rewritten_passes_as_it_is(
        (framing, body) in prop_oneof![sound_body(), any_body()],
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        prop_assert_eq!(passed(framing, cut(&body, &cuts), &mut same).concat(), body);
    }

    #[test]
    fn chunks_make_no_difference(
        (framing, body) in prop_oneof![sound_body(), any_body()],
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let expected = whole(framing, &body, &mut shout);
        prop_assert_eq!(passed(framing, cut(&body, &cuts), &mut shout).concat(), &*expected);
        prop_assert_eq!(octet_by_octet(framing, &body, &mut shout), expected);
    }

    #[test]
    fn the_message_is_handed_over_once(
        (framing, body) in sound_body(),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let mut calls = 0;
        passed(framing, cut(&body, &cuts), &mut |_| { calls += 1; None });
        prop_assert!(calls <= 1);
    }
}
