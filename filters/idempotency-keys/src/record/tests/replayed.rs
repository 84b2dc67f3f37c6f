//! How answers are replayed.

use super::*;

#[test]
fn a_replay_is_the_answer_with_its_age_and_until_when_it_is_given() {
    let reply = answer().replay(at(1_001), at(87_400), at(1_031));
    let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    assert_eq!(reply.status, 201);
    assert_eq!(reply.body, br#"{"id":1}"#);
    assert_eq!(reply.grpc, None);
    assert_eq!(reply.details, "treaty.idempotency_keys.replay");
    let expected = [
        pair("content-type", "application/json"),
        pair("location", "/v1/charges/1"),
        pair(REPLAYED, "true"),
        pair("age", "30"),
        pair(EXPIRES, "@87400"),
    ];
    assert_eq!(reply.headers, expected);
}

#[test]
fn the_age_that_an_answer_had_goes_on() {
    let age = |value: &[u8], now| {
        let headers = vec![("age".to_owned(), value.to_vec())];
        let reply = Answer {
            headers,
            ..answer()
        }
        .replay(at(1_000), at(2_000), now);
        let ages: Vec<_> = reply
            .headers
            .iter()
            .filter(|(name, _)| name == "age")
            .collect();
        assert_eq!(ages.len(), 1);
        String::from_utf8(ages[0].1.clone()).unwrap()
    };
    assert_eq!(age(b"5", at(1_010)), "15");
    assert_eq!(age(b"soon", at(1_010)), "10");
    assert_eq!(age(b"-1", at(1_010)), "10");
    assert_eq!(
        age(b"18446744073709551615", at(1_010)),
        u64::MAX.to_string()
    );
    // Another proxy's clock may be ahead.
    assert_eq!(age(b"5", at(900)), "5");
}

#[test]
fn the_marks_of_an_answer_that_was_a_replay_are_replaced() {
    let headers = vec![
        (REPLAYED.to_owned(), b"true".to_vec()),
        (EXPIRES.to_owned(), b"@1".to_vec()),
    ];
    let reply = Answer {
        headers,
        ..answer()
    }
    .replay(at(1), at(2), at(1));
    assert_eq!(reply.headers.len(), 3);
    assert_eq!(reply.header(EXPIRES), Some(&b"@2"[..]));
}

#[test]
fn an_answer_without_its_content_is_replayed_with_none() {
    let reply = Answer {
        body: None,
        ..answer()
    }
    .replay(at(1), at(2), at(1));
    assert_eq!(reply.body, b"");
}
