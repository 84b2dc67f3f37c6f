//! A text: what may leave of it comes to rest at once, has no control characters, and what operators
//! see is one line within its length. As JSON it stays JSON.

#![no_main]

use std::rc::Rc;

use error_translation::{ErrorTranslation, Policy, fuzzing};
use kit::filter::Filter;
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

thread_local! {
    static POLICY: Rc<Policy> = {
        let policy = json!({
            "version": 1,
            "form": "held",
            "redaction": { "patterns": [
                { "name": "customer", "pattern": "KD-[0-9]{3}", "do": "mask" },
                { "name": "project", "pattern": "(?i)project (a|b)+x", "do": "withhold" }
            ] },
            "rules": [{ "name": "all" }]
        });
        let policy = ErrorTranslation::load(&Document::from_value(policy));
        Rc::new(policy.expect("the policy loads"))
    };
}

fn check(policy: &Policy, text: &str) {
    let cleaned = fuzzing::clean_text(policy, text);
    if let Some(cleaned) = &cleaned {
        let is_allowed = |c: char| !c.is_control() || c == '\n' || c == '\t';
        assert!(cleaned.chars().all(is_allowed), "{cleaned:?}");
        let again = fuzzing::clean_text(policy, cleaned);
        assert_eq!(again.as_ref(), Some(cleaned), "it does not come to rest");
        assert!(!cleaned.contains("KD-123"));
    }
    assert_eq!(cleaned, fuzzing::clean_text(policy, text));
    for max in [0, 1, 2, 3, 64, 65536] {
        let line = fuzzing::for_log(policy, text, max);
        assert!(line.len() <= max, "{} octets", line.len());
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.contains("KD-123"));
    }
}

fuzz_target!(|text: &str| {
    POLICY.with(|policy| {
        check(policy, text);
        if let Ok(mut value) = serde_json::from_str::<Value>(text) {
            fuzzing::clean_value(policy, &mut value);
            let cleaned = value.clone();
            fuzzing::clean_value(policy, &mut value);
            assert_eq!(value, cleaned, "it does not come to rest");
        }
    });
});
