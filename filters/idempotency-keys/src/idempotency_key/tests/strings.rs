//! Structured Field Strings, held against another reader.

use proptest::prelude::*;
use sfv::{BareItem, Item, Parser};

use crate::idempotency_key::structured_field::string_item;

/// What the crate `sfv` reads.
fn theirs(value: &[u8]) -> Option<String> {
    match Parser::new(value).parse::<Item>().ok()?.bare_item {
        BareItem::String(string) => Some(string.as_str().to_owned()),
        _ => None,
    }
}

#[test]
fn parameters_are_ignored_but_must_be_well_formed() {
    for good in [
        ";a",
        ";a=1",
        "; a=-1.5",
        ";a;b;c",
        ";*a-_.*9=tok/en:x",
        ";a=\"b\\\"\"",
        ";a=:YWI=:",
        ";a=:YWI:",
        ";a=::",
        ";a=:YR==:",
        ";a=?0",
        ";a=@-12",
        ";a=%\"%c3%a4 \"",
        ";a=123456789012345",
        ";a=123456789012.123",
        ";a=*t",
        "  ",
    ] {
        let value = format!("\"key\"{good}");
        assert_eq!(
            string_item(value.as_bytes()).as_deref(),
            Some("key"),
            "{good}"
        );
        assert_eq!(theirs(value.as_bytes()).as_deref(), Some("key"), "{good}");
    }
    for bad in [
        ";",
        ";A",
        ";1",
        " ;a",
        ";a=",
        ";a= 1",
        ";a=1234567890123456",
        ";a=1234567890123.1",
        ";a=1.",
        ";a=1.1234",
        ";a=-",
        ";a=:a:",
        ";a=:YW",
        ";a=?2",
        ";a=?",
        ";a=@1.5",
        ";a=%\"%C3%A4\"",
        ";a=%\"%ff\"",
        ";a=%\"",
        ";a=\"",
        ",",
        "x",
        "\t",
        ";a=()",
        ";a=\u{e4}",
    ] {
        let value = format!("\"key\"{bad}");
        assert_eq!(string_item(value.as_bytes()), None, "{bad}");
        assert_eq!(theirs(value.as_bytes()), None, "{bad}");
    }
}

/// Values that are nearly Items.
fn nearly_an_item() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\"",
        "\\",
        "a",
        "key",
        ";",
        "=",
        " ",
        "-",
        "1",
        ".",
        "123456789012",
        "?",
        "@",
        ":",
        "YQ==",
        "%\"",
        "%c3%a4",
        "*",
        "/",
        "Z",
        "\t",
        "ä",
        ",",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("\"k\"{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn another_reader_reads_alike(value in nearly_an_item()) {
        prop_assert_eq!(string_item(value.as_bytes()), theirs(value.as_bytes()));
    }

    #[test]
    fn another_reader_reads_any_octets_alike(value in prop::collection::vec(any::<u8>(), 0..32)) {
        prop_assert_eq!(string_item(&value), theirs(&value));
    }

    #[test]
    fn what_another_writes_is_read(text in "[ -~]{0,40}") {
        let string = sfv::StringRef::from_str(&text).unwrap();
        let written = sfv::ItemSerializer::new().bare_item(string).finish();
        prop_assert_eq!(string_item(written.as_bytes()), Some(text));
    }
}
