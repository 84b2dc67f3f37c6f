//! A request as lines (method, authority, path, then `name:value`) under the example policy in
//! enforcement: every answer has a status, every version exists, and the same request has the same
//! outcome twice.

#![no_main]

use std::rc::Rc;

use kit::filter::Filter;
use kit::policy::Document;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use treaty_fuzz::{Fields, ask, check_reply, field};
use version_negotiation::{Policy, VersionNegotiation};

const EDGE: &str = include_str!("../../../policies/version-negotiation/examples/edge.json");

thread_local! {
    static POLICY: Rc<Policy> = {
        let mut policy: Value = serde_json::from_str(EDGE).expect("the example is JSON");
        policy["mode"] = "enforce".into();
        let policy = VersionNegotiation::load(&Document::from_value(policy));
        Rc::new(policy.expect("the example loads"))
    };
}

fuzz_target!(|octets: &[u8]| {
    let mut lines = octets.split(|octet| *octet == b'\n');
    let mut head: Fields = [":method", ":authority", ":path"]
        .map(|name| (name.into(), lines.next().unwrap_or_default().to_vec()))
        .into();
    head.extend(lines.map(|line| {
        // A colon in front belongs to a pseudo-header.
        let end = line.iter().skip(1).position(|octet| *octet == b':');
        let (name, value) = line.split_at(end.map_or(line.len(), |end| end + 1));
        (name.to_vec(), value.get(1..).unwrap_or_default().to_vec())
    }));
    let run = || POLICY.with(|policy| ask(VersionNegotiation::start(policy), &head));
    let outcome = run();
    if let Some(reply) = &outcome.request.reply {
        check_reply(reply, &head);
    } else if outcome.facts.contains_key("treaty.version_outcome") {
        let sent = outcome.request.head.as_ref().expect("the request went on");
        let version = field(sent, "x-treaty-version").expect("it has a version");
        assert!([b"1", b"2", b"3"].contains(&version.try_into().expect("one octet")));
    } else {
        assert_eq!(outcome.request.head.as_ref(), Some(&head));
    }
    assert_eq!(outcome, run());
});
