use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(text: &str) -> Json {
    Json::read(text.as_bytes()).expect("a value")
}

#[test]
fn what_is_no_text_of_one_value_is_a_mistake_with_its_line() {
    let deep = "[".repeat(200);
    for (text, message) in [
        ("", "line 1 column 0"),
        ("{\"a\": 1,\n \"b\" 2}", "line 2 column 6"),
        ("{} {}", "line 1 column 4"),
        ("[1e999]", "line 1 column 6"),
        ("\"\\ud800\"", "line 1 column 8"),
        (
            "{\"a\": {\"s3cret\": 1, \"s3cret\": 2}}",
            "an object has one name twice at line 1",
        ),
        (deep.as_str(), "line 1 column 128"),
    ] {
        let findings = Json::read(text.as_bytes())
            .expect_err("a mistake")
            .to_string();
        assert!(
            findings.starts_with("cannot be read as JSON (RFC 8259): "),
            "{findings}"
        );
        assert!(findings.contains(message), "{findings}");
        assert!(!findings.contains("s3cret"));
    }
    assert!(Json::read(b"\"\xff\"").is_err());
}

#[test]
fn a_string_is_kept_once() {
    let json = read(r#"{"a": ["a", "\u0061", "b"], "b": {"a": "a"}}"#);
    assert_eq!(json.texts.len(), 2);
    assert_eq!(json.slots.len(), 10);
    assert_eq!(size_of::<Slot>(), 8);
}

#[test]
fn an_object_of_many_members_is_searched_like_any_other() {
    for count in [1, MANY - 1, MANY, 3 * MANY] {
        let members = (0..count).map(|index| (format!("m{index}"), json!([index])));
        let value = Value::Object(members.collect());
        let json = Json::of(&value).expect("a value");
        for (name, own) in value.as_object().expect("an object") {
            assert_eq!(
                json.root().get(name).map(Node::to_value).as_ref(),
                Some(own)
            );
        }
        for name in ["", "m", "m00", "n"] {
            assert!(!json.root().has(name));
        }
    }
}

#[test]
fn types_have_the_names_of_json_schema() {
    let json = read(r#"[null, true, 1, -1, 18446744073709551615, 1.5, 1.0, "", [], {}]"#);
    let names: Vec<_> = json.root().items().map(Node::type_name).collect();
    let expected = [
        "null", "boolean", "integer", "integer", "integer", "number", "number", "string", "array",
        "object",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_is_not_there_is_nothing() {
    let json = read(r#"{"a": [1], "t": true}"#);
    let root = json.root();
    assert_eq!(root.items().count(), 0);
    assert_eq!(root.pointer("/a").map(|own| own.members().count()), Some(0));
    assert_eq!(root.pointer("/a/0").and_then(Node::as_str), None);
    assert!(root.is_set("t") && !root.is_set("a") && !root.is_set("b"));
    for pointer in ["a", "/a/1", "/a/00", "/a/+0", "/a/-", "/a/", "/t/x", "/A"] {
        assert!(root.pointer(pointer).is_none(), "{pointer}");
    }
    assert!(Json::default().root().pointer("/a").is_none());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[a-c/~\"\u{e9}]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 200, 50, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-d/~]{0,3}", inner, 0..50)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every pointer of a value, with what stands there.
fn pointers<'v>(value: &'v Value, at: &str, out: &mut Vec<(String, &'v Value)>) {
    out.push((at.to_owned(), value));
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                pointers(value, &kit::policy::child(at, name), out);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                pointers(value, &kit::policy::child(at, index), out);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_value_is_the_same_after_it_was_kept(value in value()) {
        for json in [Json::of(&value), Json::read(value.to_string().as_bytes())] {
            let json = json.expect("a value");
            prop_assert_eq!(&json.root().to_value(), &value);
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            for (pointer, own) in all {
                let node = json.root().pointer(&pointer);
                prop_assert_eq!(node.map(Node::to_value), Some(own.clone()));
            }
        }
    }
}
