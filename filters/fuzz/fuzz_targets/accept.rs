//! `Accept`, a line each, against media-type sources: the outcome is a version or a refusal, the
//! same one twice, and the same one where the lines come as one list (RFC 9110 section 5.3).

#![no_main]

use std::rc::Rc;

use kit::filter::Filter;
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use treaty_fuzz::{ask, check_reply, fields};
use version_negotiation::{Policy, VersionNegotiation};

thread_local! {
    static POLICY: Rc<Policy> = {
        let policy = json!({ "version": 1, "mode": "enforce", "rules": [{ "name": "all", "settings": {
            "scheme": "semver",
            "resolution": "compatible",
            "sources": [
                { "from": "mediaType", "parameter": "version" },
                { "from": "mediaType", "vendor": "application/vnd.acme.v{version}+json" }
            ],
            "default": { "use": "newest" },
            "versions": [{ "version": "1.0" }, { "version": "1.2" }, { "version": "2", "state": "preview" }]
        } }] });
        let policy = VersionNegotiation::load(&Document::from_value(policy));
        Rc::new(policy.expect("the policy loads"))
    };
}

fuzz_target!(|octets: &[u8]| {
    let run = |lines: &[&[u8]]| {
        let mut head = fields(&[
            (":method", "GET"),
            (":authority", "a.example.com"),
            (":path", "/"),
        ]);
        head.extend(lines.iter().map(|line| (b"accept".to_vec(), line.to_vec())));
        let outcome = POLICY.with(|policy| ask(VersionNegotiation::start(policy), &head));
        if let Some(reply) = &outcome.request.reply {
            check_reply(reply, &head);
        }
        (outcome.request.reply, outcome.facts, outcome.counts)
    };
    let lines: Vec<&[u8]> = octets.split(|octet| *octet == b'\n').collect();
    let outcome = run(&lines);
    assert_eq!(outcome, run(&lines));
    // Quotes that do not end would reach into the next line.
    if !octets.contains(&b'"') {
        assert_eq!(outcome, run(&[lines.join(&b", "[..]).as_slice()]));
    }
});
