use super::*;
use proptest::prelude::*;
use serde_json::json;

fn found(text: &[u8], schema: Option<&Value>) -> Vec<(Kind, String)> {
    let report = check(text, schema, Limits::default());
    let found = report.differences.into_iter();
    found.map(|own| (own.kind, own.pointer)).collect()
}

#[test]
fn each_kind_is_found_where_it_is() {
    for (text, kind, pointer) in [
        (
            &br#"{"id":9007199254740992}"#[..],
            Kind::LargeInteger,
            "/id",
        ),
        (br"[1,-9007199254740993]", Kind::LargeInteger, "/1"),
        (b"123456789012345678901234567890", Kind::LargeInteger, ""),
        (b"[1e309]", Kind::Overflow, "/0"),
        (b"[-1.5e+9999]", Kind::Overflow, "/0"),
        (b"[NaN]", Kind::NonFinite, "/0"),
        (br#"{"a":{"b":[0,-Infinity]}}"#, Kind::NonFinite, "/a/b/1"),
        (br#"{"a":1,"b":2,"a":3}"#, Kind::DuplicateName, "/a"),
        (br#"{"a":1,"\u0061":2}"#, Kind::DuplicateName, "/a"),
        (
            br#"[{"x/y":{"~":1,"~":2}}]"#,
            Kind::DuplicateName,
            "/0/x~1y/~0",
        ),
        (br#"{"userId":1,"userid":2}"#, Kind::NameCase, "/userid"),
        (
            "{\"kind\":1,\"\u{212a}ind\":2}".as_bytes(),
            Kind::NameCase,
            "/\u{212a}ind",
        ),
        (
            "{\"items\":1,\"item\u{17f}\":2}".as_bytes(),
            Kind::NameCase,
            "/item\u{17f}",
        ),
        (
            "{\"\u{c9}\":1,\"\u{e9}\":2}".as_bytes(),
            Kind::NameCase,
            "/\u{e9}",
        ),
        (b"{\"a\":\"\xff\"}", Kind::InvalidUtf8, "/a"),
        (b"[\"\xed\xa0\x80\"]", Kind::InvalidUtf8, "/0"),
        (b"{\"\xc3\":1}", Kind::InvalidUtf8, "/\u{fffd}"),
        (br#"["\ud800"]"#, Kind::LoneSurrogate, "/0"),
        (br#"["\udc00\ud800"]"#, Kind::LoneSurrogate, "/0"),
        (br#"["\ud800\u0041"]"#, Kind::LoneSurrogate, "/0"),
    ] {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(found(text, None), [(kind, pointer.to_owned())], "{shown}");
    }
}

#[test]
fn what_all_readers_read_alike_is_no_difference() {
    for text in [
        "9007199254740991",
        "-9007199254740991",
        "[0,-0,1.5,1e300,1E-7,100000000000000.5]",
        r#"{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}"#,
        r#"["\ud83d\ude00","\u0000","\\ud800","é"]"#,
        r#"{"":null}"#,
        " [ ] ",
        r#"{"ß":1,"ss":2,"ı":3,"i":4}"#,
    ] {
        let report = check(text.as_bytes(), None, Limits::default());
        assert_eq!(report.differences, [], "{text}");
        assert!(report.complete, "{text}");
    }
}

#[test]
fn what_is_no_json_is_not_read_to_its_end() {
    for text in [
        "",
        " ",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
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
        "[",
        "{",
        "]",
        "[}",
        "{]",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "\"\n\"",
        "nul",
        "nullx",
        "True",
        "'a'",
        "\u{feff}1",
        "[1]]",
        "Infinit",
    ] {
        let report = check(text.as_bytes(), None, Limits::default());
        assert!(!report.complete, "{text}");
    }
}

#[test]
fn a_text_that_is_too_deep_is_left_there() {
    for depth in [128, 129, 100_000] {
        let text = "[".repeat(depth);
        let closed = format!("{text}{}", "]".repeat(depth));
        let report = check(closed.as_bytes(), None, Limits::default());
        assert_eq!(report.complete, depth == 128, "{depth}");
        assert_eq!(
            report.differences.len(),
            usize::from(depth > 128),
            "{depth}"
        );
        assert!(!check(text.as_bytes(), None, Limits::default()).complete);
    }
}

#[test]
fn no_more_differences_are_told_than_asked_for() {
    let limits = Limits {
        differences: 2,
        ..Limits::default()
    };
    let report = check(b"[NaN,NaN,NaN]", None, limits);
    assert_eq!(
        (report.differences.len(), report.more, report.complete),
        (2, true, true)
    );
    let report = check(b"[NaN,NaN]", None, limits);
    assert_eq!((report.differences.len(), report.more), (2, false));
}

#[test]
fn a_null_for_an_array_or_a_map_is_found_and_repaired() {
    let schema = json!({
        "$ref": "#/$defs/Order%20",
        "$defs": {
            "Order ": {"type": "object", "properties": {
                "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
                "labels": {"type": "object", "additionalProperties": {"type": "array"}},
                "owner": {"type": "object", "required": ["id"]},
                "some": {"type": "array", "minItems": 1},
                "maybe": {"type": ["array", "null"]},
                "either": {"oneOf": [{"type": "array"}, {"type": "null"}]},
                "both": {"anyOf": [{"type": "array"}, {"type": "array", "items": {}}]},
                "mixed": {"anyOf": [{"type": "array"}, {"type": "object"}]},
                "name": {"type": "string"},
                "any": {},
            }},
            "Item": {"allOf": [{"properties": {"tags": {"type": "array"}}}]},
        },
    });
    let text = r#"{ "items": [{"tags": null}, null], "labels":null, "owner":null, "some":null,
        "maybe":null, "either":null, "both":null, "mixed":null, "name":null, "any":null }"#;
    let report = check(text.as_bytes(), Some(&schema), Limits::default());
    let found: Vec<_> = report
        .differences
        .iter()
        .map(|own| (own.kind, own.pointer.as_str(), own.repair))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::NullForArray, "/items/0/tags", Some("[]")),
            (Kind::NullForObject, "/labels", Some("{}")),
            (Kind::NullForObject, "/owner", None),
            (Kind::NullForArray, "/some", None),
            (Kind::NullForArray, "/both", Some("[]")),
        ]
    );
    let repaired = repair(text.as_bytes(), &report.differences).expect("a repaired text");
    let expected = text
        .replace(r#""tags": null"#, r#""tags": []"#)
        .replace(r#""labels":null"#, r#""labels":{}"#)
        .replace(r#""both":null"#, r#""both":[]"#);
    assert_eq!(String::from_utf8_lossy(&repaired), expected);
    assert_eq!(repair(b"[1]", &[]), None);
}

#[test]
fn a_null_in_maps_and_lists_and_the_whole_text_is_found() {
    for (schema, text, pointer) in [
        (json!({"type": "array"}), "null", ""),
        (
            json!({"type": "array", "items": {"type": "array"}}),
            "[[],null]",
            "/1",
        ),
        (
            json!({"prefixItems": [{}, {"type": "array"}]}),
            "[null,null]",
            "/1",
        ),
        (
            json!({"additionalProperties": {"type": "array"}}),
            r#"{"x":null}"#,
            "/x",
        ),
        (
            json!({"properties": {"x": {"type": "array"}}, "additionalProperties": {}}),
            r#"{"x":null,"y":null}"#,
            "/x",
        ),
        (
            json!({"then": {"properties": {"x": {"type": "array"}}}}),
            r#"{"x":null}"#,
            "/x",
        ),
    ] {
        let expected = [(Kind::NullForArray, pointer.to_owned())];
        assert_eq!(found(text.as_bytes(), Some(&schema)), expected, "{schema}");
    }
}

#[test]
fn a_whole_number_with_a_fraction_is_found_where_an_integer_is_declared() {
    let integer = json!({"items": {"type": "integer"}});
    let pointers = |schema: &Value| -> Vec<String> {
        let found = found(b"[1, 1.0, 1e2, 1.5]", Some(schema)).into_iter();
        found
            .map(|(kind, pointer)| {
                assert_eq!(kind, Kind::FractionalInteger);
                pointer
            })
            .collect()
    };
    assert_eq!(pointers(&integer), ["/1", "/2"]);
    let number = json!({"items": {"type": ["integer", "number"]}});
    assert_eq!(pointers(&number), [""; 0]);
}

#[test]
fn base64_is_that_which_is_declared() {
    let standard = json!({"contentEncoding": "base64"});
    let byte = json!({"type": "string", "format": "byte"});
    let url = json!({"contentEncoding": "base64url"});
    for (text, is_standard, is_url) in [
        ("", true, true),
        ("TWFu", true, true),
        ("TWE=", true, true),
        ("TQ==", true, true),
        ("TWE", false, true),
        ("T", false, false),
        ("+/+/", true, false),
        ("-_-_", false, true),
        ("TW Fu", false, false),
        ("====", false, false),
        ("TQ=A", false, false),
        ("T\\nWFu", false, false),
    ] {
        let json = format!("\"{text}\"");
        for (schema, fits) in [
            (&standard, is_standard),
            (&byte, is_standard),
            (&url, is_url),
        ] {
            let found = found(json.as_bytes(), Some(schema));
            assert_eq!(found.is_empty(), fits, "{text} {schema}");
        }
    }
}

#[test]
fn timestamps_are_those_that_every_reader_takes() {
    let schema = json!({"type": "string", "format": "date-time"});
    for (text, kind) in [
        ("2026-11-21T18:44:55Z", None),
        ("2026-11-21T18:44:55.123456789Z", None),
        ("2024-02-29T00:00:00+05:30", None),
        (
            "2026-11-21T18:44:55.1234567890Z",
            Some(Kind::TimestampPrecision),
        ),
        ("2026-11-21t18:44:55Z", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44:55z", Some(Kind::TimestampForm)),
        ("2026-11-21 18:44:55Z", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44:55", Some(Kind::TimestampForm)),
        ("2016-12-31T23:59:60Z", Some(Kind::TimestampForm)),
        ("2026-11-21T24:00:00Z", Some(Kind::TimestampForm)),
        ("2026-02-29T00:00:00Z", Some(Kind::TimestampForm)),
        ("2026-13-01T00:00:00Z", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44:55.Z", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44:55,5Z", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44Z", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44:55+0530", Some(Kind::TimestampForm)),
        ("2026-11-21T18:44:55+24:00", Some(Kind::TimestampForm)),
        ("2026-11-21", Some(Kind::TimestampForm)),
        ("", Some(Kind::TimestampForm)),
    ] {
        let json = format!("\"{text}\"");
        let kinds: Vec<_> = found(json.as_bytes(), Some(&schema))
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(kinds, Vec::from_iter(kind), "{text}");
    }
}

#[test]
fn a_schema_that_holds_itself_ends() {
    let schema = json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}], "anyOf": [{"$ref": "#"}],
        "properties": {"next": {"$ref": "#"}, "list": {"type": "array"}}});
    let text = format!(
        "{}{{\"list\":null}}{}",
        r#"{"next":"#.repeat(100),
        "}".repeat(100)
    );
    assert_eq!(found(text.as_bytes(), Some(&schema)).len(), 1);
}

/// What Rust's reader does, for real. `serde_json` takes the last of two names into a map, and keeps
/// integers that fit into 64 bits; what does not fit becomes a double.
#[test]
fn rust_reads_these_as_the_kinds_say() {
    let read = |text: &[u8]| serde_json::from_slice::<Value>(text).ok();
    assert_eq!(read(br#"{"a":1,"a":2}"#), Some(json!({"a": 2})));
    assert_eq!(
        read(b"9007199254740993"),
        Some(json!(9_007_199_254_740_993_u64))
    );
    assert_eq!(
        read(b"123456789012345678901"),
        Some(json!(123_456_789_012_345_680_000.0))
    );
    for refused in [&b"1e309"[..], b"NaN", b"\"\xff\"", br#""\ud800""#] {
        assert_eq!(read(refused), None);
    }
    assert!(serde_json::from_str::<Vec<u8>>("null").is_err());
    assert!(serde_json::from_str::<i64>("1.0").is_err());
    assert!(serde_json::from_str::<i64>("1e2").is_err());
}

/// The value with an empty array in place of each null but the root.
fn with_arrays(value: &Value, is_root: bool) -> Value {
    match value {
        Value::Null if !is_root => json!([]),
        Value::Array(items) => items.iter().map(|item| with_arrays(item, false)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), with_arrays(value, false)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// Texts that are JSON or nearly so.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "-",
        "1.5",
        "1e400",
        "9007199254740993",
        "NaN",
        "Infinity",
        "\"a\"",
        "\"A\"",
        "\"\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u12\"",
        "\"\\x\"",
        "\"",
        "\u{e9}",
        "[]",
        "{}",
        "{\"a\":",
        "[1,",
        "01",
        ".",
        "e",
        "+",
    ]);
    let near = prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat().into_bytes());
    let value = json_value()
        .prop_map(|value| value.to_string().into_bytes())
        .boxed();
    let broken = (value.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut text, at, octet)| {
            let at = at.index(text.len());
            text[at] = octet;
            text
        },
    );
    prop_oneof![
        near,
        value,
        broken,
        prop::collection::vec(any::<u8>(), 0..16)
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_rust_writes_of_what_all_read_alike_has_no_differences(value in json_value()) {
        let report = check(value.to_string().as_bytes(), None, Limits::default());
        prop_assert_eq!(report.differences, vec![]);
        prop_assert!(report.complete);
    }

    #[test]
    fn a_text_is_read_to_its_end_if_rust_reads_it_but_for_what_is_told(text in texts()) {
        let report = check(&text, None, Limits::default());
        let refused = [Kind::NonFinite, Kind::Overflow, Kind::InvalidUtf8, Kind::LoneSurrogate];
        let is_told = report.differences.iter().any(|own| refused.contains(&own.kind));
        let is_read = serde_json::from_slice::<Value>(&text).is_ok();
        prop_assert_eq!(report.complete && !is_told, is_read, "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn a_difference_stands_where_its_octets_are(text in texts()) {
        for own in check(&text, None, Limits::default()).differences {
            prop_assert!(own.octets.start < own.octets.end && own.octets.end <= text.len());
        }
    }

    #[test]
    fn a_repaired_text_has_empty_arrays_for_nulls_and_nothing_else_changed(value in json_value()) {
        let schema = json!({"$ref": "#/$defs/any", "$defs": {"any": {
            "additionalProperties": {"allOf": [{"$ref": "#/$defs/any"}, {"type": "array"}]},
            "items": {"allOf": [{"$ref": "#/$defs/any"}, {"type": "array"}]},
        }}});
        let limits = Limits { differences: 1000, ..Limits::default() };
        let text = value.to_string();
        let report = check(text.as_bytes(), Some(&schema), limits);
        let differences: Vec<_> = report.differences.into_iter().filter(|own| own.kind == Kind::NullForArray).collect();
        let repaired = repair(text.as_bytes(), &differences);
        let repaired = repaired.map_or(value.clone(), |text| serde_json::from_slice(&text).expect("JSON"));
        // Through text once more, which rounds some doubles.
        let expected = with_arrays(&value, true).to_string();
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        prop_assert_eq!(repaired.to_string(), expected.to_string());
    }
}
