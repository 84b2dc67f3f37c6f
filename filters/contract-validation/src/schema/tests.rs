use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Dialect, Schema, Tape, Unreadable};

fn schema(value: &Value) -> Schema {
    Schema::compile(value, Dialect::Draft2020).unwrap()
}

fn said(value: &Value, text: &str) -> Vec<(String, String)> {
    let tape = Tape::read(text.as_bytes(), 128).unwrap();
    schema(value)
        .check(&tape, 8)
        .into_iter()
        .map(|violation| (violation.pointer, violation.detail.into_owned()))
        .collect()
}

#[test]
fn a_violation_says_where_and_what_is_asked_for_but_not_what_was_sent() {
    let contract = json!({
        "required": ["id"],
        "properties": {"tags": {"items": {"maxLength": 2}}},
    });
    assert_eq!(
        said(&contract, r#"{"tags": ["a", "secret"]}"#),
        [
            (String::new(), r#"must have the member "id""#.to_owned()),
            (
                "/tags/1".to_owned(),
                "must be at most 2 characters long".to_owned()
            ),
        ]
    );
}

#[test]
fn a_member_that_is_not_declared_is_not_named() {
    let contract = json!({"additionalProperties": false});
    let said = said(&contract, r#"{"secret": 1}"#);
    assert_eq!(
        said,
        [(
            String::new(),
            "has a member that is not declared".to_owned()
        )]
    );
}

#[test]
fn no_more_violations_are_told_than_asked_for() {
    let tape = Tape::read(b"[1,2,3,4]", 128).unwrap();
    let contract = schema(&json!({"items": {"type": "string"}}));
    assert_eq!(contract.check(&tape, 2).len(), 2);
}

#[test]
fn look_around_is_refused_at_load() {
    let refused = Schema::compile(&json!({"pattern": "(?=a)a"}), Dialect::Draft2020).unwrap_err();
    assert!(refused.message.contains("look-around"), "{refused:?}");
}

#[test]
fn a_type_that_is_none_is_told_which_there_are() {
    for (contract, pointer) in [
        (json!({"type": "int"}), "/type"),
        (json!({"items": {"type": ["int", "null"]}}), "/items/type"),
    ] {
        let refused = Schema::compile(&contract, Dialect::Draft2020).unwrap_err();
        assert_eq!(refused.pointer, pointer);
        let expected = "is no type of JSON Schema; expected";
        assert!(refused.message.starts_with(expected), "{refused:?}");
        assert!(refused.message.contains("integer"), "{refused:?}");
    }
}

#[test]
fn a_schema_elsewhere_is_refused_at_load() {
    let elsewhere = json!({"$ref": "https://example.com/s.json"});
    let refused = Schema::compile(&elsewhere, Dialect::Draft2020).unwrap_err();
    assert!(refused.message.contains("treaty bundle"), "{refused:?}");
}

#[test]
fn of_two_members_of_one_name_the_last_counts() {
    let contract = schema(&json!({"properties": {"a": {"type": "string"}}}));
    let met = |text: &str| contract.is_met(&Tape::read(text.as_bytes(), 128).unwrap());
    assert!(met(r#"{"a": 1, "a": "x"}"#));
    assert!(!met(r#"{"a": "x", "a": 1}"#));
}

#[test]
fn a_large_value_that_is_wrong_throughout_makes_few_errors() {
    let text = format!("[{}1]", "1,".repeat(500_000));
    let tape = Tape::read(text.as_bytes(), 128).unwrap();
    for elements in [
        json!({"type": "string"}),
        json!({"anyOf": [{"type": "string"}, {"minimum": 2}]}),
        json!(false),
    ] {
        let told = schema(&json!({"items": elements})).check(&tape, usize::MAX);
        assert!(
            (1..=engine::MAX_ERRORS).contains(&told.len()),
            "{elements}: {}",
            told.len()
        );
    }
}

#[test]
fn an_object_that_is_wrong_throughout_makes_few_errors() {
    let members: Map<String, Value> = (0..50_000).map(|n| (n.to_string(), json!(1))).collect();
    let members = Value::Object(members);
    let tape = Tape::of(&members).unwrap();
    for contract in [
        json!({"propertyNames": {"pattern": "[a-z]"}}),
        json!({"additionalProperties": {"type": "string"}}),
        json!({"patternProperties": {"[0-9]": {"enum": [0]}}}),
        json!({"unevaluatedProperties": {"type": "string"}}),
    ] {
        let told = schema(&contract).check(&tape, usize::MAX).len();
        assert!(
            (1..=engine::MAX_ERRORS).contains(&told),
            "{contract}: {told}"
        );
    }
}

#[test]
fn a_text_is_as_deep_as_is_allowed_and_no_deeper() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for allowed in [1, 64, 128] {
        let (fits, exceeds) = (nested(allowed), nested(allowed + 1));
        assert!(Tape::read(fits.as_bytes(), allowed).is_ok(), "{allowed}");
        let refused = Tape::read(exceeds.as_bytes(), allowed).unwrap_err();
        assert_eq!(refused, Unreadable::TooDeep, "{allowed}");
    }
    assert!(Tape::read(nested(129).as_bytes(), usize::MAX).is_err());
    assert!(Tape::read(br#"[{"a": []}, [[]], {"b": {}}]"#, 3).is_ok());
}

#[test]
fn what_is_nested_too_deeply_takes_no_stack() {
    for opening in ["[", r#"{"a":"#] {
        let text = opening.repeat(100_000);
        let refused = Tape::read(text.as_bytes(), 128).unwrap_err();
        assert_eq!(refused, Unreadable::TooDeep);
    }
}

#[test]
fn what_is_not_json_is_malformed() {
    for text in [
        "",
        " ",
        "{} {}",
        "\u{feff}{}",
        "{\"a\": 1,}",
        "['a']",
        "NaN",
        "1e999",
        "01",
        r#""\ud800""#,
        "\"\u{1}\"",
        "// c\n1",
        "[1",
    ] {
        let refused = Tape::read(text.as_bytes(), 128).unwrap_err();
        assert_eq!(refused, Unreadable::Malformed, "{text:?}");
    }
    assert!(Tape::read(b"\"\xff\"", 128).is_err());
}

#[test]
fn integers_are_held_to_their_format() {
    for (format, text, met) in [
        ("int32", "2147483647", true),
        ("int32", "2147483648", false),
        ("int32", "-2147483648", true),
        ("int32", "-2147483649", false),
        ("int32", "7.0", true),
        ("int32", "1.5", false),
        ("int32", "1e10", false),
        ("int32", r#""x""#, true),
        ("int64", "9223372036854775807", true),
        ("int64", "9223372036854775808", false),
        ("int64", "9.223372036854775807e18", false),
        ("int64", "-9223372036854775808", true),
        ("int64", "-9.3e18", false),
        ("int64", "1e18", true),
        ("double", "1.5", true),
        ("float", "1e300", true),
    ] {
        let contract = schema(&json!({"format": format}));
        let tape = Tape::read(text.as_bytes(), 128).unwrap();
        assert_eq!(contract.is_met(&tape), met, "{format} {text}");
        let told = contract.check(&tape, 8);
        assert_eq!(told.is_empty(), met, "{format} {text}");
        assert!(told.iter().all(|told| told.keyword == "format"));
    }
}

#[test]
fn what_a_string_contains_is_an_annotation() {
    let contract = json!({"contentEncoding": "base64", "contentMediaType": "application/json"});
    for dialect in [Dialect::Draft2019, Dialect::Draft2020] {
        let contract = Schema::compile(&contract, dialect).unwrap();
        assert!(contract.is_met(&Tape::read(br#""%""#, 128).unwrap()));
    }
}

#[test]
fn unicode_properties_are_refused_at_load() {
    for pattern in [r"^\p{Letter}+$", r"(a)\1", "(?<=a)b"] {
        let refused = Schema::compile(&json!({"pattern": pattern}), Dialect::Draft2020);
        let refused = refused.unwrap_err();
        assert!(refused.message.contains("linear time"), "{refused:?}");
    }
}

/// Schemas that ask for something of every kind of value.
fn contracts() -> Vec<Value> {
    vec![
        json!({"type": "integer"}),
        json!({"type": ["object", "null"], "minProperties": 1}),
        json!({"uniqueItems": true, "contains": {"type": "string"}}),
        json!({"propertyNames": {"pattern": "^[a-c]*$"}, "maxProperties": 2}),
        json!({"enum": [1.0, "a", [], {"a": [null]}, 18_446_744_073_709_551_615_u64]}),
        json!({"const": {"a": 1, "b": [1.0]}}),
        json!({"minimum": -1, "maximum": 9_007_199_254_740_993_u64, "multipleOf": 0.5}),
        json!({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"minLength": 1}}),
        json!({"$dynamicAnchor": "n", "items": {"$dynamicRef": "#n"}, "unevaluatedProperties": false}),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-8..8_i32).prop_map(|half| Value::from(f64::from(half) / 2.0)),
        "[abc\"\\\\é\n]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]{0,2}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    /// The engine on a `serde_json::Value` is the judge.
    #[test]
    fn a_tape_is_judged_as_the_value_is(value in value()) {
        let text = value.to_string();
        let read = Tape::read(text.as_bytes(), 128).unwrap();
        let laid = Tape::of(&value).unwrap();
        for contract in contracts() {
            let judge = jsonschema::draft202012::new(&contract).unwrap();
            let ours = schema(&contract);
            let expected: Vec<String> = judge
                .iter_errors(&value)
                .map(|error| error.instance_path().to_string())
                .collect();
            for tape in [&read, &laid] {
                prop_assert_eq!(ours.is_met(tape), expected.is_empty(), "{} {}", &contract, &text);
                let told: Vec<String> = ours.check(tape, 1000).into_iter().map(|told| told.pointer).collect();
                prop_assert_eq!(&told, &expected, "{} {}", &contract, &text);
            }
        }
    }

    #[test]
    fn any_octets_are_read_or_refused_as_serde_json_does(text in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(Tape::read(&text, 128).is_ok(), serde_json::from_slice::<Value>(&text).is_ok());
    }
}
