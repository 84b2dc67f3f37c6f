//! Frames of gRPC-Web, and any octets: the status is that of the frame that ends the content, none
//! where something is cut off or follows, and the same in base64 however that was cut.

#![no_main]

use arbitrary::Arbitrary;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use idempotency_keys::fuzzing::grpc_web_status;
use libfuzzer_sys::fuzz_target;

/// The longest trailers that are read.
const LONGEST: usize = 16 * 1024;

#[derive(Debug, Arbitrary)]
struct Input {
    messages: Vec<Vec<u8>>,
    trailers: Vec<Trailer>,
    is_upper: bool,
    cut: u16,
    any: Vec<u8>,
}

#[derive(Debug, Arbitrary)]
enum Trailer {
    Status(u32),
    Message(u8),
}

fn frame(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message");
    [&[flags], &length.to_be_bytes()[..], message].concat()
}

impl Input {
    fn trailers(&self) -> String {
        let name = if self.is_upper {
            "Grpc-Status"
        } else {
            "grpc-status"
        };
        let line = |trailer: &Trailer| match trailer {
            Trailer::Status(status) => format!("{name}: {status}\r\n"),
            Trailer::Message(octet) => format!("grpc-message:grpc-status {octet}\r\n"),
        };
        self.trailers.iter().map(line).collect()
    }

    fn frames(&self) -> Vec<Vec<u8>> {
        let messages = self.messages.iter().map(|message| frame(0, message));
        let trailers = frame(0x80, self.trailers().as_bytes());
        messages.chain([trailers]).collect()
    }

    /// The first status; longer trailers are not read.
    fn status(&self) -> Option<u32> {
        let status = self.trailers.iter().find_map(|trailer| match trailer {
            Trailer::Status(status) => Some(*status),
            Trailer::Message(_) => None,
        });
        status.filter(|_| self.trailers().len() <= LONGEST)
    }
}

/// The status, which is the same however the content is cut.
fn status(content: &[u8], cut: u16, is_text: bool) -> Option<u32> {
    let status = grpc_web_status(&[content], is_text);
    let (one, other) = content.split_at(usize::from(cut).min(content.len()));
    assert_eq!(grpc_web_status(&[one, other], is_text), status, "{cut}");
    status
}

fuzz_target!(|input: Input| {
    let frames = input.frames();
    let content = frames.concat();
    let expected = input.status();
    assert_eq!(status(&content, input.cut, false), expected);
    let text: String = frames.iter().map(|frame| STANDARD.encode(frame)).collect();
    assert_eq!(status(text.as_bytes(), input.cut, true), expected);

    let cut = usize::from(input.cut) % content.len();
    assert_eq!(grpc_web_status(&[&content[..cut]], false), None, "{cut}");
    let more = [&content[..], &frame(0, b"")].concat();
    assert_eq!(grpc_web_status(&[&more], false), None);

    let any = &input.any;
    let text = STANDARD.encode(any);
    let expected = status(any, input.cut, false);
    assert_eq!(status(text.as_bytes(), input.cut, true), expected);
    status(any, input.cut, true);
});
