//! Keys in JSON contents.

use proptest::prelude::*;

use super::*;

fn find(content: &str, place: &str) -> Result<String, Refusal> {
    text(lenient().in_content(content.as_bytes(), &place.parse().unwrap()))
}

#[test]
fn a_key_stands_where_the_pointer_says() {
    let content = r#"{"request_id":"a-1","nested":{"id/x":["b\u002d2"]}}"#;
    assert_eq!(find(content, "/request_id").as_deref(), Ok("a-1"));
    assert_eq!(find(content, "/nested/id~1x/0").as_deref(), Ok("b-2"));
}

#[test]
fn an_absent_an_empty_and_a_null_key_are_none() {
    for content in ["{}", "[]", r#"{"id":null}"#, r#"{"id":""}"#, "", " \n", "1"] {
        assert_eq!(find(content, "/id"), Err(Refusal::Missing), "{content}");
    }
}

#[test]
fn a_key_is_a_string() {
    for content in [
        r#"{"id":1}"#,
        r#"{"id":true}"#,
        r#"{"id":["a"]}"#,
        r#"{"id":{}}"#,
    ] {
        assert_eq!(find(content, "/id"), Err(Refusal::Malformed), "{content}");
    }
}

#[test]
fn a_content_that_readers_disagree_about_has_no_key() {
    for content in [
        r#"{"id":"a","id":"b"}"#,
        r#"{"id":"a""#,
        "id=a",
        r#"{"id":"a"} x"#,
    ] {
        assert_eq!(find(content, "/id"), Err(Refusal::Unreadable), "{content}");
    }
}

#[test]
fn the_terms_hold_for_it_too() {
    assert_eq!(find(r#"{"id":"a b"}"#, "/id"), Err(Refusal::Alphabet));
    assert_eq!(find(r#"{"id":"ä"}"#, "/id"), Err(Refusal::Alphabet));
    let long = format!(r#"{{"id":"{}"}}"#, "a".repeat(MAX_OCTETS + 1));
    assert_eq!(find(&long, "/id"), Err(Refusal::TooLong));
}

#[test]
fn a_key_in_a_content_is_the_same_as_in_a_field() {
    let place = "/id".parse().unwrap();
    let content = lenient().in_content(br#"{"id":"a"}"#, &place);
    assert_eq!(
        content,
        lenient().in_field(&headers(&[b"a"]), IDEMPOTENCY_KEY)
    );
}

proptest! {
    #[test]
    fn no_content_is_too_strange(content in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = lenient().in_content(&content, &"/a/0".parse().unwrap());
    }
}
