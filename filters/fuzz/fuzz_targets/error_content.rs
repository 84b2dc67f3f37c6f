//! A status, a content type and a content, a line each but the last: whatever it is, it is read, the
//! same twice, and no more of it is kept than the limits say.

#![no_main]

use std::rc::Rc;

use error_translation::{ErrorTranslation, Policy, fuzzing};
use kit::filter::Filter;
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

thread_local! {
    static POLICY: Rc<Policy> = {
        let policy = json!({
            "version": 1,
            "form": "held",
            "dialects": [{
                "name": "acme",
                "present": ["/fault/code"],
                "code": "/fault/code",
                "title": "/fault/name",
                "detail": "/fault/text",
                "retryAfter": "/fault/wait",
                "violations": { "list": "/fault/fields", "pointer": "/at", "detail": "/text" },
                "extensions": { "ticket": "/fault/ref" }
            }],
            "rules": [{ "name": "all" }]
        });
        let policy = ErrorTranslation::load(&Document::from_value(policy));
        Rc::new(policy.expect("the policy loads"))
    };
}

fuzz_target!(|octets: &[u8]| {
    let mut lines = octets.splitn(3, |octet| *octet == b'\n');
    let status = lines.next().and_then(|line| str::from_utf8(line).ok());
    let status = status.and_then(|line| line.parse().ok()).unwrap_or(500);
    let content_type = lines.next().filter(|line| !line.is_empty());
    let body = lines.next().unwrap_or_default();
    let read = || POLICY.with(|policy| fuzzing::content(policy, status, content_type, body));
    let outcome = read();
    for text in &outcome.texts {
        assert!(text.chars().count() <= 4096, "a text is too long");
    }
    assert!(outcome.violations <= 100);
    assert!(outcome.extensions <= 32);
    assert_eq!(outcome, read());
});
