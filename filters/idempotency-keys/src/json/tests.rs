use super::*;
use proptest::prelude::*;

fn number(text: &str) -> Value<'_> {
    Value::Number(text)
}

#[test]
fn each_kind_of_value_is_read() {
    let text = r#" { "b" : [ null , true,false, -1.50e+2 ] ,"a":"x\ny" , "c":{},"d":[] } "#;
    let array = vec![
        Value::Null,
        Value::Boolean(true),
        Value::Boolean(false),
        number("-1.50e+2"),
    ];
    let members = vec![
        ("a".into(), Value::String("x\ny".into())),
        ("b".into(), Value::Array(array)),
        ("c".into(), Value::Object(vec![])),
        ("d".into(), Value::Array(vec![])),
    ];
    assert_eq!(read(text.as_bytes()), Ok(Value::Object(members)));
}

#[test]
fn a_text_that_readers_disagree_about_is_none() {
    for text in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"b":{"a":1,"c":2,"a":1}}"#,
        r#""\ud800""#,
        r#""\udc00\ud800""#,
    ] {
        assert_eq!(read(text.as_bytes()), Err(NotJson), "{text}");
    }
    assert_eq!(read(b"\"\xff\""), Err(NotJson));
    assert_eq!(read(b"\xef\xbb\xbf1"), Err(NotJson));
}

#[test]
fn what_is_no_json_is_not_read() {
    for text in [
        "",
        " ",
        "01",
        "-",
        "-01",
        "1.",
        ".1",
        "1e",
        "1e+",
        "+1",
        "1 2",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[",
        "{",
        "]",
        "[}",
        "\"",
        "\"\\\"",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12\"",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "'a'",
        "// a\n1",
        "\u{a0}1",
    ] {
        assert_eq!(read(text.as_bytes()), Err(NotJson), "{text}");
    }
}

#[test]
fn a_nesting_beyond_the_limit_is_not_read() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()), Err(NotJson));
    assert_eq!(read("[".repeat(1 << 20).as_bytes()), Err(NotJson));
}

#[test]
fn a_number_keeps_its_digits() {
    let text = "12345678901234567890.123456789012345678901234567890e-400";
    assert_eq!(read(text.as_bytes()), Ok(number(text)));
}

/// The examples of RFC 6901 section 5, and indices that are none.
#[test]
fn a_pointer_finds_what_stands_there() {
    let text =
        br#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "i\\j": 5, "m~n": 8, "~1": 9}"#;
    let document = read(text).unwrap();
    let find = |pointer: &str| document.at(&pointer.parse().unwrap());
    assert_eq!(find(""), Some(&document));
    assert_eq!(find("/foo/0"), Some(&Value::String("bar".into())));
    assert_eq!(find("/foo/1"), Some(&Value::String("baz".into())));
    assert_eq!(find("/"), Some(&number("0")));
    assert_eq!(find("/a~1b"), Some(&number("1")));
    assert_eq!(find("/c%d"), Some(&number("2")));
    assert_eq!(find("/i\\j"), Some(&number("5")));
    assert_eq!(find("/m~0n"), Some(&number("8")));
    assert_eq!(find("/~01"), Some(&number("9")));
    for nothing in [
        "/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/0/0", "/none", "/foo/",
    ] {
        assert_eq!(find(nothing), None, "{nothing}");
    }
}

/// What `serde_json` makes of a value that was read; numbers by their digits.
fn as_serde(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Number(text) => serde_json::from_str(text).unwrap(),
        Value::String(text) => text.as_ref().into(),
        Value::Array(items) => items.iter().map(as_serde).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.to_string(), as_serde(value)))
            .collect(),
    }
}

fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Texts that are nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\"a\"",
        "\"\\u0061\"",
        "\\ud83d\\ude00",
        "1",
        "-",
        "0",
        ".",
        "e",
        "+",
        "null",
        "true",
        " ",
        "\n",
        "ü",
        "\u{1}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_another_writes_is_read_alike(document in document()) {
        for text in [serde_json::to_string(&document), serde_json::to_string_pretty(&document)] {
            let text = text.unwrap();
            let value = read(text.as_bytes()).unwrap();
            let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(as_serde(&value), expected);
        }
    }

    #[test]
    fn what_is_read_is_json_to_others(text in nearly_json()) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text).ok();
        if let Ok(value) = read(text.as_bytes()) {
            // A number may be too large for a double.
            prop_assert!(theirs.is_none_or(|theirs| theirs == as_serde(&value)), "{text}");
        } else {
            let names = text.matches("\"a\"").count() + text.matches("\\u0061").count();
            prop_assert!(theirs.is_none() || names > 1, "{text}");
        }
    }

    #[test]
    fn no_octets_are_too_strange(octets in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = read(&octets);
    }
}
