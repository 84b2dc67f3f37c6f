//! A schema and a text, one line each: the tape takes what another reader of JSON takes, and a value
//! meets a schema if the engine as it comes, over another kind of value, says so.

#![no_main]

use contract_validation::schema::{Dialect, Schema, Tape, Unreadable};
use jsonschema::Draft;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The deepest nesting.
const DEPTH: usize = 64;

const DIALECTS: [(Dialect, Draft); 5] = [
    (Dialect::Draft4, Draft::Draft4),
    (Dialect::Draft6, Draft::Draft6),
    (Dialect::Draft7, Draft::Draft7),
    (Dialect::Draft2019, Draft::Draft201909),
    (Dialect::Draft2020, Draft::Draft202012),
];

/// The most violations that are told.
const CAP: usize = 8;

/// How deep a value is.
fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or_default()
}

/// What the two engines know to judge differently: `int32` and `int64`, which only ours has, and what
/// other engines of regular expressions say of `\w`, `\d` and `\b` beyond ASCII.
fn is_ours(schema: &str) -> bool {
    ["int32", "int64", "attern"]
        .iter()
        .any(|part| schema.contains(part))
}

fuzz_target!(|octets: &[u8]| {
    let Some((place, octets)) = octets.split_first() else {
        return;
    };
    let Some(end) = octets.iter().position(|octet| *octet == b'\n') else {
        return;
    };
    let (schema_text, text) = (&octets[..end], &octets[end + 1..]);
    let value = serde_json::from_slice::<Value>(text);
    let tape = Tape::read(text, DEPTH);
    match (&value, &tape) {
        (Ok(value), Ok(_)) => assert!(depth(value) <= DEPTH),
        (Ok(value), Err(fault)) => {
            assert_eq!(*fault, Unreadable::TooDeep);
            assert!(depth(value) > DEPTH);
        }
        (Err(_), Ok(_)) => panic!("what is no JSON is taken"),
        (Err(_), Err(_)) => {}
    }
    let Ok(schema_value) = serde_json::from_slice::<Value>(schema_text) else {
        return;
    };
    let (dialect, draft) = DIALECTS[usize::from(*place) % DIALECTS.len()];
    let schema = match Schema::compile(&schema_value, dialect) {
        Ok(schema) => schema,
        Err(finding) => return assert!(!finding.message.is_empty()),
    };
    let (Ok(value), Ok(tape)) = (value, tape) else {
        return;
    };
    let violations = schema.check(&tape, CAP);
    assert!(violations.len() <= CAP);
    assert_eq!(violations.is_empty(), schema.is_met(&tape));
    let of_value = Tape::of(&value).expect("it is not deep");
    let schema_text = String::from_utf8_lossy(schema_text);
    // Of two members of one name a tape has both.
    if serde_json::to_vec(&value).is_ok_and(|own| own == text) {
        assert_eq!(schema.is_met(&of_value), violations.is_empty());
    }
    let options = jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(true);
    if !is_ours(&schema_text)
        && let Ok(whole) = options.build(&schema_value)
    {
        assert_eq!(whole.is_valid(&value), schema.is_met(&of_value));
    }
});
