//! A text and a schema: what has no difference is JSON to a strict reader, each difference lies in the
//! text and is said without it, and what was repaired needs no repair and is the same but for it.

#![no_main]

use contract_validation::portability::{Kind, Kinds, Limits, check, repair};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

fn schemas() -> [Value; 3] {
    let person = json!({
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"$ref": "#/$defs/at"}},
            "id": {"type": "integer", "format": "int64"},
            "at": {"$ref": "#/$defs/at"},
            "data": {"type": "string", "contentEncoding": "base64"},
            "self": {"$ref": "#"},
        },
        "$defs": {"at": {"type": "string", "format": "date-time"}},
    });
    let list = json!({"type": "array", "items": {"type": ["array", "null"]}});
    let any = json!({"anyOf": [person.clone(), list.clone()]});
    [person, list, any]
}

thread_local! {
    static SCHEMAS: [Value; 3] = schemas();
}

fn held(text: &[u8], schema: Option<&Value>, limits: Limits) {
    let report = check(text, schema, limits);
    for kind in Kind::ALL {
        let told = report.differences.iter();
        let told = told.filter(|own| own.kind == kind && own.repair.is_none());
        assert!(told.count() <= limits.differences);
    }
    for difference in &report.differences {
        let octets = difference.octets.clone();
        assert!(octets.start <= octets.end && octets.end <= text.len());
        assert!(Kind::ALL.contains(&difference.kind));
    }
    let is_json = serde_json::from_slice::<IgnoredAny>(text).is_ok();
    if report.complete && report.differences.is_empty() {
        assert!(is_json, "what is no JSON has no difference");
    }
    let Some(repaired) = repair(text, &report.differences) else {
        let mut differences = report.differences.iter();
        assert!(differences.all(|own| own.repair.is_none()));
        return;
    };
    if report.more || !report.complete {
        return;
    }
    let again = check(&repaired, schema, limits);
    assert_eq!(again.complete, report.complete);
    assert!(again.differences.iter().all(|own| own.repair.is_none()));
    let left = report.differences.len() - again.differences.len();
    let repairs = report.differences.iter().filter(|own| own.repair.is_some());
    assert_eq!(left, repairs.count(), "a repair makes no other difference");
    let is_still_json = serde_json::from_slice::<IgnoredAny>(&repaired).is_ok();
    assert_eq!(is_still_json, is_json);
}

fuzz_target!(|octets: &[u8]| {
    let Some(([terms, ..], text)) = octets.split_first_chunk::<1>() else {
        return;
    };
    let limits = Limits {
        depth: usize::from(terms & 7) * 18 + 1,
        kinds: Kinds::ALL,
        differences: usize::from(terms >> 3 & 3) * 16 + 1,
        second_digits: usize::from(terms >> 5),
    };
    held(text, None, limits);
    SCHEMAS.with(|schemas| {
        for schema in schemas {
            held(text, Some(schema), limits);
        }
    });
});
