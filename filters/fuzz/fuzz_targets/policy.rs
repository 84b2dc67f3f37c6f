//! Octets as a policy: no document panics, and what loads starts a core that takes a request.

#![no_main]

use std::rc::Rc;

use kit::filter::Filter;
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use treaty_fuzz::{ask, check_reply, fields};
use version_negotiation::VersionNegotiation;

fuzz_target!(|text: &[u8]| {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(findings) => return assert!(!findings.to_string().is_empty()),
    };
    assert_eq!(document.digest().len(), 16);
    let policy = match VersionNegotiation::load(&document) {
        Ok(policy) => Rc::new(policy),
        Err(findings) => return assert!(!findings.to_string().is_empty()),
    };
    let request = fields(&[
        (":method", "GET"),
        (":authority", "orders.example.com"),
        (":path", "/v1/orders/7?version=1"),
        ("api-version", "1"),
        (
            "accept",
            "application/vnd.acme.v1+json, application/json;version=1;q=0.5",
        ),
        ("cookie", "s=7"),
        ("x-consumer", "legacy-shop"),
        ("x-user-id", "7"),
    ]);
    let outcome = ask(VersionNegotiation::start(&policy), &request);
    if let Some(reply) = &outcome.request.reply {
        check_reply(reply, &request);
    }
    assert_eq!(outcome, ask(VersionNegotiation::start(&policy), &request));
});
