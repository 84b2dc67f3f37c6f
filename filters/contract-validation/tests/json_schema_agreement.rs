//! The engine of the module and `jsonschema`, of which it is cut, agree.
#![allow(clippy::unwrap_used, reason = "A test may panic.")]

use contract_validation::schema::{Dialect, Schema, Tape};
use jsonschema::{Draft, PatternOptions};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const DIALECTS: [(Dialect, Draft); 5] = [
    (Dialect::Draft4, Draft::Draft4),
    (Dialect::Draft6, Draft::Draft6),
    (Dialect::Draft7, Draft::Draft7),
    (Dialect::Draft2019, Draft::Draft201909),
    (Dialect::Draft2020, Draft::Draft202012),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// On which schemas compile, which values meet them, and where others do not.
    #[test]
    fn the_engine_is_the_crate_that_it_is_cut_of(schema in schema(), values in prop::collection::vec(value(), 8)) {
        for (dialect, draft) in DIALECTS {
            let judge = jsonschema::options()
                .with_draft(draft)
                .with_pattern_options(PatternOptions::regex())
                .should_validate_formats(true)
                .build(&schema);
            // What only a meta-schema finds wrong is for `treaty check`.
            let Ok(judge) = judge else { continue };
            let ours = Schema::compile(&schema, dialect).unwrap();
            for value in &values {
                let tape = Tape::of(value).unwrap();
                let expected: Vec<String> = judge
                    .iter_errors(value)
                    .map(|error| error.instance_path().to_string())
                    .collect();
                prop_assert_eq!(ours.is_met(&tape), expected.is_empty(), "{:?} {} {}", draft, &schema, value);
                let told: Vec<String> = ours
                    .check(&tape, usize::MAX)
                    .into_iter()
                    .map(|violation| violation.pointer)
                    .collect();
                // Beyond its cap the engine leaves the rest alone.
                if expected.len() < engine::MAX_ERRORS {
                    prop_assert_eq!(&told, &expected, "{:?} {} {}", draft, &schema, value);
                }
            }
        }
    }
}

/// A schema in which every keyword of validation and every applicator may stand.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Value::from),
        9 => keywords(assertion().boxed()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        keywords(prop_oneof![assertion(), applicator(inner.boxed())].boxed())
    })
    .prop_map(|schema| match schema {
        Value::Object(mut members) => {
            let own = json!({"n": {"type": "integer"}, "tree": {"items": {"$ref": "#"}}});
            members.insert("definitions".to_owned(), own.clone());
            members.insert("$defs".to_owned(), own);
            Value::Object(members)
        }
        other => other,
    })
}

fn keywords(keyword: BoxedStrategy<(&'static str, Value)>) -> impl Strategy<Value = Value> {
    prop::collection::vec(keyword, 1..5).prop_map(|keywords| {
        let members = keywords
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    })
}

fn assertion() -> impl Strategy<Value = (&'static str, Value)> {
    let types = prop::sample::select(vec![
        "null", "boolean", "integer", "number", "string", "array", "object",
    ]);
    let number = prop_oneof![
        (-3..4_i64).prop_map(Value::from),
        Just(json!(1.5)),
        Just(json!(1e300)),
    ];
    let count = (0..4_u64).prop_map(Value::from);
    let named = |names: Vec<&'static str>, values: BoxedStrategy<Value>| {
        (prop::sample::select(names), values)
    };
    prop_oneof![
        named(vec!["type"], types.clone().prop_map(Value::from).boxed()),
        named(
            vec!["type"],
            prop::collection::btree_set(types, 1..3)
                .prop_map(|own| json!(own))
                .boxed()
        ),
        named(
            vec!["enum"],
            prop::collection::vec(value(), 1..4)
                .prop_map(Value::from)
                .boxed()
        ),
        named(vec!["const"], value().boxed()),
        named(
            vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
            number.boxed()
        ),
        named(
            vec!["exclusiveMinimum", "exclusiveMaximum", "uniqueItems"],
            any::<bool>().prop_map(Value::from).boxed()
        ),
        named(
            vec!["multipleOf"],
            prop::sample::select(vec![json!(2), json!(0.1), json!(1e-3)]).boxed()
        ),
        named(
            vec![
                "minLength",
                "maxLength",
                "minItems",
                "maxItems",
                "minProperties",
                "maxProperties",
                "minContains",
                "maxContains"
            ],
            count.boxed()
        ),
        named(vec!["pattern"], pattern().prop_map(Value::from).boxed()),
        named(
            vec!["format"],
            prop::sample::select(vec![
                "date-time",
                "date",
                "time",
                "email",
                "uuid",
                "uri",
                "ipv4",
                "regex",
                "hostname",
                "unknown",
            ])
            .prop_map(Value::from)
            .boxed()
        ),
        named(
            vec!["required"],
            prop::collection::btree_set("[abc]", 1..3)
                .prop_map(|own| json!(own))
                .boxed()
        ),
        named(
            vec!["dependentRequired", "dependencies"],
            prop::collection::btree_map("[abc]", prop::collection::btree_set("[abc]", 1..3), 1..3)
                .prop_map(|own| json!(own))
                .boxed()
        ),
        named(
            vec!["$ref"],
            prop::sample::select(vec!["#/definitions/n", "#/definitions/tree", "#/$defs/n"])
                .prop_map(Value::from)
                .boxed()
        ),
        named(vec!["contentEncoding"], Just(json!("base64")).boxed()),
        named(
            vec!["contentMediaType"],
            Just(json!("application/json")).boxed()
        ),
    ]
}

fn applicator(inner: BoxedStrategy<Value>) -> impl Strategy<Value = (&'static str, Value)> {
    let one = prop::sample::select(vec![
        "not",
        "if",
        "then",
        "else",
        "items",
        "additionalItems",
        "contains",
        "propertyNames",
        "additionalProperties",
        "unevaluatedItems",
        "unevaluatedProperties",
    ]);
    let list = prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems", "items"]);
    let map = prop::sample::select(vec!["properties", "dependentSchemas", "dependencies"]);
    prop_oneof![
        (one, inner.clone()),
        (
            list,
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from)
        ),
        (
            map,
            prop::collection::btree_map("[abc]", inner.clone(), 1..4).prop_map(|own| json!(own))
        ),
        (
            Just("patternProperties"),
            prop::collection::btree_map(pattern(), inner, 1..3).prop_map(|own| json!(own))
        ),
    ]
}

fn pattern() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "^a",
        "^abc$",
        "^(a|b)$",
        "^\\S*$",
        "a",
        "^[a-c]{1,2}$",
        "b+",
        "[^a]",
        "\\d",
        "^\\w+$",
        "^.$",
        "c|^$",
    ])
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4_i64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-8..8_i32).prop_map(|half| Value::from(f64::from(half) / 2.0)),
        "[abc1é \\n]{0,3}".prop_map(Value::from),
        prop::sample::select(vec![
            "2026-11-21T10:00:00Z",
            "2026-11-21",
            "10:00:00Z",
            "a@example.com",
            "127.0.0.1",
            "https://example.com/a",
            "4be0643f-1d98-573b-97cd-ca98a65347dd",
            "example.com",
            "(",
            "e30=",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]{0,2}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}
