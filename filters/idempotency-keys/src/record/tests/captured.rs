//! How answers are taken down.

use kit::headers::Headers;
use kit::policy::value::FieldName;
use proptest::prelude::*;

use super::*;

fn terms() -> CaptureTerms {
    CaptureTerms {
        max_octets: 200,
        body: true,
        dropped: vec![FieldName("x-internal".into())],
    }
}

fn without_body() -> CaptureTerms {
    CaptureTerms {
        body: false,
        ..terms()
    }
}

fn message(fields: &[(&str, &str)]) -> Headers {
    let status = [(":status", "200")];
    Headers::from_pairs(status.iter().chain(fields).copied())
}

/// The names of the fields that are kept of a message.
fn kept(terms: &CaptureTerms, fields: &[(&str, &str)]) -> Vec<String> {
    let answer = Capture::start(&message(fields), terms).finish().unwrap();
    answer.headers.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn an_answer_is_taken_down_part_by_part() {
    let terms = terms();
    let mut capture = Capture::start(
        &message(&[("etag", "\"a\""), ("link", "b"), ("link", "c")]),
        &terms,
    );
    for part in [&b"con"[..], b"", b"tent"] {
        capture.part(part);
    }
    assert_eq!(capture.not_kept(), None);
    let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let expected = Answer {
        status: 200,
        headers: vec![pair("etag", "\"a\""), pair("link", "b"), pair("link", "c")],
        body: Some(b"content".to_vec()),
    };
    assert_eq!(capture.finish(), Ok(expected));
}

#[test]
fn what_is_true_of_the_first_message_alone_is_not_kept() {
    let fields = [
        ("connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("transfer-encoding", "chunked"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("proxy-authenticate", "Basic"),
        ("content-length", "7"),
        ("date", "Sat, 31 Jan 2026 00:00:00 GMT"),
        ("server", "envoy"),
        ("set-cookie", "a=b"),
        ("x-envoy-upstream-service-time", "3"),
        ("x-request-id", "1"),
        ("traceparent", "00-"),
        ("tracestate", "a=b"),
        ("x-b3-traceid", "1"),
        ("server-timing", "db;dur=1"),
        ("x-internal", "1"),
        ("location", "/1"),
    ];
    assert_eq!(kept(&terms(), &fields), ["location"]);
}

#[test]
fn without_the_content_nothing_of_it_is_kept() {
    let fields = [
        ("content-type", "a/b"),
        ("content-encoding", "gzip"),
        ("etag", "\"a\""),
    ];
    assert_eq!(kept(&without_body(), &fields), ["etag"]);
    assert_eq!(
        kept(&terms(), &fields),
        ["content-type", "content-encoding", "etag"]
    );
    let terms = without_body();
    let mut capture = Capture::start(&message(&[("content-length", "1000")]), &terms);
    capture.part(&[0; 1000]);
    assert_eq!(capture.finish().unwrap().body, None);
}

#[test]
fn a_field_that_no_message_can_have_is_not_kept() {
    let terms = terms();
    let odd = [
        (":status".to_owned(), b"200".to_vec()),
        ("a".to_owned(), b"b\nc: d".to_vec()),
        ("e f".to_owned(), b"g".to_vec()),
        ("h".to_owned(), b"\xff".to_vec()),
    ];
    let answer = Capture::start(&Headers::from_pairs(odd), &terms)
        .finish()
        .unwrap();
    assert_eq!(answer.headers, [("h".to_owned(), b"\xff".to_vec())]);
}

#[test]
fn an_answer_without_an_end_is_not_kept() {
    let terms = terms();
    for field in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("upgrade", "websocket"),
    ] {
        let capture = Capture::start(&message(&[field]), &terms);
        assert_eq!(capture.not_kept(), Some(NotKept::Endless), "{field:?}");
    }
}

#[test]
fn an_answer_of_a_status_that_means_nothing_is_not_kept() {
    let terms = terms();
    for status in ["", "abc", "100", "600", "999"] {
        let capture = Capture::start(&Headers::from_pairs([(":status", status)]), &terms);
        assert_eq!(capture.not_kept(), Some(NotKept::Status), "{status}");
    }
    for status in ["200", "422", "599"] {
        let capture = Capture::start(&Headers::from_pairs([(":status", status)]), &terms);
        assert_eq!(capture.not_kept(), None, "{status}");
    }
}

#[test]
fn an_answer_that_is_too_large_is_given_up_as_soon_as_that_is_known() {
    let terms = terms();
    let announced = Capture::start(&message(&[("content-length", "201")]), &terms);
    assert_eq!(announced.not_kept(), Some(NotKept::TooLarge));

    let long = "a".repeat(200);
    let head = Capture::start(&message(&[("x", &long)]), &terms);
    assert_eq!(head.not_kept(), Some(NotKept::TooLarge));

    let mut body = Capture::start(&message(&[]), &terms);
    body.part(&[0; 200]);
    assert_eq!(body.not_kept(), None);
    body.part(&[0]);
    assert_eq!(body.not_kept(), Some(NotKept::TooLarge));
    body.part(b"more");
    assert_eq!(body.finish(), Err(NotKept::TooLarge));
}

#[test]
fn an_answer_with_too_many_fields_is_not_kept_in_part() {
    let terms = CaptureTerms {
        max_octets: 1_048_576,
        ..terms()
    };
    let fields = |count| {
        Headers::from_pairs(
            std::iter::once((":status", "200")).chain((0..count).map(|_| ("a", "b"))),
        )
    };
    assert_eq!(Capture::start(&fields(256), &terms).not_kept(), None);
    assert_eq!(
        Capture::start(&fields(257), &terms).not_kept(),
        Some(NotKept::TooLarge)
    );
}

proptest! {
    #[test]
    fn what_is_kept_can_be_read_again(
        fields in prop::collection::vec(("[a-z:A-Z -]{0,6}", prop::collection::vec(any::<u8>(), 0..6)), 0..6),
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..6),
        body: bool,
    ) {
        let terms = CaptureTerms { body, ..terms() };
        let status = (":status".to_owned(), b"200".to_vec());
        let headers = Headers::from_pairs(std::iter::once(status).chain(fields));
        let mut capture = Capture::start(&headers, &terms);
        for part in &parts {
            capture.part(part);
        }
        if let Ok(answer) = capture.finish() {
            prop_assert!(answer.size() <= terms.max_octets);
            prop_assert_eq!(&answer.body, &body.then(|| parts.concat()));
            let record = Record::decode(&encode_done(&head(State::Done), &answer)).unwrap();
            prop_assert_eq!(record.answer(&PLACE, None), Ok(answer));
        }
    }
}
