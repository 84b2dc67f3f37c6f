use std::borrow::Cow;

use kit::object_value;
use serde_json::{Value, json};

use super::*;
use crate::step::Lost;

/// 32 octets from 0x00 to 0x1f.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A document with steps alone.
#[derive(Debug)]
struct Tag {
    steps: Vec<StepEntry>,
}

object_value!(Tag {
    steps: list "steps",
});

fn rings() -> [Rc<KeyRing>; 2] {
    ["people", "devices"].map(|name| Rc::new(KeyRing::new(name, ("k1", Some(KEY)), None)))
}

fn read(steps: &Value, rings: &[Rc<KeyRing>]) -> Result<Steps, Findings> {
    let tag: Tag = deserr::deserialize(json!({ "steps": steps }))?;
    let mut findings = Findings::new();
    let steps = check_all(&tag.steps, "/steps", rings, &mut findings);
    findings.or(steps)
}

fn steps(steps: &Value) -> Steps {
    read(steps, &rings()).unwrap()
}

fn applied(own: &Value, value: &str) -> Result<Option<String>, Lost> {
    let salt = || Some("acme".to_owned());
    steps(own).apply(Some(Cow::Borrowed(value)), &salt, &mut Kinds::default())
}

/// What is wrong with steps: each mistake as `place: message`.
fn mistakes(steps: &Value) -> Vec<String> {
    let findings = read(steps, &rings()).unwrap_err();
    findings.0.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_mistake(step: &Value, expected: &str) {
    assert_eq!(mistakes(&json!([step])), [expected]);
}

#[test]
fn every_step_does_as_it_says() {
    for (step, value, expected) in [
        (
            json!({"step": "capture", "pattern": "^([a-z]+)-"}),
            "acme-7",
            "acme",
        ),
        (
            json!({"step": "map", "table": {"acme": "gold"}}),
            "acme",
            "gold",
        ),
        (
            json!({"step": "map", "table": {"acme": "gold"}, "other": "none"}),
            "x",
            "none",
        ),
        (json!({"step": "lower"}), "GOLD", "gold"),
        (json!({"step": "truncate", "length": 3}), "orders", "ord"),
        (json!({"step": "bucket", "bounds": [10, 100]}), "9", "<10"),
        (json!({"step": "bucket", "bounds": [10, 100]}), "10", "<100"),
        (
            json!({"step": "bucket", "bounds": [10, 100]}),
            "100",
            ">=100",
        ),
        (json!({"step": "bucket", "bounds": [0.5]}), "-1", "<0.5"),
        (
            json!({"step": "bucket", "bounds": [1], "labels": ["few", "many"]}),
            "0",
            "few",
        ),
        (
            json!({"step": "bucket", "bounds": [1], "labels": ["few", "many"]}),
            "1",
            "many",
        ),
        (json!({"step": "default", "text": "none"}), "", "none"),
        (json!({"step": "mask"}), "jane@example.com", "[email]"),
        (
            json!({"step": "mask", "kinds": ["card"]}),
            "jane@example.com",
            "jane@example.com",
        ),
        (
            json!({"step": "mask", "kinds": ["email"], "keep": "part"}),
            "jane@example.com",
            "[email]@example.com",
        ),
        (
            json!({"step": "pseudonymise", "key": "people"}),
            "jane@example.com",
            "k1.1P3YR1F-ieZxf38hZW_KZw",
        ),
    ] {
        let done = applied(&json!([step]), value);
        assert_eq!(done, Ok(Some(expected.to_owned())), "{step} {value}");
    }
}

#[test]
fn a_pseudonym_names_the_tag_that_salts_it() {
    let salted = json!([{"step": "pseudonymise", "key": "people", "salt": {"tag": "tenant.id"}}]);
    assert_eq!(steps(&salted).salt(), Some("tenant.id"));
    let plain = json!([{"step": "pseudonymise", "key": "people"}]);
    assert_eq!(steps(&plain).salt(), None);
    assert_ne!(applied(&salted, "jane"), applied(&plain, "jane"));
}

#[test]
fn an_unknown_step_is_told_with_the_nearest_one() {
    assert_mistake(
        &json!({"step": "pseudonymize", "key": "people"}),
        "/steps/0/step: expected one of `capture`, `map`, `lower`, `truncate`, `bucket`, \
         `default`, `mask` or `pseudonymise`; did you mean `pseudonymise`?",
    );
}

#[test]
fn a_member_that_a_step_does_not_have_is_told() {
    assert_mistake(
        &json!({"step": "lower", "length": 3}),
        "/steps/0/length: is not a known name here; expected nothing",
    );
    assert_mistake(
        &json!({"step": "truncate", "length": 3, "lenght": 3}),
        "/steps/0/lenght: is not a known name here; expected `length`; did you mean `length`?",
    );
}

#[test]
fn a_pattern_that_does_not_compile_is_told() {
    let found = mistakes(&json!([{"step": "capture", "pattern": "(secret"}]));
    assert!(found[0].starts_with("/steps/0/pattern: expected a regular expression of linear"));
    assert!(!found[0].contains("secret"));
}

#[test]
fn a_table_has_values_that_can_fit() {
    let expected = "/steps/0/table: expected 1 to 1024 values";
    assert_mistake(&json!({"step": "map", "table": {}}), expected);
    let table = |entries: u32| -> serde_json::Map<String, Value> {
        (0..entries).map(|n| (n.to_string(), "x".into())).collect()
    };
    assert_mistake(&json!({"step": "map", "table": table(1025)}), expected);
    steps(&json!([{"step": "map", "table": table(1024)}]));
    assert_mistake(
        &json!({"step": "map", "table": {"": "none"}}),
        "/steps/0/table/: can never fit: an empty text is no value",
    );
    let text = "expected a text of 1 to 256 characters on one line, without space around it";
    assert_eq!(
        mistakes(&json!([{"step": "map", "table": {"a/b": "x\ny"}, "other": ""}])),
        [
            format!("/steps/0/table/a~1b: {text}"),
            format!("/steps/0/other: {text}"),
        ]
    );
}

#[test]
fn a_table_behind_lower_has_no_capitals() {
    let map = json!({"step": "map", "table": {"Gold": "1", "silver": "2"}});
    assert_eq!(
        mistakes(&json!([{"step": "lower"}, map])),
        ["/steps/1/table/Gold: can never fit: the `lower` before it leaves no capitals"]
    );
    steps(&json!([map, {"step": "lower"}]));
}

#[test]
fn a_table_behind_truncate_has_no_longer_values() {
    let map = json!({"step": "map", "table": {"four": "1", "öre": "2"}});
    assert_eq!(
        mistakes(&json!([{"step": "truncate", "length": 3}, map])),
        ["/steps/1/table/four: can never fit: it is longer than the `truncate` before it allows"]
    );
    steps(&json!([{"step": "truncate", "length": 4}, map]));
}

#[test]
fn a_length_is_within_bounds() {
    for length in [0, 4097] {
        assert_mistake(
            &json!({"step": "truncate", "length": length}),
            "/steps/0/length: expected 1 to 4096 characters",
        );
    }
    steps(&json!([{"step": "truncate", "length": 4096}, {"step": "truncate", "length": 1}]));
}

#[test]
fn bounds_ascend() {
    assert_eq!(
        mistakes(&json!([{"step": "bucket", "bounds": [1, 1, 3, 2]}])),
        [
            "/steps/0/bounds/1: is not above the bound before it; bounds must ascend",
            "/steps/0/bounds/3: is not above the bound before it; bounds must ascend",
        ]
    );
}

#[test]
fn bounds_are_some_and_not_too_many() {
    let many: Vec<u32> = (0..33).collect();
    for bounds in [json!([]), json!(many)] {
        assert_mistake(
            &json!({"step": "bucket", "bounds": bounds}),
            "/steps/0/bounds: expected 1 to 32 bounds",
        );
    }
    steps(&json!([{"step": "bucket", "bounds": many[1..]}]));
}

#[test]
fn labels_are_one_more_than_bounds_and_differ() {
    let expected = "/steps/0/labels: expected 3 labels, one more than bounds";
    for labels in [json!([]), json!(["a", "b"]), json!(["a", "b", "c", "d"])] {
        assert_mistake(
            &json!({"step": "bucket", "bounds": [1, 2], "labels": labels}),
            expected,
        );
    }
    assert_mistake(
        &json!({"step": "bucket", "bounds": [1, 2], "labels": ["a", "b", "a"]}),
        "/steps/0/labels/2: is there twice; labels must differ",
    );
}

#[test]
fn kinds_are_some_known_and_named_once() {
    assert_mistake(
        &json!({"step": "mask", "kinds": []}),
        "/steps/0/kinds: expected at least one value",
    );
    assert_mistake(
        &json!({"step": "mask", "kinds": ["ip", "card", "ip"]}),
        "/steps/0/kinds/2: is there twice",
    );
    assert_mistake(
        &json!({"step": "mask", "kinds": ["mail"]}),
        "/steps/0/kinds/0: expected one of `email`, `card`, `iban`, `token`, `ip` or `phone`; did \
         you mean `email`?",
    );
    assert_mistake(
        &json!({"step": "mask", "keep": "parts"}),
        "/steps/0/keep: expected one of `nothing` or `part`; did you mean `part`?",
    );
}

#[test]
fn a_key_is_one_of_the_policy() {
    assert_mistake(
        &json!({"step": "pseudonymise", "key": "device"}),
        "/steps/0/key: is not the name of a key; expected one of `people` or `devices`; did you \
         mean `devices`?",
    );
    let steps = json!([{"step": "pseudonymise", "key": "people"}]);
    assert_eq!(
        read(&steps, &[]).unwrap_err().to_string(),
        "/steps/0/key: is not the name of a key: the policy has none"
    );
}

#[test]
fn a_key_that_is_not_set_is_no_mistake_of_the_policy() {
    let ring = Rc::new(KeyRing::new("people", ("k1", None), None));
    let steps = read(&json!([{"step": "pseudonymise", "key": "people"}]), &[ring]).unwrap();
    let value = steps.apply(Some("jane".into()), &|| None, &mut Kinds::default());
    assert_eq!(value, Err(Lost::KeyMissing));
}

#[test]
fn a_default_alone_follows_a_pseudonym() {
    let pseudonymise = json!({"step": "pseudonymise", "key": "people"});
    steps(&json!([pseudonymise, {"step": "default", "text": "nobody"}]));
    assert_eq!(
        mistakes(&json!([
            pseudonymise,
            {"step": "default", "text": "nobody"},
            {"step": "truncate", "length": 8},
            pseudonymise,
        ])),
        [
            "/steps/2: comes after `pseudonymise`, which `default` alone may follow",
            "/steps/3: comes after `pseudonymise`, which `default` alone may follow",
        ]
    );
}

#[test]
fn steps_are_not_too_many() {
    let many = vec![json!({"step": "lower"}); 17];
    assert_eq!(
        mistakes(&json!(many)),
        ["/steps: expected at most 16 steps"]
    );
    steps(&json!(many[1..]));
}

#[test]
fn every_mistake_is_told_at_once() {
    assert_eq!(
        mistakes(&json!([
            {"step": "truncate", "length": 0},
            {"step": "bucket", "bounds": []},
            {"step": "mask", "kinds": []},
        ]))
        .len(),
        3
    );
}
