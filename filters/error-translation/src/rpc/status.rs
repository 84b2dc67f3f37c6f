//! The outcome of a gRPC call, as trailers tell it or a head without a body (gRPC over HTTP/2,
//! "Responses").

use kit::headers::Headers;
use kit::problem::Code;
use kit::problem::google_rpc;
use percent_encoding::percent_decode;
use prost::Message;

use super::{decode_base64, details};
use crate::dialect::Dialect;
use crate::failure::Failure;

/// The number of the status code.
pub(crate) const STATUS: &str = "grpc-status";
/// The message for developers, percent-encoded.
pub(crate) const MESSAGE: &str = "grpc-message";
/// `google.rpc.Status` in base64: a convention of all implementations.
pub(crate) const DETAILS: &str = "grpc-status-details-bin";

/// The most characters of a message that are read.
const MAX_MESSAGE: usize = 4096;

/// The error that the fields tell; `None` where they tell of success or of no outcome at all.
///
/// Where `google.rpc.Status` disagrees, the fields of the protocol itself win.
pub(crate) fn read(fields: &Headers) -> Option<Failure> {
    let code = code(fields).filter(|code| *code != Code::Ok)?;
    let status = status(fields).unwrap_or_default();
    let mut failure = Failure::of(Dialect::Grpc);
    failure.grpc = Some(code);
    let message = message(fields).unwrap_or(status.message);
    failure.detail = (!message.is_empty()).then(|| message.chars().take(MAX_MESSAGE).collect());
    details::note(&mut failure, status.details);
    Some(failure)
}

/// The code of the outcome; `None` where none is told. What is no code that gRPC knows is
/// [`Code::Unknown`], as it is to clients.
pub(crate) fn code(fields: &Headers) -> Option<Code> {
    let number = fields.get(STATUS)?;
    Some(number_of(number).unwrap_or(Code::Unknown))
}

fn number_of(text: &[u8]) -> Option<Code> {
    let text = text.trim_ascii();
    // Rust's own parser would take a plus sign, too.
    let digits = text.iter().all(u8::is_ascii_digit).then_some(text)?;
    Code::from_number(std::str::from_utf8(digits).ok()?.parse().ok()?)
}

/// Readers must neither fail on escapes that are none nor drop them.
fn message(fields: &Headers) -> Option<String> {
    let octets = percent_decode(fields.get(MESSAGE)?);
    let message = octets.decode_utf8_lossy().into_owned();
    (!message.is_empty()).then_some(message)
}

/// The first that decodes: binary fields may be joined by commas.
fn status(fields: &Headers) -> Option<google_rpc::Status> {
    fields
        .get_all(DETAILS)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .filter_map(|value| decode_base64(value.trim_ascii()))
        .filter(|octets| !octets.is_empty())
        .find_map(|octets| google_rpc::Status::decode(&*octets).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::samples;
    use proptest::prelude::*;

    fn failure(pairs: &[(&str, &[u8])]) -> Option<Failure> {
        read(&Headers::from_pairs(
            pairs.iter().map(|(name, value)| (*name, *value)),
        ))
    }

    fn message_of(encoded: &[u8]) -> Option<String> {
        failure(&[(STATUS, b"13"), (MESSAGE, encoded)])
            .unwrap()
            .detail
    }

    fn reason_of(details: &[&[u8]]) -> Option<String> {
        let details = details.iter().map(|value| (DETAILS, *value));
        let pairs: Vec<_> = [(STATUS, &b"8"[..])].into_iter().chain(details).collect();
        failure(&pairs).unwrap().code
    }

    #[test]
    fn success_and_no_outcome_are_no_failure() {
        assert_eq!(failure(&[]), None);
        assert_eq!(failure(&[(STATUS, b"0")]), None);
        let with_message = [(STATUS, &b"0"[..]), (MESSAGE, b"fine")];
        assert_eq!(failure(&with_message), None);
        assert_eq!(failure(&[(MESSAGE, b"lost")]), None);
    }

    #[test]
    fn every_code_is_read_and_what_is_none_is_unknown() {
        for number in 1..=16_u32 {
            let read = failure(&[(STATUS, number.to_string().as_bytes())]).unwrap();
            assert_eq!(read.grpc, Code::from_number(number));
            assert_eq!(read.dialect, Dialect::Grpc);
        }
        for text in [
            &b""[..],
            b"17",
            b"-1",
            b"+5",
            b"5x",
            b"NOT_FOUND",
            b"99999999999999999999",
            b"\xff",
        ] {
            let read = failure(&[(STATUS, text)]).unwrap();
            assert_eq!(read.grpc, Some(Code::Unknown), "{text:?}");
        }
        assert_eq!(
            failure(&[(STATUS, b" 5 ")]).unwrap().grpc,
            Some(Code::NotFound)
        );
    }

    #[test]
    fn messages_are_decoded_whatever_stands_in_them() {
        for (encoded, message) in [
            (&b"plain text"[..], "plain text"),
            (b"100%25 sold %E2%80%93 sorry", "100% sold – sorry"),
            (b"%e2%80%93", "–"),
            (b"50 % off", "50 % off"),
            (b"%", "%"),
            (b"%4", "%4"),
            (b"%zz%41", "%zzA"),
            (b"%FF", "\u{fffd}"),
            (b"\xff raw", "\u{fffd} raw"),
            ("–".as_bytes(), "–"),
        ] {
            assert_eq!(message_of(encoded).as_deref(), Some(message));
        }
        assert_eq!(message_of(b""), None);
    }

    #[test]
    fn no_message_is_longer_than_one_can_read() {
        let read = message_of("–".repeat(5000).as_bytes());
        assert_eq!(read, Some("–".repeat(4096)));
    }

    #[test]
    fn a_real_status_is_read_with_its_details() {
        let read = failure(&[
            (STATUS, b"8"),
            (MESSAGE, b"Out of stock: 100 %25 sold %E2%80%93 sorry"),
            (DETAILS, samples::STATUS.as_bytes()),
        ]);
        let read = read.unwrap();
        assert_eq!(read.grpc, Some(Code::ResourceExhausted));
        assert_eq!(read.detail.unwrap(), samples::status().message);
        assert_eq!(read.code.as_deref(), Some("STOCK_OUT"));
        assert_eq!(read.details.len(), 10);
    }

    #[test]
    fn details_are_found_padded_or_not_and_among_others() {
        let padded = samples::STATUS.as_bytes();
        let unpadded = samples::STATUS.trim_end_matches('=').as_bytes();
        assert_ne!(padded, unpadded);
        let joined = [b"AAA*, //8=,", unpadded].concat();
        for details in [
            &[padded][..],
            &[unpadded],
            &[joined.as_slice()],
            &[b"no base64", padded],
            &[b"//8=", padded],
            &[b"", padded],
        ] {
            assert_eq!(reason_of(details).as_deref(), Some("STOCK_OUT"));
        }
    }

    #[test]
    fn details_that_cannot_be_read_cost_nothing_else() {
        for details in [&b"no base64"[..], b"//8=", b"", b",", b"\xff"] {
            let read = failure(&[(STATUS, b"5"), (MESSAGE, b"gone"), (DETAILS, details)]);
            let expected = Failure {
                grpc: Some(Code::NotFound),
                detail: Some("gone".to_owned()),
                ..Failure::of(Dialect::Grpc)
            };
            assert_eq!(read, Some(expected));
        }
    }

    #[test]
    fn the_fields_of_the_protocol_win_and_the_details_fill_the_gaps() {
        let details = samples::STATUS.as_bytes();
        let read = failure(&[(STATUS, b"5"), (MESSAGE, b"gone"), (DETAILS, details)]).unwrap();
        assert_eq!(read.grpc, Some(Code::NotFound));
        assert_eq!(read.detail.as_deref(), Some("gone"));
        let read = failure(&[(STATUS, b"5"), (DETAILS, details)]).unwrap();
        assert_eq!(read.detail, Some(samples::status().message));
    }

    proptest! {
        #[test]
        fn no_octets_are_too_strange(
            number in prop::collection::vec(any::<u8>(), 0..4),
            message in prop::collection::vec(any::<u8>(), 0..32),
            details in prop::collection::vec(any::<u8>(), 0..32),
        ) {
            failure(&[(STATUS, &number), (MESSAGE, &message), (DETAILS, &details)]);
        }

        #[test]
        fn any_message_comes_back(message in ".+") {
            let encoded = kit::problem::encode_grpc_message(&message);
            prop_assert_eq!(message_of(encoded.as_bytes()), Some(message));
        }
    }
}
