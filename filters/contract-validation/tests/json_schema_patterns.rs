//! Patterns mean what ECMA-262 says they do, as in `jsonschema`, whatever engine runs them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "A test may panic.")]

use contract_validation::schema::{Dialect, Schema, Tape};
use jsonschema::{PatternOptions, Validator};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What contracts have, and what a translation could get wrong.
const PATTERNS: &[&str] = &[
    r"^\d+$",
    r"^\D+$",
    r"^\w+$",
    r"^\W+$",
    r"^\s+$",
    r"^\S+$",
    r"^[\w-]+$",
    r"^[\w.-]+$",
    r"^[-\w]+$",
    r"^[\w\-.]+@[\w-]+(\.[\w-]+)+$",
    r"^[a-f\d]{24}$",
    r"^[\da-f]{2,4}$",
    r"^[^\d]+$",
    r"^[^\w-]*$",
    r"[^\s]",
    r"^[^\s@]+@[^\s@]+$",
    r"^[\s\S]*$",
    r"^[\d\D]*$",
    r"^[\w\W]{0,3}$",
    r"^[\S]+$",
    r"^[^\S]+$",
    r"^[^\D]+$",
    r"^[^\W_]+$",
    r"^[^\S\r\n]+$",
    r"^[\S ]+$",
    r"^[\D5]+$",
    r"^[\w--z]+$",
    r"^[a\]\d]+$",
    r"^[\[\d\]]+$",
    r"^[[\d]+$",
    r"^\[[\d]\]$",
    r"^[\\\d]+$",
    r"^\\[\d]$",
    r"^[\d&&\w]+$",
    r"^[a~~\s]+$",
    r"^[\/\w]+$",
    r"^\/[\w]+\/?$",
    r"^[\x41\d]+$",
    r"^[\u00e9\d]+$",
    r"^\cA?[\d]$",
    r"^[A-Z]{3}$",
    r"^[A-Z]{3}\d{2,}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^[0-9a-f]{8}-[0-9a-f]{4}$",
    r"^(red|green|blue)$",
    r"^(?:red|green|blue)$",
    r"^red|green$",
    r"^x-",
    r"^ord_[0-9a-f]{24}$",
    r"^[^/]+$",
    r"^.*\S.*$",
    r"^.{1,3}$",
    r"^$",
    r"",
    r"a",
    r"a$",
    r"^a{0}$",
    r"^a{2}b?$",
    r"^a+a$",
    r"^[a-z]+[a-z0-9]$",
    r"^[a-z][a-z0-9]*$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^\d+(\.\d{1,2})?$",
    r"^-?\d+$",
    r"^[é-ü]+$",
    r"^é?$",
    r"^[^a]$",
    r"(?<year>\d{4})",
    r"\.(jpe?g|png)$",
];

#[test]
fn every_character_is_of_the_classes_that_ecma_262_says() {
    for class in ["d", "D", "w", "W", "s", "S"] {
        for pattern in [
            format!(r"^\{class}$"),
            format!(r"^[\{class}]$"),
            format!(r"^[^\{class}]$"),
            format!(r"^[\{class}é-]$"),
            format!(r"^[^\{class}\u2028\uffff]$"),
        ] {
            let (ours, judge) = both(&pattern);
            // Beyond this no class has a boundary.
            for character in ('\0'..='\u{1_00ff}').chain(['\u{10_ffff}']) {
                agree(&ours, &judge, &pattern, character.to_string());
            }
        }
    }
}

#[test]
fn what_is_no_pattern_in_linear_time_is_refused() {
    for pattern in [
        "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"\p{L}", "[", "(", "a{2", "*", r"\a",
    ] {
        let refused = Schema::compile(&json!({"pattern": pattern}), Dialect::Draft2020);
        assert_eq!(refused.unwrap_err().pointer, "/pattern", "{pattern}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Texts are made of what the patterns speak of.
    #[test]
    fn patterns_are_judged_as_jsonschema_does(
        texts in prop::collection::vec(text(), 40),
    ) {
        for pattern in PATTERNS {
            let (ours, judge) = both(pattern);
            for text in &texts {
                agree(&ours, &judge, pattern, text.clone());
            }
        }
    }
}

proptest! {
    /// Whatever is made of the parts of patterns.
    #[test]
    fn any_pattern_is_judged_as_jsonschema_does(
        parts in prop::collection::vec((atom(), quantifier()), 0..5),
        (start, end) in (any::<bool>(), any::<bool>()),
        texts in prop::collection::vec("[abc019_ \u{2028}é-]{0,6}", 40),
    ) {
        let parts: String = parts.into_iter().flat_map(|(atom, quantifier)| [atom, quantifier]).collect();
        let pattern = format!("{}{parts}{}", if start { "^" } else { "" }, if end { "$" } else { "" });
        let (ours, judge) = both(&pattern);
        for text in texts {
            agree(&ours, &judge, &pattern, text);
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-fxz0-9A-C_@./\\[\\]&~^ \u{2028}\u{a0}é٣\\\\-]{0,6}",
        "[a-z0-9]{24}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "red|green|blue",
    ]
}

fn atom() -> impl Strategy<Value = String> {
    let item = prop::sample::select(vec![
        "a", "b-c", "0-9", r"\d", r"\w", r"\s", r"\S", r"\D", "_", "é",
    ]);
    prop_oneof![
        prop::sample::select(vec![
            "a", "b", "0", ".", "-", "_", "é", r"\d", r"\w", r"\s", r"\S", "(a|bc)", "(?:b|)"
        ])
        .prop_map(str::to_owned),
        (any::<bool>(), prop::collection::vec(item, 1..4)).prop_map(|(negated, items)| {
            format!("[{}{}]", if negated { "^" } else { "" }, items.concat())
        }),
    ]
}

fn quantifier() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "", "", "", "?", "*", "+", "{2}", "{0,2}", "{1,}", "{0}", "+?",
    ])
    .prop_map(str::to_owned)
}

fn both(pattern: &str) -> (Schema, Validator) {
    let schema = json!({"pattern": pattern});
    let judge = jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let ours = Schema::compile(&schema, Dialect::Draft2020)
        .unwrap_or_else(|finding| panic!("{pattern}: {finding:?}"));
    (ours, judge)
}

fn agree(ours: &Schema, judge: &Validator, pattern: &str, text: String) {
    let text = Value::from(text);
    let is_met = ours.is_met(&Tape::of(&text).unwrap());
    assert_eq!(is_met, judge.is_valid(&text), "{pattern} on {text}");
}
