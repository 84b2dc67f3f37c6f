//! Keys in header fields.

use proptest::prelude::*;

use super::*;

const UUID: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

#[test]
fn bare_and_quoted_are_one_key_where_the_syntax_is_lenient() {
    let quoted = format!("\"{UUID}\"");
    for value in [
        UUID,
        quoted.as_str(),
        &format!(" {quoted}\t"),
        &format!("{quoted};a=1"),
    ] {
        assert_eq!(read(&lenient(), value).as_deref(), Ok(UUID), "{value}");
    }
}

#[test]
fn the_strict_syntax_takes_quoted_keys_alone() {
    assert_eq!(read(&strict(), &format!("\"{UUID}\"")).as_deref(), Ok(UUID));
    for value in [UUID, "abc", "12", "?1", ":YWJj:", "@1", "(\"a\")", "'a'"] {
        assert_eq!(read(&strict(), value), Err(Refusal::Malformed), "{value}");
    }
}

#[test]
fn a_quotation_mark_at_the_start_makes_a_value_strict() {
    for value in [
        "\"",
        "\"a",
        "\"a\"b",
        "\"a\"\"",
        "\"a\", \"b\"",
        "\"a\\x\"",
        "\"ä\"",
    ] {
        assert_eq!(read(&lenient(), value), Err(Refusal::Malformed), "{value}");
    }
    assert_eq!(read(&lenient(), "a\"b").as_deref(), Ok("a\"b"));
}

#[test]
fn parameters_belong_to_a_bare_key() {
    assert_eq!(read(&lenient(), "abc;a=1").as_deref(), Ok("abc;a=1"));
}

#[test]
fn two_lines_are_no_key_even_if_they_are_alike() {
    for syntax in [Syntax::Strict, Syntax::Lenient] {
        let terms = terms(syntax, Alphabet::Visible);
        let two = headers(&[b"\"a\"", b"\"a\""]);
        assert_eq!(terms.in_field(&two, IDEMPOTENCY_KEY), Err(Refusal::Several));
    }
    assert_eq!(read(&lenient(), "a, b"), Err(Refusal::Several));
    assert_eq!(read(&lenient(), "a,b"), Err(Refusal::Several));
}

#[test]
fn no_field_and_an_empty_one_are_no_key() {
    for terms in [strict(), lenient()] {
        let none = Headers::default();
        assert_eq!(
            terms.in_field(&none, IDEMPOTENCY_KEY),
            Err(Refusal::Missing)
        );
        assert_eq!(read(&terms, ""), Err(Refusal::Missing));
        assert_eq!(read(&terms, " \t"), Err(Refusal::Missing));
    }
}

#[test]
fn an_empty_string_is_too_short() {
    assert_eq!(read(&strict(), "\"\""), Err(Refusal::TooShort));
}

#[test]
fn the_length_is_that_of_the_key_without_its_quotes_and_escapes() {
    let terms = KeyTerms {
        length: 2..=4,
        ..lenient()
    };
    assert_eq!(read(&terms, "abcd").as_deref(), Ok("abcd"));
    assert_eq!(read(&terms, "abcde"), Err(Refusal::TooLong));
    assert_eq!(read(&terms, "a"), Err(Refusal::TooShort));
    assert_eq!(read(&terms, "\"ab\\\"\\\\\"").as_deref(), Ok("ab\"\\"));
    assert_eq!(read(&terms, "\"abcde\""), Err(Refusal::TooLong));
}

#[test]
fn a_bare_key_is_visible_ascii() {
    for value in ["a b", "a\tb", "ä", "a\u{7f}"] {
        assert_eq!(read(&lenient(), value), Err(Refusal::Malformed), "{value}");
    }
    let strange = headers(&[b"\xff"]);
    assert_eq!(
        lenient().in_field(&strange, IDEMPOTENCY_KEY),
        Err(Refusal::Malformed)
    );
}

proptest! {
    #[test]
    fn whatever_is_strict_is_the_same_where_the_syntax_is_lenient(value in "[\"\\\\ a;=-]{0,8}|\"[ -~]{0,8}\"(;a(=1)?)?") {
        if let Ok(key) = read(&strict(), &value) {
            prop_assert_eq!(read(&lenient(), &value), Ok(key));
        }
    }

    #[test]
    fn what_is_read_keeps_the_terms(value in prop::collection::vec(any::<u8>(), 0..40), max in 1_usize..20) {
        let terms = KeyTerms { length: 1..=max, ..lenient() };
        if let Ok(key) = text(terms.in_field(&headers(&[&value]), IDEMPOTENCY_KEY)) {
            prop_assert!((1..=max).contains(&key.len()));
            prop_assert!(key.bytes().all(|octet| octet.is_ascii_graphic()));
        }
    }
}
